// A target: its account, its models, and what it has otherwise than the others.
#include "gateway/shapes.hpp"

#include <sluice/money.hpp>

#include <stdexcept>

namespace sluice::gateway {
namespace {

// --- secret_key_ref ---

void read_reference(const Value& value, SecretRef::From from, SecretRef& out) {
    const std::optional<std::string> name = value.read_verbatim();
    if (!name) return;
    out.from = from;
    out.name = *name;
}

constexpr std::array kSecretFields{
    Field<SecretRef>{"env",
                     [](const Value& v, SecretRef& out) { read_reference(v, SecretRef::From::env, out); }},
    Field<SecretRef>{"file",
                     [](const Value& v, SecretRef& out) { read_reference(v, SecretRef::From::file, out); }},
};
constexpr std::array kSecretEither{Either{"env", "file"}};
constexpr std::array kSecretHints{Hint{"store", "there is no secret store; use env or file"},
                                  Hint{"name", "use env: NAME"}};
constexpr Shape<SecretRef> kSecret{"secret_key_ref", kSecretFields, {}, kSecretEither, kSecretHints};

// --- models ---

void read_price(const Value& value, std::optional<PicoUsd>& out) {
    const std::optional<std::string> text = value.read_decimal();
    if (!text) return;
    try {
        out = Price::per_million(*text);
    } catch (const std::invalid_argument&) {
        value.fail("E005", "expected a price in USD for a million tokens, such as 2.50",
                   "digits, a point and at most six more digits");
    }
}

constexpr std::array kPriceFields{
    Field<Price>{"input", [](const Value& v, Price& out) { read_price(v, out.input); }},
    Field<Price>{"output", [](const Value& v, Price& out) { read_price(v, out.output); }},
    Field<Price>{"cached_input", [](const Value& v, Price& out) { read_price(v, out.cached_input); }},
    Field<Price>{"cache_write", [](const Value& v, Price& out) { read_price(v, out.cache_write); }},
};
constexpr Shape<Price> kPrice{"price", kPriceFields};

constexpr std::array kCapabilityFields{
    Field<Capabilities>{"tools", [](const Value& v, Capabilities& out) { v.read(out.tools); }},
    Field<Capabilities>{"vision", [](const Value& v, Capabilities& out) { v.read(out.vision); }},
    Field<Capabilities>{"json_schema", [](const Value& v, Capabilities& out) { v.read(out.json_schema); }},
    Field<Capabilities>{"reasoning", [](const Value& v, Capabilities& out) { v.read(out.reasoning); }},
};
constexpr Shape<Capabilities> kCapabilities{"capabilities", kCapabilityFields};

void read_tokens(const Value& value, std::optional<Tokens>& out) {
    Tokens tokens = 0;
    if (value.read(tokens, Tokens{1}, Tokens{1'000'000'000})) out = tokens;
}

using Model = ModelConfig;
constexpr std::array kModelFields{
    Field<Model>{"id", [](const Value& v, Model& out) { v.read(out.id); }},
    Field<Model>{"upstream", [](const Value& v, Model& out) { v.read(out.upstream); }},
    Field<Model>{"context_window", [](const Value& v, Model& out) { read_tokens(v, out.context_window); }},
    Field<Model>{"max_output", [](const Value& v, Model& out) { read_tokens(v, out.max_output); }},
    Field<Model>{"capabilities",
                 [](const Value& v, Model& out) { read_object(v, kCapabilities, out.capabilities); }},
    Field<Model>{"price", [](const Value& v, Model& out) { read_object(v, kPrice, out.price); }},
};
constexpr std::array<std::string_view, 1> kModelRequired{"id"};
constexpr Shape<Model> kModel{"model", kModelFields, kModelRequired};

void read_models(const Value& value, TargetConfig& out) {
    out.models.clear();
    for (const Value& item : value.items(kMaxModels)) {
        ModelConfig model;
        if (item.is_map())
            read_object(item, kModel, model);
        else
            item.read(model.id);
        out.models.push_back(std::move(model));
    }
}

// --- target ---

void read_headers(const Value& value, TargetConfig& out) {
    std::map<std::string, std::string> headers;
    if (!value.read_headers(headers, 100)) return;
    out.headers.assign(headers.begin(), headers.end());
}

void read_base_url(const Value& value, TargetConfig& out) {
    std::string url;
    if (value.read(url)) out.base_url = std::move(url);
}

void read_own_timeouts(const Value& value, TargetConfig& out) {
    GivenTimeouts given;
    read_target_timeouts(value, given);
    apply(given, out.deadlines);
}

using Target = TargetConfig;
constexpr std::array kTargetFields{
    Field<Target>{"id", [](const Value& v, Target& out) { v.read(out.id); }},
    Field<Target>{"provider", [](const Value& v, Target& out) { v.read(out.provider); }},
    Field<Target>{"secret_key_ref", [](const Value& v, Target& out) { read_secret_ref(v, out.secret); }},
    Field<Target>{"base_url", read_base_url},
    Field<Target>{"dialect", [](const Value& v, Target& out) { v.read(out.dialect); }},
    Field<Target>{"api_version", [](const Value& v, Target& out) { v.read(out.api_version); }},
    Field<Target>{"headers", read_headers},
    Field<Target>{"priority",
                  [](const Value& v, Target& out) { v.read(out.priority, -1'000'000, 1'000'000); }},
    Field<Target>{"weight", [](const Value& v, Target& out) { v.read(out.weight, 1e-6, 1e6); }},
    Field<Target>{"models", read_models},
    Field<Target>{"model_mapping",
                  [](const Value& v, Target& out) { v.read(out.model_mapping, kMaxMappings); }},
    Field<Target>{"tags", [](const Value& v, Target& out) { v.read(out.tags, 100); }},
    Field<Target>{"health_check",
                  [](const Value& v, Target& out) { read_health_check(v, out.health_check); }},
    Field<Target>{"breaker", [](const Value& v, Target& out) { read_breaker(v, out.breaker); }},
    Field<Target>{"retry", [](const Value& v, Target& out) { read_retry(v, out.retry); }},
    Field<Target>{"timeouts", read_own_timeouts},
    Field<Target>{"max_connections",
                  [](const Value& v, Target& out) {
                      v.read(out.max_connections, std::size_t{1}, std::size_t{1'000'000});
                  }},
    Field<Target>{"forward_trace", [](const Value& v, Target& out) { v.read(out.forward_trace); }},
};
constexpr std::array<std::string_view, 2> kTargetRequired{"id", "provider"};
constexpr std::array kTargetHints{
    Hint{"name", "use id"}, Hint{"url", "use base_url"}, Hint{"endpoint", "use base_url"},
    Hint{"timeout_seconds",
         "use timeouts: {first_event: 30s, headers: 30s}, or failover.timeout_seconds for all"},
    Hint{"region", "use tags"}};
constexpr Shape<Target> kTarget{"target", kTargetFields, kTargetRequired, {}, kTargetHints};

}  // namespace

void read_secret_ref(const Value& value, SecretRef& out) {
    if (value.node().kind == YamlNode::Kind::scalar) {  // which may be the secret: it is not quoted
        value.fail("E008", "expected where the secret is, not a text", "write {env: NAME} or {file: PATH}");
        return;
    }
    SecretRef where;
    if (!read_object(value, kSecret, where)) return;
    const bool is_given = value.find("env") || value.find("file");
    if (!is_given) value.fail("E006", "neither env nor file is given", "write {env: NAME} or {file: PATH}");
    out = std::move(where);
}

void read_target(const Value& value, TargetConfig& out) {
    read_object(value, kTarget, out);
}

void add_target_tables(std::vector<KeyTable>& tables) {
    tables.push_back(key_table(kSecret));
    tables.push_back(key_table(kPrice));
    tables.push_back(key_table(kCapabilities));
    tables.push_back(key_table(kModel));
    tables.push_back(key_table(kTarget));
}

}  // namespace sluice::gateway

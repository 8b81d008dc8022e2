// The file as a whole: what stands at its top level, and what one block hands on to another.
#include <sluice/gateway_config.hpp>

#include "gateway/lint_config.hpp"
#include "gateway/shapes.hpp"

#include "adapters/ascii.hpp"
#include "adapters/services.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <set>
#include <system_error>

namespace sluice {
namespace gateway {
namespace {

struct Draft {
    GatewayConfig config;
    TargetConfig defaults;  ///< What every target starts from.
    GivenTimeouts timeouts;
    GivenFailover failover;
    std::string targets_path = "providers.targets";
    std::string failover_path = "failover";
    bool has_version = false;
};

void read_version(const Value& value, Draft& draft) {
    draft.has_version = true;
    if (value.node().kind == YamlNode::Kind::scalar && value.node().text == "1") return;
    value.fail("E010", "this is not a version that is known", "write version: '1'");
}

/// Where people expect a provider's key when they name none. Only for the provider's own address: a key goes
/// nowhere else unless somebody says so.
void default_secret(TargetConfig& target, const Environment& environment) {
    struct OtherName {
        std::string_view service;
        std::string_view variable;
    };
    constexpr std::array<OtherName, 6> kOtherNames{{{"azure", "AZURE_OPENAI_API_KEY"},
                                                    {"databricks", "DATABRICKS_TOKEN"},
                                                    {"gemini", "GOOGLE_API_KEY"},
                                                    {"gemini-openai", "GEMINI_API_KEY"},
                                                    {"gemini-openai", "GOOGLE_API_KEY"},
                                                    {"qwen", "DASHSCOPE_API_KEY"}}};
    const adapters::Service* service = adapters::find_service(target.provider);
    if (!service || service->auth == adapters::Auth::none || target.secret.from != SecretRef::From::none)
        return;
    if (target.base_url && !service->base_url.empty()) return;
    const bool has_own_header =
        std::any_of(target.headers.begin(), target.headers.end(), [](const auto& header) {
            const std::string name = adapters::lower(header.first);
            return name == "authorization" || name == "x-api-key" || name == "x-goog-api-key" ||
                   name == "api-key";
        });
    if (has_own_header) return;
    std::string name;
    for (const char c : service->name)
        name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c == '-' ? '_' : c;
    name += "_API_KEY";
    const auto is_set = [&](const std::string& variable) {
        const std::optional<std::string> value = environment(variable);
        return value && !value->empty();
    };
    if (!is_set(name))
        for (const OtherName& other : kOtherNames)
            if (other.service == service->name && is_set(std::string(other.variable))) name = other.variable;
    target.secret.from = SecretRef::From::env;
    target.secret.name = std::move(name);
}

void read_targets(const Value& value, Draft& draft) {
    draft.targets_path = value.path();
    // From what holds everywhere to what holds here: the default, timeout_seconds, timeouts, the target's
    // own.
    TargetConfig start = draft.defaults;
    if (draft.failover.timeout)
        start.deadlines.headers = start.deadlines.first_event = *draft.failover.timeout;
    apply(draft.timeouts, start.deadlines);
    for (const Value& item : value.items(kMaxTargets)) {
        TargetConfig target = start;
        target.priority = static_cast<int>(draft.config.targets.size()) + 1;
        read_target(item, target);
        default_secret(target, value.context().environment);
        draft.config.targets.push_back(std::move(target));
    }
}

void read_failover_block(const Value& value, Draft& draft) {
    draft.failover_path = value.path();
    read_failover(value, draft.failover);
}

void read_health_block(const Value& value, Draft& draft) {
    read_health_check(value, draft.defaults.health_check);
}

constexpr std::array kProvidersFields{
    Field<Draft>{"health_check", read_health_block},
    Field<Draft>{"failover", read_failover_block},
    Field<Draft>{"targets", read_targets},
};
constexpr std::array<std::string_view, 1> kProvidersRequired{"targets"};
constexpr std::array kProvidersHints{Hint{"strategy", "it belongs to failover"},
                                     Hint{"fallback", "use failover"},
                                     Hint{"routing", "use routes at the top level"}};
constexpr Shape<Draft> kProviders{"providers", kProvidersFields, kProvidersRequired, {}, kProvidersHints};

void read_providers(const Value& value, Draft& draft) {
    if (value.is_list())
        read_targets(value, draft);
    else
        read_object(value, kProviders, draft);
}

template <class T>
void read_list(const Value& value, std::size_t most, std::vector<T>& out, void (*read)(const Value&, T&)) {
    for (const Value& item : value.items(most)) {
        T one;
        read(item, one);
        out.push_back(std::move(one));
    }
}

constexpr std::array kRootFields{
    Field<Draft>{"version", read_version},
    Field<Draft>{"health_check", read_health_block},
    Field<Draft>{"breaker", [](const Value& v, Draft& d) { read_breaker(v, d.defaults.breaker); }},
    Field<Draft>{"retry", [](const Value& v, Draft& d) { read_retry(v, d.defaults.retry); }},
    Field<Draft>{"timeouts", [](const Value& v, Draft& d) { read_timeouts(v, d.timeouts); }},
    Field<Draft>{"failover", read_failover_block},
    Field<Draft>{"providers", read_providers},
    Field<Draft>{"routes",
                 [](const Value& v, Draft& d) { read_list(v, kMaxRoutes, d.config.routes, read_route); }},
    Field<Draft>{"aliases", [](const Value& v, Draft& d) { v.read(d.config.aliases, kMaxMappings); }},
    Field<Draft>{"policies", [](const Value& v,
                                Draft& d) { read_list(v, kMaxPolicies, d.config.policies, read_policy); }},
    Field<Draft>{"keys",
                 [](const Value& v, Draft& d) { read_list(v, kMaxKeys, d.config.keys, read_client_key); }},
    Field<Draft>{"server", [](const Value& v, Draft& d) { read_server(v, d.config.server); }},
    Field<Draft>{"events", [](const Value& v, Draft& d) { read_events(v, d.config.events); }},
};
constexpr std::array<std::string_view, 1> kRootRequired{"providers"};
constexpr std::array kRootHints{Hint{"targets", "it belongs to providers: {targets: [...]}"},
                                Hint{"model_mapping", "it belongs to failover, or to a target"},
                                Hint{"strategy", "it belongs to failover, or to a route"},
                                Hint{"timeout_seconds", "it belongs to failover.retry"},
                                Hint{"port", "it belongs to server"},
                                Hint{"consumer_groups", "use keys"}};
constexpr Shape<Draft> kRoot{"root", kRootFields, kRootRequired, {}, kRootHints};

/// The one place for each block is the top level; the tutorials also have two of them inside of providers.
void refuse_blocks_said_twice(const Value& root) {
    const std::optional<Value> providers = root.find("providers");
    if (!providers || !providers->is_map()) return;
    for (const std::string_view block : {"failover", "health_check"})
        if (root.find(block))
            if (const std::optional<Value> again = providers->find(block))
                again->fail("E011", std::string(block) + " stands at the top level as well",
                            "keep one of them");
}

/// The end of each chain of aliases, so that one look-up is enough. One that goes round is left for lint.
void flatten(std::map<std::string, std::string>& aliases) {
    std::map<std::string, std::string> flat;
    for (const auto& [alias, first] : aliases) {
        std::set<std::string_view> seen{alias};
        const std::string* model = &first;
        for (auto next = aliases.find(*model); next != aliases.end() && seen.insert(*model).second;
             next = aliases.find(*model))
            model = &next->second;
        flat[alias] = aliases.contains(*model) ? first : *model;
    }
    aliases = std::move(flat);
}

void finish(Draft& draft) {
    GatewayConfig& config = draft.config;
    config.failover = std::move(draft.failover.config);
    config.failover.total = draft.timeouts.total.value_or(config.failover.total);
    // A request's total is the gateway's business. What a target knows of it must not be in the way of the
    // most patient route.
    Limit longest = config.failover.total;
    for (const RouteConfig& route : config.routes)
        if (route.total)
            longest = route.total->count() == 0 || longest.count() == 0 ? Limit(0)
                                                                        : std::max(longest, *route.total);
    for (TargetConfig& target : config.targets)
        target.deadlines.total = longest;
}

std::string version_of(std::string_view text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
    unsigned size = 0;
    if (EVP_Digest(text.data(), text.size(), hash.data(), &size, EVP_sha256(), nullptr) != 1) return {};
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string version;
    for (std::size_t i = 0; i < 6; ++i) {
        version += kDigits[hash[i] >> 4U];
        version += kDigits[hash[i] & 15U];
    }
    return version;
}

ConfigDocument parse(std::string_view text, const Environment& environment) {
    Findings findings;
    ConfigDocument document;
    Draft draft;
    if (const std::optional<YamlNode> tree = parse_yaml(text, findings)) {
        Places places;
        ReadContext context{findings, environment, places};
        const Value root(*tree, "", context);
        if (read_object(root, kRoot, draft)) refuse_blocks_said_twice(root);
        finish(draft);
        // What lint says about half of a configuration would lead astray.
        if (!findings.has_error()) {
            LintContext lint{draft.config, environment,        findings,
                             &places,      draft.targets_path, draft.failover_path};
            if (!draft.has_version) lint.note("N002", "", "no version is given: it is read as version '1'");
            lint_config(lint);
            flatten(draft.config.aliases);
        }
    }
    if (!findings.has_error()) {
        draft.config.version = version_of(text);
        document.config = std::move(draft.config);
    }
    document.findings = findings.take();
    return document;
}

}  // namespace

std::vector<KeyTable> key_tables() {
    std::vector<KeyTable> tables;
    tables.push_back(key_table(kRoot));
    tables.push_back(key_table(kProviders));
    add_limit_tables(tables);
    add_target_tables(tables);
    add_route_tables(tables);
    add_service_tables(tables);
    return tables;
}

}  // namespace gateway

ConfigDocument parse_gateway_config(std::string_view yaml, const Environment& environment) {
    return gateway::parse(yaml, environment);
}

ConfigDocument load_gateway_config(const std::string& path, const Environment& environment) {
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    // One byte more than is read tells a file that is too long from one that just fits.
    std::string text(gateway::kMaxYamlBytes + 1, '\0');
    if (file) file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (!file.is_open() || file.bad() || (file.fail() && !file.eof())) {
        const int error = errno;
        gateway::Findings findings;
        findings.error("E001", "", gateway::Place(),
                       "the file " + path + " cannot be read" +
                           (error != 0 ? ": " + std::system_category().message(error) : ""));
        ConfigDocument document;
        document.findings = findings.take();
        return document;
    }
    text.resize(static_cast<std::size_t>(file.gcount()));
    return parse_gateway_config(text, environment);
}

}  // namespace sluice

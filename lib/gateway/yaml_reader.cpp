#include "gateway/yaml_reader.hpp"

#include "gateway/edit_distance.hpp"
#include "gateway/quantity.hpp"

#include <algorithm>
#include <cmath>

namespace sluice::gateway {
namespace {

using Kind = YamlNode::Kind;

/// An environment may hold anything; a value of the configuration is a line.
constexpr std::size_t kMaxExpanded = std::size_t{64} << 10;

std::string_view kind_name(const YamlNode& node) {
    switch (node.kind) {
        case Kind::null:
            return "nothing";
        case Kind::scalar:
            return "a single value";
        case Kind::list:
            return "a list";
        case Kind::map:
            return "a map";
    }
    return "nothing";
}

bool is_variable_name(std::string_view name) {
    return !name.empty() && !(name.front() >= '0' && name.front() <= '9') &&
           std::all_of(name.begin(), name.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
           });
}

/// What other readers of YAML would take for something else than a text.
bool is_ambiguous(std::string_view text) {
    constexpr std::array<std::string_view, 6> kWords{"true", "false", "True", "False", "TRUE", "FALSE"};
    double number = 0;
    return std::find(kWords.begin(), kWords.end(), text) != kWords.end() || parse_number(text, number);
}

}  // namespace

Value::Value(const YamlNode& node, std::string path, ReadContext& context)
    : node_(&node), path_(std::move(path)), context_(&context) {
    context.places.insert_or_assign(path_, node.place);
}

void Value::fail(std::string_view code, std::string message, std::string suggestion) const {
    context_->findings.error(code, path_, node_->place, std::move(message), std::move(suggestion));
}

void Value::fail_type(std::string_view expected, std::string suggestion) const {
    fail("E004", "expected " + std::string(expected) + ", found " + std::string(kind_name(*node_)),
         std::move(suggestion));
}

std::vector<Value> Value::items(std::size_t most) const {
    std::vector<Value> values;
    if (node_->kind != Kind::list) {
        fail_type("a list", node_->kind == Kind::scalar ? "write it as [a, b]" : "");
    } else if (node_->items.size() > most) {
        fail("E012", "the list has " + std::to_string(node_->items.size()) + " items; at most " +
                         std::to_string(most) + " are allowed");
    } else {
        for (std::size_t i = 0; i < node_->items.size(); ++i)
            values.emplace_back(node_->items[i], item_path(path_, i), *context_);
    }
    return values;
}

std::optional<Value> Value::find(std::string_view key) const {
    for (std::size_t i = 0; i < node_->keys.size() && i < node_->items.size(); ++i)
        if (node_->keys[i].text == key) return Value(node_->items[i], key_path(path_, key), *context_);
    return std::nullopt;
}

std::optional<std::string> Value::expand(const std::string& raw) const {
    std::string text;
    for (std::size_t i = 0; i < raw.size();) {
        if (raw.compare(i, 3, "$${") == 0) {  // how a text says "${"
            text += "${";
            i += 3;
            continue;
        }
        if (raw.compare(i, 2, "${") != 0) {
            text += raw[i++];
            continue;
        }
        const std::size_t close = raw.find('}', i);
        const std::string_view inside = close == std::string::npos
                                            ? std::string_view()
                                            : std::string_view(raw).substr(i + 2, close - i - 2);
        const std::size_t colon = inside.find(":-");
        const std::string name(inside.substr(0, colon));
        if (!is_variable_name(name)) {
            fail("E007", "${ is not followed by the name of an environment variable and }",
                 "write ${NAME} or ${NAME:-default}, and $${ for the two characters themselves");
            return std::nullopt;
        }
        const std::optional<std::string> value = context_->environment(name);
        if (colon != std::string_view::npos)
            text += value && !value->empty() ? *value : std::string(inside.substr(colon + 2));
        else if (value)
            text += *value;
        if (!value && colon == std::string_view::npos) {
            fail("E007", "the environment variable " + name + " is not set",
                 "set it, or write ${" + name + ":-default}");
            return std::nullopt;
        }
        if (text.size() > kMaxExpanded) {
            fail("E012", "with its variables replaced the value is longer than " +
                             std::to_string(kMaxExpanded) + " bytes");
            return std::nullopt;
        }
        i = close + 1;
    }
    return text;
}

std::optional<Value::Scalar> Value::scalar(std::string_view expected, bool may_be_secret) const {
    const auto refuse_secret = [&] {
        fail("E008", "this has the look of a key; keys are never written into the configuration",
             "put it into an environment variable or a file, and name that under secret_key_ref");
        return std::nullopt;
    };
    if (node_->kind != Kind::scalar) {
        fail_type(expected, node_->kind == Kind::null ? "write a value, or leave the key out" : "");
        return std::nullopt;
    }
    if (looks_like_secret(node_->text)) return refuse_secret();
    Scalar scalar;
    scalar.is_raw = node_->text.find("${") == std::string::npos;
    scalar.is_plain = !node_->quoted && scalar.is_raw;
    if (scalar.is_raw) {
        scalar.text = node_->text;
        return scalar;
    }
    std::optional<std::string> text = expand(node_->text);
    if (!text) return std::nullopt;
    // What becomes an id or a name is shown everywhere.
    if (!may_be_secret && looks_like_secret(*text)) return refuse_secret();
    scalar.text = std::move(*text);
    return scalar;
}

std::string Value::shown(const Scalar& scalar) const {
    // What came from the environment may be a secret: the text of the file is shown instead.
    return quoted(scalar.is_raw ? scalar.text : node_->text);
}

bool Value::read(std::string& out) const {
    return read_text(out, false);
}

bool Value::read_text(std::string& out, bool may_be_secret) const {
    std::optional<Scalar> text = scalar("a text", may_be_secret);
    if (!text) return false;
    if (text->is_plain && is_ambiguous(text->text)) {
        fail("E004", "expected a text, found " + shown(*text) + " without quotes",
             "write '" + text->text + "'");
        return false;
    }
    if (text->text.empty()) {
        fail("E005", "the text is empty", "write a value, or leave the key out");
        return false;
    }
    out = std::move(text->text);
    return true;
}

std::optional<std::string> Value::read_verbatim() const {
    if (node_->kind != Kind::scalar || node_->text.find("${") == std::string::npos) {
        std::string text;
        if (read(text)) return text;
        return std::nullopt;
    }
    fail("E008", "${...} would put the secret itself here", "write the bare name");
    return std::nullopt;
}

bool Value::read(bool& out) const {
    const std::optional<Scalar> word = scalar("true or false");
    if (!word) return false;
    const bool may_be_word = word->is_plain || !word->is_raw;
    if (!may_be_word || (word->text != "true" && word->text != "false")) {
        constexpr std::array<std::string_view, 5> kNo{"no", "off", "n", "false", "0"};
        constexpr std::array<std::string_view, 5> kYes{"yes", "on", "y", "true", "1"};
        std::string small = word->text.substr(0, 8);
        std::transform(small.begin(), small.end(), small.begin(),
                       [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
        const bool means_no = std::find(kNo.begin(), kNo.end(), small) != kNo.end();
        const bool means_yes = std::find(kYes.begin(), kYes.end(), small) != kYes.end();
        fail("E004", "expected true or false, found " + shown(*word),
             means_no    ? "write false"
             : means_yes ? "write true"
                         : "");
        return false;
    }
    out = word->text == "true";
    return true;
}

bool Value::read_integer(std::int64_t& out, std::int64_t low, std::int64_t high) const {
    const std::optional<Scalar> number = scalar("a whole number");
    if (!number) return false;
    std::int64_t parsed = 0;
    if ((number->is_raw && !number->is_plain) || !parse_number(number->text, parsed)) {
        fail("E004", "expected a whole number, found " + shown(*number),
             number->is_raw && !number->is_plain ? "write it without quotes" : "");
        return false;
    }
    if (parsed < low || parsed > high) {
        fail("E005", shown(*number) + " is out of range",
             "from " + std::to_string(low) + " to " + std::to_string(high));
        return false;
    }
    out = parsed;
    return true;
}

bool Value::read(double& out, double low, double high) const {
    const std::optional<Scalar> number = scalar("a number");
    if (!number) return false;
    double parsed = 0;
    if ((number->is_raw && !number->is_plain) || !parse_number(number->text, parsed) ||
        !std::isfinite(parsed)) {
        fail("E004", "expected a number, found " + shown(*number),
             number->is_raw && !number->is_plain ? "write it without quotes" : "");
        return false;
    }
    if (parsed < low || parsed > high) {
        fail("E005", shown(*number) + " is out of range", "from " + text_of(low) + " to " + text_of(high));
        return false;
    }
    out = parsed;
    return true;
}

bool Value::read(Limit& out, Limit low, Limit high) const {
    const std::optional<Scalar> text = scalar("a time such as 30s");
    if (!text) return false;
    const std::optional<double> parsed =
        text->text == "0" ? std::optional<double>(0) : parse_time(text->text);
    if (!parsed) {
        double bare = 0;
        fail("E004", "expected a time such as 30s, found " + shown(*text),
             parse_number(text->text, bare) ? "give the unit: " + text->text + "s or " + text->text + "ms"
                                            : "a number and ms, s, m, h or d");
        return false;
    }
    const double ms = std::round(*parsed);
    if (!(ms >= static_cast<double>(low.count()) && ms <= static_cast<double>(high.count()))) {
        fail("E005", shown(*text) + " is out of range", "from " + text_of(low) + " to " + text_of(high));
        return false;
    }
    out = Limit(static_cast<std::int64_t>(ms));
    return true;
}

bool Value::read_seconds(Limit& out, Limit low, Limit high) const {
    double seconds = 0;
    if (!read(seconds, static_cast<double>(low.count()) / 1000, static_cast<double>(high.count()) / 1000))
        return false;
    out = Limit(static_cast<std::int64_t>(std::round(seconds * 1000)));
    return true;
}

bool Value::read_bytes(std::size_t& out, std::size_t low, std::size_t high) const {
    const std::optional<Scalar> text = scalar("a size such as 32MiB");
    if (!text) return false;
    std::uint64_t bare = 0;
    std::optional<double> parsed = parse_bytes(text->text);
    if (parse_number(text->text, bare)) parsed = static_cast<double>(bare);
    if (!parsed) {
        fail("E004", "expected a size such as 32MiB, found " + shown(*text),
             "a number of bytes, or one with KiB, MiB or GiB");
        return false;
    }
    if (!(*parsed >= static_cast<double>(low) && *parsed <= static_cast<double>(high))) {
        fail("E005", shown(*text) + " is out of range",
             "from " + std::to_string(low) + " to " + std::to_string(high) + " bytes");
        return false;
    }
    out = static_cast<std::size_t>(*parsed);
    return true;
}

bool Value::read(std::vector<std::string>& out, std::size_t most) const {
    if (!is_list()) {
        fail_type("a list of texts", node_->kind == Kind::scalar ? "write it as [a, b]" : "");
        return false;
    }
    std::vector<std::string> texts;
    bool good = true;
    for (const Value& item : items(most)) {
        std::string text;
        good = item.read(text) && good;
        texts.push_back(std::move(text));
    }
    if (good && texts.size() == node_->items.size()) out = std::move(texts);
    return good;
}

bool Value::read(std::map<std::string, std::string>& out, std::size_t most) const {
    return read_map(out, most, false);
}

bool Value::read_headers(std::map<std::string, std::string>& out, std::size_t most) const {
    return read_map(out, most, true);
}

bool Value::read_map(std::map<std::string, std::string>& out, std::size_t most, bool may_be_secret) const {
    if (!is_map()) {
        fail_type("a map of texts");
        return false;
    }
    if (node_->keys.size() > most) {
        fail("E012", "the map has " + std::to_string(node_->keys.size()) + " keys; at most " +
                         std::to_string(most) + " are allowed");
        return false;
    }
    std::map<std::string, std::string> texts;
    bool good = true;
    for (std::size_t i = 0; i < node_->keys.size(); ++i) {
        std::string text;
        const Value item(node_->items[i], key_path(path_, node_->keys[i].text), *context_);
        good = item.read_text(text, may_be_secret) && good;
        if (looks_like_secret(node_->keys[i].text)) {
            item.fail("E008", "a key of this map has the look of a secret", "remove it");
            good = false;
        }
        texts[node_->keys[i].text] = std::move(text);
    }
    if (good) out = std::move(texts);
    return good;
}

std::optional<std::string> Value::read_decimal() const {
    std::optional<Scalar> number = scalar("a number such as 2.50");
    if (!number) return std::nullopt;
    return std::move(number->text);
}

std::optional<std::size_t> Value::read_word(std::span<const std::string_view> words) const {
    const std::optional<Scalar> word = scalar("a word");
    if (!word) return std::nullopt;
    const auto found = std::find(words.begin(), words.end(), word->text);
    if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
    fail("E005", shown(*word) + " is not known here",
         did_you_mean(word->is_raw ? word->text : "", words, "values"));
    return std::nullopt;
}

void check_keys(const Value& object, std::span<const std::string_view> keys,
                std::span<const std::string_view> required, std::span<const Either> either,
                std::span<const Hint> hints) {
    const YamlNode& node = object.node();
    Findings& findings = object.context().findings;
    const auto has = [&](std::string_view key) {
        return std::any_of(node.keys.begin(), node.keys.end(),
                           [&](const YamlKey& one) { return one.text == key; });
    };
    for (const YamlKey& key : node.keys) {
        if (std::find(keys.begin(), keys.end(), key.text) != keys.end()) continue;
        const std::string path = key_path(object.path(), key.text);
        // What people call a secret is one, whatever it looks like.
        constexpr std::array<std::string_view, 11> kSecrets{
            "api_key",  "apikey", "key",          "token",      "secret", "secret_key",
            "password", "apiKey", "access_token", "auth_token", "api-key"};
        if (std::find(kSecrets.begin(), kSecrets.end(), key.text) != kSecrets.end()) {
            const bool has_ref = std::find(keys.begin(), keys.end(), "secret_key_ref") != keys.end();
            findings.error("E008", path, key.place, "a secret is never written into the configuration",
                           has_ref ? "use secret_key_ref: {env: NAME} or {file: PATH}" : "remove it");
            continue;
        }
        const auto hint =
            std::find_if(hints.begin(), hints.end(), [&](const Hint& one) { return one.key == key.text; });
        findings.error(
            "E002", path, key.place, "unknown key",
            hint != hints.end() ? std::string(hint->advice) : did_you_mean(key.text, keys, "keys"));
    }
    for (const std::string_view key : required)
        if (!has(key)) object.fail("E006", "the key " + std::string(key) + " is missing");
    for (const auto& [one, other] : either)
        if (has(one) && has(other))
            object.fail("E011", std::string(one) + " and " + std::string(other) + " say the same thing",
                        "keep one of them");
}

}  // namespace sluice::gateway

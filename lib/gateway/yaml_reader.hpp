// Reads a tree of YAML values into structs, strictly: every key must be known, every value of its type and in
// its range. What is wrong goes to the findings with its path and place, and the struct keeps what it had.
//
//   constexpr std::array kFields{Field<BreakerConfig>{"enabled", [](const Value& value, auto& breaker) {
//                                    value.read(breaker.enabled); }}, ...};
//   constexpr Shape<BreakerConfig> kBreaker{"breaker", kFields};
//   read_object(value, kBreaker, config.breaker);
//
// A field is its key and its reader in one, so the keys that exist and the keys that are read cannot differ.
#pragma once

#include "gateway/findings.hpp"
#include "gateway/yaml_tree.hpp"

#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::gateway {

struct ReadContext {
    Findings& findings;
    const Environment& environment;
    Places& places;  ///< Filled in for lint, which knows paths but no text.
};

/// A key that people expect here, and what to tell them.
struct Hint {
    std::string_view key;
    std::string_view advice;
};

using Limit = std::chrono::milliseconds;
inline constexpr Limit kLongest = std::chrono::hours(24 * 7);

/// One value of the file, where it is, and what it should be. A view: the tree must live.
class Value {
  public:
    Value(const YamlNode& node, std::string path, ReadContext& context);

    const YamlNode& node() const noexcept { return *node_; }
    const std::string& path() const noexcept { return path_; }
    ReadContext& context() const noexcept { return *context_; }

    void fail(std::string_view code, std::string message, std::string suggestion = {}) const;
    void fail_type(std::string_view expected, std::string suggestion = {}) const;
    /// Nothing stands there, or `null`.
    bool is_null() const noexcept { return node_->kind == YamlNode::Kind::null; }
    bool is_map() const noexcept { return node_->kind == YamlNode::Kind::map; }
    bool is_list() const noexcept { return node_->kind == YamlNode::Kind::list; }
    /// The items of a list, in order. Of anything else, or of too long a list, none, and a finding.
    std::vector<Value> items(std::size_t most) const;
    std::optional<Value> find(std::string_view key) const;

    // Each gives false, after a finding, when the value is not of that kind; `out` is then as it was.
    bool read(std::string& out) const;  ///< Not empty.
    bool read(bool& out) const;
    bool read(double& out, double low, double high) const;
    template <std::integral Integer>
    bool read(Integer& out, Integer low, Integer high) const {
        std::int64_t number = 0;
        if (!read_integer(number, static_cast<std::int64_t>(low), static_cast<std::int64_t>(high)))
            return false;
        out = static_cast<Integer>(number);
        return true;
    }
    /// "500ms", "1.5s", "2m", "1h"; 0 needs no unit.
    bool read(Limit& out, Limit low, Limit high = kLongest) const;
    /// A number of seconds: 30, 0.5.
    bool read_seconds(Limit& out, Limit low, Limit high = kLongest) const;
    /// Bytes: 65536, "64KiB", "32MiB".
    bool read_bytes(std::size_t& out, std::size_t low, std::size_t high) const;
    bool read(std::vector<std::string>& out, std::size_t most) const;
    bool read(std::map<std::string, std::string>& out, std::size_t most) const;
    /// The same, but a value may get a secret from the environment: "Bearer ${TOKEN}".
    bool read_headers(std::map<std::string, std::string>& out, std::size_t most) const;
    /// One of `names`.
    template <class Choice, std::size_t N>
    bool read(Choice& out, const std::array<std::pair<std::string_view, Choice>, N>& names) const {
        std::array<std::string_view, N> words;
        for (std::size_t i = 0; i < N; ++i)
            words[i] = names[i].first;
        const std::optional<std::size_t> index = read_word(words);
        if (index) out = names[*index].second;
        return index.has_value();
    }
    /// A number as it is written, for money: "2.50".
    std::optional<std::string> read_decimal() const;
    /// A text in which ${...} is not replaced.
    std::optional<std::string> read_verbatim() const;

  private:
    struct Scalar {
        std::string text;
        bool is_plain = false;  // neither in quotes...
        bool is_raw = true;     // ...nor with anything from the environment in it, so that it may be quoted
    };
    std::optional<Scalar> scalar(std::string_view expected, bool may_be_secret = false) const;
    bool read_text(std::string& out, bool may_be_secret) const;
    bool read_map(std::map<std::string, std::string>& out, std::size_t most, bool may_be_secret) const;
    std::optional<std::string> expand(const std::string& raw) const;
    bool read_integer(std::int64_t& out, std::int64_t low, std::int64_t high) const;
    std::optional<std::size_t> read_word(std::span<const std::string_view> words) const;
    std::string shown(const Scalar& scalar) const;

    const YamlNode* node_;
    std::string path_;
    ReadContext* context_;
};

template <class T>
struct Field {
    std::string_view key;
    void (*read)(const Value& value, T& out);
};

/// Two keys that mean the same: only one of them may be given.
using Either = std::pair<std::string_view, std::string_view>;

/// The keys of a kind of object. Fields are read in the order of the table, whatever the order of the file.
template <class T>
struct Shape {
    std::string_view name;  ///< In docs/policy-config.schema.json, too.
    std::span<const Field<T>> fields;
    std::span<const std::string_view> required = {};
    std::span<const Either> either = {};
    std::span<const Hint> hints = {};
};

/// The names of a shape, for whoever has to list them.
struct KeyTable {
    std::string_view name;
    std::vector<std::string_view> keys;
    std::vector<std::string_view> required;
};

template <class T>
KeyTable key_table(const Shape<T>& shape) {
    KeyTable table;
    table.name = shape.name;
    for (const Field<T>& field : shape.fields)
        table.keys.push_back(field.key);
    table.required.assign(shape.required.begin(), shape.required.end());
    return table;
}

/// Keys that are not in `keys`, those that are required and missing, and pairs that exclude each other.
void check_keys(const Value& object, std::span<const std::string_view> keys,
                std::span<const std::string_view> required, std::span<const Either> either,
                std::span<const Hint> hints);

template <class T>
bool read_object(const Value& value, const Shape<T>& shape, T& out) {
    if (!value.is_map()) {
        value.fail_type("a map of keys");
        return false;
    }
    const KeyTable table = key_table(shape);
    check_keys(value, table.keys, shape.required, shape.either, shape.hints);
    for (const Field<T>& field : shape.fields)
        if (const std::optional<Value> member = value.find(field.key)) field.read(*member, out);
    return true;
}

}  // namespace sluice::gateway

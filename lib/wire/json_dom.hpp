// Looking into a parsed JSON document without trusting it: a field that is absent, null or of another type is
// simply not there.
#pragma once

#include <simdjson.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::wire::dom {

using Element = simdjson::dom::element;
using Array = simdjson::dom::array;
using Object = simdjson::dom::object;

/// The field `key` of `from`, unless it is null or absent, or `from` is no object. JSON pointers are not
/// understood.
inline std::optional<Element> field(Element from, std::string_view key) {
    Element value;
    if (!from.is_object() || from.get_object().at_key(key).get(value) != simdjson::SUCCESS || value.is_null())
        return std::nullopt;
    return value;
}

template <typename T>
std::optional<T> as(std::optional<Element> value) {
    T out;
    if (!value || value->get<T>().get(out) != simdjson::SUCCESS) return std::nullopt;
    return out;
}

inline std::optional<std::string_view> string_at(Element from, std::string_view key) {
    return as<std::string_view>(field(from, key));
}
inline std::optional<bool> bool_at(Element from, std::string_view key) {
    return as<bool>(field(from, key));
}
inline std::optional<double> number_at(Element from, std::string_view key) {
    return as<double>(field(from, key));
}
inline std::optional<std::uint64_t> count_at(Element from, std::string_view key) {
    return as<std::uint64_t>(field(from, key));
}
inline std::optional<Array> array_at(Element from, std::string_view key) {
    return as<Array>(field(from, key));
}
inline std::optional<Element> object_at(Element from, std::string_view key) {
    std::optional<Element> value = field(from, key);
    return value && value->is_object() ? value : std::nullopt;
}

/// The members in the order of their keys' bytes. Stable: of a key that is there twice, which one counts is a
/// matter of their order.
inline std::vector<std::pair<std::string_view, Element>> members_by_key(Object object) {
    std::vector<std::pair<std::string_view, Element>> all;
    for (const auto& field : object)
        all.emplace_back(field.key, field.value);
    std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    return all;
}

/// The value as JSON text, without spaces.
inline std::string json_text(Element value) {
    return simdjson::minify(value);
}

}  // namespace sluice::wire::dom

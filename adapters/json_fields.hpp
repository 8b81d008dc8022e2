// Reading the fields of a wire event in one pass, whatever their order, with simdjson On-Demand. Nothing is
// trusted: a field that is null or of another type than expected is simply not there.
#pragma once

#include "adapters/ascii.hpp"
#include "wire/json_reader.hpp"

#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace sluice::adapters::fields {

namespace json = wire::json;
using Error = simdjson::error_code;

/// Whether the key that starts at `at` (just after its quote) is `name`. The bytes read are padded for it.
template <std::size_t N>
bool is(const char* at, const char (&name)[N]) noexcept {
    return std::memcmp(at, name, N - 1) == 0 && at[N - 1] == '"';
}

/// A key's source, escapes and all; `end` is the end of the document.
inline std::string_view key_text(const char* at, const char* end) noexcept {
    const char* quote = at;
    while (quote < end && *quote != '"')
        quote += *quote == '\\' ? 2 : 1;
    return {at, static_cast<std::size_t>((quote < end ? quote : end) - at)};
}

/// The first byte of a value decides what it is: '"', '{', '[', 'n', 't', 'f', '-' or a digit.
inline char kind_of(json::value& value) noexcept {
    return value.raw_json_token().front();
}

/// A count that is no number, negative or beyond 2^64 leaves `out` as it is.
inline void read_count(json::value value, std::optional<std::uint64_t>& out) noexcept {
    if (!is_digit(kind_of(value))) return;
    std::uint64_t whole = 0;
    double real = 0;
    if (value.get_uint64().get(whole) == simdjson::SUCCESS)
        out = whole;
    else if (value.get_double().get(real) == simdjson::SUCCESS && real >= 0 && real < 1.8e19)
        out = static_cast<std::uint64_t>(real);
}

/// A string, unescaped into the arena where it has escapes. Leaves `out` as it is for another type.
inline Error read_text(json::value value, wire::TextArena& arena, std::string_view& out) {
    if (kind_of(value) != '"') return simdjson::SUCCESS;
    std::string_view escaped;
    if (!wire::string_source(value, escaped)) return simdjson::STRING_ERROR;
    return wire::unescape(escaped, arena, out) ? simdjson::SUCCESS : simdjson::STRING_ERROR;
}

/// Any value's text as it was on the wire. What is inside an object or array is not checked: see is_json().
inline Error raw_text(json::value value, std::string_view& out) {
    switch (kind_of(value)) {
        case '{': {
            json::object object;
            if (Error error = value.get_object().get(object)) return error;
            if (Error error = object.raw_json().get(out)) return error;
            break;
        }
        case '[': {
            json::array array;
            if (Error error = value.get_array().get(array)) return error;
            if (Error error = array.raw_json().get(out)) return error;
            break;
        }
        default:
            out = value.raw_json_token();
    }
    out = trim(out);
    return contains("\"{[tfn-0123456789", out.substr(0, 1)) ? simdjson::SUCCESS : simdjson::TAPE_ERROR;
}

/// null, "", false, [] and {}: a server that always sends the field has nothing to say.
inline bool says_nothing(std::string_view json) noexcept {
    return json == "null" || json == "\"\"" || json == "false" ||
           (json.size() >= 2 && (json.front() == '[' || json.front() == '{') &&
            trim(json.substr(1, json.size() - 2)).empty());
}

/// Calls `read(key, value)` for every field of `object`, until one gives an error.
template <typename Read>
Error for_each_field(json::object object, Read read) {
    for (auto item : object) {
        json::field field;
        if (Error error = std::move(item).get(field)) return error;
        if (Error error = read(field.key().raw(), field.value())) return error;
    }
    return simdjson::SUCCESS;
}

/// The same for the fields of a value; nothing is read when it is no object.
template <typename Read>
Error for_each_field_of(json::value value, Read read) {
    if (kind_of(value) != '{') return simdjson::SUCCESS;
    json::object object;
    if (Error error = value.get_object().get(object)) return error;
    return for_each_field(object, read);
}

/// Calls `read(value)` for every element; nothing is read when `value` is no array.
template <typename Read>
Error for_each_element_of(json::value value, Read read) {
    if (kind_of(value) != '[') return simdjson::SUCCESS;
    json::array array;
    if (Error error = value.get_array().get(array)) return error;
    for (auto item : array) {
        json::value element;
        if (Error error = std::move(item).get(element)) return error;
        if (Error error = read(element)) return error;
    }
    return simdjson::SUCCESS;
}

}  // namespace sluice::adapters::fields

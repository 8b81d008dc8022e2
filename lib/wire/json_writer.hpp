// Writes JSON text by appending to a string. Strings are escaped and made valid UTF-8 (each ill-formed
// sequence becomes U+FFFD), so whatever goes in, valid JSON comes out. Commas are the writer's business;
// matching brackets are the caller's.
//
//   JsonWriter json(out);
//   json.begin_object().key("model").string(id).key("stream").boolean(true).end_object();
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace sluice::wire {

class JsonWriter {
  public:
    explicit JsonWriter(std::string& out) : out_(out) {}

    JsonWriter& begin_object() { return open('{'); }
    JsonWriter& end_object() { return close('}'); }
    JsonWriter& begin_array() { return open('['); }
    JsonWriter& end_array() { return close(']'); }
    JsonWriter& key(std::string_view name);
    JsonWriter& string(std::string_view value);
    JsonWriter& number(std::int64_t value);
    JsonWriter& number(std::uint64_t value);
    /// Any other integer, so that `number(5)` is not ambiguous.
    template <std::integral Integer>
    JsonWriter& number(Integer value) {
        if constexpr (std::is_signed_v<Integer>)
            return number(std::int64_t{value});
        else
            return number(std::uint64_t{value});
    }
    /// Shortest text that reads back as the same double; infinities and NaN become null.
    JsonWriter& number(double value);
    JsonWriter& boolean(bool value);
    JsonWriter& null();
    /// `json` is already JSON text. Not checked: see is_json().
    JsonWriter& raw(std::string_view json);

  private:
    void separate();
    /// The text with its quotes, the closing one being at the front of `behind` (at most two bytes).
    void quoted(std::string_view text, std::string_view behind);
    JsonWriter& open(char bracket);
    JsonWriter& close(char bracket);
    template <class Number>
    JsonWriter& digits(Number value);

    std::string& out_;
    bool first_ = true;  // of the innermost open container
    bool after_key_ = false;
};

/// Appends `text` escaped for JSON, without quotes.
void append_escaped(std::string& out, std::string_view text);
/// Appends `text` with every ill-formed UTF-8 sequence replaced by U+FFFD (WHATWG "decode with replacement").
void append_valid_utf8(std::string& out, std::string_view text);
/// At most `limit` bytes of `text` as valid UTF-8, never cut inside a character.
std::string excerpt(std::string_view text, std::size_t limit);

}  // namespace sluice::wire

// Writes JSON text by appending to a string. Strings are escaped and made valid UTF-8 (each ill-formed sequence becomes
// U+FFFD), so whatever goes in, valid JSON comes out. Commas are the writer's business.
//
//   JsonWriter json(out);
//   json.begin_object().key("model").string(id).key("stream").boolean(true).end_object();
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::wire {

class JsonWriter {
  public:
    explicit JsonWriter(std::string& out) : out_(out) {}

    JsonWriter& begin_object();
    JsonWriter& end_object();
    JsonWriter& begin_array();
    JsonWriter& end_array();
    JsonWriter& key(std::string_view name);
    JsonWriter& string(std::string_view value);
    JsonWriter& number(std::int64_t value);
    JsonWriter& number(std::uint64_t value);
    /// Shortest text that reads back as the same double; infinities and NaN become null.
    JsonWriter& number(double value);
    JsonWriter& boolean(bool value);
    JsonWriter& null();
    /// `json` is already JSON text. Not checked: see is_json().
    JsonWriter& raw(std::string_view json);

  private:
    void separate();
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

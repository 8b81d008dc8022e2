// Whether text that comes in pieces is one complete JSON value: a checker that keeps no text.
//
//   JsonCheck check;
//   for (std::string_view fragment : fragments) check.feed(fragment);
//   bool is_json = check.is_complete();
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::wire {

/// RFC 8259, at most kMaxDepth deep, valid UTF-8. Pieces may be cut anywhere, within an escape or a character
/// too.
class JsonCheck {
  public:
    static constexpr std::size_t kMaxDepth = 1024;

    void feed(std::string_view piece) noexcept;
    /// One whole value was fed, and at most white space around it.
    bool is_complete() const noexcept;
    /// Nothing but white space was fed.
    bool is_blank() const noexcept { return depth_ == 0 && state_ == State::value; }

  private:
    enum class State : std::uint8_t {
        value,        // one must come
        first_item,   // a value or ']'
        first_key,    // a key or '}'
        key,          // a key must come
        colon,        // after a key
        after_value,  // ',' or the end of the container
        string,       // and its parts
        escape,
        hex,
        literal,  // the rest of true, false or null
        minus,    // of a number: nothing but '-' yet
        zero,
        integer,
        point,  // a digit must come
        fraction,
        exponent,  // a sign or a digit must come
        signed_exponent,
        exponent_digits,
        broken,
    };

    State next(State state, char c) noexcept;
    State begin_value(char c) noexcept;
    State open(bool is_object) noexcept;
    State close(bool is_object) noexcept;
    State in_string(char c) noexcept;
    State in_number(State state, char c) noexcept;

    std::bitset<kMaxDepth> is_object_;  // of each open container
    std::size_t depth_ = 0;
    std::string_view rest_;  // of the literal
    State state_ = State::value;
    bool is_key_ = false;      // the string is one
    std::uint8_t left_ = 0;    // hex digits, or continuation bytes of a character
    std::uint8_t low_ = 0x80;  // bounds of the next continuation byte (no overlong forms, no surrogates)
    std::uint8_t high_ = 0xBF;
};

}  // namespace sluice::wire

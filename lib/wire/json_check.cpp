#include "wire/json_check.hpp"

#include "wire/plain_text.hpp"

namespace sluice::wire {
namespace {

constexpr bool is_blank_char(char c) noexcept {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}
constexpr bool is_hex(char c) noexcept {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

}  // namespace

void JsonCheck::feed(std::string_view piece) noexcept {
    for (std::size_t i = 0; i < piece.size(); ++i) {
        if (state_ == State::broken) return;
        if (state_ == State::string && left_ == 0) {  // most of what comes is the inside of strings
            i += plain_front(piece.substr(i));
            if (i == piece.size()) return;
        }
        state_ = next(state_, piece[i]);
    }
}

bool JsonCheck::is_complete() const noexcept {
    if (depth_ != 0) return false;
    switch (state_) {
        case State::after_value:
        case State::zero:
        case State::integer:
        case State::fraction:
        case State::exponent_digits:
            return true;
        default:
            return false;
    }
}

JsonCheck::State JsonCheck::next(State state, char c) noexcept {
    switch (state) {
        case State::string:
            return in_string(c);
        case State::escape:
            if (c == 'u') {
                left_ = 4;
                return State::hex;
            }
            return std::string_view("\"\\/bfnrt").find(c) != std::string_view::npos ? State::string
                                                                                    : State::broken;
        case State::hex:
            if (!is_hex(c)) return State::broken;
            return --left_ == 0 ? State::string : State::hex;
        case State::literal:
            if (rest_.front() != c) return State::broken;
            rest_.remove_prefix(1);
            return rest_.empty() ? State::after_value : State::literal;
        case State::minus:
        case State::zero:
        case State::integer:
        case State::point:
        case State::fraction:
        case State::exponent:
        case State::signed_exponent:
        case State::exponent_digits:
            return in_number(state, c);
        default:
            break;
    }
    if (is_blank_char(c)) return state;
    switch (state) {
        case State::value:
            return begin_value(c);
        case State::first_item:
            return c == ']' ? close(false) : begin_value(c);
        case State::first_key:
            if (c == '}') return close(true);
            [[fallthrough]];
        case State::key:
            is_key_ = true;
            return c == '"' ? State::string : State::broken;
        case State::colon:
            return c == ':' ? State::value : State::broken;
        case State::after_value:
            if (c == ',' && depth_ > 0) return is_object_[depth_ - 1] ? State::key : State::value;
            if (c == '}') return close(true);
            if (c == ']') return close(false);
            return State::broken;
        default:
            return State::broken;
    }
}

JsonCheck::State JsonCheck::begin_value(char c) noexcept {
    switch (c) {
        case '{':
            return open(true);
        case '[':
            return open(false);
        case '"':
            is_key_ = false;
            return State::string;
        case 't':
            rest_ = "rue";
            return State::literal;
        case 'f':
            rest_ = "alse";
            return State::literal;
        case 'n':
            rest_ = "ull";
            return State::literal;
        case '-':
            return State::minus;
        case '0':
            return State::zero;
        default:
            return is_digit(c) ? State::integer : State::broken;
    }
}

JsonCheck::State JsonCheck::open(bool is_object) noexcept {
    if (depth_ == kMaxDepth) return State::broken;
    is_object_[depth_++] = is_object;
    return is_object ? State::first_key : State::first_item;
}

JsonCheck::State JsonCheck::close(bool is_object) noexcept {
    if (depth_ == 0 || is_object_[depth_ - 1] != is_object) return State::broken;
    --depth_;
    return State::after_value;
}

JsonCheck::State JsonCheck::in_string(char c) noexcept {
    const auto byte = static_cast<unsigned char>(c);
    if (left_ > 0) {  // within a character (RFC 3629 section 4)
        if (byte < low_ || byte > high_) return State::broken;
        low_ = 0x80;
        high_ = 0xBF;
        --left_;
        return State::string;
    }
    if (c == '"') return is_key_ ? State::colon : State::after_value;
    if (c == '\\') return State::escape;
    if (byte < 0x20) return State::broken;
    if (byte < 0x80) return State::string;
    if (byte >= 0xC2 && byte <= 0xDF) {
        left_ = 1;
    } else if (byte >= 0xE0 && byte <= 0xEF) {
        left_ = 2;
        if (byte == 0xE0) low_ = 0xA0;
        if (byte == 0xED) high_ = 0x9F;
    } else if (byte >= 0xF0 && byte <= 0xF4) {
        left_ = 3;
        if (byte == 0xF0) low_ = 0x90;
        if (byte == 0xF4) high_ = 0x8F;
    } else {
        return State::broken;
    }
    return State::string;
}

JsonCheck::State JsonCheck::in_number(State state, char c) noexcept {
    const bool digit = is_digit(c);
    switch (state) {
        case State::minus:
            return c == '0' ? State::zero : digit ? State::integer : State::broken;
        case State::integer:
            if (digit) return state;
            [[fallthrough]];
        case State::zero:
            if (c == '.') return State::point;
            if (c == 'e' || c == 'E') return State::exponent;
            break;
        case State::point:
            return digit ? State::fraction : State::broken;
        case State::fraction:
            if (digit) return state;
            if (c == 'e' || c == 'E') return State::exponent;
            break;
        case State::exponent:
            if (c == '+' || c == '-') return State::signed_exponent;
            [[fallthrough]];
        case State::signed_exponent:
            return digit ? State::exponent_digits : State::broken;
        case State::exponent_digits:
            if (digit) return state;
            break;
        default:
            return State::broken;
    }
    return next(State::after_value, c);  // what ends a number is not part of it
}

}  // namespace sluice::wire

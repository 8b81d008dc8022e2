#include "gateway/json_line.hpp"

#include "wire/json_writer.hpp"
#include "wire/plain_text.hpp"

#include <cstring>

namespace sluice::gateway {

JsonLine& JsonLine::string(std::string_view text) {
    if (!wire::is_plain(text)) {
        std::string escaped;
        wire::append_escaped(escaped, text);
        text_.add("\"").add(escaped).add("\"");
        return *this;
    }
    return word(text);
}

JsonLine& JsonLine::word(std::string_view text) {
    char* const at = text_.room(text.size() + 2);
    at[0] = '"';
    if (!text.empty()) std::memcpy(at + 1, text.data(), text.size());
    at[text.size() + 1] = '"';
    text_.use(text.size() + 2);
    return *this;
}

// The same digits as those of a double, without looking for its shortest text.
JsonLine& JsonLine::milliseconds(std::chrono::microseconds time) {
    constexpr std::size_t kMaxLength = 32;
    constexpr std::int64_t kUnit = 1000;
    char* const begin = text_.room(kMaxLength);
    char* end = begin;
    const std::int64_t value = time.count();
    if (value < 0 && value > -kUnit) *end++ = '-';
    end = std::to_chars(end, begin + kMaxLength, value / kUnit).ptr;
    const auto rest = static_cast<unsigned>(value < 0 ? -(value % kUnit) : value % kUnit);
    if (rest != 0) {
        *end++ = '.';
        *end++ = static_cast<char>('0' + rest / 100);
        *end++ = static_cast<char>('0' + rest / 10 % 10);
        *end++ = static_cast<char>('0' + rest % 10);
        while (end[-1] == '0')
            --end;
    }
    text_.use(static_cast<std::size_t>(end - begin));
    return *this;
}

}  // namespace sluice::gateway

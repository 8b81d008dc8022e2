// The UTF-8 decoder of the WHATWG Encoding standard, byte by byte as its section 8.1.1 words it, writing
// U+FFFD for each error.
#pragma once

#include <string>
#include <string_view>

namespace sluice::test {

inline std::string replace_ill_formed(std::string_view text) {
    std::string out;
    std::string pending;  // the bytes of an unfinished character
    std::size_t needed = 0;
    unsigned char lower = 0x80, upper = 0xBF;
    const auto fail = [&] {
        out += "\xEF\xBF\xBD";
        pending.clear();
        needed = 0;
        lower = 0x80;
        upper = 0xBF;
    };
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if (needed == 0) {
            if (byte < 0x80) {
                out += text[i];
            } else if (byte >= 0xC2 && byte <= 0xF4) {
                needed = byte < 0xE0 ? 1 : byte < 0xF0 ? 2 : 3;
                if (byte == 0xE0) lower = 0xA0;
                if (byte == 0xED) upper = 0x9F;
                if (byte == 0xF0) lower = 0x90;
                if (byte == 0xF4) upper = 0x8F;
                pending = text[i];
            } else {
                fail();
            }
        } else if (byte < lower || byte > upper) {
            fail();
            --i;  // the byte is looked at again
        } else {
            lower = 0x80;
            upper = 0xBF;
            pending += text[i];
            if (--needed == 0) {
                out += pending;
                pending.clear();
            }
        }
    }
    if (needed != 0) fail();
    return out;
}

}  // namespace sluice::test

// What TextSymbols makes of a text, with ^ for each edge.
#pragma once

#include <string>
#include <string_view>

#include "wire/text_symbols.hpp"

namespace sluice::test {

inline std::string symbols_of(std::string_view text) {
    std::string symbols;
    wire::TextSymbols reader;
    const auto keep = [&](char symbol) { symbols += symbol == wire::kEdge ? '^' : symbol; };
    reader.feed(text, keep);
    reader.end(keep);
    return symbols;
}

}  // namespace sluice::test

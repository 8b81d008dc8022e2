#include "flow/mirror.hpp"

#include "flow/dice.hpp"
#include "wire/json_dom.hpp"

#include <algorithm>
#include <string_view>

namespace sluice::flow {
namespace {

namespace dom = wire::dom;
using simdjson::dom::element_type;

bool is_space(char c) noexcept {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

// The next word of `text`, which loses it; empty at the end.
std::string_view take_word(std::string_view& text) noexcept {
    const auto* const begin = std::find_if_not(text.begin(), text.end(), is_space);
    const auto* const end = std::find_if(begin, text.end(), is_space);
    const std::string_view word(begin, static_cast<std::size_t>(end - begin));
    text = std::string_view(end, static_cast<std::size_t>(text.end() - end));
    return word;
}

bool same_number(dom::Element a, dom::Element b) {
    // Integers are compared as such: as doubles, large ids would all be the same.
    if (a.type() == b.type() && a.is_int64()) return a.get_int64().value() == b.get_int64().value();
    if (a.type() == b.type() && a.is_uint64()) return a.get_uint64().value() == b.get_uint64().value();
    return a.get_double().value() == b.get_double().value();
}

bool same(dom::Element a, dom::Element b) {
    if (a.is_number() && b.is_number()) return same_number(a, b);
    if (a.type() != b.type()) return false;
    switch (a.type()) {
        case element_type::OBJECT: {
            const auto left = dom::members_by_key(a.get_object().value());
            const auto right = dom::members_by_key(b.get_object().value());
            return std::equal(
                left.begin(), left.end(), right.begin(), right.end(),
                [](const auto& x, const auto& y) { return x.first == y.first && same(x.second, y.second); });
        }
        case element_type::ARRAY: {
            const dom::Array left = a.get_array().value();
            const dom::Array right = b.get_array().value();
            return std::equal(left.begin(), left.end(), right.begin(), right.end(), same);
        }
        case element_type::STRING:
            return a.get_string().value() == b.get_string().value();
        case element_type::BOOL:
            return a.get_bool().value() == b.get_bool().value();
        default:
            return true;  // null
    }
}

}  // namespace

bool is_drawn(double rate, std::uint64_t draw) noexcept {
    return fraction(draw) < rate;
}

bool same_words(std::string_view a, std::string_view b) noexcept {
    for (;;) {
        const std::string_view left = take_word(a);
        const std::string_view right = take_word(b);
        if (left != right) return false;
        if (left.empty()) return true;
    }
}

bool same_json(std::string_view a, std::string_view b) {
    if (a == b) return true;
    simdjson::dom::parser left_parser;
    simdjson::dom::parser right_parser;
    dom::Element left;
    dom::Element right;
    if (left_parser.parse(a.data(), a.size()).get(left) != simdjson::SUCCESS) return false;
    if (right_parser.parse(b.data(), b.size()).get(right) != simdjson::SUCCESS) return false;
    return same(left, right);
}

}  // namespace sluice::flow

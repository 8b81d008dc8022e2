// JSON that every request writes, and most of which is the same in all: names are copied with what stands
// around them, and nothing is looked at twice. Commas and brackets are the caller's.
//
//   JsonLine line(512);
//   line.add(R"({"model":)").string(model).add(R"(,"status":)").number(status).add("}");
//   return std::move(line).take();
#pragma once

#include "gateway/text_builder.hpp"

#include <charconv>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::gateway {

class JsonLine {
  public:
    explicit JsonLine(std::size_t expected) : text_(expected) {}

    /// Is JSON already.
    template <std::size_t size>
    JsonLine& add(const char (&literal)[size]) {
        text_.add(literal);
        return *this;
    }
    JsonLine& string(std::string_view text);
    /// A string that needs no escapes: a word of ours.
    JsonLine& word(std::string_view text);
    JsonLine& string_or_null(std::string_view text) { return text.empty() ? add("null") : string(text); }
    template <std::integral Integer>
    JsonLine& number(Integer value) {
        constexpr std::size_t kMaxDigits = 24;
        char* const at = text_.room(kMaxDigits);
        text_.use(static_cast<std::size_t>(std::to_chars(at, at + kMaxDigits, value).ptr - at));
        return *this;
    }
    /// Zero: there is none.
    JsonLine& number_or_null(int value) { return value != 0 ? number(value) : add("null"); }
    JsonLine& boolean(bool value) { return value ? add("true") : add("false"); }
    JsonLine& strings(const std::vector<std::string>& texts) {
        return array(texts, [](JsonLine& line, const std::string& text) { line.string(text); });
    }
    /// `write(*this, one)` for each of `all`.
    template <typename List, typename Write>
    JsonLine& array(const List& all, Write write) {
        add("[");
        for (bool first = true; const auto& one : all) {
            if (!std::exchange(first, false)) add(",");
            write(*this, one);
        }
        return add("]");
    }
    /// "1.25": more digits would only be noise.
    JsonLine& milliseconds(std::chrono::microseconds time);

    std::string take() && { return std::move(text_).take(); }

  private:
    TextBuilder text_;
};

}  // namespace sluice::gateway

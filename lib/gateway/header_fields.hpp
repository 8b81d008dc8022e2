// The fields of an answer's head, written as soon as they are known: as the lines that they become.
#pragma once

#include "gateway/text_builder.hpp"

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace sluice::gateway {

/// `value` with a space for each line break; when it has one, in `memory`.
std::string_view one_line(std::string_view value, std::string& memory);

class HeaderFields {
  public:
    HeaderFields() = default;
    /// `expected` bytes of lines.
    explicit HeaderFields(std::size_t expected) : lines_(expected) {}
    HeaderFields(std::initializer_list<std::pair<std::string_view, std::string_view>> fields);

    /// What frames the message is left out, and a line break in a value becomes a space: neither may be had
    /// from who makes an answer of what others sent.
    void add(std::string_view name, std::string_view value);
    /// A field whose name is a literal of ours, which needs no such look.
    template <std::size_t size>
    void add_own(const char (&name)[size], std::string_view value) {
        std::string changed;
        lines_.add(name).add(": ").add(one_line(value, changed)).add("\r\n");
    }
    void add(const HeaderFields& others) { lines_.add(others.lines()); }
    /// Case is ignored, as in names of fields.
    bool has(std::string_view name) const noexcept;

    /// Each with its line end.
    std::string_view lines() const noexcept { return lines_.view(); }

  private:
    TextBuilder lines_;
};

}  // namespace sluice::gateway

#include "terminal.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace sluice::cli {
namespace {

constexpr std::string_view escape_of(Style style) noexcept {
    switch (style) {
        case Style::bold:
            return "\x1b[1m";
        case Style::dim:
            return "\x1b[2m";
        case Style::red:
            return "\x1b[31m";
        case Style::green:
            return "\x1b[32m";
        case Style::yellow:
            return "\x1b[33m";
        case Style::cyan:
            return "\x1b[36m";
    }
    return "";
}

bool allows_colours() {
    const char* no_color = std::getenv("NO_COLOR");
    return no_color == nullptr || *no_color == '\0';
}

// C0, DEL, and C1 in its UTF-8 form (C2 80..9F): what a terminal may take for a command. Returns its length
// in bytes, or 0.
std::size_t control_at(std::string_view text, std::size_t at) noexcept {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    if (byte(at) < 0x20 || byte(at) == 0x7f) return 1;
    if (byte(at) == 0xc2 && at + 1 < text.size() && byte(at + 1) >= 0x80 && byte(at + 1) < 0xa0) return 2;
    return 0;
}

std::string without_controls(std::string_view text, bool keep_layout) {
    std::string clean;
    clean.reserve(text.size());
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t control = control_at(text, i);
        if (control == 0 || (keep_layout && (text[i] == '\n' || text[i] == '\t')))
            clean += text[i++];
        else {
            if (!keep_layout && !clean.empty() && clean.back() != ' ') clean += ' ';
            i += control;
        }
    }
    return clean;
}

}  // namespace

Terminal::Terminal(int descriptor)
    : descriptor_(descriptor),
      is_terminal_(::isatty(descriptor) == 1),
      has_colours_(is_terminal_ && allows_colours()) {}

void Terminal::write(std::string_view text) {
    while (!text.empty() && !is_closed_) {
        const ssize_t written = ::write(descriptor_, text.data(), text.size());
        if (written >= 0)
            text.remove_prefix(static_cast<std::size_t>(written));
        else if (errno != EINTR)
            is_closed_ = true;
    }
}

void Terminal::write_untrusted(std::string_view text) {
    if (is_terminal_)
        write(without_controls(text, true));
    else
        write(text);
}

std::string Terminal::paint(Style style, std::string_view text) const {
    if (!has_colours_) return std::string(text);
    std::string painted(escape_of(style));
    return painted.append(text).append("\x1b[0m");
}

std::string one_line(std::string_view text) {
    std::string line = without_controls(text, false);
    while (!line.empty() && line.back() == ' ')
        line.pop_back();
    return line;
}

}  // namespace sluice::cli

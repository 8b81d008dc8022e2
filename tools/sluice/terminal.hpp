// Standard output and standard error as a person or a pipe sees them.
//
//   Terminal out(STDOUT_FILENO);
//   out.write(out.paint(Style::bold, "Hello") + "\n");       // bold on a terminal, plain text in a pipe
//   if (out.is_closed()) return;                             // the reader has gone: nothing more to say
//
// Nothing is buffered: a token is seen when it is written. Writes block; a command line has nothing better to
// do meanwhile.
#pragma once

#include <string>
#include <string_view>

namespace sluice::cli {

enum class Style : unsigned char { bold, dim, red, green, yellow, cyan };

class Terminal {
  public:
    /// Borrows `descriptor`. Colours are on when it is a terminal and NO_COLOR is unset or empty
    /// (no-color.org).
    explicit Terminal(int descriptor);

    /// All of `text`, unless the reader has gone (SIGPIPE must be ignored) or the device fails.
    void write(std::string_view text);
    /// Text that a model wrote: on a terminal, control characters that could drive it are left out.
    void write_untrusted(std::string_view text);
    /// `text` between the escape sequences for `style`, or just `text` where colours are off.
    std::string paint(Style style, std::string_view text) const;

    /// A write has failed; everything written since then is lost.
    bool is_closed() const noexcept { return is_closed_; }
    bool is_terminal() const noexcept { return is_terminal_; }

  private:
    int descriptor_;
    bool is_terminal_;
    bool has_colours_;
    bool is_closed_ = false;
};

/// `text` on one line and without control characters: for words of others inside a line of ours.
std::string one_line(std::string_view text);

}  // namespace sluice::cli

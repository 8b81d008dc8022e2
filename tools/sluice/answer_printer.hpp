// An answer on standard output while it comes, and notes about it on standard error, neither of them in the
// middle of the other's line.
//
//   AnswerPrinter printer;
//   printer.add(event);
//   printer.flush();                                  // seen now
//   printer.note("openai/gpt-5: 12 in, 34 out");      // on a line of its own
//   printer.end_line();                               // so that a shell's prompt does not follow half an
//   answer
#pragma once

#include "terminal.hpp"

#include <sluice/event.hpp>

#include <unistd.h>

#include <string>
#include <string_view>

namespace sluice::cli {

class AnswerPrinter {
  public:
    /// Text and refusals wait for flush(). Reasoning is shown at once, but only to a person at a terminal: it
    /// is no part of the answer.
    void add(const StreamEvent& event);
    void flush();
    /// Whole lines for programs, on standard output as they are.
    void write_lines(std::string_view lines);
    void end_line();
    void note(std::string_view line);
    /// At a terminal, asks for a line of input.
    void show_prompt_sign();

    /// For notes.
    std::string paint(Style style, std::string_view text) const { return err_.paint(style, text); }
    bool is_unread() const noexcept { return out_.is_closed(); }

  private:
    Terminal out_{STDOUT_FILENO};
    Terminal err_{STDERR_FILENO};
    std::string pending_;
    bool is_mid_line_ = false;
    bool is_reasoning_ = false;
};

}  // namespace sluice::cli

#include "answer_printer.hpp"

#include <utility>

namespace sluice::cli {

void AnswerPrinter::add(const StreamEvent& event) {
    if (const auto* text = event.as<TextDelta>())
        pending_ += text->text;
    else if (const auto* refusal = event.as<RefusalDelta>())
        pending_ += refusal->text;
    else if (const auto* reasoning = event.as<ReasoningDelta>()) {
        if (!err_.is_terminal() || reasoning->text.empty()) return;
        err_.write_untrusted(reasoning->text);
        is_reasoning_ = true;
    }
}

void AnswerPrinter::flush() {
    if (pending_.empty()) return;
    if (std::exchange(is_reasoning_, false)) err_.write("\n\n");
    out_.write_untrusted(pending_);
    is_mid_line_ = pending_.back() != '\n';
    pending_.clear();
}

void AnswerPrinter::write_lines(std::string_view lines) {
    out_.write(lines);
}

void AnswerPrinter::end_line() {
    if (std::exchange(is_mid_line_, false)) out_.write("\n");
}

void AnswerPrinter::note(std::string_view line) {
    end_line();
    err_.write(std::string(line) + "\n");
}

void AnswerPrinter::show_prompt_sign() {
    if (err_.is_terminal()) err_.write(err_.paint(Style::bold, "> "));
}

}  // namespace sluice::cli

#include "testing/simulation/record.hpp"

namespace sluice::testing::simulation {

void Transcript::add(char kind, std::string_view text) {
    if (text.empty()) return;
    if (kind != kind_) {
        text_.append("\n").append(1, kind).append(":");
        kind_ = kind;
    }
    text_.append(text);
}

void Transcript::begin_tool(std::string_view name) {
    text_.append("\ncall ").append(name);
    kind_ = '\0';
}

void Transcript::add(const StreamEvent& event) {
    if (const auto* text = event.as<TextDelta>()) return add('t', text->text);
    if (const auto* thought = event.as<ReasoningDelta>()) return add('r', thought->text);
    if (const auto* refusal = event.as<RefusalDelta>()) return add('f', refusal->text);
    if (const auto* call = event.as<ToolCallStart>()) return begin_tool(call->name);
    if (const auto* piece = event.as<ToolCallDelta>()) return add('a', piece->arguments);
}

std::string_view to_string(CallRecord::Outcome outcome) noexcept {
    switch (outcome) {
        case CallRecord::Outcome::running:
            return "running";
        case CallRecord::Outcome::answered:
            return "answered";
        case CallRecord::Outcome::failed_midway:
            return "failed midway";
        case CallRecord::Outcome::refused:
            return "failed";
        case CallRecord::Outcome::cancelled:
            return "cancelled";
        case CallRecord::Outcome::dropped:
            return "dropped";
        case CallRecord::Outcome::broken:
            return "broken";
    }
    return "unknown";
}

}  // namespace sluice::testing::simulation

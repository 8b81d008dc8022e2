#include "adapters/anthropic/turns.hpp"

#include <algorithm>

namespace sluice::adapters::anthropic {
namespace {

bool is_result(const Part* part) noexcept {
    return std::holds_alternative<ToolResultPart>(*part);
}

/// The API answers 400 to empty text blocks.
bool says_nothing(const Part& part) noexcept {
    if (const auto* text = std::get_if<TextPart>(&part)) return text->text.empty();
    if (const auto* refusal = std::get_if<RefusalPart>(&part)) return refusal->text.empty();
    return false;
}

}  // namespace

Conversation arrange(const std::vector<Message>& messages, bool system_in_place,
                     const std::function<bool(const Part&)>& is_carried) {
    Conversation all;
    for (const Message& message : messages) {
        const Role role = message.role == Role::tool ? Role::user : message.role;
        std::vector<const Part*> parts;
        for (const Part& part : message.parts)
            if (!says_nothing(part) && is_carried(part)) parts.push_back(&part);
        if (parts.empty()) continue;
        std::vector<const Part*>* into = &all.system;
        if (role != Role::system || (system_in_place && !all.turns.empty())) {
            if (all.turns.empty() || all.turns.back().role != role) all.turns.push_back({role, {}});
            into = &all.turns.back().parts;
        } else {
            all.moved_system |= !all.turns.empty();
        }
        into->insert(into->end(), parts.begin(), parts.end());
    }
    for (Turn& turn : all.turns)
        if (turn.role == Role::user) std::stable_partition(turn.parts.begin(), turn.parts.end(), is_result);
    return all;
}

}  // namespace sluice::adapters::anthropic

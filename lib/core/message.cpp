#include <sluice/message.hpp>

#include <array>
#include <utility>

namespace sluice {
namespace {

template <typename P>
std::string joined_text(const std::vector<Part>& parts) {
    std::string all;
    for (const Part& part : parts) {
        if (const P* piece = std::get_if<P>(&part)) all.append(piece->text);
    }
    return all;
}

// Deltas of one kind that follow each other are one part.
template <typename P>
P& current(std::vector<Part>& parts) {
    if (parts.empty() || !std::holds_alternative<P>(parts.back())) parts.emplace_back(P());
    return std::get<P>(parts.back());
}

}  // namespace

std::string_view to_string(Role role) noexcept {
    constexpr std::array<std::string_view, 4> names{"system", "user", "assistant", "tool"};
    return names[static_cast<std::size_t>(role)];
}

ImagePart ImagePart::from_url(std::string url) {
    ImagePart part;
    part.url = std::move(url);
    return part;
}

ImagePart ImagePart::from_base64(std::string media_type, std::string data) {
    ImagePart part;
    part.media_type = std::move(media_type);
    part.data = std::move(data);
    return part;
}

std::string AssistantMessage::text() const {
    return joined_text<TextPart>(parts);
}
std::string AssistantMessage::reasoning() const {
    return joined_text<ReasoningPart>(parts);
}
std::string AssistantMessage::refusal() const {
    return joined_text<RefusalPart>(parts);
}

std::vector<ToolCallPart> AssistantMessage::tool_calls() const {
    std::vector<ToolCallPart> calls;
    for (const Part& part : parts) {
        if (const ToolCallPart* call = std::get_if<ToolCallPart>(&part)) calls.push_back(*call);
    }
    return calls;
}

Message AssistantMessage::to_message() const {
    Message message(Role::assistant, parts);
    for (Part& part : message.parts) {
        if (ReasoningPart* reasoning = std::get_if<ReasoningPart>(&part))
            reasoning->provider_id = provider_id;
    }
    return message;
}

void MessageBuilder::add(const StreamEvent& event) {
    if (event.choice() != 0) return;
    std::vector<Part>& parts = message_.parts;
    if (const auto* text = event.as<TextDelta>()) {
        current<TextPart>(parts).text.append(text->text);
    } else if (const auto* reasoning = event.as<ReasoningDelta>()) {
        ReasoningPart& part = current<ReasoningPart>(parts);
        part.text.append(reasoning->text);
        part.signature.append(reasoning->signature);
    } else if (const auto* refusal = event.as<RefusalDelta>()) {
        current<RefusalPart>(parts).text.append(refusal->text);
    } else if (const auto* start = event.as<ToolCallStart>()) {
        tool_parts_.emplace_back(start->index, parts.size());
        parts.emplace_back(ToolCallPart(std::string(start->id), std::string(start->name), std::string()));
    } else if (const auto* delta = event.as<ToolCallDelta>()) {
        if (ToolCallPart* call = tool_call(delta->index)) call->arguments.append(delta->arguments);
    } else if (const auto* finish = event.as<Finish>()) {
        message_.stop_reason = finish->reason;
        message_.raw_stop_reason = finish->raw_reason;
        message_.usage = finish->usage;
    }
}

ToolCallPart* MessageBuilder::tool_call(std::uint32_t index) {
    for (auto entry = tool_parts_.rbegin(); entry != tool_parts_.rend(); ++entry) {
        if (entry->first == index) return &std::get<ToolCallPart>(message_.parts[entry->second]);
    }
    return nullptr;
}

}  // namespace sluice

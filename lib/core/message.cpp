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

// Deltas of one kind that follow each other are one part, until a signature closes it.
template <typename P>
P& current(std::vector<Part>& parts) {
    if (!parts.empty()) {
        P* last = std::get_if<P>(&parts.back());
        if constexpr (requires { last->signature; }) {
            if (last && !last->signature.empty()) last = nullptr;
        }
        if (last) return *last;
    }
    return std::get<P>(parts.emplace_back(P()));
}

void add_reasoning(const ReasoningDelta& delta, std::vector<Part>& parts) {
    ReasoningPart* part = &current<ReasoningPart>(parts);
    const bool is_another =
        delta.redacted || (!delta.id.empty() && !part->id.empty() && delta.id != part->id);
    if (is_another && !part->text.empty())
        part = &std::get<ReasoningPart>(parts.emplace_back(ReasoningPart()));
    part->text.append(delta.text);
    part->signature.value = delta.signature;
    part->redacted = delta.redacted;
    if (!delta.id.empty()) part->id = delta.id;
}

Signature* signature_of(Part& part) {
    if (auto* text = std::get_if<TextPart>(&part)) return &text->signature;
    if (auto* reasoning = std::get_if<ReasoningPart>(&part)) return &reasoning->signature;
    if (auto* call = std::get_if<ToolCallPart>(&part)) return &call->signature;
    return nullptr;
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
        Signature* signature = signature_of(part);
        if (signature && !signature->empty() && signature->origin.empty()) signature->origin = origin;
    }
    return message;
}

void MessageBuilder::add(const StreamEvent& event) {
    if (event.choice() != 0) return;
    std::vector<Part>& parts = message_.parts;
    if (const auto* text = event.as<TextDelta>()) {
        TextPart& part = current<TextPart>(parts);
        part.text.append(text->text);
        part.signature.value = text->signature;
    } else if (const auto* reasoning = event.as<ReasoningDelta>()) {
        add_reasoning(*reasoning, parts);
    } else if (const auto* refusal = event.as<RefusalDelta>()) {
        current<RefusalPart>(parts).text.append(refusal->text);
    } else if (const auto* start = event.as<ToolCallStart>()) {
        tool_parts_.emplace_back(start->index, parts.size());
        ToolCallPart call(std::string(start->id), std::string(start->name), std::string());
        call.signature.value = start->signature;
        parts.emplace_back(std::move(call));
    } else if (const auto* delta = event.as<ToolCallDelta>()) {
        if (ToolCallPart* call = tool_call(delta->index)) call->arguments.append(delta->arguments);
    } else if (const auto* end = event.as<ToolCallEnd>()) {
        if (ToolCallPart* call = tool_call(end->index)) call->arguments_are_json = end->arguments_are_json;
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

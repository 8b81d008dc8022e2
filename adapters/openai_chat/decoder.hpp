// What a sequence of Chat Completions chunks means: events, usage, the end (PROTOCOLS sections 3, 7, 8,
// 9, 10.3 and 13).
#pragma once

#include "adapters/decoder_base.hpp"
#include "adapters/openai_chat/chunk.hpp"
#include "wire/json_check.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::adapters::openai_chat {

class Decoder final : public DecoderBase {
  public:
    explicit Decoder(ExchangeFacts facts) : DecoderBase(std::move(facts), "chat completion") {}

    void on_frame(const wire::SseFrame& frame, std::size_t readable, EventBatch& out) override;
    std::size_t on_repeats(std::string_view bytes, const Framing& framing, EventBatch& out) override;

  private:
    struct ToolCall {
        std::optional<std::uint64_t> wire_index;
        std::string id;        // the provider's; empty when it gave none
        bool started = false;  // ToolCallStart was sent; before that, arguments wait for the name
        std::string waiting;
        std::string signature;  // until then
        wire::JsonCheck arguments;
        char last = '\0';  // of the arguments, white space aside
    };
    struct ChoiceState {
        explicit ChoiceState(std::uint32_t i) : index(i) {}
        std::uint32_t index;
        bool has_content = false;
        bool refused = false;
        std::string finish_reason;
        std::vector<ToolCall> tools;
    };

    /// One answer goes on: what a repeated chunk means is known then.
    bool is_plain() const noexcept { return state_ == DecoderState::open && choices_.size() == 1; }
    void on_done(EventBatch& out);
    void on_document(std::string_view text, std::size_t readable, EventBatch& out) override;
    void apply(EventBatch& out);
    bool apply_choice(const Choice& choice, EventBatch& out);
    void apply_reasoning(const Choice& from, ChoiceState& choice, EventBatch& out);
    bool apply_tool(const ToolFragment& tool, ChoiceState& choice, EventBatch& out);
    std::size_t tool_for(const ToolFragment& tool, const ChoiceState& choice) const;
    void start_tool(std::size_t index, std::string_view name, ChoiceState& choice, EventBatch& out);
    void take_usage();
    ChoiceState* state_of(std::uint32_t choice);
    bool all_finished() const noexcept;

    template <typename Event>
    void push(Event event, ChoiceState& choice, EventBatch& out);
    void finish(EventBatch& out) override;

    Counts counts_;
    Chunk chunk_;
    std::vector<ChoiceState> choices_;
};

/// PROTOCOLS section 8, before tool calls and refusals are looked at.
StopReason stop_reason_of(std::string_view finish_reason) noexcept;
/// PROTOCOLS section 9.
Usage usage_of(const Counts& counts) noexcept;

}  // namespace sluice::adapters::openai_chat

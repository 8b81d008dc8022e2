// What a sequence of Messages events means: our events, usage, the end (PROTOCOLS sections 5, 8, 9, 10.3,
// 13).
//
// What our vocabulary does not model becomes Extensions in such a form that the encoder of this dialect can
// replay them: blocks of server tools and unknown events as the whole event under its type, fields as
// "content_block.<field>" before the block's first event and "delta.", "usage." and "message_delta.<field>"
// before the Finish. A text block that follows another one is announced by its content_block_start, because
// citations belong to blocks. A whole body reads as the stream it would have been.
#pragma once

#include "adapters/anthropic/event.hpp"
#include "adapters/decoder_base.hpp"
#include "wire/json_check.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::adapters::anthropic {

/// PROTOCOLS section 9: what is in the cache is not in Anthropic's input_tokens.
Usage usage_of(const Counts& counts) noexcept;

class Decoder final : public DecoderBase {
  public:
    explicit Decoder(ExchangeFacts facts) : DecoderBase(std::move(facts), "Messages answer") {}

    void on_frame(const wire::SseFrame& frame, std::size_t readable, EventBatch& out) override;

  private:
    enum class Kind : unsigned char { text, thinking, tool, other };
    struct OpenBlock {
        std::uint64_t wire_index = 0;
        Kind kind = Kind::other;
        std::uint32_t call = 0;
        std::string input;  // that the start brought; stands when no delta follows
        wire::JsonCheck arguments;
    };
    struct Field {
        std::string name, json;
    };

    void on_document(std::string_view text, std::size_t readable, EventBatch& out) override;
    void finish(EventBatch& out) override;

    bool on_delta(EventBatch& out);
    void on_message(std::string_view json, std::size_t readable, EventBatch& out);
    void on_block_start(std::uint64_t index, std::string_view whole_event, std::string_view json,
                        std::size_t readable, EventBatch& out);
    void on_block(std::uint64_t index, std::string_view json, std::size_t readable, EventBatch& out);
    void on_block_stop(std::string_view whole_event, EventBatch& out);
    void start_text(std::uint64_t index, EventBatch& out);
    void start_tool(OpenBlock& open, EventBatch& out);
    void stop(OpenBlock& open, EventBatch& out);
    void take_usage(const Counts& counts);
    bool keep(const std::vector<Unknown>& fields, EventBatch& out);

    OpenBlock* find(std::uint64_t index) noexcept;
    void say_text(std::string_view text, EventBatch& out);
    void say_reasoning(const ReasoningDelta& delta, EventBatch& out);
    void say(std::string_view name, std::string_view json, EventBatch& out) {
        out.push(StreamEvent(Extension{name, json}));
    }

    Event event_;
    MessageObject message_;
    Block block_;
    std::vector<OpenBlock> open_;
    std::vector<Field> fields_;  // that go before the Finish
    std::size_t fields_size_ = 0;
    Counts counts_;
    std::string stop_reason_;
    std::uint32_t calls_ = 0;
    bool after_text_ = false;  // nothing but text was said since the last text
};

}  // namespace sluice::adapters::anthropic

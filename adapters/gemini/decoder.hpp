// What a sequence of Gemini chunks means: events, usage, the end (PROTOCOLS sections 6, 8, 9, 10.3 and 13).
#pragma once

#include "adapters/decoder_base.hpp"
#include "adapters/gemini/chunk.hpp"
#include "adapters/gemini/partial_arguments.hpp"
#include "wire/json_check.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::adapters::gemini {

class Decoder final : public DecoderBase {
  public:
    explicit Decoder(ExchangeFacts facts) : DecoderBase(std::move(facts), "Gemini answer") {}

    void on_frame(const wire::SseFrame& frame, std::size_t readable, EventBatch& out) override;
    /// Without `alt=sse` a streamed answer is one JSON array of chunks, and errors come in an array too.
    void on_body(std::string_view body, EventBatch& out) override;

  private:
    struct Choice {
        explicit Choice(std::uint32_t i) : index(i) {}
        std::uint32_t index;
        std::string finish_reason;
        std::uint32_t calls = 0;
        bool is_call_open = false;  // the last call: its arguments come in pieces
        PartialArguments arguments;
        wire::JsonCheck check;
    };

    void on_document(std::string_view text, std::size_t readable, EventBatch& out) override;
    void finish(EventBatch& out) override;

    void on_array(std::string_view text, EventBatch& out);
    bool apply_candidate(const Candidate& from, EventBatch& out);
    bool begin_call(const Item& item, Choice& choice, EventBatch& out);
    void apply_argument(const Item& item, Choice& choice, EventBatch& out);
    void push_arguments(std::string_view json, Choice& choice, EventBatch& out);
    void close_call(bool whole, Choice& choice, EventBatch& out);
    Choice* choice_of(std::uint32_t index);
    bool is_finished() const noexcept;

    Chunk chunk_;
    Counts counts_;
    std::vector<Choice> choices_;
    std::string block_reason_;
    std::string piece_;  // of partial arguments
};

/// PROTOCOLS section 9.
Usage usage_of(const Counts& counts) noexcept;

}  // namespace sluice::adapters::gemini

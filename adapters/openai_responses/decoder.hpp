// What a sequence of Responses events means: text, reasoning, calls, usage, the end (PROTOCOLS section 4).
//
// OpenAI says everything three times: in deltas, in the `.done` events, and in the items of the terminal
// response. Its clones leave out any of them. So each piece is delivered from where it appears first, and
// once.
#pragma once

#include "adapters/decoder_base.hpp"
#include "adapters/openai_responses/document.hpp"
#include "wire/json_check.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::adapters::openai_responses {

class Decoder final : public DecoderBase {
  public:
    explicit Decoder(ExchangeFacts facts) : DecoderBase(std::move(facts), "response") {}

    void on_frame(const wire::SseFrame& frame, std::size_t readable, EventBatch& out) override;

  private:
    enum class PieceKind : unsigned char { text, refusal, reasoning, summary };
    /// A content or summary part of which something was delivered.
    struct Piece {
        PieceKind kind;
        std::uint64_t index;
    };
    struct Call {
        std::string id;  // what the client must name in its result: `call_id`
        std::uint32_t index = 0;
        bool started = false;  // ToolCallStart was sent; before that, arguments wait for the name
        bool ended = false;
        bool has_arguments = false;
        std::string waiting;
        wire::JsonCheck check;
    };
    struct Item {
        std::string id;
        std::optional<std::uint64_t> output_index;
        std::vector<Piece> pieces;
        std::vector<std::pair<std::string, std::string>> fields;  // of a message, until its first text
        std::optional<std::size_t> call;                          // in calls_
        bool is_signed = false;
        bool is_closed = false;
    };
    enum class Match : unsigned char { exact, likely };

    void on_document(std::string_view json, std::size_t readable, EventBatch& out) override;
    void on_typed(std::string_view json, EventBatch& out);
    bool on_delta(std::string_view type, EventBatch& out);
    bool on_whole(std::string_view type, EventBatch& out);
    void on_part(std::string_view json, bool is_done, EventBatch& out);
    void on_item(std::string_view json, bool is_done, EventBatch& out);
    void on_end_of_response(JsonView response, std::string_view status_of_event, EventBatch& out);
    void finish(EventBatch& out) override;

    bool open_item(const ItemView& view);
    bool close_item(const ItemView& view, Item& item, EventBatch& out);
    bool close_message(const ItemView& view, Item& item, EventBatch& out);
    bool close_reasoning(const ItemView& view, Item& item, EventBatch& out);
    bool close_call(const ItemView& view, Item& item, EventBatch& out);
    bool deliver_from_output(JsonView element, bool spoke, bool reasoned, EventBatch& out);

    Item* item_for(std::optional<std::uint64_t> output_index, std::string_view id, Match match);
    Item* item_or_new(std::optional<std::uint64_t> output_index, std::string_view id, Match match,
                      EventBatch& out);
    void deliver(PieceKind kind, std::uint64_t index, std::string_view text, Item& item, EventBatch& out);
    void deliver_missing(PieceKind kind, std::uint64_t index, std::string_view text, EventBatch& out);
    std::string_view id_of(const Item& item, EventBatch& out) const;
    Call& call_of(Item& item);
    void start_call(const ItemView& view, Call& call, EventBatch& out);
    void add_arguments(std::string_view text, Call& call, EventBatch& out);
    void end_call(Call& call, EventBatch& out);
    void take_facts(const ResponseView& response);
    void push_unknown(std::string_view name, std::string_view json, EventBatch& out);

    EventView event_;
    std::vector<Item> items_;
    std::vector<Call> calls_;
    std::uint32_t calls_started_ = 0;
    bool items_seen_ = false;  // by events of their own, so that the terminal response only repeats them
    bool spoke_ = false;       // text or a refusal was delivered
    bool reasoned_ = false;
    bool refused_ = false;
    bool has_ending_ = false;
    std::string_view ending_;  // the raw reason, valid while its event is handled
    bool is_complete_ = false;
};

/// PROTOCOLS section 4.4, for an `incomplete_details.reason`.
StopReason stop_reason_of(std::string_view incomplete_reason) noexcept;

}  // namespace sluice::adapters::openai_responses

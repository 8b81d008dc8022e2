// What every dialect's decoder does in the same way: one terminal event, errors with their facts, JSON
// outside SSE framing, whole bodies instead of streams. A dialect adds what a document means.
#pragma once

#include "adapters/dialect.hpp"
#include "adapters/error_body.hpp"

#include <simdjson.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::adapters {

class DecoderBase : public StreamDecoder {
  public:
    void on_stray_line(std::string_view line, EventBatch& out) override;
    void on_body(std::string_view body, EventBatch& out) override;
    void on_end(EventBatch& out) override;
    void on_failure(ErrorInfo error, EventBatch& out) override;

    DecoderState state() const noexcept override { return state_; }
    const ResponseInfo& info() const noexcept override { return info_; }
    const std::optional<Usage>& usage() const noexcept override { return usage_; }

  protected:
    /// `answer_name` is what the dialect calls an answer ("chat completion"), for messages.
    DecoderBase(ExchangeFacts facts, std::string_view answer_name)
        : facts_(std::move(facts)), answer_name_(answer_name) {}

    /// One JSON object: a frame's data, a bare one outside the framing, or a whole body. `readable` counts
    /// from its first byte and is at least its size plus wire::kPadding. Views may be kept in `out`.
    virtual void on_document(std::string_view json, std::size_t readable, EventBatch& out) = 0;
    /// Closes what is open and pushes the Finish, by finish_with(). Called once, when a finish reason was
    /// seen.
    virtual void finish(EventBatch& out) = 0;

    /// Before anything else of a frame: bare JSON that came before it, and whether there is still something
    /// to decode.
    bool begin_frame(EventBatch& out);
    bool has_pending_lines() const noexcept { return !lines_.empty(); }
    /// on_document() for a part of `frame_data`, of which `readable` bytes may be looked at; copies when
    /// these are too few.
    void read_document(std::string_view json, std::string_view frame_data, std::size_t readable,
                       EventBatch& out);

    void push(const StreamEvent& event, EventBatch& out) {
        begun_ = true;
        out.push(event);
    }
    void finish_with(const Finish& end, EventBatch& out) {
        state_ = DecoderState::ended;
        out.push(StreamEvent(end));
    }
    void fail(ErrorInfo error, EventBatch& out);
    /// The provider's error, of any shape.
    void fail_with_body(std::string_view body, EventBatch& out);
    /// A document that is no JSON.
    void malformed(simdjson::error_code error, std::string_view text, EventBatch& out);
    /// More of something than we keep.
    void fail_with_limit(std::string our_words, EventBatch& out);
    /// The end without a finish reason.
    void truncated(EventBatch& out);
    /// The same of an answer that is no stream.
    void unfinished(EventBatch& out);

    Phase phase() const noexcept { return begun_ ? Phase::stream : Phase::first_event; }
    bool ended() const noexcept { return state_ == DecoderState::ended; }

    ExchangeFacts facts_;
    ResponseInfo info_;
    std::optional<Usage> usage_;
    DecoderState state_ = DecoderState::open;
    bool begun_ = false;  // an event that carries an answer was pushed

  private:
    void on_pending_lines(EventBatch& out);

    std::string_view answer_name_;
    std::string lines_;                       // of bare JSON outside SSE framing, until it is complete
    std::unique_ptr<const ErrorInfo> error_;  // rare, and large
};

/// `text` in the arena, with the padding that simdjson wants. The arena, because events will point into it.
std::string_view padded_copy(std::string_view text, wire::TextArena& arena);

}  // namespace sluice::adapters

// What every wire protocol provides, sans-I/O, in both directions: towards a provider a request encoder, a
// stream decoder and an error classifier; towards a client a request parser, a stream and answer encoder, and
// error bodies. One folder each. So any dialect comes in and any goes out through one vocabulary.
#pragma once

#include <sluice/event.hpp>
#include <sluice/model_spec.hpp>
#include <sluice/request.hpp>
#include <sluice/result.hpp>
#include <sluice/usage.hpp>

#include "adapters/services.hpp"
#include "wire/http_response.hpp"
#include "wire/json_text.hpp"
#include "wire/sse.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::adapters {

/// The events of one read, and the memory their unescaped text lives in. Reused: no allocation in the steady
/// state.
class EventBatch {
  public:
    void clear() noexcept {
        events_.clear();
        arena_.reset();
    }
    void reserve(std::size_t events) { events_.reserve(events); }
    void push(const StreamEvent& event) { events_.push_back(event); }
    /// `raw` is what the event at `index` came from.
    void set_raw(std::size_t index, std::string_view raw) noexcept { events_[index].raw_ = raw; }
    /// One whose frame is that of the event before it, with another text.
    void push_repeat(TextDelta text, std::string_view raw, std::uint32_t choice) {
        events_.emplace_back(text, raw, choice).repeats_frame_ = true;
    }
    std::vector<StreamEvent>& events() noexcept { return events_; }
    const std::vector<StreamEvent>& events() const noexcept { return events_; }
    std::size_t size() const noexcept { return events_.size(); }
    bool empty() const noexcept { return events_.empty(); }
    wire::TextArena& arena() noexcept { return arena_; }

  private:
    std::vector<StreamEvent> events_;
    wire::TextArena arena_;
};

/// What the decoder learnt about the answer besides its events. Strings are owned.
struct ResponseInfo {
    std::string response_id;
    std::string response_model_id;
};

/// How far a stream has come, in the decoder's eyes (PROTOCOLS section 13).
enum class DecoderState : unsigned char {
    open,      ///< No finish reason yet: an end of file here is StreamTruncated.
    finished,  ///< A finish reason was seen; usage and the terminal marker may still come.
    ended,  ///< The terminal event (Finish or Failure) has been pushed. Everything that follows is ignored.
};

/// What stands around the data of each of these frames, and how many may be taken.
struct Framing {
    std::string_view head;
    std::string_view tail;
    std::size_t max_frame;   ///< In bytes, of each.
    std::size_t max_events;  ///< In the batch.
};

/// Turns one answer's frames into events. Gives exactly one terminal event, as the last one.
///
/// Views in events point into the frame's bytes, the batch's arena or the decoder. Errors are pushed as
/// Failure; its ErrorInfo is owned by the decoder and has kind, code, provider_message, retry_after and so
/// on, while the caller knows (and fills in beforehand by `facts`) provider, model, status, request id.
class StreamDecoder {
  public:
    virtual ~StreamDecoder() = default;

    /// `readable` is how many bytes are allocated from frame.data.data() on (simdjson padding); 0: unknown,
    /// copy first.
    virtual void on_frame(const wire::SseFrame& frame, std::size_t readable, EventBatch& out) = 0;
    /// Takes the frames at the front of `bytes` that are the last one again but for the text in them: this is
    /// on_frame() for each, one event with its bytes. Returns how many bytes they are. Never more than a way
    /// to be faster.
    virtual std::size_t on_repeats(std::string_view /*bytes*/, const Framing&, EventBatch&) { return 0; }
    /// A line that is not SSE: an `error: {...}` field, or a line of a bare JSON object.
    virtual void on_stray_line(std::string_view line, EventBatch& out) = 0;
    /// A whole body that is not an event stream (content-type application/json in a 200): one complete
    /// answer, or an error.
    virtual void on_body(std::string_view body, EventBatch& out) = 0;
    /// The end of the body. Pushes the terminal event if there was none: Finish when a finish reason was
    /// seen, else StreamTruncated.
    virtual void on_end(EventBatch& out) = 0;
    /// The stream cannot go on for a reason outside the dialect (`error`): pushes that Failure if there was
    /// no terminal event.
    virtual void on_failure(ErrorInfo error, EventBatch& out) = 0;

    virtual DecoderState state() const noexcept = 0;
    virtual const ResponseInfo& info() const noexcept = 0;
    /// What usage is known so far, terminal event or not: a failed attempt may still cost money.
    virtual const std::optional<Usage>& usage() const noexcept = 0;
};

/// What every ErrorInfo about one exchange has in common.
struct ExchangeFacts {
    std::string provider;
    std::string model;
    std::string request_id;
    int status = 0;
    /// Values that must never appear in an excerpt (the API key). Views must outlive the decoder.
    std::vector<std::string_view> secrets;
};

/// A request ready to be sent.
struct EncodedRequest {
    std::string path;  ///< Appended to the base URL's path: "/chat/completions".
    std::vector<std::pair<std::string, std::string>> headers;  ///< Besides host, length, authorization.
    std::string body;
    std::vector<std::string> warnings;  ///< What this dialect cannot carry.
};

/// Who a request is for.
struct Target {
    Target(const ModelSpec& which) : model(which) {}
    const ModelSpec& model;
    QuirkSet quirks;
    std::string_view origin;       ///< "dialect@trust domain": its own signatures may be sent back to it.
    std::string_view api_version;  ///< Anthropic's date. Empty: the dialect's default.
};

/// A client's body for splice().
struct ClientBody {
    std::string_view json;
    bool stream = true;  ///< The answer is wanted as a stream.
};

/// What a client sent.
struct ClientRequest {
    ClientRequest(std::string_view request_path, std::string_view request_body)
        : path(request_path), body(request_body) {}
    std::string_view path;  ///< Without the query: Gemini names model and method there.
    std::string_view body;
};

/// What it asks for.
struct ParsedRequest {
    Request request;
    std::string model;
    bool stream = false;
    bool include_usage = true;  ///< Whether the stream should tell the usage (openai_chat asks for it).
    /// What of the body has no place in the canonical request, one sentence each. Fields that are only not
    /// known are not lost: they are extras of the dialect.
    std::vector<std::string> warnings;
};

/// What an answer to a client says besides its events.
struct AnswerFacts {
    std::string response_id;   ///< Empty: the encoder makes one of the dialect's form out of `created`.
    std::string model;         ///< The id that the client is to see.
    std::int64_t created = 0;  ///< Seconds since 1970.
    /// Of the leg that answers, "dialect@trust domain". Extensions and raw finish reasons of the client's own
    /// dialect are passed on; others cannot be expressed and are left out.
    std::string origin;
    bool include_usage = true;
};

/// Writes events as one dialect's stream, for a client. After the terminal event everything is ignored.
class StreamEncoder {
  public:
    virtual ~StreamEncoder() = default;
    /// Appends the metadata that opens a stream, if the dialect has any. The first encode() does it
    /// otherwise.
    virtual void open(std::string& out) = 0;
    /// Appends the frames of `event`; complete frames only, maybe none. A Finish brings the dialect's
    /// terminal marker, a Failure its in-stream error and never a marker of success. The event's views are
    /// not kept.
    virtual void encode(const StreamEvent& event, std::string& out) = 0;
};

/// An error as an HTTP answer to a client.
struct EncodedError {
    int status = 500;
    /// retry-after and its like; names are literals.
    std::vector<std::pair<std::string_view, std::string>> headers;
    std::string body;  ///< JSON.
};

class Dialect {
  public:
    virtual ~Dialect() = default;
    virtual std::string_view name() const noexcept = 0;

    // --- towards a provider ---

    /// A ProviderBadRequest with phase prepare when the request cannot be expressed (invalid JSON in a
    /// schema, ...).
    virtual Result<EncodedRequest> encode(const Request& request, const Target& target) const = 0;
    /// A request that a client of this dialect wrote, for a target of this dialect: its own bytes, but for
    /// the model's id and what the stream needs. `body` is one JSON object. Absent when this target wants to
    /// be spoken to in another way (its quirks): then encode().
    virtual std::optional<EncodedRequest> splice(const ClientBody& body, const Target& target) const;
    virtual std::unique_ptr<StreamDecoder> make_decoder(ExchangeFacts facts) const = 0;
    /// An answer that is not 2xx (or is not a stream): what it means. `body` is after gunzip, of any shape,
    /// maybe empty or cut.
    virtual ErrorInfo classify(const ExchangeFacts& facts, const wire::HeaderList& headers,
                               std::string_view body) const = 0;
    /// Path and headers of the provider's list of models, for a GET; as short a list as it has. What a health
    /// check asks. Not for a target with Quirk::no_model_list.
    virtual EncodedRequest list_models(const Target& target) const = 0;
    /// The least limit of an answer's tokens that the provider takes.
    virtual Tokens least_max_tokens() const noexcept { return 1; }

    // --- towards a client ---

    /// A ProviderBadRequest with phase prepare for a body that is not a request of this dialect; its message
    /// names the field.
    virtual Result<ParsedRequest> parse_request(const ClientRequest& request) const = 0;
    virtual std::unique_ptr<StreamEncoder> make_encoder(AnswerFacts facts) const = 0;
    /// A whole answer as one JSON body, for a client that did not ask for a stream.
    virtual std::string encode_answer(const AssistantMessage& answer, const AnswerFacts& facts) const = 0;
    virtual EncodedError encode_error(const ErrorInfo& error) const = 0;
};

/// By name: "openai_chat", "openai_responses", "anthropic", "gemini". Nullptr for another.
const Dialect* find_dialect(std::string_view name) noexcept;
std::span<const Dialect* const> dialects() noexcept;

/// The field's header that names the request at the provider (PROTOCOLS section 2), or "".
std::string_view request_id_of(const wire::HeaderList& headers) noexcept;

}  // namespace sluice::adapters

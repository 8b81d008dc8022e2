// What every wire protocol provides, sans-I/O: a request encoder, a stream decoder, an error classifier. One
// folder each.
#pragma once

#include <sluice/event.hpp>
#include <sluice/model_spec.hpp>
#include <sluice/request.hpp>
#include <sluice/result.hpp>
#include <sluice/usage.hpp>

#include "wire/http_response.hpp"
#include "wire/json_reader.hpp"
#include "wire/sse.hpp"

#include <cstddef>
#include <memory>
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
    std::vector<StreamEvent>& events() noexcept { return events_; }
    const std::vector<StreamEvent>& events() const noexcept { return events_; }
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

class Dialect {
  public:
    virtual ~Dialect() = default;
    virtual std::string_view name() const noexcept = 0;
    /// A ProviderBadRequest with phase prepare when the request cannot be expressed (invalid JSON in a
    /// schema, ...).
    virtual Result<EncodedRequest> encode(const Request& request, const ModelSpec& model) const = 0;
    virtual std::unique_ptr<StreamDecoder> make_decoder(ExchangeFacts facts) const = 0;
    /// An answer that is not 2xx (or is not a stream): what it means. `body` is after gunzip, of any shape,
    /// maybe empty or cut.
    virtual ErrorInfo classify(const ExchangeFacts& facts, const wire::HeaderList& headers,
                               std::string_view body) const = 0;
};

/// The field's header that names the request at the provider (PROTOCOLS section 2), or "".
std::string_view request_id_of(const wire::HeaderList& headers) noexcept;

}  // namespace sluice::adapters

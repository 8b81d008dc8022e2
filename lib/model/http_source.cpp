#include "model/http_source.hpp"

#include "adapters/ascii.hpp"
#include "adapters/body_reader.hpp"
#include "adapters/media_type.hpp"
#include "adapters/rate_limits.hpp"
#include "model/trace.hpp"
#include "model/transform.hpp"
#include "net/http_call.hpp"
#include "wire/http_response.hpp"

#include <asio/this_coro.hpp>

#include <algorithm>
#include <utility>

namespace sluice {
namespace {

using adapters::DecoderState;

// Events of one batch. Enough to make a suspension cheap, and few enough to stay in the cache and to have
// their memory ready when the stream begins.
constexpr std::size_t kMaxBatch = 32;

class HttpSource final : public TokenSource {
  public:
    HttpSource(std::shared_ptr<const HttpProvider> provider, std::shared_ptr<const std::string> secret,
               net::HttpCall call, std::unique_ptr<adapters::StreamDecoder> decoder,
               std::vector<std::string> warnings, std::string model, bool is_native)
        : provider_(std::move(provider)),
          secret_(std::move(secret)),
          call_(std::move(call)),
          decoder_(std::move(decoder)),
          reader_(*decoder_, body_limits(provider_->options().limits)),
          warnings_(std::move(warnings)),
          rate_limits_(adapters::read_rate_limits(call_.head().headers)) {
        answerer_.provider_id = provider_->id();
        answerer_.origin = provider_->origin();
        answerer_.model_id = std::move(model);
        answerer_.request_id = adapters::request_id_of(call_.head().headers);
        answerer_.form = AnswerForm::event_stream;
        answerer_.native = is_native;
        batch_.reserve(kMaxBatch);
    }

    // One coroutine, and no helper of it: every frame more on this path is paid for with each read.
    asio::awaitable<std::span<const StreamEvent>> next_batch() override {
        if (!std::exchange(batch_is_new_, false)) {
            batch_.clear();
            pump();
            while (batch_.empty() && !ended()) {
                Result<void> more = co_await call_.read();
                if (more) {
                    pump();
                } else {
                    end_early(std::move(more).error());
                }
            }
            if (!batch_.empty()) note_progress();
        }
        co_return std::span<const StreamEvent>(batch_.events());
    }

    // What is decoded or can be read at once. What went wrong is next_batch()'s to tell: here it is nothing.
    std::span<const StreamEvent> try_next_batch() override {
        if (!std::exchange(batch_is_new_, false)) {
            batch_.clear();
            pump();
            while (batch_.empty() && !ended() && call_.try_read())
                pump();
            if (!batch_.empty()) note_progress();
        }
        return batch_.events();
    }

    /// An answer that is no event stream: all of it is here.
    void take_whole(std::string body) {
        answerer_.form = AnswerForm::document;
        whole_body_ = std::move(body);
        decoder_->on_body(whole_body_, batch_);
        if (!ended()) decoder_->on_end(batch_);
        batch_.set_raw(0, whole_body_);
        note_progress();
        batch_is_new_ = true;
    }

    asio::awaitable<void> close() override { return call_.finish(); }
    bool try_close() noexcept override { return call_.try_finish(); }
    const Answerer& answerer() const noexcept override { return answerer_; }
    std::span<const std::string> warnings() const noexcept override { return warnings_; }
    std::span<const RateLimit> rate_limits() const noexcept override { return rate_limits_; }
    std::optional<Usage> usage() const noexcept override { return decoder_->usage(); }

  private:
    static adapters::BodyLimits body_limits(const Limits& limits) {
        adapters::BodyLimits body;
        body.sse.max_event = limits.max_event;
        body.sse.max_stream = limits.max_stream;
        body.max_held = limits.max_held;
        return body;
    }

    bool ended() const noexcept { return decoder_->state() == DecoderState::ended; }

    // Everything that is read but not decoded becomes events; at the end of the body, the terminal one.
    void pump() {
        while (!ended() && batch_.events().size() < kMaxBatch &&
               (reader_.is_behind() || call_.decode_body())) {
            const std::string_view window = call_.body();
            call_.consume(reader_.feed(window, call_.readable_from(window.data()), batch_, kMaxBatch));
        }
        if (!ended() && !reader_.is_behind() && call_.complete()) {
            const std::string_view window = call_.body();
            reader_.finish(window, call_.readable_from(window.data()), batch_);
        }
        if (decoder_->state() == DecoderState::finished) call_.on_finish_reason();  // the first time counts
    }

    void end_early(ErrorInfo error) {
        if (call_.in_grace()) {
            decoder_->on_end(batch_);  // the finish reason was here: nothing is missing but perhaps the usage
            return;
        }
        error.provider = answerer_.provider_id;
        error.model = answerer_.model_id;
        error.status = call_.head().status;
        error.request_id = adapters::request_id_of(call_.head().headers);
        decoder_->on_failure(std::move(error), batch_);
    }

    void note_progress() {
        call_.on_content();
        if (!answerer_.response_id.empty()) return;
        answerer_.response_id = decoder_->info().response_id;
        answerer_.response_model_id = decoder_->info().response_model_id;
    }

    std::shared_ptr<const HttpProvider> provider_;
    std::shared_ptr<const std::string> secret_;  // the decoder masks it in what it quotes
    net::HttpCall call_;
    std::unique_ptr<adapters::StreamDecoder> decoder_;
    adapters::BodyReader reader_;
    adapters::EventBatch batch_;
    std::vector<std::string> warnings_;
    std::vector<RateLimit> rate_limits_;
    Answerer answerer_;
    std::string whole_body_;
    bool batch_is_new_ = false;  // take_whole() has filled the batch, and nobody has seen it yet
};

/// `limit`, or what is left until `deadline` if that is less; never zero, which would be no limit.
Deadlines::Limit shortened(Deadlines::Limit limit, TimePoint deadline, const Clock& clock) {
    if (deadline == kNever) return limit;
    const auto left = std::chrono::floor<Deadlines::Limit>(deadline - clock.now());
    const Deadlines::Limit at_least(1);
    return std::max(at_least, limit.count() > 0 ? std::min(limit, left) : left);
}

/// For an answer that comes as one document: its head comes when all of it is generated, and until then there
/// is no sign of life to wait for.
void wait_for_document(Deadlines& deadlines) {
    const bool is_endless =
        deadlines.headers <= Deadlines::kNone || deadlines.first_event <= Deadlines::kNone;
    deadlines.first_event =
        is_endless ? Deadlines::kNone : std::max(deadlines.headers, deadlines.first_event);
    deadlines.headers = Deadlines::kNone;
}

/// A request on its way out.
struct Outgoing {
    std::string head;
    std::string body;
    std::vector<std::string> warnings;
    std::shared_ptr<const std::string> secret;
    bool is_native = false;       // the client's own body
    bool wants_document = false;  // the answer is asked for as a whole
};

/// The client's own body for a provider of its dialect; absent when the request must be encoded.
std::optional<adapters::EncodedRequest> splice(const HttpProvider& provider, const ModelSpec& spec,
                                               const NativeBody& native) {
    adapters::ClientBody body;
    body.json = *native.json;
    body.stream = native.stream;
    return provider.dialect().splice(body, provider.target(spec));
}

/// What the client asked for in its header fields: in the place of the dialect's own, and beside them.
void add_headers(const HttpProvider& provider, const NativeBody& native, adapters::EncodedRequest& request) {
    for (const auto& [name, value] : native.headers) {
        const std::string field = adapters::lower(name);
        std::erase_if(request.headers,
                      [&](const auto& header) { return adapters::lower(header.first) == field; });
    }
    for (const auto& [name, value] : native.headers)
        if (provider.takes_from_client(name)) request.headers.emplace_back(name, value);
}

Result<adapters::EncodedRequest> encode(const HttpProvider& provider, const ModelSpec& spec,
                                        const Request& request, const TransformContext& hook) {
    std::optional<Request> changed;
    Result<const Request*> fitted = fit_request(hook, spec, request, changed);
    if (!fitted) return std::move(fitted).error();
    return provider.dialect().encode(**fitted, provider.target(spec));
}

// Not part of the coroutine: what it needs on the way would stay in that one's frame.
Result<Outgoing> prepare(const HttpProvider& provider, const ModelSpec& spec, const Request& request,
                         const CallOptions& options) {
    const TransformContext& hook = options.transform_context();
    const NativeBody* native = options.native_body();
    if (native != nullptr && native->dialect != provider.dialect().name()) native = nullptr;
    std::optional<adapters::EncodedRequest> spliced;
    if (native != nullptr && !hook) spliced = splice(provider, spec, *native);
    const bool is_native = spliced.has_value();
    Result<adapters::EncodedRequest> encoded = is_native
                                                   ? Result<adapters::EncodedRequest>(std::move(*spliced))
                                                   : encode(provider, spec, request, hook);
    if (!encoded) return std::move(encoded).error();
    if (native != nullptr) add_headers(provider, *native, *encoded);
    if (provider.options().forward_trace && options.trace())
        add_trace(*options.trace(), *provider.options().runtime.entropy, encoded->headers);
    Result<std::shared_ptr<const std::string>> secret = provider.secret();
    if (!secret) return std::move(secret).error();
    Result<std::string> head = provider.request_head(*encoded, secret->get());
    if (!head) return std::move(head).error();
    Outgoing outgoing;
    outgoing.head = std::move(*head);
    outgoing.body = std::move(encoded->body);
    outgoing.warnings = std::move(encoded->warnings);
    outgoing.secret = std::move(*secret);
    outgoing.is_native = is_native;
    outgoing.wants_document = is_native && !native->stream;
    return outgoing;
}

}  // namespace

adapters::ExchangeFacts facts_of(const HttpProvider& provider, const ModelSpec& spec,
                                 const wire::ResponseHead& answer, const std::string* secret) {
    adapters::ExchangeFacts facts;
    facts.provider = provider.id();
    facts.model = spec.id;
    facts.status = answer.status;
    facts.request_id = adapters::request_id_of(answer.headers);
    if (secret) facts.secrets.push_back(*secret);
    return facts;
}

ErrorInfo attributed(ErrorInfo error, const HttpProvider& provider, const ModelSpec& spec) {
    error.provider = provider.id();
    error.model = spec.id;
    return error;
}

asio::awaitable<Result<TokenStream>> open_http_stream(std::shared_ptr<const HttpProvider> provider,
                                                      const ModelSpec& spec, const Request& request,
                                                      const CallOptions& options, TimePoint deadline,
                                                      TimePoint first_event_deadline) {
    Result<Outgoing> outgoing = prepare(*provider, spec, request, options);
    if (!outgoing) co_return attributed(std::move(outgoing).error(), *provider, spec);

    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    Deadlines deadlines = provider->options().deadlines;
    if (outgoing->wants_document) wait_for_document(deadlines);
    deadlines.first_event = shortened(deadlines.first_event, first_event_deadline, provider->clock());
    net::HttpCall call(executor, provider->call_options(), deadlines, deadline);
    Result<void> sent = co_await call.send(outgoing->head, outgoing->body);
    if (!sent) co_return attributed(std::move(sent).error(), *provider, spec);

    const wire::ResponseHead& answer = call.head();
    adapters::ExchangeFacts facts = facts_of(*provider, spec, answer, outgoing->secret.get());

    const bool is_success = answer.status >= 200 && answer.status < 300;
    // What is no event stream is read whole, and so is a stream that somebody on the way has compressed
    // although we asked for none of that.
    const bool is_encoded = answer.headers.find("content-encoding").value_or("identity") != "identity";
    const bool is_stream = adapters::is_event_stream(answer.headers) && !is_encoded;
    std::string body;
    if (!is_success || !is_stream) {
        const Limits& limits = provider->options().limits;
        const std::size_t max_body = is_success ? limits.max_event : limits.max_error_body;
        Result<std::string> whole = co_await call.read_all(max_body);
        if (!whole) {
            ErrorInfo error = attributed(std::move(whole).error(), *provider, spec);
            error.status = facts.status;
            error.request_id = std::move(facts.request_id);
            co_return error;
        }
        body = std::move(*whole);
    }
    if (!is_success) {
        ErrorInfo error = provider->dialect().classify(facts, answer.headers, body);
        co_await call.finish();  // the connection of a failed try is kept: its short answer has been read
        co_return error;
    }
    std::unique_ptr<adapters::StreamDecoder> decoder = provider->dialect().make_decoder(std::move(facts));
    auto source = std::make_unique<HttpSource>(provider, std::move(outgoing->secret), std::move(call),
                                               std::move(decoder), std::move(outgoing->warnings), spec.id,
                                               outgoing->is_native);
    if (!is_stream) source->take_whole(std::move(body));
    co_return TokenStream(std::move(source));
}

}  // namespace sluice

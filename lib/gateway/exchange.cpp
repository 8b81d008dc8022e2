#include "gateway/exchange.hpp"

#include "adapters/origin.hpp"
#include "gateway/answer_error.hpp"
#include "gateway/attempt_log.hpp"
#include "gateway/metadata.hpp"
#include "gateway/pass_through.hpp"
#include "gateway/refusal.hpp"
#include "gateway/trace.hpp"

#include <asio/error.hpp>
#include <asio/system_error.hpp>
#include <asio/this_coro.hpp>

#include <algorithm>
#include <array>
#include <exception>
#include <optional>
#include <utility>

namespace sluice::gateway {
namespace {

// Frames that are gathered before they are written. Enough to make a write cheap, and little enough to be
// sent while more comes.
constexpr std::size_t kGathered = std::size_t{32} << 10;

// What a client may tell its provider about the dialect itself.
constexpr std::array<std::string_view, 3> kDialectHeaders{"anthropic-beta", "anthropic-version",
                                                          "openai-beta"};

/// What keeps a connection alive without saying anything.
std::string_view heartbeat_of(std::string_view dialect) noexcept {
    return dialect == "anthropic" ? "event: ping\ndata: {\"type\": \"ping\"}\n\n" : ": keep-alive\n\n";
}

/// Whether the last line that says something is data: Gemini tells an error in its stream as bare JSON, which
/// its SDK knows and others take for nothing.
bool ends_with_frame(std::string_view raw) noexcept {
    const std::size_t end = raw.find_last_not_of("\r\n");
    if (end == std::string_view::npos) return false;
    const std::size_t line = raw.find_last_of('\n', end);
    return raw.substr(line == std::string_view::npos ? 0 : line + 1).starts_with("data:");
}

ErrorInfo blocked_by(const PolicyRecord& policy) {
    ErrorInfo error(ErrorKind::content_filtered, policy.on_output ? Phase::stream : Phase::prepare,
                    std::string(policy.on_output ? "the answer" : "the request") +
                        " was blocked by the policy " + policy.name);
    error.code = "content_filter";
    return error;
}

std::string joined(const std::vector<std::string_view>& texts) {
    std::string all;
    for (std::string_view text : texts)
        all.append(all.empty() ? "" : "\n").append(text);
    return all;
}

/// Everything a person or a tool has written. Views into `request`.
std::vector<std::string_view> texts_of(const Request& request) {
    std::vector<std::string_view> texts;
    for (const Message& message : request.messages()) {
        for (const Part& part : message.parts) {
            if (const auto* text = std::get_if<TextPart>(&part)) texts.push_back(text->text);
            if (const auto* result = std::get_if<ToolResultPart>(&part)) texts.push_back(result->content);
        }
    }
    return texts;
}

/// Gemini's stream for clients that do not ask for alt=sse: one JSON array, an element a chunk (PROTOCOLS
/// section 6).
class ArrayFraming {
  public:
    /// Complete frames of an event stream as elements.
    void add(std::string_view frames, std::string& out) {
        constexpr std::string_view kData = "data: ";
        while (!frames.empty()) {
            std::string_view line = frames.substr(0, frames.find('\n'));
            frames.remove_prefix(std::min(line.size() + 1, frames.size()));
            if (!line.starts_with(kData)) continue;
            if (line.ends_with('\r')) line.remove_suffix(1);
            out.append(std::exchange(begun_, true) ? ",\r\n" : "[").append(line.substr(kData.size()));
        }
    }
    void end(std::string& out) { out.append(begun_ ? "]" : "[]"); }

  private:
    bool begun_ = false;
};

class Exchange {
  public:
    Exchange(Context& context, std::shared_ptr<const Snapshot> snapshot, Entrance entrance,
             const ClientKeys::Client* client, const HttpRequest& request, Reply& reply)
        : context_(context),
          clock_(*context.runtime.clock),
          snapshot_(std::move(snapshot)),
          dialect_(*entrance.dialect),
          client_(client),
          http_(request),
          reply_(reply),
          log_(std::make_shared<AttemptLog>(context.metrics)),
          begun_(clock_.now()) {
        Entropy& dice = *context.runtime.entropy;
        record_.timestamp = clock_.wall_now();
        record_.id = "evt_" + ulid(record_.timestamp, dice);
        record_.request_id = request_id_for(request.headers, dice);
        trace_ = trace_of(request.headers, dice);
        record_.trace_id = trace_.trace_id;
        record_.endpoint = entrance.endpoint;
        record_.config_version = snapshot_->config().version;
        if (client) record_.client = client->name;
        context_.metrics->request_began();
    }
    Exchange(const Exchange&) = delete;
    ~Exchange() {
        if (streaming_) context_.metrics->stream_ended();
        finish_record();
        context_.metrics->request_ended();
        context_.metrics->on_request(record_);
        context_.events.append(record_);
    }

    asio::awaitable<void> run();

  private:
    // --- before anything is sent ---
    bool parse();
    std::optional<ErrorInfo> check_input();
    CallOptions call_options();
    asio::awaitable<void> refuse(const ErrorInfo& error);

    // --- the answer ---
    asio::awaitable<void> answer();
    asio::awaitable<void> whole_answer(TokenStream stream);
    asio::awaitable<void> streamed_answer(TokenStream stream);
    void begin_stream(const TokenStream& stream);
    void begin_reply();
    std::unique_ptr<Timer> early_head(asio::any_io_executor executor);
    void take(std::span<const StreamEvent> batch);
    void take_end(const StreamEvent& event);
    void fail_stream(const ErrorInfo& error, std::string_view raw);
    std::string& frames() noexcept { return array_ ? framed_ : reply_.frames(); }
    void settle_frames();
    bool watch_output(const StreamEvent& event);
    void note_output_policies();
    void note_answerer(const TokenStream& stream);
    HeaderFields headers() const;
    std::string metadata() const;
    void finish_record();
    std::string_view error_type_of(const ErrorInfo& error) const noexcept;
    adapters::AnswerFacts answer_facts(const TokenStream& stream) const;

    std::chrono::nanoseconds elapsed() const { return clock_.now() - begun_; }

    Context& context_;
    const Clock& clock_;
    const std::shared_ptr<const Snapshot> snapshot_;
    const adapters::Dialect& dialect_;
    const ClientKeys::Client* const client_;
    const HttpRequest& http_;
    Reply& reply_;
    const std::shared_ptr<AttemptLog> log_;
    const TimePoint begun_;
    RequestRecord record_;
    TraceContext trace_;

    adapters::ParsedRequest parsed_;
    std::shared_ptr<const Route> route_;
    AnswerNotes notes_;

    // Of a streamed answer.
    bool streaming_ = false;
    bool ended_ = false;
    std::optional<StreamPassThrough> pass_;
    std::unique_ptr<adapters::StreamEncoder> encoder_;
    std::optional<ArrayFraming> array_;
    std::string framed_;  // what becomes elements of it
    std::optional<OutputWatch> output_;
    std::optional<std::string> answer_text_;  // only when events are to have it
};

bool Exchange::parse() {
    const adapters::ClientRequest from(http_.path, http_.body);
    Result<adapters::ParsedRequest> parsed = dialect_.parse_request(from);
    if (!parsed) {
        notes_.error = std::move(parsed).error();
        return false;
    }
    parsed_ = std::move(*parsed);
    record_.requested_model = parsed_.model;
    record_.stream = parsed_.stream;
    return true;
}

std::optional<ErrorInfo> Exchange::check_input() {
    const EventsConfig& events = snapshot_->config().events;
    const Policies& policies = snapshot_->policies();
    if (!policies.on_input() && !events.record_prompts) return std::nullopt;
    const std::vector<std::string_view> texts = texts_of(parsed_.request);
    if (events.record_prompts) record_.prompt = joined(texts);
    if (policies.on_input()) record_.policies = policies.check_input(texts);
    const PolicyRecord* blocked = blocking(record_.policies);
    if (!blocked) return std::nullopt;
    record_.outcome = Outcome::blocked;
    return blocked_by(*blocked);
}

CallOptions Exchange::call_options() {
    CallOptions options;
    options.events(AttemptLog::listener(log_));
    options.trace(trace_);
    for (const std::string& tag : route_->residency)
        options.residency(tag);

    // Whoever waits for the whole answer loses nothing when a target that fails half-way is replaced.
    const std::optional<std::string_view> wish = http_.headers.find("x-sluice-deliver");
    if (wish ? *wish == "complete" : !parsed_.stream || route_->deliver == Deliver::complete)
        options.commit_on(CommitOn::complete);
    if (const auto conversation = http_.headers.find("x-sluice-conversation"))
        options.conversation(std::string(*conversation));

    NativeBody native;
    native.dialect = dialect_.name();
    native.json = std::make_shared<const std::string>(http_.body);
    native.stream = parsed_.stream;
    for (std::string_view name : kDialectHeaders)
        if (const auto value = http_.headers.find(name)) native.headers.emplace_back(name, *value);
    options.native_body(std::move(native));
    return options;
}

asio::awaitable<void> Exchange::refuse(const ErrorInfo& error) {
    record_.latency = elapsed();
    if (record_.outcome == Outcome::ok) record_.outcome = Outcome::error;
    record_.error_type = error_type_of(error);
    HttpAnswer answer = error_answer(dialect_, error, error_metadata(record_, log_->attempts()));
    record_.status = answer.status;
    HeaderFields fields = headers();
    answer.headers.insert(answer.headers.end(), std::make_move_iterator(fields.begin()),
                          std::make_move_iterator(fields.end()));
    co_await reply_.send(std::move(answer));
}

asio::awaitable<void> Exchange::run() {
    // Cancelled is not failed: what the client is told depends on why.
    std::exception_ptr thrown;
    try {
        co_await answer();
    } catch (...) {
        thrown = std::current_exception();
    }
    if (thrown && reply_.cut() == Cut::drained && !ended_) {
        co_await await_again();
        record_.outcome = Outcome::drained;
        ErrorInfo error(ErrorKind::no_provider_available, Phase::stream,
                        "the gateway is shutting down and this answer was not complete; ask again");
        error.code = "draining";
        error.retry_after = std::chrono::seconds(1);
        if (streaming_) {
            fail_stream(error, {});
            settle_frames();
            co_await reply_.end();
        } else if (!reply_.begun()) {
            co_await refuse(error);
        }
    } else if (thrown) {
        if (reply_.cut() == Cut::none) record_.outcome = Outcome::error;
        std::rethrow_exception(thrown);
    }
}

asio::awaitable<void> Exchange::answer() {
    if (!parse()) {
        co_await refuse(*notes_.error);
        co_return;
    }
    if (client_ && !matches(client_->allowed_models, parsed_.model)) {
        record_.outcome = Outcome::error;
        record_.error_type = "model_not_allowed";
        record_.status = 403;
        HttpAnswer no = refusal(dialect_.name(), 403, "model_not_allowed",
                                "this key may not use the model " + parsed_.model);
        no.headers = headers();
        co_await reply_.send(std::move(no));
        co_return;
    }
    if (const std::optional<ErrorInfo> blocked = check_input()) {
        co_await refuse(*blocked);
        co_return;
    }
    route_ = snapshot_->route(parsed_.model);
    if (!route_ || !route_->model) {
        const ErrorInfo nobody = nobody_serves(parsed_.model, route_.get());
        co_await refuse(nobody);
        co_return;
    }
    record_.route = route_->name;
    record_.strategy = to_string(route_->strategy);

    CallOptions options = call_options();
    const BoundModel& model = *route_->model;
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    std::unique_ptr<Timer> early = early_head(executor);
    Result<TokenStream> opened = co_await model.try_stream(std::move(parsed_.request), std::move(options));
    early.reset();
    if (!opened) {
        const ErrorInfo error = error_for_client(opened.error(), std::chrono::seconds(5));
        if (streaming_) {  // the status has been told already
            record_.outcome = Outcome::interrupted;
            fail_stream(error, {});
            settle_frames();
            co_await reply_.end();
        } else {
            co_await refuse(error);
        }
        co_return;
    }
    note_answerer(*opened);
    if (snapshot_->policies().on_output()) output_.emplace(snapshot_->policies());
    if (snapshot_->config().events.record_answers) answer_text_.emplace();
    if (parsed_.stream) {
        co_await streamed_answer(std::move(*opened));
    } else {
        co_await whole_answer(std::move(*opened));
    }
}

void Exchange::note_answerer(const TokenStream& stream) {
    const Answerer& who = stream.answerer();
    record_.first_token = elapsed();
    record_.provider = who.provider_id;
    const Leg* leg = route_->leg_of(who.provider_id, who.model_id);
    record_.model = leg ? leg->shown : who.model_id;
    if (leg) record_.provider_kind = leg->target->config().provider;
    notes_.upstream_model = who.response_model_id.empty() ? who.model_id : who.response_model_id;
    notes_.upstream_request_id = who.request_id;
    notes_.warnings = parsed_.warnings;
    notes_.warnings.insert(notes_.warnings.end(), stream.warnings().begin(), stream.warnings().end());
}

HeaderFields Exchange::headers() const {
    HeaderFields fields;
    fields.emplace_back("x-request-id", record_.request_id);
    if (!record_.provider.empty()) fields.emplace_back("x-sluice-target", record_.provider);
    if (!record_.model.empty()) fields.emplace_back("x-sluice-model", record_.model);
    fields.emplace_back("x-sluice-attempts", std::to_string(log_->asked()));
    fields.emplace_back("x-sluice-failover", failed_over(log_->attempts()) ? "true" : "false");
    fields.emplace_back("x-sluice-latency-ms", in_milliseconds(elapsed()));
    if (!notes_.upstream_request_id.empty())
        fields.emplace_back("x-sluice-upstream-request-id", notes_.upstream_request_id);
    return fields;
}

std::string Exchange::metadata() const {
    return answer_metadata(record_, log_->attempts(), notes_, elapsed(),
                           snapshot_->config().server.keeptrusts_metadata);
}

adapters::AnswerFacts Exchange::answer_facts(const TokenStream& stream) const {
    adapters::AnswerFacts facts;
    facts.response_id = stream.answerer().response_id;
    facts.model = record_.model;
    facts.created =
        std::chrono::duration_cast<std::chrono::seconds>(record_.timestamp.time_since_epoch()).count();
    facts.origin = stream.answerer().origin;
    facts.include_usage = parsed_.include_usage;
    return facts;
}

bool Exchange::watch_output(const StreamEvent& event) {
    const auto* text = event.as<TextDelta>();
    const auto* refusal = event.as<RefusalDelta>();
    if (!text && !refusal) return true;
    const std::string_view piece = text ? text->text : refusal->text;
    if (answer_text_) answer_text_->append(piece);
    return !output_ || output_->feed(piece, event.choice());
}

void Exchange::note_output_policies() {
    if (!output_) return;
    const std::vector<PolicyRecord> said = output_->records();
    record_.policies.insert(record_.policies.end(), said.begin(), said.end());
}

// --- not streamed ---

asio::awaitable<void> Exchange::whole_answer(TokenStream stream) {
    const Answerer& who = stream.answerer();
    const bool is_native = who.native && who.form == AnswerForm::document;
    MessageBuilder builder;
    std::string document;
    bool blocked = false;
    for (bool more = true; more && !blocked;) {
        const std::span<const StreamEvent> batch = co_await stream.next_batch();
        more = !batch.empty();
        for (const StreamEvent& event : batch) {
            if (!watch_output(event)) blocked = true;
            if (is_native) document.append(event.raw());
            if (!is_native) builder.add(event);
            if (const auto* finish = event.as<Finish>()) record_.usage = finish->usage;
            if (const auto* failure = event.as<Failure>()) notes_.error = failure->error();
        }
    }
    if (output_) {
        if (!output_->end()) blocked = true;
        note_output_policies();
    }
    if (blocked) {
        record_.outcome = Outcome::blocked;
        const ErrorInfo error = blocked_by(*blocking(record_.policies));
        co_await refuse(error);
        co_return;
    }
    if (notes_.error) {
        const ErrorInfo error = error_for_client(*notes_.error, std::chrono::seconds(5));
        co_await refuse(error);
        co_return;
    }

    HttpAnswer answer;
    answer.headers = headers();
    if (is_native) {
        PassThroughOptions options;
        options.dialect = dialect_.name();
        options.upstream_model = who.response_model_id;
        options.shown_model = record_.model;
        answer.body = pass_document(document, options, metadata());
    } else {
        AssistantMessage message = std::move(builder).take();
        message.provider_id = who.provider_id;
        message.model_id = who.model_id;
        message.response_id = who.response_id;
        message.origin = who.origin;
        const adapters::AnswerFacts facts = answer_facts(stream);
        answer.body = pass_document(dialect_.encode_answer(message, facts), PassThroughOptions(), metadata());
    }
    record_.status = answer.status;
    record_.latency = elapsed();
    co_await reply_.send(std::move(answer));
    ended_ = true;
}

// --- streamed ---

void Exchange::begin_stream(const TokenStream& stream) {
    const Answerer& who = stream.answerer();
    if (who.native && who.form == AnswerForm::event_stream) {
        PassThroughOptions options;
        options.dialect = dialect_.name();
        options.upstream_model = who.response_model_id;
        options.shown_model = record_.model;
        options.hide_usage = !parsed_.include_usage;
        pass_.emplace(std::move(options));
    } else {
        encoder_ = dialect_.make_encoder(answer_facts(stream));
    }
    begin_reply();
}

void Exchange::begin_reply() {
    if (std::exchange(streaming_, true)) return;
    record_.status = 200;
    if (dialect_.name() == "gemini" && http_.query.find("alt=sse") == std::string_view::npos)
        array_.emplace();
    reply_.begin(200, array_ ? "application/json" : "text/event-stream", headers());
    if (!array_) reply_.heartbeat(std::string(heartbeat_of(dialect_.name())));
    context_.metrics->stream_began();
}

// For clients that give up on a server that says nothing for long: they get the head, and comments from then
// on, at the price of being told of a failure inside the stream only. Null when that is not wanted.
std::unique_ptr<Timer> Exchange::early_head(asio::any_io_executor executor) {
    const std::chrono::milliseconds after = snapshot_->config().server.early_headers_after;
    if (!parsed_.stream || after.count() <= 0) return nullptr;
    std::unique_ptr<Timer> timer = context_.runtime.clock->make_timer(std::move(executor), [this] {
        begin_reply();
        if (!array_) reply_.send_head_soon();
    });
    timer->arm(clock_.now() + after);
    return timer;
}

asio::awaitable<void> Exchange::streamed_answer(TokenStream stream) {
    begin_stream(stream);
    while (!ended_) {
        std::span<const StreamEvent> batch = co_await stream.next_batch();
        if (batch.empty()) break;
        take(batch);
        while (!ended_ && frames().size() < kGathered) {
            batch = stream.try_next_batch();
            if (batch.empty()) break;
            take(batch);
        }
        settle_frames();
        if (!ended_) co_await reply_.flush();
    }
    co_await reply_.end();
    // After the client has it all: giving the connection back may take a moment.
    co_await stream.close();
}

void Exchange::settle_frames() {
    if (!array_) return;
    array_->add(framed_, reply_.frames());
    framed_.clear();
    if (ended_) array_->end(reply_.frames());
}

void Exchange::take(std::span<const StreamEvent> batch) {
    const bool reads_text = output_ || answer_text_;
    for (const StreamEvent& event : batch) {
        if (event.is_terminal()) return take_end(event);
        if (reads_text && !watch_output(event)) {
            const std::vector<PolicyRecord> said = output_->records();
            record_.outcome = Outcome::blocked;
            return fail_stream(blocked_by(*blocking(said)), {});
        }
        if (pass_)
            pass_->add(event, frames());
        else
            encoder_->encode(event, frames());
    }
}

void Exchange::take_end(const StreamEvent& event) {
    if (const auto* failure = event.as<Failure>()) {
        const ErrorInfo& error = failure->error();
        record_.outcome = Outcome::interrupted;
        // The provider's own words, if it wrote them as a frame that clients read.
        const bool passes = pass_ && !error.code.empty() && ends_with_frame(event.raw());
        fail_stream(error, passes ? event.raw() : std::string_view());
        return;
    }
    record_.usage = event.as<Finish>()->usage;
    if (output_ && !output_->end()) {  // the last word
        const std::vector<PolicyRecord> said = output_->records();
        record_.outcome = Outcome::blocked;
        return fail_stream(blocked_by(*blocking(said)), {});
    }
    ended_ = true;
    note_output_policies();
    std::string& out = frames();
    if (pass_) {
        pass_->finish(event, metadata(), out);
    } else {
        const std::size_t before = out.size();
        encoder_->encode(event, out);
        add_to_last_object(out, before, metadata());
    }
}

// What follows an error is never a marker of success.
void Exchange::fail_stream(const ErrorInfo& error, std::string_view raw) {
    ended_ = true;
    notes_.error = error;
    record_.error_type = error_type_of(error);
    note_output_policies();
    std::string& out = frames();
    if (pass_) pass_->flush(out);
    if (!raw.empty()) {
        out.append(raw);
        return;
    }
    if (!encoder_) {
        adapters::AnswerFacts facts;
        facts.model = record_.model;
        encoder_ = dialect_.make_encoder(std::move(facts));
        std::string opening;
        if (pass_) encoder_->open(opening);  // its provider has opened it
    }
    const Failure failure{&error};
    encoder_->encode(StreamEvent(failure), out);
}

/// What the gateway itself put an end to is no failure of an upstream.
std::string_view Exchange::error_type_of(const ErrorInfo& error) const noexcept {
    if (record_.outcome == Outcome::blocked) return "policy_violation";
    if (record_.outcome == Outcome::drained) return to_string(Outcome::drained);
    return reason_of(error);
}

void Exchange::finish_record() {
    record_.latency = elapsed();
    record_.attempts = log_->take();
    record_.cost = total_cost(record_.attempts);
    note_failover(record_);
    switch (reply_.cut()) {
        case Cut::none:
        case Cut::drained:
            break;
        case Cut::client_gone:
            if (!ended_) record_.outcome = Outcome::client_gone;
            break;
        case Cut::slow_client:
            record_.outcome = Outcome::slow_client;
            break;
        case Cut::stopped:
            record_.outcome = Outcome::drained;
            break;
    }
    if (record_.error_type.empty() && record_.outcome != Outcome::ok)
        record_.error_type = to_string(record_.outcome);
    if (answer_text_) record_.answer = std::move(answer_text_);
}

}  // namespace

Entrance entrance_of(std::string_view path) noexcept {
    Entrance entrance;
    const auto at = [&](std::string_view dialect, std::string_view endpoint) {
        entrance.dialect = adapters::find_dialect(dialect);
        entrance.endpoint = endpoint;
    };
    if (path == "/v1/chat/completions") {
        at("openai_chat", "/v1/chat/completions");
    } else if (path == "/v1/responses") {
        at("openai_responses", "/v1/responses");
    } else if (path == "/v1/messages") {
        at("anthropic", "/v1/messages");
    } else if (path.starts_with("/v1beta/models/") || path.starts_with("/v1/models/")) {
        if (path.ends_with(":generateContent")) at("gemini", "/v1beta/models:generateContent");
        if (path.ends_with(":streamGenerateContent")) at("gemini", "/v1beta/models:streamGenerateContent");
    }
    return entrance;
}

asio::awaitable<void> exchange(Context& context, std::shared_ptr<const Snapshot> snapshot, Entrance entrance,
                               const ClientKeys::Client* client, const HttpRequest& request, Reply& reply) {
    Exchange one(context, std::move(snapshot), entrance, client, request, reply);
    co_await one.run();
}

}  // namespace sluice::gateway

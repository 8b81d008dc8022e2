#include "gateway/exchange.hpp"

#include "gateway/answer_error.hpp"
#include "gateway/exchange_run.hpp"
#include "gateway/refusal.hpp"

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

// What a client may tell its provider about the dialect itself.
constexpr std::array<std::string_view, 3> kDialectHeaders{"anthropic-beta", "anthropic-version",
                                                          "openai-beta"};

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

}  // namespace

Exchange::Exchange(Context& context, std::shared_ptr<const Snapshot> snapshot, Entrance entrance,
                   const ClientKeys::Client* client, const HttpRequest& request, Reply& reply)
    : context_(context),
      clock_(*context.runtime.clock),
      snapshot_(std::move(snapshot)),
      dialect_(*entrance.dialect),
      client_(client),
      http_(request),
      reply_(reply),
      books_(context, *snapshot_, entrance.endpoint, client, request.headers),
      record_(books_.record) {}

Exchange::~Exchange() {
    if (streaming_) context_.metrics->stream_ended();
    books_.close(reply_.cut(), ended_);
}

bool Exchange::parse() {
    const adapters::ClientRequest from(http_.path, http_.body);
    Result<adapters::ParsedRequest> parsed = dialect_.parse_request(from);
    if (!parsed) {
        error_ = std::make_unique<ErrorInfo>(std::move(parsed).error());
        return false;
    }
    parsed_ = std::move(*parsed);
    record_.requested_model = parsed_.model;
    record_.stream = parsed_.stream;
    return true;
}

bool Exchange::is_allowed() const {
    return !client_ || matches(client_->allowed_models, parsed_.model);
}

bool Exchange::check_input() {
    const EventsConfig& events = snapshot_->config().events;
    const Policies& policies = snapshot_->policies();
    if (!policies.on_input() && !events.record_prompts) return true;
    const std::vector<std::string_view> texts = texts_of(parsed_.request);
    if (events.record_prompts) record_.prompt = joined(texts);
    if (policies.on_input()) record_.policies = policies.check_input(texts);
    const PolicyRecord* blocked = blocking(record_.policies);
    if (!blocked) return true;
    record_.outcome = Outcome::blocked;
    error_ = std::make_unique<ErrorInfo>(blocked_by(*blocked));
    return false;
}

bool Exchange::find_route() {
    route_ = snapshot_->route(parsed_.model);
    if (!route_ || !route_->model) {
        error_ = std::make_unique<ErrorInfo>(nobody_serves(parsed_.model, route_.get()));
        return false;
    }
    record_.route = route_->name;
    record_.strategy = to_string(route_->strategy);
    return true;
}

CallOptions Exchange::call_options() {
    CallOptions options;
    options.events(AttemptLog::listener(books_.log));
    options.trace(std::move(books_.trace));
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
    record_.latency = books_.elapsed();
    if (record_.outcome == Outcome::ok) record_.outcome = Outcome::error;
    record_.error_type = error_type_of(error);
    HttpAnswer answer = error_answer(dialect_, error, error_metadata(record_, books_.log->attempts()));
    record_.status = answer.status;
    answer.headers.add(headers());
    co_await reply_.send(std::move(answer));
}

asio::awaitable<void> Exchange::refuse_model() {
    record_.outcome = Outcome::error;
    record_.error_type = "model_not_allowed";
    record_.status = 403;
    HttpAnswer no =
        refusal(dialect_.name(), 403, "model_not_allowed", "this key may not use the model " + parsed_.model);
    no.headers = headers();
    co_await reply_.send(std::move(no));
}

// However much the client has been told by now.
asio::awaitable<void> Exchange::fail(ErrorInfo error) {
    if (streaming_) {
        fail_stream(error, {});
        settle_frames();
        co_await reply_.end();
    } else if (!reply_.begun()) {
        co_await refuse(error);
    }
}

asio::awaitable<void> Exchange::tell_drained() {
    record_.outcome = Outcome::drained;
    ErrorInfo error(ErrorKind::no_provider_available, Phase::stream,
                    "the gateway is shutting down and this answer was not complete; ask again");
    error.code = "draining";
    error.retry_after = std::chrono::seconds(1);
    return fail(std::move(error));
}

asio::awaitable<void> Exchange::tell_not_opened(const ErrorInfo& error) {
    if (streaming_) record_.outcome = Outcome::interrupted;  // the status has been told already
    return fail(error_for_client(error, std::chrono::seconds(5)));
}

void Exchange::note_thrown() noexcept {
    if (reply_.cut() == Cut::none) record_.outcome = Outcome::error;
}

// What only some requests need is in functions of their own: this frame is there as long as the answer.
asio::awaitable<void> Exchange::answer() {
    const bool is_parsed = parse();
    if (is_parsed && !is_allowed()) {
        co_await refuse_model();
        co_return;
    }
    if (!is_parsed || !check_input() || !find_route()) {
        co_await refuse(*error_);
        co_return;
    }
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    std::unique_ptr<Timer> early = early_head(executor);
    Result<TokenStream> opened = co_await open();
    early.reset();
    if (!opened) {
        co_await tell_not_opened(opened.error());
        co_return;
    }
    note_answerer(*opened);
    if (snapshot_->policies().on_output()) output_.emplace(snapshot_->policies());
    if (snapshot_->config().events.record_answers) record_.answer.emplace();
    if (parsed_.stream) {
        co_await streamed_answer(std::move(*opened));
    } else {
        co_await whole_answer(std::move(*opened));
    }
}

asio::awaitable<Result<TokenStream>> Exchange::open() {
    return route_->model->try_stream(std::move(parsed_.request), call_options());
}

void Exchange::note_answerer(const TokenStream& stream) {
    const Answerer& who = stream.answerer();
    record_.first_token = books_.elapsed();
    record_.provider = who.provider_id;
    const Leg* leg = route_->leg_of(who.provider_id, who.model_id);
    record_.model = leg ? leg->shown : who.model_id;
    if (leg) record_.provider_kind = leg->target->config().provider;
    notes_.upstream_model = who.response_model_id.empty() ? who.model_id : who.response_model_id;
    notes_.upstream_request_id = who.request_id;
    notes_.warnings = std::move(parsed_.warnings);
    notes_.warnings.insert(notes_.warnings.end(), stream.warnings().begin(), stream.warnings().end());
}

HeaderFields Exchange::headers() const {
    HeaderFields fields(384);
    fields.add_own("x-request-id", record_.request_id);
    if (!record_.provider.empty()) fields.add_own("x-sluice-target", record_.provider);
    if (!record_.model.empty()) fields.add_own("x-sluice-model", record_.model);
    fields.add_own("x-sluice-attempts", std::to_string(books_.log->asked()));
    fields.add_own("x-sluice-failover", failed_over(books_.log->attempts()) ? "true" : "false");
    fields.add_own("x-sluice-latency-ms", in_milliseconds(books_.elapsed()));
    if (!notes_.upstream_request_id.empty())
        fields.add_own("x-sluice-upstream-request-id", notes_.upstream_request_id);
    return fields;
}

std::string Exchange::metadata() const {
    return answer_metadata(record_, books_.log->attempts(), notes_, books_.elapsed(),
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

/// What the gateway itself put an end to is no failure of an upstream.
std::string_view Exchange::error_type_of(const ErrorInfo& error) const noexcept {
    if (record_.outcome == Outcome::blocked) return "policy_violation";
    if (record_.outcome == Outcome::drained) return to_string(Outcome::drained);
    return reason_of(error);
}

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
    std::exception_ptr thrown;
    try {
        co_await one.answer();
    } catch (...) {
        thrown = std::current_exception();
    }
    // Cancelled is not failed: what the client is told depends on why.
    if (thrown && one.is_cut_by_drain()) {
        co_await await_again();
        co_await one.tell_drained();
    } else if (thrown) {
        one.note_thrown();
        std::rethrow_exception(thrown);
    }
}

}  // namespace sluice::gateway

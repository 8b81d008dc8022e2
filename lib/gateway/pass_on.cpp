#include "gateway/pass_on.hpp"

#include "adapters/dialect.hpp"
#include "adapters/splice.hpp"
#include "gateway/answer_error.hpp"
#include "gateway/metadata.hpp"
#include "gateway/refusal.hpp"
#include "gateway/request_books.hpp"
#include "model/attempt_scope.hpp"
#include "model/call_state.hpp"
#include "model/http_provider.hpp"
#include "model/http_source.hpp"
#include "net/http_call.hpp"
#include "wire/json_members.hpp"
#include "wire/json_text.hpp"

#include <asio/this_coro.hpp>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace sluice::gateway {
namespace {

constexpr std::string_view kVersion = "/v1";               // is part of a target's base URL
constexpr std::size_t kMaxAnswer = std::size_t{64} << 20;  // embeddings of a large batch are large

/// A body whose model's id can be replaced.
class ModelBody {
  public:
    explicit ModelBody(std::string_view json) : json_(json) {
        adapters::BodySplice members;
        if (!wire::is_json(json) || !members.read(json, {})) return;
        const std::string_view named = members.value("model");
        wire::TextArena arena;
        std::string_view text;
        if (named.size() > 2 && named.front() == '"' &&
            wire::unescape(named.substr(1, named.size() - 2), arena, text))
            model_ = text;
    }
    /// Empty when the body is no JSON object that names one.
    const std::string& model() const noexcept { return model_; }
    std::string with_model(std::string_view id) const {
        adapters::BodySplice members;
        members.read(json_, {});
        members.set_string("model", id);
        return members.take();
    }

  private:
    std::string_view json_;
    std::string model_;
};

struct PassedOn {
    PassedOn() = default;
    HttpAnswer answer;
    std::optional<ErrorInfo> error;  ///< Of an answer that is none, or not a good one.
};

/// One request to one target. Only cancellation throws.
asio::awaitable<PassedOn> ask(std::shared_ptr<const HttpProvider> provider, ModelSpec spec,
                              adapters::EncodedRequest request, TimePoint deadline) {
    PassedOn result;
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    Result<std::shared_ptr<const std::string>> secret = provider->secret();
    if (!secret) {
        result.error = attributed(std::move(secret).error(), *provider, spec);
        co_return result;
    }
    Result<std::string> head = provider->request_head(request, secret->get());
    if (!head) {
        result.error = attributed(std::move(head).error(), *provider, spec);
        co_return result;
    }
    net::HttpCall call(executor, provider->call_options(), provider->options().deadlines, deadline);
    Result<void> sent = co_await call.send(*head, request.body);
    if (!sent) {
        result.error = attributed(std::move(sent).error(), *provider, spec);
        co_return result;
    }
    const int status = call.head().status;
    const std::string type(call.head().headers.find("content-type").value_or("application/json"));
    const wire::HeaderList headers = call.head().headers;
    adapters::ExchangeFacts facts = facts_of(*provider, spec, call.head(), secret->get());
    Result<std::string> body = co_await call.read_all(kMaxAnswer);
    if (!body) {
        result.error = attributed(std::move(body).error(), *provider, spec);
        co_return result;
    }
    if (!call.complete()) {
        result.error = attributed(ErrorInfo(ErrorKind::stream_truncated, Phase::stream,
                                            "the answer was cut off or larger than 64 MiB"),
                                  *provider, spec);
    } else if (status < 200 || status > 299) {
        result.error = provider->dialect().classify(facts, headers, *body);
    }
    result.answer = HttpAnswer(status, std::move(*body));
    result.answer.content_type = type;
    co_await call.finish();
    co_return result;
}

std::optional<Tokens> count_in(const wire::JsonMembers& members, std::string_view name) {
    const wire::JsonMember* member = members.find(name);
    if (!member) return std::nullopt;
    const char* const end = member->value.data() + member->value.size();
    Tokens count = 0;
    if (std::from_chars(member->value.data(), end, count).ptr != end) return std::nullopt;
    return count;
}

/// What an answer says of its tokens. It says that last, behind vectors that may be megabytes.
std::optional<Usage> usage_in(std::string_view body) {
    constexpr std::size_t kTail = 1024;
    const std::string_view tail = body.substr(body.size() - std::min(body.size(), kTail));
    const std::size_t begin = tail.find('{', std::min(tail.rfind("\"usage\""), tail.size()));
    if (begin == std::string_view::npos) return std::nullopt;
    wire::JsonMembers members;
    for (std::size_t end = tail.find('}', begin); end != std::string_view::npos;
         end = tail.find('}', end + 1)) {
        if (!members.read(tail.substr(begin, end + 1 - begin))) continue;
        Usage usage;
        usage.input = count_in(members, "prompt_tokens");
        const std::optional<Tokens> total = count_in(members, "total_tokens");
        if (usage.input && total && *total >= *usage.input) usage.output = *total - *usage.input;
        return usage;
    }
    return std::nullopt;
}

/// One request that is passed on.
class Passage {
  public:
    Passage(Context& context, const Snapshot& snapshot, std::string_view endpoint,
            const ClientKeys::Client* client, const HttpRequest& request, Reply& reply)
        : context_(context),
          snapshot_(snapshot),
          path_(endpoint.substr(kVersion.size())),
          client_(client),
          request_(request),
          reply_(reply),
          books_(context, snapshot, endpoint, client, request.headers) {}
    Passage(const Passage&) = delete;
    ~Passage() { books_.close(reply_.cut(), is_told_); }

    asio::awaitable<void> run();

  private:
    asio::awaitable<bool> try_leg(const Leg& leg, std::shared_ptr<CallState> call, std::string body);
    asio::awaitable<void> refuse(int status, std::string_view error_type, std::string message);
    asio::awaitable<void> tell(HttpAnswer answer);

    Context& context_;
    const Snapshot& snapshot_;
    const std::string_view path_;
    const ClientKeys::Client* const client_;
    const HttpRequest& request_;
    Reply& reply_;
    RequestBooks books_;
    TimePoint deadline_ = kNever;
    std::optional<ErrorInfo> error_;  // of the target that was asked last
    bool is_told_ = false;
};

asio::awaitable<void> Passage::run() {
    RequestRecord& record = books_.record;
    const ModelBody body(request_.body);
    const std::string& model = body.model();
    record.requested_model = model;
    if (model.empty()) {
        co_await refuse(400, "upstream_bad_request", "the body is not a JSON object with a \"model\"");
        co_return;
    }
    if (client_ && !matches(client_->allowed_models, model)) {
        co_await refuse(403, "model_not_allowed", "this key may not use the model " + model);
        co_return;
    }
    const Clock& clock = *context_.runtime.clock;
    const std::shared_ptr<const Route> route = snapshot_.route(model);
    if (route) {
        record.route = route->name;
        record.strategy = to_string(route->strategy);
    }
    deadline_ = clock.now() + snapshot_.config().failover.total;
    CallOptions options;
    options.events(AttemptLog::listener(books_.log));
    const std::shared_ptr<CallState> call = new_call(options);
    for (std::size_t i = 0; route && i < route->legs.size(); ++i) {
        const Leg& leg = route->legs[i];
        if (!leg.target->dialect().starts_with("openai_")) continue;
        Needs nothing;
        if (const std::optional<Refusal> why = leg.model.target()->refusal(nothing, clock.now())) {
            call->emit(clock, leg.model.spec(), LegSkipped{why->reason, why->retry_after}, Purpose::answer);
            continue;
        }
        const bool is_answered = co_await try_leg(leg, call, body.with_model(leg.model.spec().id));
        if (is_answered) co_return;
        if (!can_try_elsewhere(*error_)) break;
    }
    if (!error_) error_ = nobody_serves(model, route.get());
    const ErrorInfo error = error_for_client(*error_, std::chrono::seconds(5));
    record.outcome = Outcome::error;
    record.error_type = reason_of(error);
    const adapters::Dialect& dialect = *adapters::find_dialect("openai_chat");
    HttpAnswer failed = error_answer(dialect, error, {});
    co_await tell(std::move(failed));
}

/// True when the client has its answer; else error_ says why not.
asio::awaitable<bool> Passage::try_leg(const Leg& leg, std::shared_ptr<CallState> call, std::string body) {
    adapters::EncodedRequest passed;
    passed.path = path_;
    passed.headers.emplace_back("content-type", "application/json");
    passed.body = std::move(body);
    AttemptScope scope(leg.model.target(), call, Purpose::answer, call->next_attempt());
    PassedOn result = co_await ask(leg.target->http(), leg.model.spec(), std::move(passed), deadline_);
    if (result.error) {
        scope.on_open_failed(*result.error);
        error_ = std::move(result.error);
        co_return false;
    }
    RequestRecord& record = books_.record;
    record.usage = usage_in(result.answer.body);
    Finish end;
    end.usage = record.usage;
    scope.on_end(StreamEvent(end), record.usage);
    record.model = leg.shown;
    record.provider = leg.target->config().id;
    record.provider_kind = leg.target->config().provider;
    result.answer.headers.add("x-sluice-target", record.provider);
    co_await tell(std::move(result.answer));
    co_return true;
}

asio::awaitable<void> Passage::refuse(int status, std::string_view error_type, std::string message) {
    books_.record.outcome = Outcome::error;
    books_.record.error_type = error_type;
    const std::string_view code = status == 403 ? error_type : std::string_view();
    co_await tell(refusal("openai_chat", status, code, message));
}

asio::awaitable<void> Passage::tell(HttpAnswer answer) {
    books_.record.status = answer.status;
    answer.headers.add("x-request-id", books_.record.request_id);
    co_await reply_.send(std::move(answer));
    is_told_ = true;
}

}  // namespace

asio::awaitable<void> pass_on(Context& context, std::shared_ptr<const Snapshot> snapshot,
                              std::string_view endpoint, const ClientKeys::Client* client,
                              const HttpRequest& request, Reply& reply) {
    Passage passage(context, *snapshot, endpoint, client, request, reply);
    co_await passage.run();
}

}  // namespace sluice::gateway

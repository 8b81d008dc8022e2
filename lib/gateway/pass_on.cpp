#include "gateway/pass_on.hpp"

#include "adapters/dialect.hpp"
#include "adapters/splice.hpp"
#include "gateway/answer_error.hpp"
#include "gateway/attempt_log.hpp"
#include "gateway/metadata.hpp"
#include "gateway/refusal.hpp"
#include "gateway/trace.hpp"
#include "model/http_provider.hpp"
#include "model/http_source.hpp"
#include "net/http_call.hpp"
#include "wire/json_text.hpp"

#include <asio/this_coro.hpp>

#include <optional>
#include <utility>

namespace sluice::gateway {
namespace {

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
    net::HttpCall call(executor, call_options(*provider), deadline);
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

}  // namespace

asio::awaitable<void> pass_on(Context& context, const Snapshot& snapshot, std::string_view path,
                              const ClientKeys::Client* client, const HttpRequest& request, Reply& reply) {
    const adapters::Dialect& dialect = *adapters::find_dialect("openai_chat");
    const ModelBody body(request.body);
    const std::string& model = body.model();
    if (model.empty()) {
        HttpAnswer no = refusal("openai_chat", 400, {}, "the body is not a JSON object with a \"model\"");
        co_await reply.send(std::move(no));
        co_return;
    }
    if (client && !matches(client->allowed_models, model)) {
        HttpAnswer no =
            refusal("openai_chat", 403, "model_not_allowed", "this key may not use the model " + model);
        co_await reply.send(std::move(no));
        co_return;
    }
    const std::shared_ptr<const Route> route = snapshot.route(model);
    const TimePoint deadline = context.runtime.clock->now() + snapshot.config().failover.total;
    const std::string request_id = request_id_for(request.headers, *context.runtime.entropy);
    std::optional<ErrorInfo> error;
    for (std::size_t i = 0; route && i < route->legs.size(); ++i) {
        const Leg& leg = route->legs[i];
        if (!leg.target->dialect().starts_with("openai_")) continue;
        Needs nothing;
        if (leg.model.target()->refusal(nothing, context.runtime.clock->now())) continue;
        adapters::EncodedRequest passed;
        passed.path = path;
        passed.headers.emplace_back("content-type", "application/json");
        passed.body = body.with_model(leg.model.spec().id);
        PassedOn result = co_await ask(leg.target->http(), leg.model.spec(), std::move(passed), deadline);
        if (!result.error) {
            result.answer.headers.emplace_back("x-request-id", request_id);
            result.answer.headers.emplace_back("x-sluice-target", leg.target->config().id);
            co_await reply.send(std::move(result.answer));
            co_return;
        }
        error = std::move(result.error);
        if (!can_try_elsewhere(*error)) break;
    }
    if (!error) error = nobody_serves(model, route.get());
    HttpAnswer failed = error_answer(dialect, error_for_client(*error, std::chrono::seconds(5)), {});
    failed.headers.emplace_back("x-request-id", request_id);
    co_await reply.send(std::move(failed));
}

}  // namespace sluice::gateway

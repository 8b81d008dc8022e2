#include "model/http_probe.hpp"

#include "model/http_source.hpp"
#include "net/cancellation.hpp"
#include "net/http_call.hpp"
#include "net/http_failure.hpp"

#include <asio/system_error.hpp>
#include <asio/this_coro.hpp>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace sluice {
namespace {

// The server works, and has no such list: many that are compatible with OpenAI serve completions only.
constexpr std::array<int, 3> kHasNoList{404, 405, 501};

bool is_well(int status) noexcept {
    const bool has_no_list = std::find(kHasNoList.begin(), kHasNoList.end(), status) != kHasNoList.end();
    return (status >= 200 && status < 300) || has_no_list;
}

ErrorInfo out_of_time(Phase phase) {
    return ErrorInfo(ErrorKind::provider_timeout, phase, "the probe had no answer in time");
}

/// `error` in the words of a probe: it has one limit, and no caller whose time is used up.
ErrorInfo of_probe(ErrorInfo error, const HttpProvider& provider, const ModelSpec& spec) {
    if (error.kind == ErrorKind::provider_timeout && error.phase == Phase::total)
        error = out_of_time(Phase::total);
    return attributed(std::move(error), provider, spec);
}

asio::awaitable<Result<void>> ask_for_list(std::shared_ptr<const HttpProvider> provider,
                                           const ModelSpec& spec, TimePoint deadline) {
    const adapters::EncodedRequest list = provider->dialect().list_models(provider->target(spec));
    Result<std::shared_ptr<const std::string>> secret = provider->secret();
    if (!secret) co_return attributed(std::move(secret).error(), *provider, spec);
    Result<std::string> head = provider->get_head(list, secret->get());
    if (!head) co_return attributed(std::move(head).error(), *provider, spec);

    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    Deadlines deadlines = provider->options().deadlines;
    deadlines.first_event = Deadlines::kNone;  // there are no events: the deadline alone decides
    deadlines.idle = Deadlines::kNone;
    net::HttpCall call(executor, provider->call_options(), deadlines, deadline);
    Result<void> sent = co_await call.send(*head, std::string_view());
    if (!sent) co_return of_probe(std::move(sent).error(), *provider, spec);
    const wire::ResponseHead& answer = call.head();
    if (is_well(answer.status)) {
        co_await call.finish();
        co_return Result<void>();
    }
    Result<std::string> body = co_await call.read_all(provider->options().limits.max_error_body);
    if (!body) co_return of_probe(std::move(body).error(), *provider, spec);
    ErrorInfo error =
        provider->dialect().classify(facts_of(*provider, spec, answer, secret->get()), answer.headers, *body);
    co_await call.finish();
    co_return error;
}

asio::awaitable<Result<void>> connect(std::shared_ptr<const HttpProvider> provider, const ModelSpec& spec,
                                      TimePoint deadline) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    const asio::cancellation_state cancellation = co_await asio::this_coro::cancellation_state;
    const Runtime& runtime = provider->options().runtime;
    const Origin& origin = provider->base().origin;
    const std::unique_ptr<Connection> connection = runtime.connector->make(executor, origin);
    bool late = false;
    const std::unique_ptr<Timer> timer = runtime.clock->make_timer(executor, [&] {
        late = true;
        connection->close();
    });
    timer->arm(deadline);
    const std::error_code failed = co_await connection->open();
    connection->close();
    if (net::is_cancelled(cancellation)) throw asio::system_error(net::aborted(), "probe");
    if (late) co_return attributed(out_of_time(Phase::connect), *provider, spec);
    if (failed) co_return attributed(net::connect_failure(origin, failed), *provider, spec);
    co_return Result<void>();
}

}  // namespace

bool can_probe_http(const HttpProvider& provider, ProbeKind kind) noexcept {
    return kind != ProbeKind::models || !provider.options().quirks.has(adapters::Quirk::no_model_list);
}

asio::awaitable<Result<void>> probe_http(std::shared_ptr<const HttpProvider> provider, const ModelSpec& spec,
                                         ProbeKind kind, TimePoint deadline) {
    if (!can_probe_http(*provider, kind) || kind == ProbeKind::completion)
        throw std::logic_error("probe_http: ask can_probe_http() first");
    if (kind == ProbeKind::tcp) return connect(std::move(provider), spec, deadline);
    return ask_for_list(std::move(provider), spec, deadline);
}

}  // namespace sluice

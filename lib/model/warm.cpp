#include "model/warm.hpp"

#include "model/http_source.hpp"
#include "net/cancellation.hpp"
#include "net/http_call.hpp"
#include "net/pool.hpp"
#include "net/signal.hpp"

#include <asio/system_error.hpp>
#include <asio/this_coro.hpp>

#include <utility>

namespace sluice {

asio::awaitable<void> warm(BoundModel model, TimePoint deadline) {
    const std::shared_ptr<const ModelTarget> target = model.target();
    if (const auto* warmable = dynamic_cast<const Warmable*>(target.get())) co_await warmable->warm(deadline);
}

asio::awaitable<void> warm_http(std::shared_ptr<const HttpProvider> provider, TimePoint deadline) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    const asio::cancellation_state cancellation = co_await asio::this_coro::cancellation_state;
    const net::HttpCallOptions& how = *provider->call_options();
    const std::shared_ptr<net::Pool> pool = net::Pool::of(executor);
    net::Signal wake(executor);
    net::Lease lease;
    bool late = false;
    const std::unique_ptr<Timer> timer = how.runtime.clock->make_timer(executor, [&] {
        late = true;
        wake.notify();
        if (lease) lease->connection->close();
    });
    timer->arm(deadline);
    net::Lease taken = co_await pool->acquire(how.runtime, how.origin, how.pool, how.http, false, wake);
    lease = std::move(taken);
    if (net::is_cancelled(cancellation)) throw asio::system_error(net::aborted(), "warm");
    if (!lease || late) co_return;
    if (!lease->reused) {
        const std::error_code failed = co_await lease->connection->open();
        if (net::is_cancelled(cancellation)) throw asio::system_error(net::aborted(), "warm");
        if (failed || late) co_return;
    }
    timer->disarm();
    lease.return_to_pool(how.runtime.clock->now());
}

}  // namespace sluice

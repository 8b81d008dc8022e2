#include "model/failover_hook.hpp"

#include <sluice/log.hpp>

#include "net/bounded.hpp"

#include <exception>
#include <string>
#include <utility>

namespace sluice {
namespace {

asio::awaitable<void> run_hook(std::shared_ptr<const FailoverHook> hook,
                               std::shared_ptr<const Failover> what) {
    co_await hook->async()(*what);
}

void log_swallowed(std::exception_ptr thrown) {
    try {
        std::rethrow_exception(std::move(thrown));
    } catch (const std::exception& error) {
        log(LogLevel::error, std::string("on_failover threw, and was ignored: ") + error.what());
    } catch (...) {
        log(LogLevel::error, "on_failover threw something that is no std::exception, and was ignored");
    }
}

}  // namespace

asio::awaitable<void> call_failover_hook(std::shared_ptr<const FailoverHook> hook,
                                         std::shared_ptr<const Failover> what, std::shared_ptr<Clock> clock,
                                         Duration limit) {
    if (hook->plain()) {
        try {
            hook->plain()(*what);
        } catch (...) {
            log_swallowed(std::current_exception());
        }
        co_return;
    }
    asio::awaitable<void> call = run_hook(std::move(hook), std::move(what));
    const net::BoundedOutcome outcome = co_await net::run_bounded(std::move(call), std::move(clock), limit);
    if (outcome.end == net::BoundedEnd::threw) log_swallowed(outcome.thrown);
    if (outcome.end == net::BoundedEnd::timed_out)
        log(LogLevel::warning, "on_failover took longer than hook_limit, and was cancelled");
}

}  // namespace sluice

// Health checks: an outage and its end are known before a request meets them. The primary is a simulator that
// goes down and comes back; the secondary is real if you have a key.
#include "service.hpp"

#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>

void tell(const sluice::AttemptEvent& event) {
    if (const auto* down = event.as<sluice::TargetDown>())
        std::cout << "down: " << event.model.provider_id << ", " << down->consecutive_failures
                  << " probes failed: " << sluice::class_name(down->error.kind) << '\n';
    if (event.as<sluice::TargetRecovered>()) std::cout << "back: " << event.model.provider_id << '\n';
}

asio::awaitable<void> health_checks(example::Service& service) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    sluice::testing::Simulator server(executor);
    sluice::OpenAI primary{{.id = "primary", .base_url = server.listen()}};
    sluice::ApiProvider secondary = service.provider("secondary");
    asio::steady_timer news(executor, asio::steady_timer::time_point::max());

    sluice::HealthCheckOptions options;
    options.target.interval = std::chrono::milliseconds(10);  // yours: the default, 30 s
    options.events = [&news](const sluice::AttemptEvent& event) {
        tell(event);
        news.cancel();
    };
    sluice::HealthChecks checks(executor, options);
    sluice::HealthCheckedBoundModel checked(primary.model("sim-ok"), checks);
    sluice::FallbackBoundModel model{{checked, secondary.model(service.model_id())}};
    checks.start();

    for (const bool down : {true, false}) {
        server.set_down(down);
        asio::error_code woken;
        co_await news.async_wait(asio::redirect_error(asio::use_awaitable, woken));
        const sluice::AssistantMessage answer = co_await model.generate("Capital of Mongolia?");
        std::cout << "answered by " << answer.provider_id << '\n';
    }
    co_await checks.stop();
}

int main() {
    return example::run(health_checks);
}

// A primary that is down is asked twice, and then left alone.
#include "service.hpp"

asio::awaitable<void> circuit_breaker(example::Service& service) {
    sluice::Breakers breakers{{.failures = 2, .open_for = std::chrono::minutes(1)}};
    sluice::ApiProvider primary = service.provider("primary");
    sluice::ApiProvider backup = service.provider("backup");
    sluice::FallbackBoundModel model{
        {sluice::BreakerBoundModel(primary.model(service.model_or("sim-503")), breakers),
         sluice::BreakerBoundModel(backup.model(service.model_id()), breakers)}};

    sluice::CallOptions options;
    options.events([](const sluice::AttemptEvent& event) {
        const std::string who = event.model.provider_id;
        if (event.as<sluice::AttemptStarted>()) std::cout << "asks " << who << '\n';
        if (event.as<sluice::LegSkipped>()) std::cout << "passes " << who << " over\n";
    });
    for (int i = 0; i < 4; ++i) {
        const sluice::AssistantMessage answer = co_await model.generate("Capital of Mongolia?", options);
        std::cout << answer.text() << '\n';
    }

    for (const sluice::BreakerStatus& status : breakers.snapshot())
        std::cout << status.domain << ": " << sluice::to_string(status.state) << '\n';
}

int main() {
    return example::run(circuit_breaker);
}

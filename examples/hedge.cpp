// A slow start gets company: when the first model is silent for a while, a second one is asked beside it, and
// the first answer wins. The events tell who was asked, and that the loser was stopped.
#include "service.hpp"

void tell(const sluice::AttemptEvent& event) {
    const std::string who = event.model.provider_id + " (" + std::string(to_string(event.purpose)) + ")";
    if (event.as<sluice::AttemptStarted>()) std::cout << who << " is asked\n";
    if (event.as<sluice::AttemptAbandoned>()) std::cout << who << " is stopped\n";
}

asio::awaitable<void> hedge(example::Service& service) {
    const sluice::ApiProvider slow = service.provider("slow");
    const sluice::ApiProvider quick = service.provider("quick");

    // Until twenty first events are known, the fixed delay counts; then the live 95 % of them.
    sluice::HedgeOptions options;
    options.delay = std::chrono::milliseconds(100);
    options.max_extra = 0.05;
    options.events = tell;
    sluice::HedgeBoundModel model(
        {slow.model(service.model_or("sim-slow-first")), quick.model(service.model_or("sim-ok"))}, options);

    const sluice::AssistantMessage answer = co_await model.generate("Capital of Mongolia?");
    std::cout << answer.provider_id << ": " << answer.text() << '\n';
}

int main() {
    return example::run(hedge);
}

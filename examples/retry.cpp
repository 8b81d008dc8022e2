// Asking the same model again: after a blip yes, in vain no.
#include "service.hpp"

namespace {

void tell(const sluice::AttemptEvent& event) {
    const std::string who = event.model.provider_id + "/" + event.model.id;
    if (const auto* failed = event.as<sluice::AttemptFailed>())
        std::cout << who << ": " << sluice::class_name(failed->error.kind) << '\n';
    if (event.as<sluice::BackingOff>()) std::cout << who << ": once more, after a pause\n";
}

}  // namespace

asio::awaitable<void> retry(example::Service& service) {
    sluice::ApiProvider primary = service.provider("primary");
    sluice::ApiProvider backup = service.provider("backup");

    sluice::RetryOptions options;
    options.attempts = 3;
    options.base = std::chrono::milliseconds(10);
    options.events = tell;
    // It fails once, and then answers.
    sluice::RetryBoundModel flaky(primary.model(service.model_or("sim-500-once")), options);
    const sluice::AssistantMessage answer = co_await flaky.generate("Capital of Mongolia?");
    std::cout << answer.text() << '\n';

    // No money is left there: waiting does not help, so the other one is asked at once.
    sluice::RetryBoundModel broke(primary.model(service.model_or("sim-429-quota")), options);
    sluice::FallbackBoundModel chain{{broke, backup.model(service.model_id())}};
    const sluice::AssistantMessage other = co_await chain.generate("Capital of Mongolia?");
    std::cout << other.text() << '\n';
}

int main() {
    return example::run(retry);
}

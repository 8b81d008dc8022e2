// A candidate is compared with the model that serves: it gets the same requests, and nobody waits for it.
#include "service.hpp"

void tell(const sluice::MirrorReport& report) {
    if (!report.agree) return;  // one of them failed, or was given up
    std::cout << report.secondary.model.provider_id
              << (*report.agree ? " agrees" : " says something else: \"")
              << (*report.agree ? "" : report.secondary.answer.text + "\"") << '\n';
}

asio::awaitable<void> mirror(example::Service& service) {
    const sluice::ApiProvider primary = service.provider("primary");
    const sluice::ApiProvider candidate = service.provider("candidate");

    sluice::MirrorOptions options;
    options.sample_rate = 1;  // all of them, so that this example has something to tell
    options.comparator = sluice::compare::same_words;
    options.on_mirrored = tell;
    const sluice::BoundModel serves = primary.model(service.model_or("sim-ok"));
    const sluice::MirrorBoundModel alike(serves, candidate.model(service.model_or("sim-ok")), options);
    const sluice::MirrorBoundModel other(serves, candidate.model(service.model_or("sim-echo")), options);

    for (const sluice::MirrorBoundModel& model : {alike, other}) {
        const sluice::AssistantMessage answer = co_await model.generate("Capital of Mongolia?");
        std::cout << answer.provider_id << ": " << answer.text() << '\n';
        co_await model.wait();  // a service would call stop() when it shuts down
    }
}

int main() {
    return example::run(mirror);
}

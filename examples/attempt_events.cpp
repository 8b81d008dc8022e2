// Every attempt, its end and what it cost, as one typed stream of events.
#include "service.hpp"

namespace {

void bill(const sluice::ModelSpec& model, const sluice::AttemptFigures& figures) {
    std::cout << "bill " << model.provider_id << ": "
              << (figures.cost ? sluice::to_string(*figures.cost) : "unknown") << '\n';
}

sluice::ModelSpec priced(std::string id) {
    sluice::ModelSpec spec("", std::move(id));
    spec.price.input = sluice::Price::per_million("1.25");
    spec.price.output = sluice::Price::per_million("10");
    return spec;
}

}  // namespace

asio::awaitable<void> attempt_events(example::Service& service) {
    sluice::BoundModel primary = service.provider("primary").model(priced(service.model_or("sim-503")));
    sluice::BoundModel fallback = service.provider("fallback").model(priced(service.model_id()));
    sluice::FallbackBoundModel model{{primary, fallback}};

    sluice::CallOptions options;
    options.events([](const sluice::AttemptEvent& event) {
        std::cout << sluice::describe(event) << '\n';
        if (const auto* done = event.as<sluice::AttemptSucceeded>()) bill(event.model, done->figures);
    });
    const sluice::AssistantMessage answer = co_await model.generate("Capital of Mongolia?", options);
    std::cout << answer.text() << '\n';
}

int main() {
    return example::run(attempt_events);
}

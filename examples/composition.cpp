// Strategies are models made of models: they nest in any order, and explain() tells what it all can come to.
#include "service.hpp"

namespace {

sluice::BoundModel compose(example::Service& service) {
    const sluice::Breakers breakers;
    const auto model = [&](const char* account, const char* simulated) {
        const sluice::BoundModel bare = service.provider(account).model(service.model_or(simulated));
        return sluice::BreakerBoundModel(bare, breakers);
    };
    return sluice::FallbackBoundModel{
        {sluice::RetryBoundModel(model("a", "sim-503"),
                                 {.attempts = 2, .base = std::chrono::milliseconds(1)}),
         sluice::SelectBoundModel({{model("b", "sim-503")}, {model("c", "sim-503")}},
                                  {.strategy = sluice::Strategy::weighted}),
         sluice::HedgeBoundModel({model("d", "sim-ok"), model("e", "sim-ok")},
                                 {.delay = std::chrono::seconds(2)})}};
}

}  // namespace

asio::awaitable<void> composition(example::Service& service) {
    const sluice::BoundModel model = compose(service);
    std::cout << sluice::explain(model).text;

    sluice::TokenStream stream = co_await model.stream("Capital of Mongolia?");
    while (const sluice::StreamEvent* event = co_await stream.next())
        if (const auto* delta = event->as<sluice::TextDelta>()) std::cout << delta->text << std::flush;
    std::cout << "\nanswered by " << stream.answerer().provider_id << " after " << stream.attempts().size()
              << " failed attempts\n";
}

int main() {
    return example::run(composition);
}

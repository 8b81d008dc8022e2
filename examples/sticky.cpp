// The primary fails once. For a while requests then begin with the fallback, instead of waiting for the
// primary to fail again; other conversations still begin with the primary.
#include "service.hpp"

asio::awaitable<void> say(const sluice::BoundModel& model, std::string conversation) {
    sluice::CallOptions call;
    call.conversation(conversation);
    sluice::TokenStream stream = co_await model.stream("Capital of Mongolia?", std::move(call));
    std::cout << conversation << ": " << stream.answerer().provider_id << ", after "
              << stream.attempts().size() << " failed attempt(s)\n";
    co_await stream.collect();
}

asio::awaitable<void> sticky(example::Service& service) {
    sluice::OpenAI primary{{.id = "primary", .api_key = service.key(), .base_url = service.base_url()}};
    sluice::OpenAI fallback{{.id = "fallback", .api_key = service.key(), .base_url = service.base_url()}};
    sluice::FallbackOptions options;
    options.stickiness.by = sluice::Stickiness::By::conversation;
    options.stickiness.time = std::chrono::minutes(5);
    sluice::FallbackBoundModel model{
        {primary.model(service.model_or("sim-500-once")), fallback.model(service.model_id())}, options};

    for (const char* conversation : {"anna", "bela", "anna", "bela"})
        co_await say(model, conversation);
}

int main() {
    return example::run(sticky);
}

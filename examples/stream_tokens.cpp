// 1. Ask, and print the answer as it comes.
#include "service.hpp"

asio::awaitable<void> stream_tokens(example::Service& service) {
    sluice::OpenAI openai{{.api_key = service.key(), .base_url = service.base_url()}};
    sluice::BoundModel model = openai.model(service.model_id());

    sluice::TokenStream stream = co_await model.stream("Capital of Mongolia?");
    while (const sluice::StreamEvent* event = co_await stream.next()) {
        if (const auto* delta = event->as<sluice::TextDelta>()) std::cout << delta->text << std::flush;
        // A stream that breaks off says so: its last event is a Failure, never a silent end.
        if (const auto* failure = event->as<sluice::Failure>()) sluice::throw_error(failure->error());
    }
    std::cout << '\n';
}

int main() {
    return example::run(stream_tokens);
}

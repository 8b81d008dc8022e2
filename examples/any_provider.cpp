// 9. Any provider by its name in the table of services: the same loop reads all of them.
#include "service.hpp"

asio::awaitable<void> any_provider(example::Service& service) {
    for (const char* name : {"openai", "anthropic", "gemini", "mistral"}) {
        sluice::ApiProvider provider{
            {.service = name, .api_key = service.key(name), .base_url = service.base_url(name)}};
        sluice::BoundModel model = provider.model(service.model_id(name));

        std::cout << name << ": ";
        sluice::TokenStream stream = co_await model.stream("Capital of Mongolia?");
        while (const sluice::StreamEvent* event = co_await stream.next()) {
            if (const auto* delta = event->as<sluice::TextDelta>()) std::cout << delta->text << std::flush;
            if (const auto* failure = event->as<sluice::Failure>()) sluice::throw_error(failure->error());
        }
        std::cout << '\n';
    }
}

int main() {
    return example::run(any_provider);
}

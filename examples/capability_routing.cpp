// A small model that cannot see, and a large one that can: the request tells what it needs, and who cannot
// serve it is passed over without being asked.
#include "service.hpp"

asio::awaitable<void> ask(const sluice::BoundModel& model, std::string what, sluice::Request request) {
    sluice::TokenStream stream = co_await model.stream(std::move(request));
    std::cout << what << ": " << stream.answerer().model_id;
    for (const sluice::Attempt& attempt : stream.attempts())
        if (attempt.reason)
            std::cout << ", not " << attempt.model << " (" << to_string(*attempt.reason) << ")";
    std::cout << '\n';
    co_await stream.collect();
}

asio::awaitable<void> capability_routing(example::Service& service) {
    sluice::OpenAI openai{{.api_key = service.key(), .base_url = service.base_url()}};
    sluice::ModelSpec small("openai", service.model_or("small"));
    small.capabilities.vision = false;
    small.context_window = 8'000;
    sluice::FallbackBoundModel model{{openai.model(small), openai.model(service.model_or("large"))}};

    sluice::Request picture;
    picture.user(
        {sluice::TextPart("What is this?"), sluice::ImagePart::from_base64("image/png", "iVBORw0KGgo=")});
    sluice::Request book(std::string(100'000, 'x'));
    co_await ask(model, "a question", "Capital of Mongolia?");
    co_await ask(model, "a picture", std::move(picture));
    co_await ask(model, "a book", std::move(book));
}

int main() {
    return example::run(capability_routing);
}

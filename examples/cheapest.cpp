// The cheapest model that can serve the request, and the next dearer one when it fails. What is cheapest
// depends on the request: one model reads cheaply, another writes cheaply, and the third is down.
#include "service.hpp"

sluice::ModelSpec priced(std::string id, const char* input, const char* output) {
    sluice::ModelSpec spec("openai", std::move(id));
    spec.price.input = sluice::Price::per_million(input);
    spec.price.output = sluice::Price::per_million(output);
    return spec;
}

asio::awaitable<void> cheapest(example::Service& service) {
    sluice::OpenAI openai{{.api_key = service.key(), .base_url = service.base_url()}};
    sluice::SelectBoundModel model{{{openai.model(priced(service.model_or("reader"), "0.25", "8.00"))},
                                    {openai.model(priced(service.model_or("writer"), "1.50", "2.00"))},
                                    {openai.model(priced("sim-503", "0.10", "0.10"))}},
                                   {.strategy = sluice::Strategy::cheapest}};

    sluice::Request read(std::string(40'000, 'x'));
    read.max_tokens(100);
    sluice::Request write("Tell a long story.");
    write.max_tokens(4'000);
    for (const sluice::Request& request : {read, write}) {
        sluice::TokenStream stream = co_await model.stream(request);
        std::cout << stream.answerer().model_id << ", after " << stream.attempts().size()
                  << " failed attempt(s)\n";
        co_await stream.collect();
    }
}

int main() {
    return example::run(cheapest);
}

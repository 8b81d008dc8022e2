// Two providers share the load 7 to 3. A failure halves a provider's share until it is forgotten or mended.
#include "service.hpp"

#include <map>

asio::awaitable<void> weighted(example::Service& service) {
    sluice::OpenAI openai{{.api_key = service.key("openai"), .base_url = service.base_url("openai")}};
    sluice::Anthropic anthropic{
        {.api_key = service.key("anthropic"), .base_url = service.base_url("anthropic")}};

    sluice::SelectOptions options;
    options.strategy = sluice::Strategy::weighted;
    options.failover.trigger_errors = sluice::triggers::with_auth();  // what happens when the drawn one fails
    options.failover.runtime.entropy = sluice::seeded_entropy(3);  // the same draws each time; for examples
    sluice::SelectBoundModel model{{{openai.model(service.model_or("gpt-5")), 0.7},
                                    {anthropic.model(service.model_or("claude-opus-4-8", "anthropic")), 0.3}},
                                   options};

    std::map<std::string, int> answers;
    for (int request = 0; request < 20; ++request) {
        sluice::AssistantMessage answer = co_await model.generate("Capital of Mongolia?");
        ++answers[answer.provider_id];
    }
    for (const auto& [provider, count] : answers)
        std::cout << provider << ": " << count << " of 20\n";
}

int main() {
    return example::run(weighted);
}

// 2. The whole answer at once, with what it cost in tokens.
#include "service.hpp"

asio::awaitable<void> collect_an_answer(example::Service& service) {
    sluice::BoundModel model = service.model();
    sluice::AssistantMessage answer = co_await model.generate(
        sluice::Request().system("Answer in one sentence.").user("Capital of Mongolia?").max_tokens(64));

    std::cout << answer.text() << '\n'
              << "stopped: " << sluice::to_string(answer.stop_reason) << ", by " << answer.provider_id << "/"
              << answer.model_id << '\n';
    // Unknown stays unknown: a provider that reports no usage has not used zero tokens.
    if (answer.usage && answer.usage->input && answer.usage->output)
        std::cout << "tokens: " << *answer.usage->input << " in, " << *answer.usage->output << " out\n";
}

int main() {
    return example::run(collect_an_answer);
}

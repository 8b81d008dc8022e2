// 3. Two providers. The primary's key is deliberately bad, so the fallback answers, and a hook tells why.
#include "service.hpp"

void record_failover(const sluice::Failover& failover) {
    std::cout << "[failover] " << failover.failed.provider_id << "/" << failover.failed.id << " \u2192 "
              << (failover.next ? failover.next->provider_id + "/" + failover.next->id : "none") << ": "
              << sluice::class_name(failover.error.kind) << '\n';
}

asio::awaitable<void> multi_provider_failover(example::Service& service) {
    sluice::Anthropic anthropic{{.api_key = "bad-key", .base_url = service.base_url("anthropic")}};
    sluice::OpenAI openai{{.api_key = service.key("openai"), .base_url = service.base_url("openai")}};

    // A bad key is no trigger by default, because another provider does not mend it. A service that has to
    // stay up adds it.
    sluice::FallbackBoundModel model{
        {anthropic.model("claude-opus-4-8"), openai.model(service.model_or("gpt-5"))},
        {.trigger_errors = sluice::triggers::with_auth(), .on_failover = record_failover}};

    sluice::TokenStream stream = co_await model.stream("Capital of Mongolia?");
    while (const sluice::StreamEvent* event = co_await stream.next()) {
        if (const auto* delta = event->as<sluice::TextDelta>()) std::cout << delta->text << std::flush;
        if (const auto* failure = event->as<sluice::Failure>()) sluice::throw_error(failure->error());
    }
    std::cout << "\nanswered by " << stream.answerer().provider_id << "/" << stream.answerer().model_id
              << " after " << stream.attempts().size() << " failed attempt(s)\n";
}

int main() {
    return example::run(multi_provider_failover);
}

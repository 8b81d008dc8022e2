// Four providers at once. A model's name says who serves it, so another model is another provider; the
// conversation stays as it is. When the model that was asked for cannot answer, the reply says who did.
#include "service.hpp"

sluice::EngineOptions four_providers(example::Service& service) {
    sluice::EngineOptions options;
    for (const char* name : {"openai", "gemini", "anthropic", "local"}) {
        sluice::EngineProvider provider{.api_key = service.key(name), .base_url = service.base_url(name)};
        options.providers.emplace_back(name, provider);
    }
    return options;
}

void simulate(example::Service& service) {
    for (const char* model : {"gpt-4o", "gemini-3-flash-preview", "claude-opus-4-6"})
        service.simulate(model, {example::says("Paris.")});
    service.simulate("llama3.1:8b", {example::says("Paris."), example::is_down()});
}

void print_who(const sluice::Reply& reply) {
    const sluice::TurnMetadata& how = reply.metadata;
    std::cout << "Served by: " << how.model_used << " (" << how.provider << ")";
    if (how.failover) std::cout << ", asked for " << how.model_requested;
    std::cout << '\n';
}

asio::awaitable<void> switch_providers(example::Service& service) {
    simulate(service);
    std::vector<sluice::Message> said;
    for (const char* model : {"gpt-4o", "gemini-3-flash-preview", "claude-opus-4-6", "llama3.1:8b"}) {
        sluice::EngineOptions options = four_providers(service);
        options.orchestrator_model = model;
        options.worker_model = model;
        sluice::Engine engine{options};
        sluice::Agent agent = engine.create_agent({.name = "guide", .system_prompt = "Answer in one word."});

        sluice::Session session = agent.start_session({.history = said});
        sluice::Reply reply = co_await session.run("What is the capital of France?");
        print_who(reply);
        said = session.history();
    }
    std::cout << said.size() << " messages, one conversation\n";

    // One engine for daily use. The worker is down now, where it is simulated: see who answers instead.
    sluice::EngineOptions options = four_providers(service);
    options.orchestrator_model = "claude-opus-4-6";
    options.worker_model = "llama3.1:8b";
    sluice::Engine engine{options};
    sluice::Agent agent = engine.create_agent({.name = "guide", .system_prompt = "Answer in one word."});
    sluice::Session session = agent.start_session();
    sluice::Reply reply = co_await session.run("What is the capital of France?");
    print_who(reply);
    std::cout << session.dual_process_stats() << '\n';
    for (const sluice::ModelUse& use : session.stats().models)
        std::cout << use.provider << "/" << use.model << ": answered " << use.answered << ", failed "
                  << use.failed << '\n';
}

int main() {
    return example::run(switch_providers);
}

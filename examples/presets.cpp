// Four ways to fill the two roles, each a function to copy. What an engine asks in which order can be printed
// before anything is asked; Engine::explain() tells it with every limit.
#include "service.hpp"

sluice::EngineProvider account(example::Service& service, const char* name) {
    return {.api_key = service.key(name), .base_url = service.base_url(name)};
}

// The best answers for hard turns, a fast model for the rest.
sluice::EngineOptions accuracy_first(example::Service& service) {
    return {.providers = {{"openai", account(service, "openai")}, {"gemini", account(service, "gemini")}},
            .orchestrator_model = "gpt-4o",
            .worker_model = "gemini-2.5-flash"};
}

// One cheap model for everything. Turns are judged and counted all the same.
sluice::EngineOptions cost_first(example::Service& service) {
    return {.providers = {{"gemini", account(service, "gemini")}},
            .orchestrator_model = "gemini-2.5-flash",
            .worker_model = "gemini-2.5-flash"};
}

sluice::EngineOptions claude_and_gemini(example::Service& service) {
    return {
        .providers = {{"anthropic", account(service, "anthropic")}, {"gemini", account(service, "gemini")}},
        .orchestrator_model = "claude-opus-4-6",
        .worker_model = "gemini-3-flash-preview"};
}

// Planning in the cloud, execution at home: the worker's turns stay with targets that are tagged "local",
// whatever fails. A turn that plans takes the conversation so far to the cloud; an agent that must not has
// AgentOptions::residency.
sluice::EngineOptions privacy_first(example::Service& service) {
    sluice::EngineProvider at_home = account(service, "local");
    at_home.tags = {"local"};
    return {.providers = {{"openai", account(service, "openai")}, {"local", at_home}},
            .orchestrator_model = "gpt-4o",
            .worker_model = "llama3.1:8b",
            .worker = {.residency = {"local"}}};
}

void print(const sluice::EffectiveChain& chain) {
    std::cout << "  " << to_string(chain.system) << ":";
    for (std::size_t leg = 0; leg < chain.models.size(); ++leg)
        std::cout << (leg == 0 ? " " : ", then ") << chain.models[leg].provider_id << "/"
                  << chain.models[leg].id << (leg < chain.configured ? "" : " (implicit)");
    std::cout << '\n';
}

asio::awaitable<void> show(std::string name, sluice::Engine engine) {
    std::cout << name << '\n';
    print(engine.effective_chain(sluice::System::system1));
    print(engine.effective_chain(sluice::System::system2));
    sluice::Agent agent = engine.create_agent({.name = "preset", .system_prompt = "Answer in one sentence."});
    sluice::Session session = agent.start_session();
    try {
        sluice::Reply reply = co_await session.run("Capital of Mongolia?");
        std::cout << "  " << reply.metadata.model_used << ": " << reply.content << '\n';
    } catch (const sluice::AllProvidersFailed& error) {
        std::cout << "  nobody answered:";
        for (const sluice::Attempt& attempt : error.attempts())
            std::cout << ' ' << attempt.provider << ' '
                      << (attempt.reason ? to_string(*attempt.reason) : class_name(attempt.error.kind));
        std::cout << '\n';
    }
}

asio::awaitable<void> presets(example::Service& service) {
    sluice::Engine accuracy{accuracy_first(service)};
    co_await show("accuracy first", accuracy);
    sluice::Engine cost{cost_first(service)};
    co_await show("cost first", cost);
    sluice::Engine claude{claude_and_gemini(service)};
    co_await show("Claude + Gemini", claude);
    sluice::EngineOptions options = privacy_first(service);
    sluice::Engine privacy{options};
    co_await show("privacy first", privacy);

    // The server at home is down. The chain has a model in the cloud, but this turn may not leave the house.
    options.providers.back().second.base_url = "http://127.0.0.1:1/v1";
    sluice::Engine down{options};
    co_await show("privacy first, nobody at home", down);
}

int main() {
    return example::run(presets);
}

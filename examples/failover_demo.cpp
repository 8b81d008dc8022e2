// The engine: a fast model for simple questions, a slow one for hard ones, each standing in for the other,
// and a hook that tells which model handled each turn. Then the slow one's key is bad.
#include "service.hpp"

#include <cmath>
#include <iomanip>

void monitor(const sluice::TurnRecord& turn) {
    const sluice::TurnMetadata& how = turn.metadata;
    std::cout << "[monitor] " << turn.agent << ", " << to_string(how.system);
    for (const std::string& reason : how.routing_reasons)
        std::cout << " " << reason;
    for (const sluice::TurnAttempt& attempt : how.attempts)
        std::cout << ", " << attempt.provider << "/" << attempt.model << " "
                  << (attempt.error ? class_name(*attempt.error) : to_string(attempt.outcome));
    std::cout << ", " << how.tokens_used.value_or(0) << " tokens\n";
}

sluice::EngineOptions two_providers(example::Service& service) {
    return {
        .providers = {{"openai", {.api_key = service.key("openai"), .base_url = service.base_url("openai")}},
                      {"gemini", {.api_key = service.key("gemini"), .base_url = service.base_url("gemini")}}},
        .orchestrator_model = "gpt-4o",
        .worker_model = "gemini-3-flash-preview",
        .fallback_models = {"gpt-4o", "gemini-3-flash-preview"},
        .on_turn = monitor};
}

void simulate(example::Service& service) {
    service.simulate("gemini-3-flash-preview",
                     {example::says("2 + 2 = 4."),
                      example::says("Because it switches tasks where they wait, not where they work.")});
    service.simulate(
        "gpt-4o",
        {example::says("All but 9 die, so 9 are left: 17 is there to mislead."),
         example::says("Concurrency deals with many tasks at once, parallelism does many at once.")});
}

asio::awaitable<void> ask(sluice::Session& session, std::string prompt) {
    sluice::Reply reply = co_await session.run(std::move(prompt));
    std::cout << "Response: " << reply.content << "\nModel used: " << reply.metadata.model_used
              << "\nLatency: " << std::llround(reply.metadata.latency_ms) << "ms\n";
}

void print(const sluice::DualProcessStats& stats) {
    std::cout << "--- Routing Statistics ---\n"
              << "System 1 (worker) decisions: " << stats.system1_count << '\n'
              << "System 2 (orchestrator) decisions: " << stats.system2_count << '\n'
              << "System 2 ratio: " << std::fixed << std::setprecision(1) << 100 * stats.system2_ratio
              << "%\n";
}

asio::awaitable<void> failover_demo(example::Service& service) {
    simulate(service);

    sluice::Engine engine{two_providers(service)};
    sluice::Agent agent =
        engine.create_agent({.name = "demo", .system_prompt = "You are a helpful assistant."});
    sluice::Session session = agent.start_session("demo_user");

    std::cout << "--- System 1: Simple Question ---\n";
    co_await ask(session, "What is 2 + 2?");

    std::cout << "\n--- System 2: Complex Question ---\n";
    co_await ask(session, "A farmer has 17 sheep. All but 9 die. How many are left? Explain step by step.");

    std::cout << '\n';
    print(session.dual_process_stats());

    std::cout << "\n--- System 2: Complex Follow-up ---\n";
    co_await ask(session, "Explain concurrency vs parallelism in Python asyncio.");

    std::cout << "\n--- Failover Demonstration ---\n";
    sluice::EngineOptions broken = two_providers(service);
    std::cout << "Configured fallback models: [";
    for (const std::string& model : broken.fallback_models)
        std::cout << (model == broken.fallback_models.front() ? "" : ", ") << model;
    std::cout << "]\n";
    // The conversation goes on at an engine that OpenAI will not let in: a prompt for the slow model, so
    // that it is the failover that brings it to the other one.
    broken.providers.front().second.api_key = "sk-invalid-key-for-testing";
    sluice::Engine other_engine{broken};
    sluice::Agent other_agent = other_engine.create_agent(agent.options());
    sluice::Session other = other_agent.start_session({.user_id = "demo_user", .history = session.history()});
    co_await ask(other, "Explain why asyncio needs only one thread.");
    co_await other.close();

    sluice::SessionStats stats = co_await session.close();
    std::cout << "\nSession closed. Turns: " << stats.turns << ", Tokens: " << stats.total_tokens << '\n';
}

int main() {
    return example::run(failover_demo);
}

// An agent with a tool. The tool is a coroutine, so that it may wait for a database without holding anybody
// up; the session runs it when the model calls it, and asks the model again with its result.
#include "service.hpp"

#include <asio/post.hpp>
#include <asio/use_awaitable.hpp>

#include <map>

asio::awaitable<std::string> look_up_order(const sluice::ToolCallPart& call) {
    static const std::map<std::string, std::string> orders{
        {"1234", R"({"status":"on its way","arrives":"tomorrow","carrier":"Steppe Express"})"}};
    co_await asio::post(asio::use_awaitable);  // here your database is asked
    std::string number;                        // its arguments are {"number":"1234"}
    std::copy_if(call.arguments.begin(), call.arguments.end(), std::back_inserter(number),
                 [](char letter) { return letter >= '0' && letter <= '9'; });
    const auto order = orders.find(number);
    // The model is told this, and can ask for another number. Of any other exception it hears nothing.
    if (order == orders.end()) throw sluice::ToolFailure("There is no order \"" + number + "\".");
    co_return order->second;
}

void simulate(example::Service& service) {
    service.simulate("gemini-3-flash-preview",
                     {example::calls("look_up_order", R"({"number":"1234"})"),
                      example::says("Your order #1234 is on its way and arrives tomorrow."),
                      example::says("Steppe Express brings order #1234.")});
}

asio::awaitable<void> support_agent(example::Service& service) {
    simulate(service);
    sluice::Engine engine{
        {.providers = {{"openai", {.api_key = service.key("openai"), .base_url = service.base_url("openai")}},
                       {"gemini",
                        {.api_key = service.key("gemini"), .base_url = service.base_url("gemini")}}},
         .orchestrator_model = "gpt-4o",
         .worker_model = "gemini-3-flash-preview"}};

    sluice::Tool order_tool(
        "look_up_order", "Tells where an order is. Ask for the number if you do not know it.",
        R"({"type":"object","properties":{"number":{"type":"string"}},"required":["number"]})");
    sluice::Agent agent = engine.create_agent({.name = "support",
                                               .system_prompt = "You help the customers of a shop.",
                                               .tools = {{order_tool, look_up_order}}});
    sluice::Session session = agent.start_session("customer-17");

    sluice::Reply reply = co_await session.run("Where is my order #1234?");
    std::cout << reply.content << "\nServed by: " << reply.metadata.model_used << '\n';
    for (const sluice::ToolUse& use : reply.metadata.tools_called)
        std::cout << "tool " << use.name << ": " << to_string(use.outcome) << '\n';

    sluice::TurnStream turn = co_await session.stream("Who delivers order #1234?");
    while (const sluice::StreamEvent* event = co_await turn.next()) {
        if (const auto* delta = event->as<sluice::TextDelta>()) std::cout << delta->text << std::flush;
        if (const auto* failure = event->as<sluice::Failure>()) sluice::throw_error(failure->error());
    }
    std::cout << "\nServed by: " << turn.reply().metadata.model_used << '\n';

    sluice::SessionStats stats = co_await session.close();
    std::cout << stats.turns << " turns, " << stats.total_tokens << " tokens\n";
}

int main() {
    return example::run(support_agent);
}

// 8. A tool loop that begins at one provider and ends at another. The history is the same for both: each gets
// it in its own dialect, with its own reasoning given back to it, and what it cannot carry is a warning.
#include "service.hpp"

std::string look_up(const sluice::ToolCallPart& call) {
    return "{\"asked\":" + (call.arguments.empty() ? "{}" : call.arguments) + ",\"celsius\":21}";
}

asio::awaitable<void> tools_across_providers(example::Service& service) {
    sluice::Anthropic anthropic{
        {.api_key = service.key("anthropic"), .base_url = service.base_url("anthropic")}};
    sluice::OpenAI openai{{.api_key = service.key("openai"),
                           .base_url = service.base_url("openai"),
                           .api = sluice::OpenAIApi::responses}};
    sluice::BoundModel model = anthropic.model(service.model_or("sim-tools", "anthropic"));
    const sluice::BoundModel next = openai.model(service.model_id("openai"));

    sluice::Request request;
    request.user("How warm is it in Ulaanbaatar? Use the tool.")
        .tool(
            sluice::Tool("get_weather", "The weather of a city.",
                         R"({"type":"object","properties":{"city":{"type":"string"}},"required":["city"]})"))
        .max_tokens(1024);

    for (int turn = 0; turn < 4; ++turn) {
        sluice::AssistantMessage answer = co_await model.generate(request);
        for (const std::string& warning : answer.warnings)
            std::cout << "warning: " << warning << '\n';
        request.message(answer.to_message());  // signatures stay with who made them
        if (answer.stop_reason != sluice::StopReason::tool_calls) {
            std::cout << answer.provider_id << ": " << answer.text() << '\n';
            break;
        }
        for (const sluice::ToolCallPart& call : answer.tool_calls()) {
            std::cout << answer.provider_id << " calls " << call.name << '\n';
            request.tool_result(call.id, look_up(call));
        }
        model = next;  // as if the first one had failed just now
    }
}

int main() {
    return example::run(tools_across_providers);
}

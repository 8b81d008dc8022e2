// A gateway inside a program of yours: two providers behind one address, and a client that knows only that
// one.
#include <sluice/gateway.hpp>

#include "service.hpp"

#include <asio/detached.hpp>
#include <asio/this_coro.hpp>

asio::awaitable<void> embedded_gateway(example::Service& service) {
    const char* yaml = R"(
version: '1'
providers:
  targets:
    - id: primary
      provider: openai
      base_url: ${PRIMARY_URL}
    - id: backup
      provider: anthropic
      base_url: ${BACKUP_URL}
      models: [sim-ok]
failover:
  model_mapping:
    sim-503: sim-ok
  retry: {max_attempts: 1}
server: {port: 0}
)";
    const sluice::Environment variables = [&](const std::string& name) -> std::optional<std::string> {
        if (name == "PRIMARY_URL") return service.base_url("openai");
        if (name == "BACKUP_URL") return service.base_url("anthropic");
        return std::nullopt;
    };
    sluice::ConfigDocument document = sluice::parse_gateway_config(yaml, variables);
    for (const sluice::ConfigFinding& finding : document.findings)
        if (finding.level == sluice::ConfigFinding::Level::error) std::cerr << sluice::describe(finding);
    if (!document.config) co_return;

    sluice::Gateway gateway{*document.config};
    const std::uint16_t port = gateway.bind();
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    asio::co_spawn(executor, gateway.serve(), asio::detached);  // in a program: keep it, and wait for it

    sluice::OpenAI client{{.base_url = "http://127.0.0.1:" + std::to_string(port) + "/v1"}};
    sluice::BoundModel model = client.model("sim-503");  // the primary cannot, the backup can
    sluice::AssistantMessage answer = co_await model.generate("Capital of Mongolia?");
    std::cout << answer.text() << "\nanswered by the model " << answer.model_id << '\n';
    gateway.drain();
}

int main() {
    return example::run(embedded_gateway);
}

// The event of a request as one line of JSON.
#include "gateway/json_line.hpp"
#include "gateway/record.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace sluice::gateway {
namespace {

JsonLine& milliseconds(JsonLine& line, const std::optional<std::chrono::nanoseconds>& time) {
    return time ? line.milliseconds(std::chrono::round<std::chrono::microseconds>(*time)) : line.add("null");
}

JsonLine& count(JsonLine& line, const std::optional<Tokens>& tokens) {
    return tokens ? line.number(*tokens) : line.add("null");
}

JsonLine& tokens(JsonLine& line, const std::optional<Usage>& usage) {
    if (!usage)
        return line.add(
            R"("tokens":{"input":null,"output":null,"cached_input":null,"cache_write":null,"reasoning":null})");
    count(line.add(R"("tokens":{"input":)"), usage->input);
    count(line.add(R"(,"output":)"), usage->output);
    count(line.add(R"(,"cached_input":)"), usage->cached_input);
    count(line.add(R"(,"cache_write":)"), usage->cache_write);
    count(line.add(R"(,"reasoning":)"), usage->reasoning);
    return line.add("}");
}

// Decimal text, since most readers of JSON would round a number of twelve places.
std::string decimal(PicoUsd amount) {
    std::string text = to_string(amount);
    text.erase(text.find('$'), 1);
    return text;
}

JsonLine& cost(JsonLine& line, const std::optional<PicoUsd>& amount) {
    if (!amount) return line.add(R"("cost":{"amount":null,"currency":"USD","source":null})");
    line.add(R"("cost":{"amount":)").string(decimal(*amount));
    return line.add(R"(,"currency":"USD","source":"configured_price"})");
}

void failover(JsonLine& line, const RequestRecord& record) {
    const bool triggered = record.failed_over();
    line.add(R"("failover":{"triggered":)").boolean(triggered);
    line.add(R"(,"original_provider":)");
    line.string_or_null(triggered ? std::string_view(record.original_target) : std::string_view());
    line.add(R"(,"reason":)").string_or_null(record.failover_reason).add("}");
}

void attempt(JsonLine& line, const AttemptRecord& record) {
    line.add(R"({"provider":)").string(record.target);
    line.add(R"(,"model":)").string_or_null(record.model);
    line.add(R"(,"purpose":)").word(to_string(record.purpose));
    line.add(R"(,"outcome":)").word(to_string(record.end));
    line.add(R"(,"http_status":)").number_or_null(record.http_status);
    line.add(R"(,"error_type":)").string_or_null(record.error_type);
    milliseconds(line.add(R"(,"latency_ms":)"), record.duration);
    milliseconds(line.add(R"(,"ttft_ms":)"), record.first_event);
    tokens(line.add(","), record.usage);
    cost(line.add(","), record.cost).add("}");
}

void policy(JsonLine& line, const PolicyRecord& record) {
    line.add(R"({"name":)").string(record.name).add(R"(,"type":)").string(record.type);
    line.add(R"(,"action":)").word(to_string(record.action));
    line.add(R"(,"direction":)").word(record.on_output ? "output" : "input");
    line.add(R"(,"categories":)").strings(record.categories);
    line.add(R"(,"result":)").word(record.matched ? "match" : "pass").add("}");
}

}  // namespace

std::string to_json(const RequestRecord& record) {
    const auto size_of = [](const std::optional<std::string>& text) { return text ? text->size() : 0; };
    JsonLine line(1024 + 320 * record.attempts.size() + size_of(record.prompt) + size_of(record.answer));
    line.add(R"({"id":)").string(record.id).add(R"(,"event_type":"decision","timestamp":)");
    line.word(TimestampText(record.timestamp).view());
    line.add(R"(,"request_id":)").string_or_null(record.request_id);
    line.add(R"(,"trace_id":)").string_or_null(record.trace_id);
    line.add(R"(,"endpoint":)").string_or_null(record.endpoint);
    line.add(R"(,"stream":)").boolean(record.stream);
    line.add(R"(,"requested_model":)").string_or_null(record.requested_model);
    line.add(R"(,"model":)").string_or_null(record.model);
    line.add(R"(,"provider":)").string_or_null(record.provider);
    line.add(R"(,"provider_kind":)").string_or_null(record.provider_kind);
    line.add(R"(,"status":)").number_or_null(record.status);
    line.add(R"(,"outcome":)").word(to_string(record.outcome));
    line.add(R"(,"error_type":)").string_or_null(record.error_type);
    milliseconds(line.add(R"(,"latency_ms":)"), record.latency);
    milliseconds(line.add(R"(,"ttft_ms":)"), record.first_token);
    tokens(line.add(","), record.usage);
    cost(line.add(","), record.cost);
    failover(line.add(","), record);
    line.add(R"(,"attempts":)").array(record.attempts, attempt);
    line.add(R"(,"routing":{"route":)").string_or_null(record.route);
    line.add(R"(,"strategy":)").string_or_null(record.strategy).add("}");
    line.add(R"(,"policies":)").array(record.policies, policy);
    line.add(R"(,"client":)").string_or_null(record.client);
    line.add(R"(,"config_version":)").string_or_null(record.config_version);
    if (record.prompt) line.add(R"(,"prompt":)").string(*record.prompt);
    if (record.answer) line.add(R"(,"answer":)").string(*record.answer);
    return std::move(line.add("}")).take();
}

}  // namespace sluice::gateway

// Metadata and statistics as JSON, keys as the members are named.
#include <sluice/session.hpp>

#include "wire/json_writer.hpp"

namespace sluice {
namespace {

template <typename T>
void member(wire::JsonWriter& json, std::string_view key, const std::optional<T>& value) {
    json.key(key);
    if (value)
        json.number(*value);
    else
        json.null();
}

// In pico-USD an integer would lose digits in JavaScript: money goes as text.
void cost(wire::JsonWriter& json, const std::optional<PicoUsd>& value) {
    json.key("cost_usd");
    if (value)
        json.string(to_string(*value).substr(1));
    else
        json.null();
}

void strings(wire::JsonWriter& json, std::string_view key, const std::vector<std::string>& values) {
    json.key(key).begin_array();
    for (const std::string& value : values)
        json.string(value);
    json.end_array();
}

double milliseconds(std::chrono::nanoseconds time) {
    return std::chrono::duration<double, std::milli>(time).count();
}

void usage(wire::JsonWriter& json, const Usage& usage) {
    member(json, "input_tokens", usage.input);
    member(json, "cached_input_tokens", usage.cached_input);
    member(json, "cache_write_tokens", usage.cache_write);
    member(json, "output_tokens", usage.output);
    member(json, "reasoning_tokens", usage.reasoning);
}

void attempts(wire::JsonWriter& json, const std::vector<TurnAttempt>& attempts) {
    json.key("attempts").begin_array();
    for (const TurnAttempt& attempt : attempts) {
        json.begin_object();
        json.key("provider").string(attempt.provider).key("model").string(attempt.model);
        json.key("outcome").string(to_string(attempt.outcome));
        json.key("error");
        attempt.error ? json.string(class_name(*attempt.error)) : json.null();
        json.key("skip_reason");
        attempt.skip_reason ? json.string(to_string(*attempt.skip_reason)) : json.null();
        json.key("latency_ms").number(milliseconds(attempt.duration));
        json.key("first_event_ms");
        attempt.first_event ? json.number(milliseconds(*attempt.first_event)) : json.null();
        usage(json, attempt.usage.value_or(Usage()));
        cost(json, attempt.cost);
        json.end_object();
    }
    json.end_array();
}

void tools(wire::JsonWriter& json, const std::vector<ToolUse>& uses) {
    json.key("tools_called").begin_array();
    for (const ToolUse& use : uses) {
        json.begin_object();
        json.key("id").string(use.id).key("name").string(use.name);
        json.key("outcome").string(to_string(use.outcome));
        json.key("latency_ms").number(milliseconds(use.duration));
        json.end_object();
    }
    json.end_array();
}

}  // namespace

std::string to_json(const TurnMetadata& turn) {
    std::string out;
    wire::JsonWriter json(out);
    json.begin_object();
    json.key("model_used").string(turn.model_used).key("provider").string(turn.provider);
    json.key("model_requested").string(turn.model_requested).key("failover").boolean(turn.failover);
    json.key("system").string(to_string(turn.system));
    strings(json, "routing_reasons", turn.routing_reasons);
    json.key("latency_ms").number(turn.latency_ms);
    member(json, "tokens_used", turn.tokens_used);
    usage(json, turn.usage);
    cost(json, turn.cost);
    attempts(json, turn.attempts);
    member(json, "goal_progress", turn.goal_progress);
    member(json, "drift_score", turn.drift_score);
    json.key("loop_detected").boolean(turn.loop_detected).key("loop");
    turn.loop.empty() ? json.null() : json.string(turn.loop);
    json.key("steps_taken").number(turn.steps_taken);
    tools(json, turn.tools_called);
    json.key("trimmed_messages").number(turn.trimmed_messages);
    strings(json, "warnings", turn.warnings);
    json.end_object();
    return out;
}

std::string to_json(const SessionStats& stats) {
    std::string out;
    wire::JsonWriter json(out);
    json.begin_object();
    json.key("id").string(stats.id);
    json.key("turns").number(stats.turns).key("failed_turns").number(stats.failed_turns);
    json.key("total_tokens").number(stats.total_tokens);
    json.key("input_tokens").number(stats.input_tokens).key("output_tokens").number(stats.output_tokens);
    cost(json, stats.cost);
    json.key("failovers").number(stats.failovers);
    json.key("average_latency_ms").number(stats.average_latency_ms);
    json.key("dual_process").raw(stats.dual_process.to_json());
    json.key("models").begin_array();
    for (const ModelUse& use : stats.models) {
        json.begin_object();
        json.key("provider").string(use.provider).key("model").string(use.model);
        json.key("answered").number(use.answered).key("failed").number(use.failed);
        json.key("abandoned").number(use.abandoned).key("skipped").number(use.skipped);
        json.end_object();
    }
    json.end_array();
    json.key("weights");
    stats.weights_json.empty() ? json.null() : json.raw(stats.weights_json);
    json.end_object();
    return out;
}

}  // namespace sluice

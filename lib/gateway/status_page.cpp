#include "gateway/status_page.hpp"

#include <sluice/explain.hpp>

#include "adapters/dialect.hpp"
#include "gateway/record.hpp"
#include "gateway/refusal.hpp"
#include "wire/json_writer.hpp"

#include <algorithm>

namespace sluice::gateway {
namespace {

double seconds(Duration time) {
    return std::chrono::duration_cast<std::chrono::duration<double>>(time).count();
}

/// A moment of the steady clock as a date, to the second: "2026-11-20T10:00:00Z".
std::string date_of(TimePoint when, const Clock& clock) {
    const auto ago = std::chrono::duration_cast<std::chrono::system_clock::duration>(clock.now() - when);
    constexpr std::size_t kToTheSecond = std::string_view("2026-11-20T10:00:00").size();
    return timestamp_text(clock.wall_now() - ago).substr(0, kToTheSecond) + 'Z';
}

bool can_be_asked(const Target& target, const std::optional<HealthStatus>& health) {
    return target.usable() && (!health || health->healthy) && target.breaker().state != BreakerState::open;
}

void write_target(wire::JsonWriter& json, const Target& target, const std::optional<HealthStatus>& health,
                  const Clock& clock) {
    json.begin_object();
    const bool up = !health || health->healthy;
    json.key("status").string(!target.usable() ? "unavailable" : up ? "healthy" : "unhealthy");
    json.key("consecutive_failures").number(health ? health->consecutive_failures : 0U);
    json.key("last_check");
    if (health && health->last_check)
        json.string(date_of(*health->last_check, clock));
    else
        json.null();
    json.key("priority").number(target.config().priority);
    json.key("health_check").string(target.config().health_check.enabled ? "enabled" : "disabled");
    if (!target.usable()) json.key("problem").string(target.problem());
    if (health && health->last_error) json.key("last_error").string(reason_of(*health->last_error));
    const BreakerStatus breaker = target.breaker();
    json.key("breaker").begin_object();
    json.key("state").string(to_string(breaker.state));
    json.key("consecutive_failures").number(breaker.consecutive_failures);
    if (breaker.state == BreakerState::open)
        json.key("retry_after_seconds").number(seconds(breaker.retry_after));
    json.end_object();
    json.end_object();
}

void write_model(wire::JsonWriter& json, std::string_view dialect, const std::string& id) {
    json.begin_object();
    if (dialect == "anthropic") {
        json.key("type").string("model").key("id").string(id).key("display_name").string(id);
        json.key("created_at").string("1970-01-01T00:00:00Z");
    } else if (dialect == "gemini") {
        json.key("name").string("models/" + id).key("displayName").string(id);
        json.key("supportedGenerationMethods").begin_array();
        json.string("generateContent").string("streamGenerateContent").end_array();
    } else {
        json.key("id").string(id).key("object").string("model");
        json.key("created").number(0).key("owned_by").string("sluice");
    }
    json.end_object();
}

void write_limit(wire::JsonWriter& json, std::string_view key, const std::optional<Duration>& limit) {
    json.key(key);
    if (limit)
        json.number(seconds(*limit));
    else
        json.null();
}

}  // namespace

std::string health_page(const Snapshot& snapshot, const Clock& clock, Duration uptime,
                        std::uint64_t requests) {
    std::size_t up = 0;
    bool all_up = true;
    std::string providers;
    wire::JsonWriter list(providers);
    list.begin_object();
    for (const std::shared_ptr<Target>& target : snapshot.targets()) {
        const std::optional<HealthStatus> health = target->health();
        const bool usable = can_be_asked(*target, health);
        up += usable ? 1 : 0;
        all_up &= usable;
        list.key(target->config().id);
        write_target(list, *target, health, clock);
    }
    list.end_object();

    std::string page;
    wire::JsonWriter json(page);
    json.begin_object();
    json.key("status").string(up == 0 ? "unhealthy" : all_up ? "healthy" : "degraded");
    json.key("version").string(SLUICE_VERSION);
    json.key("uptime_seconds").number(std::chrono::duration_cast<std::chrono::seconds>(uptime).count());
    json.key("providers").raw(providers);
    json.key("policies_loaded").number(snapshot.policies().size());
    json.key("requests_processed").number(requests);
    json.key("config_version").string(snapshot.config().version);
    json.end_object();
    page += '\n';
    return page;
}

std::vector<TargetGauge> target_gauges(const Snapshot& snapshot) {
    std::vector<TargetGauge> gauges;
    for (const std::shared_ptr<Target>& target : snapshot.targets()) {
        const std::optional<HealthStatus> health = target->health();
        TargetGauge& gauge = gauges.emplace_back();
        gauge.target = target->config().id;
        gauge.healthy = target->usable() && (!health || health->healthy);
        gauge.breaker = target->breaker().state;
    }
    return gauges;
}

HttpAnswer models_page(const Snapshot& snapshot, std::string_view dialect, std::string_view id) {
    const std::vector<std::string> models = snapshot.models();
    std::string page;
    wire::JsonWriter json(page);
    if (!id.empty()) {
        const auto found = std::find(models.begin(), models.end(), id);
        if (found == models.end())
            return refusal(dialect, 404, "model_not_found", "no model " + std::string(id) + " is configured");
        write_model(json, dialect, *found);
        return HttpAnswer(200, std::move(page));
    }
    json.begin_object();
    if (dialect == "openai_chat") json.key("object").string("list");
    json.key(dialect == "gemini" ? "models" : "data").begin_array();
    for (const std::string& model : models)
        write_model(json, dialect, model);
    json.end_array();
    if (dialect == "anthropic") {
        json.key("has_more").boolean(false);
        for (std::string_view key : {"first_id", "last_id"}) {
            json.key(key);
            if (models.empty())
                json.null();
            else
                json.string(key == "first_id" ? models.front() : models.back());
        }
    }
    json.end_object();
    return HttpAnswer(200, std::move(page));
}

HttpAnswer explain_page(const Snapshot& snapshot, const Clock& clock, std::string_view dialect,
                        std::string_view model, std::string_view body) {
    adapters::ParsedRequest asked;
    asked.model = model;
    if (!body.empty()) {
        const adapters::Dialect* known = adapters::find_dialect(dialect);
        if (!known)
            return refusal({}, 400, {},
                           "dialect: expected openai_chat, openai_responses, anthropic or gemini");
        const std::string path =
            "/v1beta/models/" + std::string(model.empty() ? "unknown" : model) + ":generateContent";
        const adapters::ClientRequest request(path, body);
        Result<adapters::ParsedRequest> parsed = known->parse_request(request);
        if (!parsed) return refusal(dialect, 400, {}, parsed.error().message);
        asked = std::move(*parsed);
        if (!model.empty()) asked.model = model;
    }
    if (asked.model.empty())
        return refusal(dialect, 400, {}, "say which model: ?model=..., or POST a request that names one");

    const std::shared_ptr<const Route> route = snapshot.route(asked.model);
    if (!route)
        return refusal(dialect, 404, "model_not_found", "too many different models have been asked for");
    Needs needs = needs_of(asked.request);
    needs.residency = route->residency;

    std::string page;
    wire::JsonWriter json(page);
    json.begin_object();
    json.key("requested_model").string(asked.model);
    json.key("route").string(route->name).key("strategy").string(to_string(route->strategy));
    json.key("deliver").string(route->deliver == Deliver::complete ? "complete" : "streaming");
    json.key("targets").begin_array();
    for (const Leg& leg : route->legs) {
        const TargetConfig& about = leg.target->config();
        const std::optional<Refusal> refused = leg.model.target()->refusal(needs, clock.now());
        json.begin_object().key("provider").string(about.id).key("model").string(leg.model.spec().id);
        json.key("shown_model").string(leg.shown);
        json.key("dialect").string(leg.target->dialect());
        json.key("priority").number(about.priority).key("weight").number(about.weight);
        json.key("would_be").string(refused ? "skipped" : "asked");
        if (refused) {
            json.key("reason").string(reason_of(refused->reason));
            json.key("retry_after_seconds").number(seconds(refused->retry_after));
        }
        json.end_object();
    }
    json.end_array();
    json.key("left_out").begin_array();
    for (const LeftOut& out : route->left_out) {
        json.begin_object().key("provider").string(out.target).key("reason").string(out.reason);
        json.key("detail").string(out.detail).end_object();
    }
    json.end_array();
    if (route->model) {
        const Explanation explained = explain(*route->model, asked.request);
        json.key("worst_case").begin_object();
        json.key("attempts").number(explained.worst.attempts);
        write_limit(json, "first_event_seconds", explained.worst.first_event);
        write_limit(json, "end_seconds", explained.worst.end);
        json.key("cost");
        if (explained.worst.cost)
            json.string(to_string(*explained.worst.cost));
        else
            json.null();
        json.end_object();
        json.key("text").string(explained.text);
    }
    json.end_object();
    page += '\n';
    return HttpAnswer(200, std::move(page));
}

}  // namespace sluice::gateway

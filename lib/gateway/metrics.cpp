#include "gateway/metrics.hpp"

#include <sluice/config.hpp>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <mutex>
#include <sstream>
#include <utility>
#include <vector>

#include "gateway/metric_family.hpp"

namespace sluice::gateway {
namespace {

constexpr std::string_view kOther = "other";
constexpr std::string_view kNone = "none";

// Endpoints of the gateway. A client that asks for anything else must not make a label of it.
constexpr std::array<std::string_view, 16> kEndpoints{
    "/v1/chat/completions",
    "/v1/completions",
    "/v1/responses",
    "/v1/messages",
    "/v1/messages/count_tokens",
    "/v1/embeddings",
    "/v1/models",
    "/v1beta/models",
    "/v1beta/models:generateContent",
    "/v1beta/models:streamGenerateContent",
    "/v1beta/models:countTokens",
    "/health",
    "/healthz",
    "/readyz",
    "/metrics",
    "/admin/events",
};

std::string_view known_endpoint(std::string_view endpoint) noexcept {
    return std::find(kEndpoints.begin(), kEndpoints.end(), endpoint) != kEndpoints.end() ? endpoint : kOther;
}

std::string_view known_reason(std::string_view reason) noexcept {
    const auto known = reasons();
    if (reason.empty()) return kNone;
    return std::find(known.begin(), known.end(), reason) != known.end() ? reason : kOther;
}

// The text of a status, without an allocation.
class StatusText {
  public:
    explicit StatusText(int status) noexcept {
        if (status < 100 || status > 599) return;
        std::to_chars(digits_.data(), digits_.data() + digits_.size(), status);
        view_ = {digits_.data(), digits_.size()};
    }
    StatusText(const StatusText&) = delete;
    std::string_view view() const noexcept { return view_; }

  private:
    std::array<char, 3> digits_{};
    std::string_view view_ = kNone;
};

double seconds(std::chrono::nanoseconds time) noexcept {
    return std::chrono::duration<double>(time).count();
}
double usd(PicoUsd amount) noexcept {
    return double(amount.count()) * 1e-12;
}

// Who ended a stream before its time, if anybody did.
std::string_view side_of_abort(Outcome outcome) noexcept {
    switch (outcome) {
        case Outcome::client_gone:
        case Outcome::slow_client:
            return "client";
        case Outcome::interrupted:
            return "upstream";
        case Outcome::drained:
        case Outcome::blocked:
            return "gateway";
        case Outcome::ok:
        case Outcome::error:
            break;
    }
    return {};
}

using prometheus::MetricFamily;
using prometheus::MetricType;

void add_sample(MetricFamily& family, std::vector<std::pair<std::string, std::string>> labels, double value) {
    prometheus::ClientMetric& sample = family.metric.emplace_back();
    for (auto& [name, label] : labels)
        sample.label.push_back({name, std::move(label)});
    if (family.type == MetricType::Counter)
        sample.counter.value = value;
    else
        sample.gauge.value = value;
}

MetricFamily family_of(const char* name, const char* help, MetricType type) {
    MetricFamily family;
    family.name = std::string(kMetricPrefix) + name;
    family.help = help;
    family.type = type;
    return family;
}

}  // namespace

class Metrics::State {
  public:
    State() {
        reloads_.at({"success"});
        reloads_.at({"failure"});
    }
    State(const State&) = delete;

    void set_models(std::set<std::string> models) {
        const std::lock_guard lock(mutex_);
        models_ = std::set<std::string, std::less<>>(models.begin(), models.end());
    }

    void on_attempt(const AttemptEvent& event) {
        if (const auto* done = event.as<AttemptSucceeded>()) return on_end(event, "ok", done->figures);
        if (const auto* failed = event.as<AttemptFailed>())
            return on_end(event, reason_of(failed->error), failed->figures);
        if (const auto* left = event.as<AttemptAbandoned>()) return on_end(event, "abandoned", left->figures);
        if (const auto* skip = event.as<LegSkipped>()) {
            const std::lock_guard lock(mutex_);
            skipped_.at({event.model.provider_id, reason_of(skip->reason)}).Increment();
        } else if (const auto* moved = event.as<FailedOver>()) {
            const std::lock_guard lock(mutex_);
            failovers_.at({event.model.provider_id, moved->next.provider_id, reason_of(moved->error)})
                .Increment();
        } else if (const auto* breaker = event.as<BreakerChanged>()) {
            const std::lock_guard lock(mutex_);
            transitions_.at({event.model.provider_id, to_string(breaker->to)}).Increment();
        }
    }

    void on_request(const RequestRecord& record) {
        const StatusText status(record.status);
        const std::string_view endpoint = known_endpoint(record.endpoint);
        const std::lock_guard lock(mutex_);
        requests_.at({endpoint, status.view()}).Increment();
        durations_.at({endpoint}).Observe(seconds(record.latency));
        if (record.stream && record.first_token)
            first_tokens_.at({record.provider.empty() ? kNone : record.provider})
                .Observe(seconds(*record.first_token));
        const std::string_view side = record.stream ? side_of_abort(record.outcome) : std::string_view();
        if (!side.empty())
            aborts_
                .at({side, record.outcome == Outcome::interrupted ? known_reason(record.error_type)
                                                                  : to_string(record.outcome)})
                .Increment();
        for (const PolicyRecord& policy : record.policies)
            policies_.at({policy.name, policy.matched ? "match" : "pass"}).Increment();
        for (const AttemptRecord& attempt : record.attempts) {
            // Mirrors may outlive the request, and are counted when they end; probes belong to none.
            if (attempt.purpose == Purpose::mirror || attempt.purpose == Purpose::probe) continue;
            const bool elsewhere = record.failed_over() && attempt.target != record.original_target;
            spend(attempt.target, attempt.model, attempt.usage, attempt.cost, elsewhere);
        }
    }

    void on_reload(bool good, std::chrono::system_clock::time_point now) {
        const std::lock_guard lock(mutex_);
        reloads_.at({good ? "success" : "failure"}).Increment();
        if (good)
            reloaded_ = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
    }
    void on_refused(std::string_view why) {
        const std::lock_guard lock(mutex_);
        refused_.at({why}).Increment();
    }

    std::string text(const std::vector<TargetGauge>& targets, std::uint64_t dropped) const {
        std::vector<MetricFamily> all = registry_.Collect();
        append_gauges(all, targets, dropped);
        std::ostringstream out;
        prometheus::TextSerializer().Serialize(out, all);
        return std::move(out).str();
    }

    std::atomic<std::int64_t> inflight{0};
    std::atomic<std::int64_t> streams{0};

  private:
    std::string_view known_model(std::string_view model) const {
        return models_.contains(model) ? model : kOther;
    }

    void on_end(const AttemptEvent& event, std::string_view outcome, const AttemptFigures& figures) {
        const std::string_view target = event.model.provider_id;
        const std::lock_guard lock(mutex_);
        if (event.purpose == Purpose::probe) {
            probes_.at({target, outcome}).Increment();
            return;
        }
        const std::string_view model = known_model(event.model.id);
        attempts_.at({target, model, outcome}).Increment();
        upstream_durations_.at({target}).Observe(seconds(figures.duration));
        if (event.purpose == Purpose::mirror)
            spend(target, event.model.id, figures.usage, figures.cost, false);
    }

    void spend(std::string_view target, std::string_view model_id, const std::optional<Usage>& usage,
               const std::optional<PicoUsd>& cost, bool elsewhere) {
        const std::string_view model = known_model(model_id);
        const auto count = [&](std::string_view direction, const std::optional<Tokens>& tokens) {
            if (tokens) tokens_.at({target, model, direction}).Increment(double(*tokens));
        };
        if (usage) {
            count("input", usage->input);
            count("output", usage->output);
            count("cached_input", usage->cached_input);
            count("cache_write", usage->cache_write);
            count("reasoning", usage->reasoning);
        }
        if (cost) cost_.at({target, model, elsewhere ? "true" : "false"}).Increment(usd(*cost));
    }

    void append_gauges(std::vector<MetricFamily>& all, const std::vector<TargetGauge>& targets,
                       std::uint64_t dropped) const;

    mutable std::mutex mutex_;
    std::set<std::string, std::less<>> models_;
    std::int64_t reloaded_ = 0;

    prometheus::Registry registry_;
    Counters<2> requests_{registry_,
                          "requests_total",
                          "Requests by endpoint and the status that they got",
                          {"endpoint", "status"}};
    Histograms<1> durations_{registry_,
                             "request_duration_seconds",
                             "From a request's first byte to its answer's last",
                             {"endpoint"}};
    Counters<3> attempts_{registry_,
                          "upstream_attempts_total",
                          "Attempts at targets by how they ended: ok, abandoned, or the reason",
                          {"target", "model", "outcome"}};
    Histograms<1> upstream_durations_{
        registry_, "upstream_duration_seconds", "From an attempt's start to its end", {"target"}};
    Histograms<1> first_tokens_{registry_,
                                "time_to_first_token_seconds",
                                "From a streamed request's first byte to its first token, by who answered",
                                {"target"}};
    Counters<3> failovers_{
        registry_, "failovers_total", "Targets given up for the next one", {"from", "to", "reason"}};
    Counters<2> skipped_{
        registry_, "targets_skipped_total", "Targets passed over without being asked", {"target", "reason"}};
    Counters<2> transitions_{registry_,
                             "circuit_transitions_total",
                             "Circuit breakers that changed to a state",
                             {"target", "state"}};
    Counters<2> probes_{
        registry_, "health_check_total", "Health checks: ok, or the reason", {"target", "result"}};
    Counters<3> tokens_{
        registry_,
        "tokens_total",
        "Tokens that providers reported; cached and reasoning ones are part of input and output",
        {"target", "model", "direction"}};
    Counters<3> cost_{registry_,
                      "cost_usd_total",
                      "Known cost at the configured prices; failover: at another target than the first",
                      {"target", "model", "failover"}};
    Counters<2> aborts_{
        registry_, "stream_aborts_total", "Streams that ended before their time", {"side", "reason"}};
    Counters<2> policies_{
        registry_, "policy_evaluations_total", "Policies evaluated, by result", {"policy", "result"}};
    Counters<1> refused_{
        registry_, "refused_total", "Connections and requests refused before any target", {"reason"}};
    Counters<1> reloads_{
        registry_, "config_reloads_total", "Attempts to load a new configuration", {"result"}};
};

void Metrics::State::append_gauges(std::vector<MetricFamily>& all, const std::vector<TargetGauge>& targets,
                                   std::uint64_t dropped) const {
    MetricFamily healthy =
        family_of("target_healthy", "Whether its health checks let it be asked", MetricType::Gauge);
    MetricFamily circuit =
        family_of("circuit_state", "1 for the state that its circuit breaker is in", MetricType::Gauge);
    for (const TargetGauge& target : targets) {
        add_sample(healthy, {{"target", target.target}}, target.healthy ? 1 : 0);
        for (const BreakerState state : {BreakerState::closed, BreakerState::open, BreakerState::half_open})
            add_sample(circuit, {{"target", target.target}, {"state", std::string(to_string(state))}},
                       target.breaker == state ? 1 : 0);
    }
    MetricFamily requests = family_of("inflight_requests", "Requests under way", MetricType::Gauge);
    add_sample(requests, {}, double(inflight.load(std::memory_order_relaxed)));
    MetricFamily active = family_of("active_streams", "Answers that stream", MetricType::Gauge);
    add_sample(active, {}, double(streams.load(std::memory_order_relaxed)));
    MetricFamily lost =
        family_of("event_queue_dropped_total", "Events that their file has not got", MetricType::Counter);
    add_sample(lost, {}, double(dropped));
    MetricFamily build = family_of("build_info", "What runs here", MetricType::Gauge);
    add_sample(build, {{"version", SLUICE_VERSION}}, 1);
    MetricFamily reloaded = family_of("config_reload_success_timestamp_seconds",
                                      "When the configuration was last loaded", MetricType::Gauge);
    {
        const std::lock_guard lock(mutex_);
        if (reloaded_ != 0) add_sample(reloaded, {}, double(reloaded_));
    }
    for (MetricFamily* family : {&healthy, &circuit, &requests, &active, &lost, &build, &reloaded})
        if (!family->metric.empty()) all.push_back(std::move(*family));
}

Metrics::Metrics() : state_(std::make_unique<State>()) {}
Metrics::~Metrics() = default;

void Metrics::set_models(std::set<std::string> models) {
    state_->set_models(std::move(models));
}
void Metrics::on_attempt(const AttemptEvent& event) {
    state_->on_attempt(event);
}
void Metrics::on_request(const RequestRecord& record) {
    state_->on_request(record);
}
void Metrics::request_began() noexcept {
    state_->inflight.fetch_add(1, std::memory_order_relaxed);
}
void Metrics::request_ended() noexcept {
    state_->inflight.fetch_sub(1, std::memory_order_relaxed);
}
void Metrics::stream_began() noexcept {
    state_->streams.fetch_add(1, std::memory_order_relaxed);
}
void Metrics::stream_ended() noexcept {
    state_->streams.fetch_sub(1, std::memory_order_relaxed);
}
void Metrics::on_reload(bool good, std::chrono::system_clock::time_point now) {
    state_->on_reload(good, now);
}
void Metrics::on_refused(std::string_view why) {
    state_->on_refused(why);
}
std::string Metrics::text(const std::vector<TargetGauge>& targets, std::uint64_t events_dropped) const {
    return state_->text(targets, events_dropped);
}

}  // namespace sluice::gateway

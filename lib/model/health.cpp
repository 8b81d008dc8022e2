// The loops of active health checks. Each target has one, a task of the group that stop() ends; a probe is a
// task of its own, so that one that does not heed its deadline holds up nobody, not even its own loop.
#include <sluice/health.hpp>

#include "model/health_registry.hpp"
#include "net/cancellation.hpp"
#include "net/signal.hpp"
#include "net/task_group.hpp"

#include <asio/strand.hpp>
#include <asio/system_error.hpp>
#include <asio/this_coro.hpp>

#include <exception>
#include <mutex>
#include <stdexcept>
#include <utility>

namespace sluice {
namespace {

// A target that keeps its deadline says more about the failure than we could: it is not cut off at once.
constexpr Duration kGrace = std::chrono::milliseconds(50);

void check(const HealthSettings& settings) {
    const auto demand = [](bool good, const char* words) {
        if (!good) throw std::invalid_argument(std::string("HealthSettings::") + words);
    };
    demand(settings.interval.count() > 0, "interval: must be positive");
    demand(settings.timeout.count() > 0, "timeout: must be positive");
    demand(settings.unhealthy_threshold > 0, "unhealthy_threshold: must be at least 1");
    demand(settings.healthy_threshold > 0, "healthy_threshold: must be at least 1");
    demand(settings.jitter >= 0 && settings.jitter < 1, "jitter: must be from 0 to below 1 (0.1 is 10 %)");
}

std::string name_of(const BoundModel& model) {
    return model.spec().provider_id + "/" + model.spec().id;
}

void check(const BoundModel& model, const HealthSettings& settings) {
    if (!model.target()->can_probe(settings.kind))
        throw std::invalid_argument("HealthChecks: " + name_of(model) + " has no probe of the kind " +
                                    std::string(to_string(settings.kind)) +
                                    "; watch() it with another HealthSettings::kind");
}

/// The one real model that `model` is, or is made of: Breaker(a) is down when a is.
BoundModel real_model(BoundModel model) {
    while (model.target()->is_combinator()) {
        const Composition composition = model.target()->composition();
        if (composition.parts.size() != 1)
            throw std::invalid_argument(
                "HealthChecks: " + name_of(model) +
                " is the first of several models; watch each of the real ones, and put "
                "HealthCheckedBoundModel around each of them");
        model = composition.parts.front();
    }
    return model;
}

// One probe: shared by its task and by the loop that waits for it, and may stop waiting.
struct Probe {
    explicit Probe(const asio::any_io_executor& executor) : changed(executor) {}
    net::Signal changed;
    bool over = false;
    std::optional<Result<void>> outcome;
};

// Says that the probe is over, however it ends.
class End {
  public:
    explicit End(std::shared_ptr<Probe> probe) : probe_(std::move(probe)) {}
    End(const End&) = delete;
    ~End() {
        probe_->over = true;
        probe_->changed.notify();
    }

  private:
    std::shared_ptr<Probe> probe_;
};

asio::awaitable<void> run_probe(std::shared_ptr<TargetHealth> target, std::shared_ptr<Probe> probe,
                                TimePoint deadline) {
    const End end(probe);
    const ProbeKind kind = target->settings().kind;
    Result<void> outcome = co_await target->model().target()->probe(kind, deadline, target->events());
    probe->outcome = std::move(outcome);
}

// Whether it is over by then.
asio::awaitable<bool> is_over_by(std::shared_ptr<Probe> probe, std::shared_ptr<Clock> clock, TimePoint when) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    const std::unique_ptr<Timer> timer =
        clock->make_timer(executor, [probe = probe.get()] { probe->changed.notify(); });
    timer->arm(when);
    const bool woken = co_await probe->changed.wait();
    if (!woken) throw asio::system_error(net::aborted(), "health check");
    co_return probe->over;
}

Result<void> failed(const TargetHealth& target, ErrorKind kind, const char* words) {
    ErrorInfo error(kind, Phase::total, words);
    error.provider = target.model().spec().provider_id;
    error.model = target.model().spec().id;
    return error;
}

// The group is not owned by what it runs: it has to die with its HealthChecks.
asio::awaitable<void> keep_watch(std::shared_ptr<TargetHealth> target, std::uint64_t loop,
                                 std::weak_ptr<net::TaskGroup> group, Runtime runtime) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    const std::shared_ptr<Clock> clock = runtime.clock;
    std::shared_ptr<Probe> probe;
    for (TimePoint due = target->first_probe(runtime.entropy->next());;) {
        co_await sleep_until(*clock, due);
        if (const auto later = target->postponed(runtime.entropy->next())) {
            due = *later;
            continue;
        }
        const TimePoint begun = clock->now();
        due = target->next_probe(begun, runtime.entropy->next());
        if (probe && !probe->over) {
            target->on_probe(loop, failed(*target, ErrorKind::provider_timeout,
                                          "the probe before has still not ended, although it was cancelled"));
            continue;
        }
        probe = std::make_shared<Probe>(executor);
        const TimePoint deadline = begun + target->settings().timeout;
        std::optional<net::Task> task;
        if (const std::shared_ptr<net::TaskGroup> tasks = group.lock())
            task = tasks->spawn(executor, run_probe(target, probe, deadline));
        if (!task) co_return;
        const bool over = co_await is_over_by(probe, clock, deadline + kGrace);
        if (!over) {
            task->cancel();
            target->on_probe(loop,
                             failed(*target, ErrorKind::provider_timeout, "the probe had no answer in time"));
        } else if (probe->outcome) {
            target->on_probe(loop, *std::move(probe->outcome));
        } else {
            target->on_probe(loop, failed(*target, ErrorKind::provider_unavailable, "the probe threw"));
        }
    }
}

}  // namespace

HealthChecks::State::State(asio::any_io_executor where, HealthCheckOptions from)
    : strand(asio::make_strand(where)), options(std::move(from)) {}

std::shared_ptr<TargetHealth> HealthChecks::State::watch(const BoundModel& given,
                                                         const HealthSettings* settings) {
    const BoundModel model = real_model(given);
    const std::lock_guard lock(mutex);
    for (const std::shared_ptr<TargetHealth>& known : targets) {
        const ModelSpec& spec = known->model().spec();
        if (spec.provider_id != model.spec().provider_id || spec.id != model.spec().id) continue;
        if (settings && *settings != known->settings())
            throw std::invalid_argument("HealthChecks: " + name_of(model) +
                                        " is watched already, with other settings");
        return known;
    }
    const HealthSettings& how = settings ? *settings : options.target;
    check(how);
    check(model, how);
    auto target = std::make_shared<TargetHealth>(model, how, options.events, options.runtime.clock);
    targets.push_back(target);
    if (tasks) begin(target);
    return target;
}

// Under the lock.
void HealthChecks::State::begin(const std::shared_ptr<TargetHealth>& target) {
    const std::uint64_t loop = target->begin();
    tasks->spawn(strand, keep_watch(target, loop, tasks, options.runtime));
}

void HealthChecks::State::start() {
    const std::lock_guard lock(mutex);
    if (tasks) return;
    tasks = std::make_shared<net::TaskGroup>();
    for (const std::shared_ptr<TargetHealth>& target : targets)
        begin(target);
}

std::shared_ptr<net::TaskGroup> HealthChecks::State::end() {
    const std::lock_guard lock(mutex);
    for (const std::shared_ptr<TargetHealth>& target : targets)
        target->end();
    if (tasks) stopping = std::exchange(tasks, nullptr);
    return stopping;
}

HealthChecks::HealthChecks(asio::any_io_executor executor, HealthCheckOptions options) {
    check(options.target);
    state_ = std::make_unique<State>(std::move(executor), std::move(options));
}

HealthChecks::~HealthChecks() {
    state_->end();
}

void HealthChecks::watch(const BoundModel& model) {
    state_->watch(model, nullptr);
}

void HealthChecks::watch(const BoundModel& model, HealthSettings settings) {
    state_->watch(model, &settings);
}

void HealthChecks::start() {
    state_->start();
}

namespace {

asio::awaitable<void> nothing() {
    co_return;
}

}  // namespace

// No coroutine: what has to happen at once happens in the call.
asio::awaitable<void> HealthChecks::stop() {
    const std::shared_ptr<net::TaskGroup> tasks = state_->end();
    return tasks ? tasks->stop() : nothing();
}

std::vector<HealthStatus> HealthChecks::status() const {
    const std::lock_guard lock(state_->mutex);
    std::vector<HealthStatus> all;
    all.reserve(state_->targets.size());
    for (const std::shared_ptr<TargetHealth>& target : state_->targets)
        all.push_back(target->status());
    return all;
}

}  // namespace sluice

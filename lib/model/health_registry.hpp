// What a HealthChecks object holds: its targets, one for each pair of provider id and model id, and the tasks
// that probe them.
#pragma once

#include <sluice/health.hpp>

#include "model/health_state.hpp"
#include "net/task_group.hpp"

#include <memory>
#include <mutex>
#include <vector>

namespace sluice {

struct HealthChecks::State {
    State(asio::any_io_executor where, HealthCheckOptions from);

    /// `settings` null: the usual ones, or those with which it is watched already.
    std::shared_ptr<TargetHealth> watch(const BoundModel& model, const HealthSettings* settings);
    void start();
    /// Nobody is watched from now on. The tasks that were, to be stopped; null when there never were any.
    std::shared_ptr<net::TaskGroup> end();

    const asio::any_io_executor strand;  // a context may have several threads
    const HealthCheckOptions options;
    std::mutex mutex;  // guards the rest
    std::vector<std::shared_ptr<TargetHealth>> targets;
    std::shared_ptr<net::TaskGroup> tasks;  // null while stopped
    std::shared_ptr<net::TaskGroup>
        stopping;  // of the last run: whoever calls stop() again waits for it, too

  private:
    void begin(const std::shared_ptr<TargetHealth>& target);
};

}  // namespace sluice

// What GET requests are told: health, models, and the dry run of a request.
#pragma once

#include <sluice/clock.hpp>
#include <sluice/result.hpp>

#include "gateway/metrics.hpp"
#include "gateway/reply.hpp"
#include "gateway/snapshot.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::gateway {

/// /health: the status of the gateway and of each target. "degraded" when a target is down, "unhealthy" when
/// no target can be used.
std::string health_page(const Snapshot& snapshot, const Clock& clock, Duration uptime,
                        std::uint64_t requests);
/// For /metrics.
std::vector<TargetGauge> target_gauges(const Snapshot& snapshot);

/// /v1/models and its like, in the client's shape; `id` is one model, or empty for the list.
HttpAnswer models_page(const Snapshot& snapshot, std::string_view dialect, std::string_view id);

/// /admin/explain: which targets a request would go to, in which order and why, and the worst that can
/// happen. `body` is a request of `dialect`; empty: one for `model` that says nothing.
HttpAnswer explain_page(const Snapshot& snapshot, const Clock& clock, std::string_view dialect,
                        std::string_view model, std::string_view body);

}  // namespace sluice::gateway

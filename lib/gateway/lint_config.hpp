// The parts of lint. Each looks at one side of a configuration; lint.cpp has their order, and the table of
// codes is in docs/gateway-config.md.
#pragma once

#include "gateway/findings.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::gateway {

struct LintContext {
    const GatewayConfig& config;
    const Environment& environment;
    Findings& findings;
    /// Of the file, when there is one; and how its author has called two things that have two names.
    const Places* places = nullptr;
    std::string targets_path = "providers.targets";
    std::string failover_path = "failover";

    /// With the place of `path`, or of what is around it.
    void add(ConfigFinding::Level level, std::string_view code, const std::string& path, std::string message,
             std::string suggestion = {}) const;
    void error(std::string_view code, const std::string& path, std::string message,
               std::string suggestion = {}) const;
    void warn(std::string_view code, const std::string& path, std::string message,
              std::string suggestion = {}) const;
    void note(std::string_view code, const std::string& path, std::string message,
              std::string suggestion = {}) const;
    std::string target_path(std::size_t index) const { return item_path(targets_path, index); }
};

void lint_config(const LintContext& context);

void lint_targets(const LintContext& context);
void lint_routes(const LintContext& context);
void lint_models(const LintContext& context);
void lint_service(const LintContext& context);

/// Why no provider can be made of `target`; absent: one can.
std::optional<std::string> problem_of(const TargetConfig& target);

/// A target as a route has it.
struct Candidate {
    const TargetConfig* target = nullptr;
    std::string model;  ///< Of the route, instead of what the request maps to.
    int priority = 0;
    double weight = 1;
};
/// Who may serve what `route` has (null: what no route has), in the order in which they are asked where that
/// is by priority; names that no target has are left out, and so are targets without the route's residency.
std::vector<Candidate> candidates_of(const GatewayConfig& config, const RouteConfig* route);
/// What strategy and limits hold for it.
Strategy strategy_of(const GatewayConfig& config, const RouteConfig* route);
/// How many targets are tried for one request at most.
std::size_t targets_tried(const GatewayConfig& config, const RouteConfig* route);
/// What is meant by a name that may be an alias.
std::string resolve_alias(const GatewayConfig& config, std::string_view model);
/// The route of a model, by its name or by what that is an alias of; or null.
const RouteConfig* route_of(const GatewayConfig& config, std::string_view model);

/// What one request can come to when everything fails as late as it may.
struct WorstCase {
    WorstCase() = default;
    std::size_t targets = 0;
    std::uint64_t attempts = 0;
    /// Until an answer begins or all have failed (with `deliver: complete`: until it is whole). Absent: there
    /// is no limit.
    std::optional<std::chrono::milliseconds> time;
    bool is_capped_by_total = false;
};
WorstCase worst_case(const GatewayConfig& config, const RouteConfig* route);

}  // namespace sluice::gateway

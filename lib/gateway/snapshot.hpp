// A configuration at work, immutable: what a request is served by. A reload makes a new one; requests under
// way keep theirs.
#pragma once

#include <sluice/bound_model.hpp>
#include <sluice/gateway_config.hpp>

#include "gateway/client_keys.hpp"
#include "gateway/policies.hpp"
#include "gateway/target.hpp"

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::gateway {

/// One target of a route, for one requested model.
struct Leg {
    Leg(std::shared_ptr<const Target> which, BoundModel how)
        : target(std::move(which)), model(std::move(how)) {}
    std::shared_ptr<const Target> target;
    BoundModel model;
    /// The id that the client is told: the one it asked for, unless another model stands in for it.
    std::string shown;
};

/// A target that requests for this model never go to.
struct LeftOut {
    LeftOut() = default;
    std::string target;
    std::string reason;  ///< "capability_missing", "unavailable", ...
    std::string detail;
};

/// How requests for one model id are served.
struct Route {
    Route() = default;
    std::string name;       ///< RouteConfig::name, or "default".
    std::string requested;  ///< The id that the client asks for.
    Strategy strategy = Strategy::priority;
    Deliver deliver = Deliver::streaming;
    std::vector<std::string> residency;
    std::vector<Leg> legs;  ///< In the order of priority.
    std::vector<LeftOut> left_out;
    std::optional<BoundModel> model;  ///< Absent when there are no legs.

    /// The leg that answered, or null.
    const Leg* leg_of(std::string_view provider_id, std::string_view model_id) const noexcept;
};

class Snapshot {
  public:
    /// Targets of `earlier` that are the same are taken over, with their health. Throws std::invalid_argument
    /// for what cannot work, naming it.
    Snapshot(GatewayConfig config, const Environment& environment, const TargetContext& context,
             const Snapshot* earlier);

    /// Begins the health checks of all targets on `executor`; of those taken over, they run already.
    void watch(const asio::any_io_executor& executor);
    /// Ends them, and completes when nothing of them runs.
    asio::awaitable<void> unwatch();

    const GatewayConfig& config() const noexcept { return config_; }
    const Policies& policies() const noexcept { return policies_; }
    const ClientKeys& keys() const noexcept { return keys_; }
    const std::vector<std::shared_ptr<Target>>& targets() const noexcept { return targets_; }

    /// Made at the first request for it. Null when there are too many ids already: whoever asks for a new one
    /// each time must not fill the memory.
    std::shared_ptr<const Route> route(std::string_view requested) const;
    /// Ids that a client can ask for, as far as the configuration names them; in alphabetical order.
    std::vector<std::string> models() const;
    /// Ids that may appear as a label of a metric: models(), and what they are called upstream.
    std::set<std::string> known_models() const;

    static constexpr std::size_t kMaxRoutes = 1000;

  private:
    std::string resolve_alias(std::string_view requested) const;
    std::shared_ptr<const Route> make_route(std::string_view requested) const;
    void add_legs(Route& route, const RouteConfig* config, const std::string& meant) const;
    BoundModel assemble(const Route& route, const RouteConfig* config) const;
    std::shared_ptr<const Target> find_target(std::string_view id) const noexcept;

    GatewayConfig config_;
    Runtime runtime_;
    Policies policies_;
    ClientKeys keys_;
    std::vector<std::shared_ptr<Target>> targets_;  // in the order of priority
    mutable std::mutex mutex_;                      // guards the rest
    mutable std::map<std::string, std::shared_ptr<const Route>, std::less<>> routes_;
};

}  // namespace sluice::gateway

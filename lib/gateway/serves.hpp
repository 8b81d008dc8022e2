// Which target answers for which model id, and under what name it is asked for there. One rule for routing,
// for lint and for `/admin/explain`. docs/gateway-config.md tells it to users.
#pragma once

#include <sluice/gateway_config.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace sluice::gateway {

/// Whether `target` knows the model `requested` by that very name. With a list of models: those on it.
/// Without one: every id but those that are plainly of another house ("claude-opus-4-8" at OpenAI). Services
/// that host models of many houses (openrouter, groq, a server of your own) know every id.
bool serves(const TargetConfig& target, std::string_view requested);

/// The model that `target` is asked for when a client wants `requested`; absent: it has none, so it is passed
/// over. In this order:
///   1. the target's own model_mapping;
///   2. `requested` itself, where the target serves it;
///   3. what FailoverConfig::model_mapping has in its place, where the target serves that;
///   4. `requested` itself with pass_through_unmapped.
/// A name that is on the target's list of models is replaced by the upstream name given there.
std::optional<std::string> upstream_model(const TargetConfig& target, const FailoverConfig& failover,
                                          std::string_view requested);

/// The line of the target's list with this upstream name (or id): window, price, capabilities. Null when it
/// is not on the list.
const ModelConfig* known_model(const TargetConfig& target, std::string_view upstream) noexcept;

/// Whether `pattern` (RouteConfig::models, ClientKeyConfig::allowed_models) has `model`: the same id, or for
/// a pattern with a "*" at its end, the same beginning.
bool matches(std::string_view pattern, std::string_view model) noexcept;

}  // namespace sluice::gateway

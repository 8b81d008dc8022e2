// How the user's on_failover hook is called: bounded in time, and nothing that it throws gets out.
#pragma once

#include <sluice/clock.hpp>
#include <sluice/fallback.hpp>

#include <asio/awaitable.hpp>

#include <memory>

namespace sluice {

/// Both are shared, because a hook that overruns `limit` is left behind with them. Throws when the caller is
/// cancelled, and only then.
asio::awaitable<void> call_failover_hook(std::shared_ptr<const FailoverHook> hook,
                                         std::shared_ptr<const Failover> what, std::shared_ptr<Clock> clock,
                                         Duration limit);

}  // namespace sluice

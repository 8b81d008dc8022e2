// The probes of a model behind HTTP that cost no tokens: its provider's list of models, and a connection.
#pragma once

#include <sluice/bound_model.hpp>

#include "model/http_provider.hpp"

#include <memory>

namespace sluice {

/// All kinds, but for the list at a provider that has none (Quirk::no_model_list).
bool can_probe_http(const HttpProvider& provider, ProbeKind kind) noexcept;

/// `models` or `tcp`. Over by `deadline`. `spec` is whom the error is about, and lives until it completes.
/// Throws on cancellation only, and std::logic_error for a kind that it cannot.
asio::awaitable<Result<void>> probe_http(std::shared_ptr<const HttpProvider> provider, const ModelSpec& spec,
                                         ProbeKind kind, TimePoint deadline);

}  // namespace sluice

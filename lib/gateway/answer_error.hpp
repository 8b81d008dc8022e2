// A request that failed, as its client is told: decision by decision which of many errors counts, and the
// status.
#pragma once

#include <sluice/error.hpp>

#include "adapters/dialect.hpp"
#include "gateway/record.hpp"
#include "gateway/reply.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sluice::gateway {

/// What of a failure the client is told. A chain's failure becomes: its legs' own error when each of them
/// said that the request is wrong; RateLimited with the shortest wait when all said so; ProviderTimeout when
/// all were; else as it is (502). NoProviderAvailable (503) always gets a retry_after.
ErrorInfo error_for_client(const ErrorInfo& error, std::chrono::milliseconds retry_when_unknown);

/// That error as an HTTP answer in the client's dialect. `metadata` is a member that is added to the body:
/// `"sluice_metadata":{...}`.
HttpAnswer error_answer(const adapters::Dialect& dialect, const ErrorInfo& error, std::string_view metadata);

}  // namespace sluice::gateway

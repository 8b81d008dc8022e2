// What the gateway tells its client about an answer, beside the answer: the `sluice_metadata` member of a
// body or of a stream's last chunk, and what the response headers share with it. docs/gateway.md has the
// fields.
#pragma once

#include <sluice/error.hpp>

#include "gateway/record.hpp"
#include "gateway/snapshot.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::gateway {

/// What is known of an answer besides its record.
struct AnswerNotes {
    AnswerNotes() = default;
    std::string upstream_model;       ///< The provider's own id for the model that answered.
    std::string upstream_request_id;  ///< The provider's id for the request.
    std::vector<std::string> warnings;
};

/// `"sluice_metadata":{...}`, and with `alias` the same once more as `keeptrusts_metadata`.
std::string answer_metadata(const RequestRecord& record, const std::vector<AttemptRecord>& attempts,
                            const AnswerNotes& notes, std::chrono::nanoseconds latency, bool alias);
/// The same for an error: which targets were tried or passed over, and why.
std::string error_metadata(const RequestRecord& record, const std::vector<AttemptRecord>& attempts);

/// "12.3"
std::string in_milliseconds(std::chrono::nanoseconds time);
/// Whether the answering target is not the one that was chosen first.
bool failed_over(const std::vector<AttemptRecord>& attempts) noexcept;
/// Sets original_target and failover_reason, if there was a failover.
void note_failover(RequestRecord& record);

/// Nobody can be asked for this model. `route` is null when there are too many models already.
ErrorInfo nobody_serves(const std::string& model, const Route* route);

}  // namespace sluice::gateway

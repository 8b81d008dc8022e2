// An answer that is held back until it is complete (CommitOn::complete).
#pragma once

#include <sluice/token_stream.hpp>

#include "model/leg.hpp"

#include <cstddef>
#include <optional>

namespace sluice {

/// Reads `stream` to its end: then it can be given out in one batch. Absent when it failed on the way or is
/// larger than `max_bytes`; then it has been closed. `stream` must live until this completes. Throws on
/// cancellation only.
asio::awaitable<std::optional<TokenStream>> hold(TokenStream& stream, std::size_t max_bytes,
                                                 std::optional<LegFailure>& failure);

}  // namespace sluice

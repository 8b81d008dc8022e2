// One caller: makes its request as its plan says, reads, dawdles, drops, and writes down what it saw.
#pragma once

#include <sluice/bound_model.hpp>

#include <asio/awaitable.hpp>

#include <memory>

#include "testing/simulation/record.hpp"

namespace sluice::testing::simulation {

/// `record` must live until it completes. Throws on cancellation only.
asio::awaitable<void> make_call(BoundModel model, Request request, CallOptions options,
                                std::shared_ptr<Clock> clock, CallRecord& record);

}  // namespace sluice::testing::simulation

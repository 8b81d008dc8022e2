// What a composed model can come to, before it does: the most attempts, the longest time, the highest price.
//
//   std::cout << sluice::explain(model).text;
//
//   at most 5 attempts, 4 min 10.5 s until the first event or the error, 12 min until the end, $0.31
//   fallback: 3 legs in order
//     retry: 3 tries, backoff 500 ms x2 up to 8 s
//       openai/gpt-5: first event within 1 min, whole within 10 min, $0.10
//   ...
//
// Computed from ModelTarget::composition() alone, so it knows custom combinators too. docs/budget.md.
#pragma once

#include <sluice/bound_model.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace sluice {

struct WorstCase {
    WorstCase() = default;
    /// Requests to real models, mirrored ones included.
    std::uint64_t attempts = 1;
    /// From the call until the caller has a first event or an error. Absent: nothing limits it.
    std::optional<Duration> first_event;
    /// From the call until the caller has the terminal event, if it reads without pause. Absent: nothing
    /// limits it.
    std::optional<Duration> end;
    /// Of all attempts, each answered in full: estimated_cost() of `request`. Absent: a price is unknown.
    std::optional<PicoUsd> cost;
};

struct Explanation {
    Explanation() = default;
    WorstCase worst;
    /// The worst case in one line, and the model as a tree. Ends with a newline.
    std::string text;
};

/// `request` is what the price is estimated for, `options` what the caller would pass with it.
Explanation explain(const BoundModel& model, const Request& request = Request(),
                    const CallOptions& options = CallOptions());

}  // namespace sluice

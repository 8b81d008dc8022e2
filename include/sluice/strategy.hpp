// Who is asked first: the ways in which a SelectBoundModel picks among its candidates. docs/selection.md
// tells when to use which, and when not.
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice {

enum class Strategy : std::uint8_t {
    priority,       ///< The lowest Candidate::priority; ties by the order of the list.
    weighted,       ///< By chance, in proportion to weights that failures halve.
    round_robin,    ///< One after another.
    least_latency,  ///< Of two of the known ones the faster to its first event; unknown ones are tried first.
    least_busy,     ///< The fewest streams under way.
    cheapest,       ///< The lowest estimated cost of this request; unknown prices come last.
    score,          ///< By chance, in proportion to reliability / estimated cost.
};

/// "priority", "weighted", ...: the enumerator's name.
constexpr std::string_view to_string(Strategy strategy) noexcept {
    switch (strategy) {
        case Strategy::priority:
            return "priority";
        case Strategy::weighted:
            return "weighted";
        case Strategy::round_robin:
            return "round_robin";
        case Strategy::least_latency:
            return "least_latency";
        case Strategy::least_busy:
            return "least_busy";
        case Strategy::cheapest:
            return "cheapest";
        case Strategy::score:
            return "score";
    }
    return "priority";
}

}  // namespace sluice

// How often the slow model was chosen, and what that says about the thresholds.
//
//   const sluice::DualProcessStats stats = session_router.stats() + other_router.stats();
//   std::cout << stats << '\n' << stats.hint() << '\n';
//
//   system1_count=41 system2_count=9 system2_ratio=18.0% total_decisions=50 band=healthy
//   18.0% of 50 decisions went to the slow model: healthy, nothing to do
//
// A decision is one turn's: retries and failovers inside it change no count. docs/routing.md.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>

namespace sluice {

/// Where one band of the share of System 2 ends and the next begins, as fractions from 0 to 1.
struct SystemShareBands {
    double low_below = 0.05;       ///< Below this: low.
    double healthy_from = 0.10;    ///< From `low_below` to below this: lean.
    double elevated_above = 0.20;  ///< From `healthy_from` up to and with this: healthy.
    double high_above = 0.30;  ///< Above this: high; above `elevated_above` up to and with this: elevated.
    /// With fewer decisions the share says nothing. At least 1.
    std::uint64_t min_decisions = 20;
};

/// A snapshot. Read the fields; they agree with each other as long as nobody writes them.
struct DualProcessStats {
    enum class Band : std::uint8_t {
        too_few,   ///< Fewer than SystemShareBands::min_decisions.
        low,       ///< The slow model is hardly asked: thresholds too high.
        lean,      ///< Fewer than usual, and no reason to worry.
        healthy,   ///< What most services have.
        elevated,  ///< More than usual, and what a service of hard questions has.
        high,      ///< Too much is new to it.
    };

    DualProcessStats() = default;
    /// Throws std::invalid_argument that names the field of `limits`: a fraction that is not from 0 to 1 or
    /// not in ascending order, or a minimum of 0.
    explicit DualProcessStats(std::uint64_t system1, std::uint64_t system2,
                              const SystemShareBands& limits = SystemShareBands());

    std::uint64_t system1_count = 0;
    std::uint64_t system2_count = 0;
    std::uint64_t total_decisions = 0;
    /// system2_count / total_decisions, from 0 to 1; 0 before the first decision.
    double system2_ratio = 0;
    Band band = Band::too_few;
    SystemShareBands bands;

    /// What the share says and what to do about it, in one sentence.
    std::string hint() const;
    /// One object with the fields by their names, without `bands`.
    std::string to_json() const;

    /// The counts of both, judged by the bands of the left one.
    DualProcessStats& operator+=(const DualProcessStats& other);
    friend DualProcessStats operator+(DualProcessStats a, const DualProcessStats& b) { return a += b; }
};

/// "too_few", "low", ...: the enumerator's name.
std::string_view to_string(DualProcessStats::Band band) noexcept;

std::ostream& operator<<(std::ostream& out, const DualProcessStats& stats);

}  // namespace sluice

#include <sluice/dual_process_stats.hpp>

#include "engine/fraction.hpp"
#include "wire/json_writer.hpp"

#include <array>
#include <cmath>
#include <ostream>
#include <stdexcept>

namespace sluice {
namespace {

using Band = DualProcessStats::Band;

constexpr std::array<std::string_view, 6> kBandNames{"too_few", "low", "lean", "healthy", "elevated", "high"};
static_assert(kBandNames.size() == std::size_t(Band::high) + 1);

const SystemShareBands& checked(const SystemShareBands& bands) {
    engine::require_fraction("SystemShareBands::low_below", bands.low_below);
    engine::require_fraction("SystemShareBands::healthy_from", bands.healthy_from);
    engine::require_fraction("SystemShareBands::elevated_above", bands.elevated_above);
    engine::require_fraction("SystemShareBands::high_above", bands.high_above);
    const auto require = [](bool holds, const char* words) {
        if (!holds) throw std::invalid_argument(std::string("SystemShareBands::") + words);
    };
    require(bands.healthy_from >= bands.low_below, "healthy_from: must not be below low_below");
    require(bands.elevated_above >= bands.healthy_from, "elevated_above: must not be below healthy_from");
    require(bands.high_above >= bands.elevated_above, "high_above: must not be below elevated_above");
    require(bands.min_decisions > 0, "min_decisions: must be at least 1");
    return bands;
}

Band band_of(double ratio, std::uint64_t decisions, const SystemShareBands& bands) noexcept {
    if (decisions < bands.min_decisions) return Band::too_few;
    if (ratio > bands.high_above) return Band::high;
    if (ratio > bands.elevated_above) return Band::elevated;
    if (ratio >= bands.healthy_from) return Band::healthy;
    return ratio < bands.low_below ? Band::low : Band::lean;
}

// One decimal, as in the statistics that people print.
std::string percent(double fraction) {
    const auto tenths = static_cast<std::uint64_t>(std::lround(fraction * 1000));
    return std::to_string(tenths / 10) + '.' + std::to_string(tenths % 10) + '%';
}

}  // namespace

DualProcessStats::DualProcessStats(std::uint64_t system1, std::uint64_t system2,
                                   const SystemShareBands& limits)
    : system1_count(system1),
      system2_count(system2),
      total_decisions(system1 + system2),
      system2_ratio(total_decisions == 0 ? 0.0 : double(system2) / double(total_decisions)),
      band(band_of(system2_ratio, total_decisions, checked(limits))),
      bands(limits) {}

DualProcessStats& DualProcessStats::operator+=(const DualProcessStats& other) {
    *this = DualProcessStats(system1_count + other.system1_count, system2_count + other.system2_count, bands);
    return *this;
}

std::string DualProcessStats::hint() const {
    if (band == Band::too_few)
        return std::to_string(total_decisions) + " decisions so far: too few to judge, wait for " +
               std::to_string(bands.min_decisions);
    std::string text = percent(system2_ratio) + " of " + std::to_string(total_decisions) +
                       " decisions went to the slow model: ";
    switch (band) {
        case Band::too_few:
            break;
        case Band::low:
            return text + "low (below " + percent(bands.low_below) +
                   "); hard questions may be answered by the fast model, so lower the thresholds";
        case Band::lean:
            return text + "fewer than usual; fine as long as the fast model's answers are good";
        case Band::healthy:
            return text + "healthy, nothing to do";
        case Band::elevated:
            return text +
                   "more than usual; expected where most questions are hard, otherwise look at the reasons";
        case Band::high:
            return text + "high (above " + percent(bands.high_above) +
                   "); too much is new to the fast model, so improve the system prompt or add tools";
    }
    return text;
}

std::string DualProcessStats::to_json() const {
    std::string out;
    wire::JsonWriter json(out);
    json.begin_object().key("system1_count").number(system1_count).key("system2_count").number(system2_count);
    json.key("system2_ratio").number(system2_ratio).key("total_decisions").number(total_decisions);
    json.key("band").string(to_string(band)).end_object();
    return out;
}

std::string_view to_string(Band band) noexcept {
    return kBandNames[static_cast<std::size_t>(band)];
}

std::ostream& operator<<(std::ostream& out, const DualProcessStats& stats) {
    return out << "system1_count=" << stats.system1_count << " system2_count=" << stats.system2_count
               << " system2_ratio=" << percent(stats.system2_ratio)
               << " total_decisions=" << stats.total_decisions << " band=" << to_string(stats.band);
}

}  // namespace sluice

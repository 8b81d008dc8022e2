#include "gateway/edit_distance.hpp"

#include <algorithm>
#include <array>

namespace sluice::gateway {
namespace {

constexpr std::size_t kLongest = 64;

char folded(char c) noexcept {
    if (c >= 'A' && c <= 'Z') return static_cast<char>(c - 'A' + 'a');
    return c == '-' || c == ' ' ? '_' : c;
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
    if (a.size() > kLongest || b.size() > kLongest) return std::max(a.size(), b.size());
    // Three rows of the usual matrix: a swap looks two rows back.
    std::array<std::array<std::size_t, kLongest + 1>, 3> rows{};
    auto* before = &rows[0];
    auto* last = &rows[1];
    auto* row = &rows[2];
    for (std::size_t j = 0; j <= b.size(); ++j)
        (*last)[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        (*row)[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const bool same = folded(a[i - 1]) == folded(b[j - 1]);
            std::size_t cost =
                std::min({(*last)[j] + 1, (*row)[j - 1] + 1, (*last)[j - 1] + (same ? 0U : 1U)});
            if (i > 1 && j > 1 && folded(a[i - 1]) == folded(b[j - 2]) &&
                folded(a[i - 2]) == folded(b[j - 1]))
                cost = std::min(cost, (*before)[j - 2] + 1);
            (*row)[j] = cost;
        }
        auto* free = before;
        before = last;
        last = row;
        row = free;
    }
    return (*last)[b.size()];
}

std::string_view closest(std::string_view typed, std::span<const std::string_view> names) {
    std::string_view best;
    // A third of the letters may be wrong; more is another word.
    std::size_t limit = std::max<std::size_t>(1, typed.size() / 3) + 1;
    for (const std::string_view name : names) {
        const std::size_t distance = edit_distance(typed, name);
        if (distance < limit && distance < name.size()) {
            limit = distance;
            best = name;
        }
    }
    return best;
}

std::string did_you_mean(std::string_view typed, std::span<const std::string_view> names,
                         std::string_view what) {
    const std::string_view best = closest(typed, names);
    if (!best.empty()) return "did you mean " + std::string(best) + "?";
    std::string all = "valid " + std::string(what) + ": ";
    for (std::size_t i = 0; i < names.size(); ++i)
        all.append(i == 0 ? "" : ", ").append(names[i]);
    return all;
}

}  // namespace sluice::gateway

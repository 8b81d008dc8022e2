// "Did you mean": which of some names is closest to one that somebody mistyped.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace sluice::gateway {

/// How many characters have to be inserted, deleted, replaced or swapped with their neighbour to make `a` of
/// `b`. Case does not count, nor whether words are joined by "-", "_" or a space. Texts beyond 64 bytes are
/// as far away as they are long.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The closest of `names`, if it is close enough to be a slip; else "".
std::string_view closest(std::string_view typed, std::span<const std::string_view> names);

/// "did you mean provider?", or when nothing is close "valid keys: id, provider". `what` is the plural of
/// what the names are.
std::string did_you_mean(std::string_view typed, std::span<const std::string_view> names,
                         std::string_view what);

}  // namespace sluice::gateway

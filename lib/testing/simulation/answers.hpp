// What a simulated server answers, drawn from dice, together with what a client must make of it when nothing
// on the way interferes.
#pragma once

#include <string_view>

#include "testing/simulation/dice.hpp"
#include "testing/simulation/record.hpp"

namespace sluice::testing::simulation {

/// How a server behaves in this world.
struct Mood {
    Mood() = default;
    unsigned failing = 20;  ///< Percent of its answers that are none.
    unsigned slow = 20;     ///< Percent of its answers that take their time.
    unsigned odd = 20;      ///< Percent that are written in an unusual way.
};

/// Fills in everything of `exchange` that depends on the answer. `exchange` says who asks whom already;
/// `dialect` is the request's.
void draw_answer(Dice& dice, const Mood& mood, std::string_view dialect, Exchange& exchange);

}  // namespace sluice::testing::simulation

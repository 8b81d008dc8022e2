// A random model composed of real ones: any combinator over any others.
#pragma once

#include <sluice/bound_model.hpp>
#include <sluice/runtime.hpp>

#include <optional>
#include <string>
#include <vector>

#include "testing/simulation/dice.hpp"

namespace sluice::testing::simulation {

/// A composed model, and what of it the checker must know.
struct Tree {
    explicit Tree(BoundModel what) : model(std::move(what)) {}
    std::optional<BoundModel> model;     ///< Gone when the world has been closed down.
    std::string text;                    ///< "fallback(a/m0, b/m1)"
    std::chrono::milliseconds total{0};  ///< Its own limit of a request; zero or less: none.
    Duration slack{0};                   ///< Hooks may hold a request up so long.
    std::uint64_t attempts = 1;          ///< The most it may make of one request.
    bool in_parallel = false;            ///< Attempts may overlap.
    bool holds_answers = false;          ///< A leg may fail after its first event, and the next is asked.
    bool shares_time = false;            ///< It gives legs less than their own limits.
};

class TreeBuilder {
  public:
    /// `leaves` must outlive it and is not empty; `events` hear what is about no call.
    TreeBuilder(Dice& dice, Runtime runtime, const std::vector<Tree>& leaves, AttemptEvents events)
        : dice_(dice), runtime_(std::move(runtime)), leaves_(leaves), events_(std::move(events)) {}

    Tree draw(std::size_t depth);

  private:
    Tree leaf();
    /// One to `most` trees, each of less depth.
    std::vector<Tree> parts(std::size_t depth, std::size_t least, std::size_t most);
    Tree fallback(std::size_t depth);

    Dice& dice_;
    Runtime runtime_;
    const std::vector<Tree>& leaves_;
    AttemptEvents events_;
};

}  // namespace sluice::testing::simulation

// A random model composed of real ones: any combinator over any others.
#pragma once

#include <sluice/bound_model.hpp>
#include <sluice/breaker.hpp>
#include <sluice/fallback.hpp>
#include <sluice/mirror.hpp>
#include <sluice/runtime.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "testing/simulation/dice.hpp"

namespace sluice::testing::simulation {

/// A composed model, and what of it the checker must know.
struct Tree {
    explicit Tree(BoundModel what) : model(std::move(what)) {}
    std::optional<BoundModel> model;     ///< Gone when the world has been closed down.
    std::string text;                    ///< "fallback(p0/m0, p1/m1)"
    std::chrono::milliseconds total{0};  ///< Its own limit of a request; zero or less: none.
    Duration slack{0};                   ///< Hooks may hold a request up so long.
    std::uint64_t attempts = 1;          ///< The most it may make of one request.
    bool in_parallel = false;            ///< Attempts may overlap.
    bool is_gated = false;               ///< What it hands on has begun to answer.
    bool shares_time = false;            ///< It gives legs less than their own limits.
};

class TreeBuilder {
  public:
    /// `leaves` must outlive it and is not empty; mirrors that it makes are added to `mirrors`.
    TreeBuilder(Dice& dice, Runtime runtime, const std::vector<Tree>& leaves,
                std::vector<MirrorBoundModel>& mirrors);

    Tree draw(std::size_t depth);

  private:
    Tree leaf();
    std::vector<Tree> parts(std::size_t depth, std::size_t least, std::size_t most);
    /// What chains and selections have in common. Adds to `tree_of_parts` what it means for the checker.
    struct Chain;
    Chain draw_chain(std::size_t legs);
    std::chrono::milliseconds draw_total();

    Tree fallback(std::size_t depth);
    Tree select(std::size_t depth);
    Tree retry(std::size_t depth);
    Tree breaker(std::size_t depth);
    Tree hedge(std::size_t depth);
    Tree mirror(std::size_t depth);

    Dice& dice_;
    Runtime runtime_;
    const std::vector<Tree>& leaves_;
    std::vector<MirrorBoundModel>& mirrors_;
    Breakers breakers_;
    std::vector<Tree> made_;  // parts that may be used again, by several at once
};

}  // namespace sluice::testing::simulation

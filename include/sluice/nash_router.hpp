// Learned routing, off unless you use it: which of several models has served which type of task best, by what
// was measured of quality, time and price.
//
//   sluice::NashRouter router;
//   router.update("gpt-5", sluice::TaskType::coding, {.quality = 0.9, .latency = 4s, .cost = answer_cost});
//   ...
//   router.iterate();                                       // now and then: at the end of a session
//   std::optional<std::string> model = router.best_model(sluice::TaskType::coding);
//
// No dice: the same updates in the same order give the same answers. docs/routing.md has the formulas, what
// is normalised and why, and when not to use it.
#pragma once

#include <sluice/money.hpp>
#include <sluice/task_profile.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

struct NashOptions {
    /// How much the newest outcome counts against all before it. Above 0, at most 1.
    double alpha = 0.15;
    /// By how much of its quality an answer that took 100 s or more is worth less than one within 0.1 s. From
    /// 0 to 1; between the two it grows with the logarithm of the time.
    double speed_weight = 0.5;
    /// What an answer costs at most, in the same unit as quality: one that is very dear. From 0 to 1.
    double cost_weight = 0.2;
    /// The price of an answer that counts as half of that. Above zero.
    PicoUsd usual_cost = PicoUsd::from_micro_usd(10'000);
    /// By how much of its utility a model may be passed over because it is better spent on other tasks. From
    /// 0 to 1; 0 ranks by utility alone.
    double specialisation = 0.1;
    /// Outcomes of more models than these are not taken. At least 1.
    std::size_t max_models = 64;
};

/// Of one answer.
struct NashOutcome {
    double quality = 0;  ///< From 0 to 1.
    std::chrono::nanoseconds latency{0};
    PicoUsd cost;
};

/// Any thread. A call takes one lock and, but for iterate(), time in proportion to the number of models.
class NashRouter {
  public:
    struct Assignment {
        std::string model;
        double probability = 0;  ///< Of all models known; they add up to 1.
        double utility = 0;      ///< From 0 to 1.
    };

    /// Throws std::invalid_argument that names the option that makes no sense.
    explicit NashRouter(const NashOptions& options = {});

    /// False when the outcome was not taken: its quality is not a number from 0 to 1, its latency or cost is
    /// negative, or the model is new and there are `max_models` already.
    bool update(std::string_view model, TaskType type, const NashOutcome& outcome);
    /// Lets each model in turn answer best to what the others do, so many times. At most 1000 are done.
    void iterate(std::size_t steps = 10);

    /// Absent: no outcome was taken yet.
    std::optional<std::string> best_model(TaskType type) const;
    /// All models, the best first; of equal ones the one that was known first.
    std::vector<Assignment> assignment(TaskType type) const;
    /// What share of its work a model would do best to spend on a type, from 0 to 1. They add up to 1 over
    /// all types; 0 for a model that is not known.
    double strategy(std::string_view model, TaskType type) const;
    /// All that was learned, for people and dashboards.
    std::string to_json() const;

  private:
    // Moving averages of the outcomes of one type.
    struct Learned {
        double quality = 0;
        double latency = 0;  // seconds
        double cost = 0;     // pico-USD
        std::uint64_t outcomes = 0;
    };
    using Row = std::array<double, kTaskTypes>;
    struct Model {
        std::string id;
        std::array<Learned, kTaskTypes> learned{};
        Row strategy{};
    };

    double utility(const Learned& learned) const;
    Row utilities(const Model& model) const;
    std::vector<double> scores(std::size_t type) const;

    const NashOptions options_;
    mutable std::mutex mutex_;
    std::vector<Model> models_;
};

}  // namespace sluice

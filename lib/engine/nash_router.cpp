#include <sluice/nash_router.hpp>

#include "engine/fraction.hpp"
#include "wire/json_writer.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

namespace sluice {
namespace {

constexpr std::size_t kMostSteps = 1000;
constexpr double kFastest = 0.1;  // seconds: faster makes nobody happier
constexpr double kDecades = 3;    // from there to the slowest that still makes a difference, 100 s

const NashOptions& checked(const NashOptions& options) {
    const auto require = [](bool holds, const char* words) {
        if (!holds) throw std::invalid_argument(std::string("NashOptions::") + words);
    };
    engine::require_fraction("NashOptions::alpha", options.alpha);
    require(options.alpha > 0, "alpha: with 0 nothing would be learned");
    engine::require_fraction("NashOptions::speed_weight", options.speed_weight);
    engine::require_fraction("NashOptions::cost_weight", options.cost_weight);
    engine::require_fraction("NashOptions::specialisation", options.specialisation);
    require(options.usual_cost > PicoUsd(), "usual_cost: must be above zero");
    require(options.max_models > 0, "max_models: must be at least 1");
    return options;
}

template <typename Numbers>
void make_sum_one(Numbers& numbers) {
    const double sum = std::accumulate(numbers.begin(), numbers.end(), 0.0);
    for (double& number : numbers)
        number = sum > 0 ? number / sum : 1 / double(numbers.size());
}

}  // namespace

NashRouter::NashRouter(const NashOptions& options) : options_(checked(options)) {}

// Quality times speed minus cost, each from 0 to 1. The textbook's speed, 1 / seconds, would let a model of
// 0.1 s win against one of 1 s that is nine times better.
double NashRouter::utility(const Learned& learned) const {
    const double decades = std::log10(std::max(learned.latency, kFastest) / kFastest);
    const double speed = 1 - options_.speed_weight * std::min(decades / kDecades, 1.0);
    const double cost = learned.cost / (learned.cost + double(options_.usual_cost.count()));
    return std::max(learned.quality * speed - options_.cost_weight * cost, 0.0);
}

// Of a type that the model has not served: the mean of those it has.
NashRouter::Row NashRouter::utilities(const Model& model) const {
    Row row{};
    double sum = 0;
    std::size_t known = 0;
    for (std::size_t type = 0; type < kTaskTypes; ++type) {
        if (model.learned[type].outcomes == 0) continue;
        row[type] = utility(model.learned[type]);
        sum += row[type];
        ++known;
    }
    for (std::size_t type = 0; type < kTaskTypes; ++type)
        if (model.learned[type].outcomes == 0) row[type] = sum / double(known);
    return row;
}

bool NashRouter::update(std::string_view id, TaskType type, const NashOutcome& outcome) {
    if (!(outcome.quality >= 0 && outcome.quality <= 1)) return false;
    if (outcome.latency.count() < 0 || outcome.cost < PicoUsd()) return false;
    const std::lock_guard lock(mutex_);
    auto model = std::find_if(models_.begin(), models_.end(), [id](const Model& m) { return m.id == id; });
    const bool is_new = model == models_.end();
    if (is_new) {
        if (models_.size() >= options_.max_models) return false;
        models_.emplace_back().id = id;
        model = models_.end() - 1;
    }
    Learned& learned = model->learned[static_cast<std::size_t>(type)];
    // The first outcome is all that is known: nothing to average it with.
    const double alpha = learned.outcomes == 0 ? 1 : options_.alpha;
    const auto move = [alpha](double& average, double to) { average += alpha * (to - average); };
    move(learned.quality, outcome.quality);
    move(learned.latency, std::chrono::duration<double>(outcome.latency).count());
    move(learned.cost, double(outcome.cost.count()));
    ++learned.outcomes;
    if (is_new) {
        model->strategy = utilities(*model);
        make_sum_one(model->strategy);
    }
    return true;
}

void NashRouter::iterate(std::size_t steps) {
    const std::lock_guard lock(mutex_);
    std::vector<Row> gains;
    gains.reserve(models_.size());
    for (const Model& model : models_)
        gains.push_back(utilities(model));
    Row crowd{};  // how much work all models spend on each type
    for (const Model& model : models_)
        for (std::size_t type = 0; type < kTaskTypes; ++type)
            crowd[type] += model.strategy[type];

    for (std::size_t step = 0; step < std::min(steps, kMostSteps); ++step)
        for (std::size_t i = 0; i < models_.size(); ++i) {
            Row& strategy = models_[i].strategy;
            Row answer{};
            for (std::size_t type = 0; type < kTaskTypes; ++type) {
                crowd[type] = std::max(crowd[type] - strategy[type], 0.0);  // the others'
                answer[type] = gains[i][type] / (1 + crowd[type]);
            }
            make_sum_one(answer);
            strategy = answer;
            for (std::size_t type = 0; type < kTaskTypes; ++type)
                crowd[type] += strategy[type];
        }
}

// Utility, less up to `specialisation` of it for a model that is better spent elsewhere.
std::vector<double> NashRouter::scores(std::size_t type) const {
    std::vector<double> scores;
    scores.reserve(models_.size());
    for (const Model& model : models_) {
        const double most = *std::max_element(model.strategy.begin(), model.strategy.end());
        const double elsewhere = 1 - model.strategy[type] / most;
        scores.push_back(utilities(model)[type] * (1 - options_.specialisation * elsewhere));
    }
    return scores;
}

std::optional<std::string> NashRouter::best_model(TaskType type) const {
    const std::lock_guard lock(mutex_);
    if (models_.empty()) return std::nullopt;
    const std::vector<double> ranked = scores(static_cast<std::size_t>(type));
    return models_[std::size_t(std::max_element(ranked.begin(), ranked.end()) - ranked.begin())].id;
}

std::vector<NashRouter::Assignment> NashRouter::assignment(TaskType type) const {
    const std::lock_guard lock(mutex_);
    std::vector<double> probabilities = scores(static_cast<std::size_t>(type));
    make_sum_one(probabilities);
    std::vector<Assignment> assignments;
    assignments.reserve(models_.size());
    for (std::size_t i = 0; i < models_.size(); ++i)
        assignments.push_back(
            {models_[i].id, probabilities[i], utilities(models_[i])[static_cast<std::size_t>(type)]});
    std::stable_sort(assignments.begin(), assignments.end(),
                     [](const Assignment& a, const Assignment& b) { return a.probability > b.probability; });
    return assignments;
}

double NashRouter::strategy(std::string_view id, TaskType type) const {
    const std::lock_guard lock(mutex_);
    for (const Model& model : models_)
        if (model.id == id) return model.strategy[static_cast<std::size_t>(type)];
    return 0;
}

std::string NashRouter::to_json() const {
    std::string out;
    wire::JsonWriter json(out);
    const std::lock_guard lock(mutex_);
    json.begin_object().key("alpha").number(options_.alpha).key("models").begin_array();
    for (const Model& model : models_) {
        json.begin_object().key("model").string(model.id).key("tasks").begin_object();
        for (std::size_t type = 0; type < kTaskTypes; ++type) {
            const Learned& learned = model.learned[type];
            if (learned.outcomes == 0) continue;
            json.key(to_string(static_cast<TaskType>(type))).begin_object();
            json.key("outcomes").number(learned.outcomes).key("quality").number(learned.quality);
            json.key("latency_ms").number(learned.latency * 1e3).key("cost_usd").number(learned.cost * 1e-12);
            json.key("utility").number(utility(learned)).key("strategy").number(model.strategy[type]);
            json.end_object();
        }
        json.end_object().end_object();
    }
    json.end_array().end_object();
    return out;
}

}  // namespace sluice

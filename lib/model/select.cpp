// The selection: the gate with a strategy. docs/selection.md.
#include <sluice/select.hpp>

#include "flow/selection.hpp"
#include "model/gate.hpp"

#include <cmath>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>

namespace sluice {
namespace {

/// What is known about the candidates, shared by all requests and by the streams that are still under way.
class Statistics {
  public:
    Statistics(flow::Selection selection, std::shared_ptr<Clock> clock)
        : clock_(std::move(clock)), selection_(std::move(selection)) {}

    std::size_t pick(std::span<const std::size_t> among, std::span<const std::optional<PicoUsd>> costs,
                     TimePoint now, std::uint64_t dice) {
        const std::lock_guard lock(mutex_);
        return selection_.pick(among, costs, now, dice);
    }
    void on_asked(std::size_t leg) {
        const std::lock_guard lock(mutex_);
        selection_.on_asked(leg);
    }
    void on_first_event(std::size_t leg, Duration after, TimePoint now) {
        const std::lock_guard lock(mutex_);
        selection_.on_first_event(leg, after, now);
    }
    void on_end(std::size_t leg, flow::Ending how, bool had_first_event, TimePoint now) {
        const std::lock_guard lock(mutex_);
        selection_.on_end(leg, how, had_first_event, now);
    }
    const Clock& clock() const noexcept { return *clock_; }

  private:
    std::shared_ptr<Clock> clock_;
    std::mutex mutex_;
    flow::Selection selection_;
};

flow::Ending ending(ErrorKind kind) noexcept {
    const bool is_about_the_request =
        kind == ErrorKind::context_length_exceeded || is_a(kind, ErrorKind::provider_bad_request);
    return is_about_the_request ? flow::Ending::abandoned : flow::Ending::failed;
}

/// Follows a stream that was handed out to its end.
class EndWatch final : public StreamWatch {
  public:
    EndWatch(std::shared_ptr<Statistics> statistics, std::size_t leg) noexcept
        : statistics_(std::move(statistics)), leg_(leg) {}
    void on_end(const StreamEvent& terminal, const std::optional<Usage>&) noexcept override {
        const Failure* failed = terminal.as<Failure>();
        tell(failed ? ending(failed->error().kind) : flow::Ending::succeeded);
    }
    void on_abandoned(const std::optional<Usage>&) noexcept override { tell(flow::Ending::abandoned); }

  private:
    void tell(flow::Ending how) noexcept { statistics_->on_end(leg_, how, true, statistics_->clock().now()); }
    std::shared_ptr<Statistics> statistics_;
    std::size_t leg_;
};

class ByStrategy final : public LegChooser {
  public:
    ByStrategy(Strategy strategy, flow::Selection selection, std::vector<ModelSpec> specs,
               const Runtime& runtime)
        : strategy_(strategy),
          needs_costs_(selection.needs_costs()),
          specs_(std::move(specs)),
          entropy_(runtime.entropy),
          statistics_(std::make_shared<Statistics>(std::move(selection), runtime.clock)) {}

    // A strategy with an order of its own asks in that order; one that spreads does so among those that can.
    bool filters_first() const noexcept override {
        return strategy_ != Strategy::priority && strategy_ != Strategy::cheapest;
    }
    bool has_primary() const noexcept override { return strategy_ == Strategy::priority; }

    std::size_t pick(std::span<const std::size_t> candidates, const Needs& needs, TimePoint now) override {
        std::vector<std::optional<PicoUsd>> costs;
        if (needs_costs_) {
            costs.reserve(specs_.size());
            for (const ModelSpec& spec : specs_)
                costs.push_back(estimated_cost(spec, needs));
        }
        return statistics_->pick(candidates, costs, now, rolls() ? entropy_->next() : 0);
    }
    void on_asked(std::size_t leg) override { statistics_->on_asked(leg); }
    void on_answer(std::size_t leg, Duration after, TimePoint now, TokenStream& stream) override {
        statistics_->on_first_event(leg, after, now);
        stream.watch(std::make_unique<EndWatch>(statistics_, leg));
    }
    void on_failed(std::size_t leg, const ErrorInfo& error, TimePoint now) override {
        statistics_->on_end(leg, ending(error.kind), false, now);
    }
    void on_given_up(std::size_t leg, TimePoint now) noexcept override {
        statistics_->on_end(leg, flow::Ending::abandoned, false, now);
    }

  private:
    bool rolls() const noexcept {
        return strategy_ == Strategy::weighted || strategy_ == Strategy::score ||
               strategy_ == Strategy::least_latency;
    }

    Strategy strategy_;
    bool needs_costs_;
    std::vector<ModelSpec> specs_;
    std::shared_ptr<Entropy> entropy_;
    std::shared_ptr<Statistics> statistics_;
};

std::shared_ptr<LegChooser> make_chooser(const std::vector<Candidate>& candidates,
                                         const SelectOptions& options) {
    if (options.half_life.count() <= 0)
        throw std::invalid_argument("SelectBoundModel: half_life must be positive");
    std::vector<flow::Selection::Rule> rules;
    std::vector<ModelSpec> specs;
    for (const Candidate& candidate : candidates) {
        const ModelSpec& spec = candidate.model.spec();
        if (!std::isfinite(candidate.weight) || candidate.weight <= 0)
            throw std::invalid_argument("SelectBoundModel: the weight of " + spec.provider_id + "/" +
                                        spec.id +
                                        " must be a finite number above zero; leave out what is not to be "
                                        "asked");
        flow::Selection::Rule rule;
        rule.weight = candidate.weight;
        rule.priority = candidate.priority;
        rules.push_back(rule);
        specs.push_back(spec);
    }
    flow::Selection selection(options.strategy, std::move(rules), options.half_life);
    return std::make_shared<ByStrategy>(options.strategy, std::move(selection), std::move(specs),
                                        options.failover.runtime);
}

GateShape shape_of(const SelectOptions& options) {
    GateShape shape("SelectBoundModel", std::string(to_string(options.strategy)));
    shape.max_attempts = options.max_attempts;
    return shape;
}

std::vector<BoundModel> models_of(const std::vector<Candidate>& candidates) {
    std::vector<BoundModel> models;
    models.reserve(candidates.size());
    for (const Candidate& candidate : candidates)
        models.push_back(candidate.model);
    return models;
}

class SelectTarget final : public ModelTarget {
  public:
    SelectTarget(const std::vector<Candidate>& candidates, const SelectOptions& options)
        : gate_(models_of(candidates), options.failover, shape_of(options),
                make_chooser(candidates, options)) {}

    const Provider& provider() const noexcept override { return gate_.primary().provider(); }
    const ModelSpec& spec() const noexcept override { return gate_.primary().spec(); }
    bool is_combinator() const noexcept override { return true; }
    asio::awaitable<Result<TokenStream>> open(const Request& request,
                                              const CallContext& outer) const override {
        return gate_.open(request, outer);
    }
    std::optional<Refusal> refusal(const Needs& needs, TimePoint now) const override {
        return gate_.refusal(needs, now);
    }
    Composition composition() const override { return gate_.composition(); }

  private:
    Gate gate_;
};

}  // namespace

SelectBoundModel::SelectBoundModel(std::vector<Candidate> candidates, SelectOptions options)
    : BoundModel(std::make_shared<SelectTarget>(candidates, options)) {}

}  // namespace sluice

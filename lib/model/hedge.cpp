#include <sluice/hedge.hpp>

#include "model/hedge_race.hpp"
#include "model/words.hpp"

#include <asio/this_coro.hpp>

#include <memory>
#include <string>
#include <utility>

namespace sluice {
namespace {

class HedgeTarget final : public ModelTarget {
  public:
    HedgeTarget(std::vector<BoundModel> legs, HedgeOptions options)
        : field_(std::make_shared<HedgeField>(std::move(legs), std::move(options))) {}

    const Provider& provider() const noexcept override { return primary().provider(); }
    const ModelSpec& spec() const noexcept override { return primary().spec(); }
    bool is_combinator() const noexcept override { return true; }

    asio::awaitable<Result<TokenStream>> open(const Request& request,
                                              const CallContext& outer) const override {
        return race(field_, request, outer);
    }
    std::optional<Refusal> refusal(const Needs& needs, TimePoint now) const override;
    Composition composition() const override;

  private:
    static asio::awaitable<Result<TokenStream>> race(std::shared_ptr<HedgeField> field,
                                                     const Request& request, const CallContext& outer);
    const BoundModel& primary() const noexcept { return field_->legs().front(); }

    std::shared_ptr<HedgeField> field_;
};

asio::awaitable<Result<TokenStream>> HedgeTarget::race(std::shared_ptr<HedgeField> field,
                                                       const Request& request, const CallContext& outer) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    const auto race = std::make_shared<HedgeRace>(std::move(field), executor, request, outer);
    co_return co_await HedgeRace::run(race);
}

std::optional<Refusal> HedgeTarget::refusal(const Needs& needs, TimePoint now) const {
    std::optional<Refusal> first;
    for (const BoundModel& leg : field_->legs()) {
        const std::optional<Refusal> why = leg.target()->refusal(needs, now);
        if (!why) return std::nullopt;
        if (!first || (is_for_ever(first->reason) && !is_for_ever(why->reason))) {
            first = why;
        } else if (!is_for_ever(why->reason) && why->retry_after.count() > 0 &&
                   (first->retry_after.count() == 0 || why->retry_after < first->retry_after)) {
            first->retry_after = why->retry_after;
        }
    }
    return first;
}

// At its slowest it is a chain: without money for hedges, a leg starts when the one before it has failed.
Composition HedgeTarget::composition() const {
    const HedgeOptions& options = field_->options();
    Composition made;
    made.kind = "hedge";
    made.settings = "the next after " + in_words(options.delay);
    if (options.live_quantile) {
        made.settings = "the next after the live " + in_words(*options.live_quantile * 100) +
                        " % of first events (" + in_words(options.min_delay) + " to " +
                        in_words(options.max_delay) + ", " + in_words(options.delay) + " at first)";
    }
    made.settings += ", " + std::to_string(options.max_legs) + " side by side, at most " +
                     in_words(options.max_extra * 100) + " % extra cost";
    made.order = Composition::Order::in_turn;
    made.parts = field_->legs();
    if (options.total.count() > 0) made.total = options.total;
    made.max_total_attempts = options.max_total_attempts;
    return made;
}

}  // namespace

HedgeBoundModel::HedgeBoundModel(std::vector<BoundModel> legs, HedgeOptions options)
    : BoundModel(std::make_shared<HedgeTarget>(std::move(legs), std::move(options))) {}

}  // namespace sluice

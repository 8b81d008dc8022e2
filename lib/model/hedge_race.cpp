#include "model/hedge_race.hpp"

#include <sluice/log.hpp>

#include "net/cancellation.hpp"

#include <asio/post.hpp>
#include <asio/system_error.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>

namespace sluice {
namespace {

std::string name(const ModelSpec& spec) {
    return spec.provider_id + "/" + spec.id;
}

bool is_priced(const BoundModel& leg) noexcept {
    return leg.spec().price.input && leg.spec().price.output;
}

void check(bool holds, const char* what) {
    if (!holds) throw std::invalid_argument(std::string("HedgeBoundModel: ") + what);
}

void check(const std::vector<BoundModel>& legs, const HedgeOptions& options) {
    check(legs.size() >= 2, "give it at least two models; a single one has nobody to race with");
    check(options.delay.count() >= 0, "delay must not be negative");
    check(!options.live_quantile || (*options.live_quantile > 0 && *options.live_quantile < 1),
          "live_quantile must lie between 0 and 1, such as 0.95; leave it out for a fixed delay");
    check(options.min_samples >= 1, "min_samples must be at least 1");
    check(options.min_delay.count() >= 0 && options.min_delay <= options.max_delay,
          "min_delay must not be negative, nor longer than max_delay");
    check(options.max_legs >= 2, "max_legs must be at least 2; with 1 it is a FallbackBoundModel");
    check(std::isfinite(options.max_extra) && options.max_extra > 0,
          "max_extra must be above 0, such as 0.05 for 5 %; to hedge never, use a FallbackBoundModel");
    check(std::isfinite(options.burst) && options.burst >= 1,
          "burst must be at least 1, or no hedge could ever be paid");
    check(options.max_total_attempts != 0U, "max_total_attempts must be at least 1");
}

CallContext entered(const HedgeField& field, const CallContext& outer) {
    const HedgeOptions& options = field.options();
    CallDefaults defaults;
    defaults.total = options.total;
    defaults.transform_context = &options.transform_context;
    defaults.events = &options.events;
    defaults.max_total_attempts = options.max_total_attempts;
    return enter_call(outer, defaults, field.clock());
}

flow::HedgeMachine::Settings settings_of(const HedgeField& field, const CallContext& context) {
    flow::HedgeMachine::Settings settings;
    for (const BoundModel& leg : field.legs())
        settings.windows.push_back(leg.spec().context_window);
    settings.max_legs = field.options().max_legs;
    settings.latest = std::min(context.deadline, context.first_event_deadline);
    settings.is_trigger = [triggers = field.options().trigger_errors](ErrorKind kind) {
        return triggers.contains(kind);
    };
    return settings;
}

}  // namespace

// --- what all requests share ---

HedgeField::HedgeField(std::vector<BoundModel> legs, HedgeOptions options)
    : legs_(std::move(legs)),
      options_(std::move(options)),
      priced_(std::all_of(legs_.begin(), legs_.end(), is_priced)),
      times_(legs_.size()),
      budget_(options_.max_extra, options_.burst) {
    check(legs_, options_);
}

double HedgeField::cost(std::size_t leg, const Needs& needs) const {
    const std::optional<PicoUsd> cost =
        priced_ ? estimated_cost(legs_[leg].spec(), needs) : std::optional<PicoUsd>();
    return cost ? static_cast<double>(cost->count()) : 1;
}

void HedgeField::earn(std::size_t leg, const Needs& needs) {
    const double earned = cost(leg, needs);
    const std::lock_guard lock(mutex_);
    budget_.earn(earned);
}

bool HedgeField::spend(std::size_t leg, const Needs& needs) {
    const double spent = cost(leg, needs);
    const std::lock_guard lock(mutex_);
    return budget_.spend(spent);
}

Duration HedgeField::delay(std::size_t leg) const {
    if (!options_.live_quantile) return options_.delay;
    const std::lock_guard lock(mutex_);
    if (times_[leg].samples() < options_.min_samples) return options_.delay;
    return std::clamp<Duration>(times_[leg].at(*options_.live_quantile), options_.min_delay,
                                options_.max_delay);
}

void HedgeField::on_first_event(std::size_t leg, Duration after) {
    const std::lock_guard lock(mutex_);
    times_[leg].add(after);
}

// --- one race ---

/// Goes with a leg's coroutine, which may also end without having begun.
class HedgeRace::Running {
  public:
    Running(std::shared_ptr<HedgeRace> race, std::size_t leg) : race_(std::move(race)), leg_(leg) {
        ++race_->running_;
    }
    Running(Running&&) noexcept = default;
    Running& operator=(Running&&) = delete;
    ~Running() {
        if (race_) race_->on_ended(leg_);
    }

  private:
    std::shared_ptr<HedgeRace> race_;
    std::size_t leg_;
};

HedgeRace::HedgeRace(std::shared_ptr<HedgeField> field, const asio::any_io_executor& executor,
                     const Request& request, const CallContext& outer)
    : field_(std::move(field)),
      executor_(executor),
      request_(request),
      context_(entered(*field_, outer)),
      needs_(context_.call->needs(request, context_.options)),
      machine_(settings_of(*field_, context_)),
      legs_(field_->legs().size()),
      done_(executor),
      timer_(field_->options().runtime.clock->make_timer(executor, [this] { advance(); })) {
    if (context_.purpose == Purpose::probe) machine_.stop_hedging();
}

asio::awaitable<Result<TokenStream>> HedgeRace::run(std::shared_ptr<HedgeRace> self) {
    // Nothing that could cancel our caller runs before the one await from which cancellation stops the legs.
    asio::post(self->executor_, [self] { self->advance(); });
    const std::function<void()> on_cancel = [race = self.get()] { race->cancel(); };
    const bool undisturbed = co_await self->done_.wait_out(on_cancel);
    if (!undisturbed) throw asio::system_error(net::aborted(), "HedgeBoundModel");
    co_return self->result();
}

asio::awaitable<void> HedgeRace::run_leg(std::shared_ptr<HedgeRace> self, std::size_t leg,
                                         [[maybe_unused]] Running running) {
    Leg& mine = self->legs_[leg];
    try {
        std::optional<TokenStream> stream =
            co_await try_leg(self->field_->legs()[leg], self->request_, mine.context, mine.failure);
        if (stream) {
            self->on_good(leg, std::move(*stream));
        } else {
            self->on_failed(leg);
        }
    } catch (...) {
        if (!self->over_) self->thrown_ = std::current_exception();
    }
}

void HedgeRace::advance() noexcept {
    try {
        while (!over_ && machine_.next(now()).action != flow::HedgeMachine::Action::wait)
            step();
        if (over_) return;
        timer_->arm(machine_.next(now()).due);
    } catch (...) {
        thrown_ = std::current_exception();
        finish();
    }
}

void HedgeRace::step() {
    const flow::HedgeMachine::Step step = machine_.next(now());
    for (const std::size_t leg : machine_.take_skipped())
        skip(leg, Refusal(SkipReason::window_too_small));
    if (over_) return;  // a listener has cancelled the request
    if (step.action == flow::HedgeMachine::Action::start) return start(step.leg, step.is_hedge);
    if (machine_.verdict()->end == flow::HedgeMachine::End::exhausted && take_last_resort()) return;
    finish();
}

void HedgeRace::start(std::size_t leg, bool is_hedge) {
    std::optional<Refusal> refusal;
    if (!last_resort_) refusal = field_->legs()[leg].target()->refusal(needs_, now());
    const bool has_room = context_.call->has_attempts_left();
    if (!has_room && !is_hedge) refusal = Refusal(SkipReason::attempts_spent);
    if (refusal) {
        machine_.on_passed_over(leg);
        skip(leg, *refusal);
    } else if (is_hedge && (!has_room || !field_->spend(leg, needs_))) {
        machine_.stop_hedging();
    } else {
        launch(leg, is_hedge);
    }
}

void HedgeRace::launch(std::size_t leg, bool is_hedge) {
    Leg& starts = legs_[leg];
    starts.context = context_;
    starts.context.last_resort = context_.last_resort || last_resort_;
    if (is_hedge && context_.purpose == Purpose::answer) starts.context.purpose = Purpose::hedge;
    starts.started = now();
    starts.delay = field_->delay(leg);
    machine_.on_started(leg, starts.started, starts.delay);
    if (!first_start_) {
        first_start_ = starts.started;
        field_->earn(leg, needs_);
    }
    if (is_hedge) {
        context_.call->emit(field_->clock(), spec(leg), HedgeStarted{starts.started - *first_start_},
                            starts.context.purpose);
    } else if (last_failed_) {
        const ErrorInfo& error = legs_[*last_failed_].error;
        log(LogLevel::warning, "provider failover: " + name(spec(*last_failed_)) + " \u2192 " +
                                   name(spec(leg)) + " (" + std::string(class_name(error.kind)) +
                                   ", legs of a hedge)");
        context_.call->emit(field_->clock(), spec(*last_failed_), FailedOver{error, spec(leg)},
                            context_.purpose);
    }
    if (over_) return machine_.on_cancelled(leg);  // a listener has cancelled the request
    starts.task = tasks_.spawn(executor_, run_leg(shared_from_this(), leg, Running(shared_from_this(), leg)));
}

void HedgeRace::skip(std::size_t leg, const Refusal& why) {
    Attempt record = not_asked(spec(leg), why).attempts->front();
    attempts_.push_back(std::move(record));
    if (!is_for_ever(why.reason)) refused_for_now_.emplace_back(leg, why);
    context_.call->emit(field_->clock(), spec(leg), LegSkipped{why.reason, why.retry_after},
                        context_.purpose);
}

// Nobody was asked. Whoever refuses for now, and for the shortest time, is asked all the same.
bool HedgeRace::take_last_resort() {
    const bool wanted = field_->options().last_resort || context_.last_resort;
    if (first_start_ || !wanted || refused_for_now_.empty() || !context_.call->has_attempts_left())
        return false;
    const auto is_sooner = [](const Refused& a, const Refused& b) {
        const auto wait = [](const Refused& refused) {
            return refused.why.retry_after.count() > 0 ? refused.why.retry_after
                                                       : std::chrono::nanoseconds::max();
        };
        return wait(a) < wait(b);
    };
    last_resort_ = true;
    machine_.revive(std::min_element(refused_for_now_.begin(), refused_for_now_.end(), is_sooner)->leg);
    return true;
}

// --- what became of a leg ---

void HedgeRace::on_good(std::size_t leg, TokenStream stream) {
    if (over_) return;  // too late: its stream ends here
    field_->on_first_event(leg, now() - legs_[leg].started);
    legs_[leg].stream.emplace(std::move(stream));
    machine_.on_good(leg);
    for (std::size_t other = 0; other < legs_.size(); ++other) {
        // What a silent loser would have taken is not known, but that it is more than this. Left out, the
        // slowest requests would never be counted, and the delay would shrink and shrink.
        const Duration silent = now() - legs_[other].started;
        if (machine_.is_running(other) && silent >= legs_[other].delay) field_->on_first_event(other, silent);
    }
    advance();
}

void HedgeRace::on_failed(std::size_t leg) {
    Leg& failed = legs_[leg];
    const Duration took = now() - failed.started;
    failed.error = failed.failure->error;
    const bool was_silent = failed.error.kind == ErrorKind::provider_timeout && took >= failed.delay;
    if (was_silent && !over_) field_->on_first_event(leg, took);
    Attempt record = record_of(spec(leg), *failed.failure, took);
    append_attempts(attempts_, std::move(*failed.failure), std::move(record));
    machine_.on_failed(leg, failed.error, !budget_is_spent(failed.error));
    last_failed_ = leg;
    advance();
}

void HedgeRace::on_ended(std::size_t leg) noexcept {
    --running_;
    if (machine_.is_running(leg)) {
        // It was cancelled, it threw, or its io_context is being destroyed.
        machine_.on_cancelled(leg);
        over_ = true;
    }
    if (over_) finish();
}

// --- the end ---

void HedgeRace::cancel() noexcept {
    finish();
}

// No leg starts any more, and whoever runs is stopped. Done when all have ended.
void HedgeRace::finish() noexcept {
    over_ = true;
    timer_->disarm();
    if (running_ == 0) return done_.notify();
    for (std::size_t leg = 0; leg < legs_.size(); ++leg)
        if (legs_[leg].task && machine_.is_running(leg)) legs_[leg].task->cancel();
}

Result<TokenStream> HedgeRace::result() {
    if (thrown_) std::rethrow_exception(thrown_);
    const flow::HedgeMachine::Verdict verdict = machine_.verdict().value_or(flow::HedgeMachine::Verdict());
    if (verdict.end == flow::HedgeMachine::End::won) {
        TokenStream stream = std::move(*legs_[verdict.leg].stream);
        if (!attempts_.empty()) stream.prepend_attempts(std::move(attempts_));
        return stream;
    }
    ErrorInfo error =
        verdict.end == flow::HedgeMachine::End::propagate ? legs_[verdict.leg].error : exhausted(attempts_);
    return with_attempts(std::move(error), std::move(attempts_));
}

}  // namespace sluice

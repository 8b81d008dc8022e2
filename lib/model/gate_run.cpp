// The numbers in the comments are the points of docs/gate.md.
#include "model/gate_run.hpp"

#include <sluice/log.hpp>

#include <algorithm>
#include <bit>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace sluice {
namespace {

std::string name(const ModelSpec& spec) {
    return spec.provider_id + "/" + spec.id;
}

/// It would have failed at any healthy target of that kind.
bool is_about_the_request(ErrorKind kind) noexcept {
    return kind == ErrorKind::context_length_exceeded || is_a(kind, ErrorKind::provider_bad_request);
}

/// A leg that was opened and had refused by then: it knew more than refusal() did.
std::optional<Refusal> turned_down(const ErrorInfo& error) {
    if (error.kind != ErrorKind::no_provider_available || !error.attempts) return std::nullopt;
    std::optional<SkipReason> reason;
    for (const Attempt& attempt : *error.attempts) {
        if (!attempt.reason) continue;
        if (!reason || (is_for_ever(*reason) && !is_for_ever(*attempt.reason))) reason = attempt.reason;
    }
    if (!reason) return std::nullopt;
    Refusal why(*reason);
    if (error.retry_after) why.retry_after = *error.retry_after;
    return why;
}

CallContext entered(const Gate& gate, const CallContext& outer) {
    const FallbackOptions& options = gate.options();
    CallDefaults defaults;
    defaults.total = options.total;
    defaults.transform_context = &options.transform_context;
    defaults.events = &options.events;
    defaults.max_total_attempts = options.max_total_attempts;
    return enter_call(outer, defaults, gate.clock());
}

flow::FailoverRules rules_of(const FallbackOptions& options, std::size_t legs, std::size_t max_asks,
                             bool last_resort) {
    flow::FailoverRules rules;
    rules.is_trigger = [triggers = options.trigger_errors](ErrorKind kind) {
        return triggers.contains(kind);
    };
    rules.max_asks = max_asks;
    rules.may_ask_again = max_asks > legs;
    rules.last_resort = last_resort;
    return rules;
}

}  // namespace

GateRun::GateRun(const Gate& gate, const Request& request, const CallContext& outer)
    : gate_(gate),
      outer_(outer),
      clock_(gate.clock()),
      context_(entered(gate, outer)),
      needs_(gate.filtered(context_.call->needs(request, context_.options))),
      first_event_deadline_(outer.first_event_deadline),
      machine_(gate.windows_, rules_of(gate.options_, gate.legs_.size(), gate.max_asks_,
                                       gate.options_.last_resort || outer.last_resort)),
      sticky_key_(sticky_key()) {
    if (sticky_key_) {
        const std::lock_guard lock(gate_.memory_->mutex);
        sticky_leg_ = gate_.memory_->sticky.leg(*sticky_key_, clock_.now());
    }
    sticky_pending_ = sticky_leg_.has_value();
    find_next();
}

GateRun::~GateRun() {
    if (asking_) gate_.chooser_->on_given_up(*leg_, clock_.now());
}

// --- who is next ---

bool GateRun::has_room() const noexcept {
    return context_.call->has_attempts_left();
}

void GateRun::find_next() {
    leg_.reset();
    const TimePoint now = clock_.now();
    for (;;) {
        const std::span<const std::size_t> candidates = machine_.candidates();
        if (candidates.empty()) {
            const std::optional<std::size_t> last = has_room() ? machine_.last_resort() : std::nullopt;
            if (last) ask(*last, true);
            return;
        }
        if (!has_room()) {
            for (const std::size_t leg : candidates)
                skip(leg, Refusal(SkipReason::attempts_spent));
            return;
        }
        if (std::exchange(sticky_pending_, false) &&
            std::find(candidates.begin(), candidates.end(), *sticky_leg_) != candidates.end()) {
            if (const std::optional<Refusal> why = refusal_of(*sticky_leg_, now)) {
                skip(*sticky_leg_, *why);
                continue;
            }
            return ask(*sticky_leg_, false);
        }
        bool skipped_any = false;
        if (gate_.chooser_->filters_first()) {
            for (const std::size_t leg : candidates) {
                const std::optional<Refusal> why = refusal_of(leg, now);
                if (why) skip(leg, *why);
                skipped_any |= why.has_value();
            }
            if (skipped_any) continue;
        }
        const std::size_t leg = gate_.chooser_->pick(candidates, needs_, now);
        if (!first_choice_) first_choice_ = leg;
        if (!gate_.chooser_->filters_first()) {
            if (const std::optional<Refusal> why = refusal_of(leg, now)) {
                skip(leg, *why);
                continue;
            }
        }
        return ask(leg, false);
    }
}

std::optional<Refusal> GateRun::refusal_of(std::size_t leg, TimePoint now) const {
    if (machine_.is_too_small(leg)) return Refusal(SkipReason::window_too_small);
    return gate_.legs_[leg].target()->refusal(needs_, now);
}

void GateRun::skip(std::size_t leg, const Refusal& why) {
    const ModelSpec& spec = gate_.legs_[leg].spec();
    Attempt record = not_asked(spec, why).attempts->front();
    if (machine_.is_too_small(leg) && why.reason == SkipReason::window_too_small)  // 10
        record.error.message = "not asked: its context window is no larger than the one that was too small";
    attempts_.push_back(std::move(record));
    unwell_ |= !is_for_ever(why.reason);
    machine_.on_refused(leg, why);
    context_.call->emit(clock_, spec, LegSkipped{why.reason, why.retry_after}, context_.purpose);
}

void GateRun::ask(std::size_t leg, bool last_resort) {
    machine_.on_asked(leg);
    leg_ = leg;
    context_.last_resort = outer_.last_resort || last_resort;
}

const CallContext& GateRun::begin() {
    started_ = clock_.now();
    asking_ = true;
    context_.first_event_deadline = share_of_budget();
    gate_.chooser_->on_asked(*leg_);
    return context_;
}

// The leg that is asked now may use its share of what is left, so that the others get theirs.
TimePoint GateRun::share_of_budget() {
    const TimePoint end = std::min(context_.deadline, first_event_deadline_);
    if (gate_.options_.split == BudgetSplit::none || end == kNever || end <= started_)
        return first_event_deadline_;
    std::size_t others = 0;
    if (machine_.may_ask_again()) {
        others = machine_.asks_left();
    } else {
        for (const std::size_t leg : machine_.candidates())
            others += leg != *leg_ && !refusal_of(leg, started_);
        others = std::min(others, machine_.asks_left());
    }
    if (const auto& limit = context_.call->max_attempts) {
        const std::uint32_t used = context_.call->attempts + 1;  // this one included
        others = std::min<std::size_t>(others, *limit > used ? *limit - used : 0);
    }
    if (others == 0) return first_event_deadline_;
    return started_ + (end - started_) / static_cast<Duration::rep>(others + 1);
}

// --- what became of it ---

void GateRun::on_answer(TokenStream& stream) {
    const TimePoint now = clock_.now();
    asking_ = false;
    gate_.chooser_->on_answer(*leg_, now - started_, now, stream);
}

TokenStream GateRun::commit(TokenStream stream) {
    if (std::atomic<std::uint32_t>& failures = gate_.memory_->failures_in_a_row[*leg_];
        failures.load(std::memory_order_relaxed) != 0)
        failures.store(0, std::memory_order_relaxed);
    remember(*leg_);
    if (!attempts_.empty()) stream.prepend_attempts(std::move(attempts_));
    return stream;
}

std::shared_ptr<const Failover> GateRun::on_failed(LegFailure failure) {
    const std::size_t failed = *leg_;
    const TimePoint now = clock_.now();
    const std::optional<Refusal> refused = turned_down(failure.error);
    if (std::exchange(asking_, false)) {
        if (refused) {
            gate_.chooser_->on_given_up(failed, now);
        } else {
            gate_.chooser_->on_failed(failed, failure.error, now);
        }
    }
    if (refused) {
        machine_.on_turned_down(*refused);
        unwell_ |= !is_for_ever(refused->reason);
        Attempt record = record_of(gate_.legs_[failed].spec(), failure, now - started_);
        append_attempts(attempts_, std::move(failure), std::move(record));
        find_next();
        return nullptr;
    }

    unwell_ |= !is_about_the_request(failure.error.kind);
    Attempt record = record_of(gate_.legs_[failed].spec(), failure, now - started_);
    const Attempt reported = record;
    append_attempts(attempts_, std::move(failure), std::move(record));
    const bool propagates = machine_.on_failed(reported.error) == flow::FailoverMachine::Verdict::propagate;
    const bool is_final = propagates || budget_is_spent(reported.error);
    if (is_final) final_error_ = reported.error;
    if (sticky_leg_ == failed && sticky_key_) {
        const std::lock_guard lock(gate_.memory_->mutex);
        gate_.memory_->sticky.forget(*sticky_key_);
    }
    leg_.reset();
    if (!is_final) find_next();
    if (propagates) return nullptr;  // 5: not abandoned
    return give_up(failed, reported);
}

void GateRun::log_failover(std::size_t failed, const ErrorInfo& error, std::uint32_t in_a_row) const {
    std::string line = "provider failover: " + name(gate_.legs_[failed].spec()) + " \u2192 " +
                       (leg_ ? name(leg().spec()) : "none") + " (" + std::string(class_name(error.kind)) +
                       ", leg " + std::to_string(failed + 1) + " of " + std::to_string(gate_.legs_.size());
    if (in_a_row > 1) line += ", failed " + std::to_string(in_a_row) + " times in a row";
    log(LogLevel::warning, line + ")");
}

std::shared_ptr<const Failover> GateRun::give_up(std::size_t failed, const Attempt& record) {
    const std::uint32_t in_a_row =
        gate_.memory_->failures_in_a_row[failed].fetch_add(1, std::memory_order_relaxed) + 1;
    const ModelSpec& spec = gate_.legs_[failed].spec();
    const ModelSpec* next = leg_ ? &leg().spec() : nullptr;
    // Of a leg that goes on failing the log tells the 1st, 2nd, 4th, 8th ... time: an outage must not fill
    // it.
    if (std::has_single_bit(in_a_row)) log_failover(failed, record.error, in_a_row);
    if (next) context_.call->emit(clock_, spec, FailedOver{record.error, *next}, context_.purpose);
    if (!*gate_.hook_) return nullptr;

    auto what = std::make_shared<Failover>();
    what->failed = spec;
    if (next) what->next = *next;
    what->error = record.error;
    what->attempt = failed;
    what->record = record;
    what->consecutive_failures = in_a_row;
    return what;
}

ErrorInfo GateRun::error() {
    ErrorInfo error = final_error_ ? std::move(*final_error_) : exhausted(attempts_);  // 3, 9
    return with_attempts(std::move(error), std::move(attempts_));
}

// --- stickiness ---

std::optional<std::uint64_t> GateRun::sticky_key() const {
    switch (gate_.options_.stickiness.by) {
        case Stickiness::By::none:
            return std::nullopt;
        case Stickiness::By::chain:
            return 0;
        case Stickiness::By::conversation:
            break;
    }
    const std::string& conversation = context_.options.conversation();
    if (conversation.empty()) return std::nullopt;
    return std::hash<std::string_view>()(conversation);
}

void GateRun::remember(std::size_t answered) {
    if (!sticky_key_) return;
    const bool by_conversation = gate_.options_.stickiness.by == Stickiness::By::conversation;
    // A chain must not follow one odd request; a conversation has that oddity in its history.
    const bool is_away = answered != first_choice_ && (by_conversation || unwell_);
    const bool is_sticky = answered == sticky_leg_;
    const std::lock_guard lock(gate_.memory_->mutex);
    flow::Sticky& sticky = gate_.memory_->sticky;
    if (is_sticky) {
        if (by_conversation) sticky.remember(*sticky_key_, answered, clock_.now());
    } else if (is_away || (by_conversation && !gate_.chooser_->has_primary())) {
        sticky.remember(*sticky_key_, answered, clock_.now());
    } else if (answered == first_choice_) {
        sticky.forget(*sticky_key_);
    }
}

}  // namespace sluice

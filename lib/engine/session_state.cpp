#include "engine/session_state.hpp"

#include <sluice/log.hpp>

#include "model/trace.hpp"
#include "model/warm.hpp"

#include <algorithm>
#include <exception>
#include <stdexcept>
#include <utility>

namespace sluice {
namespace {

constexpr Duration kWarmLimit = std::chrono::seconds(10);

std::string new_id(Entropy& dice) {
    std::string id = "sess_";
    append_hex(id, dice.next(), 16);
    return id;
}

// The calls of the last assistant message that no later message answers.
std::vector<ToolCallPart> unanswered(const std::vector<Message>& messages) {
    std::vector<ToolCallPart> open;
    for (const Message& message : messages) {
        for (const Part& part : message.parts) {
            if (const auto* call = std::get_if<ToolCallPart>(&part)) {
                open.push_back(*call);
            } else if (const auto* result = std::get_if<ToolResultPart>(&part)) {
                const auto is_it = [result](const ToolCallPart& made) {
                    return made.id == result->tool_call_id;
                };
                const auto answered = std::find_if(open.begin(), open.end(), is_it);
                if (answered == open.end())
                    throw std::invalid_argument("start_session: history: the result of call \"" +
                                                result->tool_call_id + "\" has no call before it");
                open.erase(answered);
            }
        }
    }
    return open;
}

void check(const std::vector<Message>& history) {
    for (const Message& message : history)
        if (message.role == Role::system)
            throw std::invalid_argument(
                "start_session: history: system messages are the agent's (system_prompt)");
    if (!history.empty() && history.front().role != Role::user)
        throw std::invalid_argument("start_session: history: it must begin with a user's message");
    if (!unanswered(history).empty())
        throw std::invalid_argument("start_session: history: it ends with calls of tools without results");
}

bool is_user_text(const Message& message) {
    const auto is_result = [](const Part& part) { return std::holds_alternative<ToolResultPart>(part); };
    return message.role == Role::user && std::none_of(message.parts.begin(), message.parts.end(), is_result);
}

}  // namespace

SessionState::SessionState(std::shared_ptr<EngineState> engine, std::shared_ptr<const AgentOptions> agent,
                           SessionOptions options)
    : engine_(std::move(engine)), agent_(std::move(agent)), options_(std::move(options)) {
    check(options_.history);
    messages_ = std::move(options_.history);
    if (options_.id.empty()) options_.id = new_id(*engine_->runtime().entropy);
    if (agent_->goal_tracking) {
        goal_.emplace(agent_->goal);
        if (options_.goal.empty())
            goal_message_ = 0;
        else
            goal_->set_goal(options_.goal);
    }
    figures_.id = options_.id;
    figures_.cost = PicoUsd();
}

void SessionState::enter() {
    check_idle("a second turn");
    busy_ = true;
}

void SessionState::check_idle(std::string_view what) const {
    if (closed_) throw SessionClosed("session " + options_.id + " is closed");
    if (busy_)
        throw SessionBusy("session " + options_.id + ": " + std::string(what) +
                          " while a turn is under way; wait for that one, or start another session");
}

std::uint64_t SessionState::turns() const {
    const std::lock_guard lock(mutex_);
    return figures_.turns;
}

std::vector<ToolCallPart> SessionState::open_calls() const {
    if (messages_.empty() || messages_.back().role != Role::assistant) return {};
    std::vector<ToolCallPart> calls;
    for (const Part& part : messages_.back().parts)
        if (const auto* call = std::get_if<ToolCallPart>(&part)) calls.push_back(*call);
    return calls;
}

void SessionState::warm_orchestrator(const asio::any_io_executor& executor) {
    const BoundModel& model = engine_->chain(System::system2).leaves.front();
    tasks_.spawn(executor, warm(model, clock().now() + kWarmLimit));
}

RoutingSignals SessionState::with_own_signals(RoutingSignals signals) const {
    signals.error_in_last_step = signals.error_in_last_step || error_in_last_step_;
    // A first message is a guess at the goal, and no reason to spend more.
    if (!options_.goal.empty()) signals.goal_drift = std::max(signals.goal_drift, drift_);
    return signals;
}

void SessionState::count_decision(System system) {
    const std::lock_guard lock(mutex_);
    ++(system == System::system1 ? system1_ : system2_);
}

std::optional<GoalState> SessionState::observe(std::string_view user, const std::string& answer,
                                               const std::vector<ToolCallPart>& calls) {
    if (!goal_) return std::nullopt;
    GoalState state = goal_->observe(user, answer, calls);
    drift_ = state.drift;
    return state;
}

ModelUse& SessionState::use_of(const TurnAttempt& attempt) {
    const auto is_it = [&attempt](const ModelUse& use) {
        return use.provider == attempt.provider && use.model == attempt.model;
    };
    const auto known = std::find_if(figures_.models.begin(), figures_.models.end(), is_it);
    if (known != figures_.models.end()) return *known;
    ModelUse& use = figures_.models.emplace_back();
    use.provider = attempt.provider;
    use.model = attempt.model;
    return use;
}

void SessionState::add_attempt(const TurnAttempt& attempt) {
    ModelUse& use = use_of(attempt);
    switch (attempt.outcome) {
        case TurnAttempt::Outcome::answered:
            ++use.answered;
            break;
        case TurnAttempt::Outcome::failed:
            ++use.failed;
            break;
        case TurnAttempt::Outcome::abandoned:
            ++use.abandoned;
            break;
        case TurnAttempt::Outcome::skipped:
            ++use.skipped;
            return;
    }
    if (attempt.usage) {
        figures_.input_tokens += attempt.usage->input.value_or(0);
        figures_.output_tokens += attempt.usage->output.value_or(0);
        figures_.total_tokens = figures_.input_tokens + figures_.output_tokens;
    }
    if (attempt.cost && figures_.cost)
        figures_.cost = *figures_.cost + *attempt.cost;
    else if (attempt.outcome == TurnAttempt::Outcome::answered)
        figures_.cost = std::nullopt;
}

void SessionState::account(const TurnMetadata& turn, TurnRecord::End end, const ErrorInfo* error,
                           bool in_error) {
    error_in_last_step_ = in_error;
    {
        const std::lock_guard lock(mutex_);
        for (const TurnAttempt& attempt : turn.attempts)
            add_attempt(attempt);
        if (end == TurnRecord::End::answered) {
            if (open_calls().empty()) ++figures_.turns;
            if (turn.failover) ++figures_.failovers;
        } else {
            ++figures_.failed_turns;
        }
        total_latency_ms_ += turn.latency_ms;
        const std::uint64_t ended = figures_.turns + figures_.failed_turns;
        figures_.average_latency_ms = ended == 0 ? 0 : total_latency_ms_ / static_cast<double>(ended);
    }
    const auto& on_turn = engine_->options().on_turn;
    if (!on_turn) return;
    TurnRecord record(turn);
    record.agent = agent_->name;
    record.session = options_.id;
    record.user = options_.user_id;
    record.end = end;
    record.error = error;
    try {
        on_turn(record);
    } catch (...) {
        log(LogLevel::error, "on_turn threw, and was ignored");
    }
}

void SessionState::bound_history() {
    const std::size_t limit = engine_->options().context.max_messages;
    if (messages_.size() <= limit) return;
    // From the first turn on with which no more than three quarters are kept, so that it is not done each
    // time.
    std::size_t from = messages_.size() - limit * 3 / 4;
    while (from < messages_.size() && !is_user_text(messages_[from]))
        ++from;
    if (from == messages_.size()) return;  // one turn only: ToolLimits bound it
    const std::size_t kept = goal_message_ && *goal_message_ < from ? 1 : 0;
    if (kept == 1) messages_.front() = messages_[*goal_message_];
    messages_.erase(messages_.begin() + static_cast<std::ptrdiff_t>(kept),
                    messages_.begin() + static_cast<std::ptrdiff_t>(from));
    if (goal_message_) goal_message_ = 0;
}

DualProcessStats SessionState::dual_process() const {
    const std::lock_guard lock(mutex_);
    return DualProcessStats(system1_, system2_, engine_->options().routing.bands);
}

SessionStats SessionState::stats() const {
    SessionStats stats;
    {
        const std::lock_guard lock(mutex_);
        stats = figures_;
    }
    stats.dual_process = dual_process();
    stats.weights_json = engine_->learned_json();
    return stats;
}

}  // namespace sluice

#include "engine/turn.hpp"

#include <sluice/log.hpp>

#include "engine/tool_run.hpp"
#include "model/collected.hpp"

#include <asio/this_coro.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace sluice {
namespace {

void add(std::optional<Tokens>& sum, const std::optional<Tokens>& more) {
    if (more) sum = sum.value_or(0) + *more;
}

void add(Usage& sum, const Usage& more) {
    add(sum.input, more.input);
    add(sum.cached_input, more.cached_input);
    add(sum.cache_write, more.cache_write);
    add(sum.output, more.output);
    add(sum.reasoning, more.reasoning);
}

double quality_of(StopReason reason) noexcept {
    switch (reason) {
        case StopReason::stop:
        case StopReason::tool_calls:
            return 1;
        case StopReason::length:
        case StopReason::paused:
        case StopReason::unknown:
            return 0.5;
        case StopReason::content_filter:
        case StopReason::error:
            break;
    }
    return 0;
}

Message results_message(std::vector<ToolResultPart> results) {
    Message message;
    message.role = Role::tool;
    for (ToolResultPart& result : results)
        message.parts.emplace_back(std::move(result));
    return message;
}

ToolResultPart not_run(const ToolCallPart& call) {
    ToolResultPart result(call.id, "The call was given up before it ended.");
    result.is_error = true;
    return result;
}

}  // namespace

Turn::Turn(std::shared_ptr<SessionState> session, RunOptions options)
    : session_(std::move(session)), options_(std::move(options)) {}

Turn::~Turn() {
    if (state_ == State::running) give_up(false);
}

// ---- the beginning ---------------------------------------------------------------------------------------

void Turn::enter() {
    session_->enter();
    state_ = State::running;
    started_ = session_->clock().now();
    first_message_ = session_->messages().size();
    reply_.session_id = session_->id();
}

void Turn::decide(std::string_view prompt, bool after_tools) {
    const RoutingOptions& routing = session_->engine().options().routing;
    RoutingSignals signals;
    if (options_.signals())
        signals = *options_.signals();
    else if (routing.signals)
        signals = routing.signals(prompt);
    signals = session_->with_own_signals(signals);
    TaskContext context;
    context.depth = session_->turns();
    context.tools = session_->agent().tools.size();

    TurnMetadata& turn = figures();
    if (options_.system()) {
        turn.system = *options_.system();
        profile_ = classify(prompt, context);
    } else {
        DualProcessRouter& router = session_->engine().router();
        RoutingDecision decision = after_tools ? router.decide_after_tools(signals, context)
                                               : router.decide(prompt, signals, context);
        turn.system = decision.system;
        turn.routing_reasons = std::move(decision.reasons);
        profile_ = decision.profile;
        session_->count_decision(turn.system);
    }
    chain_ = session_->engine().chain_for(turn.system, profile_, signals.enterprise_safety);
    turn.model_requested = chain_->spec().id;
}

asio::awaitable<void> Turn::begin(Prompt prompt) {
    session_->check_idle("a second turn");
    if (!session_->open_calls().empty())
        throw SessionError("session " + session_->id() +
                           ": the last reply called tools; give their results with submit() first");
    enter();
    user_text_ = prompt.text();
    session_->messages().emplace_back(Role::user, std::move(prompt).parts());
    decide(user_text_, false);
    if (session_->engine().options().routing.warm_orchestrator && figures().system == System::system1) {
        const asio::any_io_executor executor = co_await asio::this_coro::executor;
        session_->warm_orchestrator(executor);
    }
    co_await open_step();
}

asio::awaitable<void> Turn::begin_with(std::vector<ToolResultPart> results) {
    session_->check_idle("submit");
    check_results(results);
    enter();
    session_->messages().push_back(results_message(std::move(results)));
    decide(std::string_view(), true);
    co_await open_step();
}

void Turn::check_results(const std::vector<ToolResultPart>& results) const {
    std::vector<ToolCallPart> open = session_->open_calls();
    for (const ToolResultPart& result : results) {
        const auto is_it = [&result](const ToolCallPart& call) { return call.id == result.tool_call_id; };
        const auto call = std::find_if(open.begin(), open.end(), is_it);
        if (call == open.end())
            throw SessionError("session " + session_->id() + ": submit: no open call has the id \"" +
                               result.tool_call_id + "\"");
        open.erase(call);
    }
    if (!open.empty())
        throw SessionError("session " + session_->id() + ": submit: there is no result for call \"" +
                           open.front().id + "\"; every open call needs one");
}

// ---- a step ----------------------------------------------------------------------------------------------

asio::awaitable<void> Turn::open_step() {
    ++figures().steps_taken;
    index_base_ = index_limit_;
    builder_ = MessageBuilder();
    for (std::uint32_t trims = 0;; ++trims) {
        Request request = next_request();
        CallOptions call = call_options();
        Result<TokenStream> opened = co_await chain_->try_stream(std::move(request), std::move(call));
        if (opened) {
            stream_.emplace(std::move(*opened));
            co_return;
        }
        const bool may_trim = trims < session_->engine().options().context.max_trims;
        if (!may_trim || !shorten(opened.error())) {
            fail(std::move(opened).error());
            co_return;
        }
    }
}

// Tool calls are numbered over all steps.
const StreamEvent* Turn::shown(const StreamEvent& event) {
    if (const auto* start = event.as<ToolCallStart>()) {
        ToolCallStart moved = *start;
        moved.index += index_base_;
        index_limit_ = std::max(index_limit_, moved.index + 1);
        event_.emplace(moved, event.raw(), event.choice());
    } else if (const auto* delta = event.as<ToolCallDelta>()) {
        ToolCallDelta moved = *delta;
        moved.index += index_base_;
        event_.emplace(moved, event.raw(), event.choice());
    } else if (const auto* stop = event.as<ToolCallEnd>()) {
        ToolCallEnd moved = *stop;
        moved.index += index_base_;
        event_.emplace(moved, event.raw(), event.choice());
    } else {
        return &event;
    }
    return &*event_;
}

asio::awaitable<const StreamEvent*> Turn::next_event() {
    for (;;) {
        if (state_ == State::failed) {
            Failure failure;
            failure.info = &*error_;
            event_.emplace(failure);
            co_return &*event_;
        }
        const StreamEvent* event = co_await stream_->next();
        builder_.add(*event);
        if (const auto* failure = event->as<Failure>()) {
            fail(with_earlier_attempts(failure->error(), *stream_));
            continue;
        }
        if (!event->is<Finish>()) co_return shown(*event);
        if (!take_step()) {
            succeed();
            co_return event;
        }
        co_await stream_->close();
        stream_.reset();
        co_await run_tools();
        co_await open_step();
    }
}

asio::awaitable<const StreamEvent*> Turn::next() {
    if (over_) {
        if (stream_) co_await stream_->close();  // its connection is free for the next turn
        stream_.reset();
        co_return nullptr;
    }
    try {
        const StreamEvent* event = co_await next_event();
        over_ = event->is_terminal();
        co_return event;
    } catch (const ToolLimitReached&) {
        give_up(true);
        throw;
    } catch (...) {
        give_up(false);
        throw;
    }
}

// ---- tools -----------------------------------------------------------------------------------------------

// The step's answer joins the history. True: it calls tools, which are ours to run.
bool Turn::take_step() {
    answer_ = collected(std::move(builder_), *stream_);
    if (answer_->stop_reason == StopReason::length || answer_->stop_reason == StopReason::content_filter) {
        // Calls that were cut off are nobody's to run, and no provider takes them back unanswered.
        const auto is_call = [](const Part& part) { return std::holds_alternative<ToolCallPart>(part); };
        std::erase_if(answer_->parts, is_call);
    }
    if (!answer_->parts.empty()) session_->messages().push_back(answer_->to_message());
    std::vector<ToolCallPart> calls = answer_->tool_calls();
    called_.insert(called_.end(), calls.begin(), calls.end());
    const auto is_ours = [this](const ToolCallPart& call) {
        const AgentTool* tool = find_tool(session_->agent(), call.name);
        return tool == nullptr || tool->function;
    };
    if (calls.empty() || !std::all_of(calls.begin(), calls.end(), is_ours)) return false;
    calls_ = std::move(calls);
    return true;
}

void Turn::check_tool_limits() const {
    const ToolLimits& limits = session_->agent().tool_limits;
    if (rounds_ >= limits.max_rounds)
        throw ToolLimitReached("the model called tools in more than " + std::to_string(limits.max_rounds) +
                               " rounds (tool_limits.max_rounds)");
    if (called_.size() > limits.max_calls)
        throw ToolLimitReached("the model called more than " + std::to_string(limits.max_calls) +
                               " tools in one turn (tool_limits.max_calls)");
}

asio::awaitable<void> Turn::run_tools() {
    check_tool_limits();
    ++rounds_;
    session_->messages().push_back(results_message({}));
    while (!calls_.empty()) {
        ToolUse use;
        ToolResultPart result = co_await run_tool(session_->shared_agent(), calls_.front(),
                                                  session_->engine().runtime().clock, use);
        calls_.erase(calls_.begin());
        tools_ran_ = true;
        figures().tools_called.push_back(std::move(use));
        session_->messages().back().parts.emplace_back(std::move(result));
    }
}

// ---- the end ---------------------------------------------------------------------------------------------

// A turn that came to nothing is taken back. One in which tools have run is not, because what they did has
// happened; its last calls that did not get to run are said to have been given up.
void Turn::settle_history() {
    std::vector<Message>& messages = session_->messages();
    if (!tools_ran_) {
        messages.erase(messages.begin() + static_cast<std::ptrdiff_t>(first_message_), messages.end());
        return;
    }
    if (calls_.empty()) return;
    if (messages.back().role != Role::tool) messages.push_back(results_message({}));
    for (const ToolCallPart& call : calls_)
        messages.back().parts.emplace_back(not_run(call));
    calls_.clear();
}

void Turn::sum_up() {
    TurnMetadata& turn = figures();
    turn.latency_ms = std::chrono::duration<double, std::milli>(session_->clock().now() - started_).count();
    turn.attempts = recorder_->attempts();
    bool all_counted = true;
    turn.cost = PicoUsd();
    for (const TurnAttempt& attempt : turn.attempts) {
        if (attempt.usage) add(turn.usage, *attempt.usage);
        if (attempt.cost && turn.cost) turn.cost = *turn.cost + *attempt.cost;
        if (attempt.outcome != TurnAttempt::Outcome::answered) continue;
        all_counted = all_counted && attempt.usage && attempt.usage->input && attempt.usage->output;
        if (!attempt.cost) turn.cost = std::nullopt;
    }
    if (all_counted && (turn.usage.input || turn.usage.output))
        turn.tokens_used = turn.usage.input.value_or(0) + turn.usage.output.value_or(0);
    const bool is_answered = answer_.has_value();
    for (const TurnAttempt& attempt : turn.attempts)
        if (attempt.outcome != TurnAttempt::Outcome::skipped &&
            attempt.outcome != TurnAttempt::Outcome::abandoned)
            session_->engine().learn(attempt, profile_.type,
                                     attempt.outcome == TurnAttempt::Outcome::answered && is_answered
                                         ? quality_of(answer_->stop_reason)
                                         : 0);
}

void Turn::end(State how, bool in_error) {
    state_ = how;
    // What it still has to tell of its attempt, it tells now. A good answer has told it, and its last event
    // is on its way to the caller.
    if (how != State::answered) stream_.reset();
    sum_up();
    const bool a_tool_failed = std::any_of(figures().tools_called.begin(), figures().tools_called.end(),
                                           [](const ToolUse& use) { return use.outcome != ToolOutcome::ok; });
    const TurnRecord::End ended = how == State::answered ? TurnRecord::End::answered
                                  : how == State::failed ? TurnRecord::End::failed
                                                         : TurnRecord::End::given_up;
    session_->account(figures(), ended, error(), in_error || a_tool_failed);
    session_->bound_history();
    session_->leave();
}

void Turn::succeed() {
    reply_.content = answer_->text();
    reply_.reasoning = answer_->reasoning();
    reply_.refusal = answer_->refusal();
    reply_.stop_reason = answer_->stop_reason;
    reply_.tool_calls = answer_->tool_calls();
    TurnMetadata& turn = figures();
    turn.model_used = answer_->model_id;
    turn.provider = answer_->provider_id;
    const ModelSpec& first = chain_->spec();
    turn.failover = turn.model_used != first.id || turn.provider != first.provider_id;
    turn.warnings = answer_->warnings;
    if (const std::optional<GoalState> goal = session_->observe(user_text_, reply_.content, called_)) {
        turn.goal_progress = goal->progress;
        turn.drift_score = goal->drift;
        turn.loop_detected = goal->loop_detected;
        turn.loop = goal->loop;
    }
    end(State::answered, false);
}

void Turn::fail(ErrorInfo error) {
    error_ = std::move(error);
    settle_history();
    end(State::failed, true);
}

void Turn::give_up(bool in_error) noexcept {
    over_ = true;
    try {
        settle_history();
        end(State::given_up, in_error);
    } catch (const std::exception& error) {
        log(LogLevel::error,
            std::string("a turn that was given up could not be accounted for: ") + error.what());
        session_->leave();
    }
}

}  // namespace sluice

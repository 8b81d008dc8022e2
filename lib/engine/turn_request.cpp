// What a turn sends: the conversation as its model is to get it, and what holds for the call.
#include "engine/turn.hpp"

#include <algorithm>
#include <utility>

namespace sluice {
namespace {

// By how much each further try is shorter, and the first one than what a provider gives as its window: both
// are counted by estimate.
constexpr double kShrink = 0.75;
constexpr double kMargin = 0.95;

bool is_about_length(const Attempt& attempt) {
    return attempt.outcome == Attempt::Outcome::skipped
               ? attempt.reason == SkipReason::window_too_small
               : is_a(attempt.error.kind, ErrorKind::context_length_exceeded);
}

/// Whether a shorter request could help.
bool is_about_length(const ErrorInfo& error) {
    if (is_a(error.kind, ErrorKind::context_length_exceeded)) return true;
    if (!error.attempts) return false;
    return std::any_of(error.attempts->begin(), error.attempts->end(),
                       [](const Attempt& attempt) { return is_about_length(attempt); });
}

}  // namespace

Request Turn::request_of(std::vector<Message> messages) const {
    const AgentOptions& agent = session_->agent();
    const EngineState& engine = session_->engine();
    const RoleOptions& role = engine.role(reply_.metadata.system);
    Request request;
    if (!agent.system_prompt.empty()) request.system(agent.system_prompt);
    for (Message& message : messages)
        request.message(std::move(message));
    for (const AgentTool& tool : agent.tools)
        request.tool(tool.tool);
    if (agent.max_tokens)
        request.max_tokens(*agent.max_tokens);
    else if (role.max_tokens)
        request.max_tokens(*role.max_tokens);
    if (agent.response_format) request.response_format(*agent.response_format);
    if (role.temperature) request.temperature(*role.temperature);
    if (role.reasoning_effort) request.reasoning_effort(*role.reasoning_effort);
    if (role.reasoning_budget) request.reasoning_budget(*role.reasoning_budget);
    if (engine.options().send_user_id && !session_->user_id().empty()) request.end_user(session_->user_id());
    return request;
}

CallOptions Turn::call_options() {
    const EngineState& engine = session_->engine();
    CallOptions call = options_.call();
    AttemptEvents listeners = call.events();
    if (const AttemptEvents& everybody = engine.options().events)
        listeners = listeners ? both(everybody, listeners) : everybody;
    call.events(AttemptRecorder::listener(recorder_, std::move(listeners)));
    if (call.conversation().empty()) call.conversation(session_->id());
    for (const auto* tags : {&session_->residency(), &session_->agent().residency,
                             &engine.role(reply_.metadata.system).residency})
        for (const std::string& tag : *tags)
            call.residency(tag);
    return call;
}

// What the models that found it too long can take, by what they said or what is known of them.
Tokens Turn::window_for(const ErrorInfo& error) const {
    Tokens window = error.context_window.value_or(0);
    if (error.attempts)
        for (const Attempt& attempt : *error.attempts)
            window = std::max(window, attempt.error.context_window.value_or(0));
    if (window == 0)
        for (const BoundModel& leaf : session_->engine().chain(reply_.metadata.system).leaves)
            window = std::max(window, leaf.spec().context_window.value_or(0));
    return window;
}

// What may be sent of the history, once a model has found it too long. Counted by the cautious estimate: the
// chain may speak several dialects.
Trimmed Turn::trimmed(Tokens budget) const {
    const std::string& prompt = session_->agent().system_prompt;
    TrimOptions how;
    how.budget = budget;
    how.keep_last_turns = session_->engine().options().context.keep_last_turns;
    how.keep_message = session_->goal_message();
    how.fixed = estimate_fixed_tokens(request_of({}), how.dialect);
    if (!prompt.empty()) how.fixed += estimate_tokens(Message(Role::system, prompt), how.dialect);
    return trim(session_->messages(), how);
}

Request Turn::next_request() {
    if (!budget_) return request_of(session_->messages());
    Trimmed context = trimmed(*budget_);
    figures().trimmed_messages = context.dropped_messages;
    return request_of(std::move(context.messages));
}

bool Turn::shorten(const ErrorInfo& error) {
    if (!is_about_length(error)) return false;
    const Request sent = next_request();  // once more, rather than a copy of each request that fits
    const Tokens estimate = estimate_tokens(sent, std::string_view());
    const Tokens known = window_for(error);
    // It was too long, whatever the estimate says; and a window that nobody knows is smaller than that.
    const Tokens window = known == 0 ? estimate : std::min(known, estimate);
    const Tokens wanted = sent.options().max_tokens ? Tokens{*sent.options().max_tokens}
                                                    : session_->engine().options().context.reserve_for_answer;
    const double room = static_cast<double>(window - std::min(wanted, window / 2));
    const auto budget = static_cast<Tokens>(room * (budget_ ? kShrink : kMargin));
    budget_ = budget_ ? std::min(budget, *budget_) : budget;
    const Trimmed context = trimmed(*budget_);
    const std::size_t system = session_->agent().system_prompt.empty() ? 0 : 1;
    return context.messages.size() + system < sent.messages().size();
}

}  // namespace sluice

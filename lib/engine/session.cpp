#include <sluice/session.hpp>

#include <sluice/agent.hpp>

#include "engine/session_state.hpp"
#include "engine/turn.hpp"

#include <asio/this_coro.hpp>

#include <array>
#include <stdexcept>
#include <utility>

namespace sluice {
namespace {

// Free functions, so that a turn holds the session itself and never the handle that it was asked on.

asio::awaitable<Reply> read_to_end(Turn& turn) {
    while (const StreamEvent* event = co_await turn.next())
        static_cast<void>(event);
    if (const ErrorInfo* error = turn.error()) throw_error(*error);
    co_return turn.reply();
}

asio::awaitable<Reply> run_turn(std::shared_ptr<SessionState> session, Prompt prompt, RunOptions options) {
    auto turn = std::make_unique<Turn>(std::move(session), std::move(options));
    co_await turn->begin(std::move(prompt));
    co_return co_await read_to_end(*turn);
}

asio::awaitable<Reply> run_results(std::shared_ptr<SessionState> session, std::vector<ToolResultPart> results,
                                   RunOptions options) {
    auto turn = std::make_unique<Turn>(std::move(session), std::move(options));
    co_await turn->begin_with(std::move(results));
    co_return co_await read_to_end(*turn);
}

asio::awaitable<std::unique_ptr<Turn>> begun(std::shared_ptr<SessionState> session, Prompt prompt,
                                             RunOptions options) {
    auto turn = std::make_unique<Turn>(std::move(session), std::move(options));
    co_await turn->begin(std::move(prompt));
    if (const ErrorInfo* error = turn->error()) throw_error(*error);
    co_return turn;
}

asio::awaitable<SessionStats> close_session(std::shared_ptr<SessionState> session) {
    if (!session->closed()) {
        session->check_idle("close()");
        session->set_closed();
        co_await session->stop();
    }
    co_return session->stats();
}

}  // namespace

// ---- values ----------------------------------------------------------------------------------------------

std::string_view to_string(ToolOutcome outcome) noexcept {
    constexpr std::array<std::string_view, 6> names{"ok",           "failed",        "timed_out",
                                                    "unknown_tool", "bad_arguments", "too_large"};
    return names[static_cast<std::size_t>(outcome)];
}

std::string_view to_string(TurnAttempt::Outcome outcome) noexcept {
    constexpr std::array<std::string_view, 4> names{"answered", "failed", "abandoned", "skipped"};
    return names[static_cast<std::size_t>(outcome)];
}

Prompt::Prompt(std::string text) {
    parts_.emplace_back(TextPart(std::move(text)));
}

std::string Prompt::text() const {
    std::string all;
    for (const Part& part : parts_) {
        const auto* text = std::get_if<TextPart>(&part);
        if (text == nullptr) continue;
        if (!all.empty()) all += '\n';
        all += text->text;
    }
    return all;
}

RunOptions& RunOptions::signals(RoutingSignals what) & {
    signals_ = what;
    return *this;
}
RunOptions& RunOptions::system(System which) & {
    system_ = which;
    return *this;
}
RunOptions& RunOptions::call(CallOptions options) & {
    call_ = std::move(options);
    return *this;
}

// ---- TurnStream ------------------------------------------------------------------------------------------

TurnStream::TurnStream(std::unique_ptr<Turn> turn) : turn_(std::move(turn)) {}
TurnStream::TurnStream(TurnStream&&) noexcept = default;
TurnStream& TurnStream::operator=(TurnStream&&) noexcept = default;
TurnStream::~TurnStream() = default;

asio::awaitable<const StreamEvent*> TurnStream::next() {
    return turn_->next();
}

asio::awaitable<Reply> TurnStream::collect() {
    return read_to_end(*turn_);
}

const Reply& TurnStream::reply() const {
    if (!turn_->answered())
        throw std::logic_error(
            "TurnStream::reply: the turn has not come to its good end; read it until nullptr");
    return turn_->reply();
}

System TurnStream::system() const noexcept {
    return turn_->reply().metadata.system;
}

const std::vector<std::string>& TurnStream::routing_reasons() const noexcept {
    return turn_->reply().metadata.routing_reasons;
}

// ---- Agent and Session -----------------------------------------------------------------------------------

Agent::Agent(std::shared_ptr<EngineState> engine, std::shared_ptr<const AgentOptions> options)
    : engine_(std::move(engine)), options_(std::move(options)) {}

Session Agent::start_session(std::string user_id) const {
    SessionOptions options;
    options.user_id = std::move(user_id);
    return start_session(std::move(options));
}

Session Agent::start_session(SessionOptions options) const {
    return Session(std::make_shared<SessionState>(engine_, options_, std::move(options)));
}

Session::Session(std::shared_ptr<SessionState> state) : state_(std::move(state)) {}
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;
Session::~Session() = default;

asio::awaitable<Reply> Session::run(Prompt prompt) {
    return run_turn(state_, std::move(prompt), RunOptions());
}
asio::awaitable<Reply> Session::run(Prompt prompt, RunOptions options) {
    return run_turn(state_, std::move(prompt), std::move(options));
}
asio::awaitable<TurnStream> Session::stream(Prompt prompt) {
    return stream(std::move(prompt), RunOptions());
}
asio::awaitable<TurnStream> Session::stream(Prompt prompt, RunOptions options) {
    return open_turn(state_, std::move(prompt), std::move(options));
}
asio::awaitable<TurnStream> Session::open_turn(std::shared_ptr<SessionState> state, Prompt prompt,
                                               RunOptions options) {
    std::unique_ptr<Turn> turn = co_await begun(std::move(state), std::move(prompt), std::move(options));
    co_return TurnStream(std::move(turn));
}
asio::awaitable<Reply> Session::submit(std::vector<ToolResultPart> results) {
    return run_results(state_, std::move(results), RunOptions());
}
asio::awaitable<Reply> Session::submit(std::vector<ToolResultPart> results, RunOptions options) {
    return run_results(state_, std::move(results), std::move(options));
}
asio::awaitable<Reply> Session::submit(ToolResultPart result) {
    return submit(std::move(result), RunOptions());
}
asio::awaitable<Reply> Session::submit(ToolResultPart result, RunOptions options) {
    std::vector<ToolResultPart> results;
    results.push_back(std::move(result));
    return run_results(state_, std::move(results), std::move(options));
}

asio::awaitable<SessionStats> Session::close() {
    return close_session(state_);
}

const std::string& Session::id() const noexcept {
    return state_->id();
}
const std::string& Session::user_id() const noexcept {
    return state_->user_id();
}
const std::vector<Message>& Session::history() const {
    if (!state_->closed()) state_->check_idle("history()");
    return state_->messages();
}
DualProcessStats Session::dual_process_stats() const {
    return state_->dual_process();
}
SessionStats Session::stats() const {
    return state_->stats();
}

}  // namespace sluice

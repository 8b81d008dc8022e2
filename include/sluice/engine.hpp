// The whole thing: providers by name, a fast and a slow model, fallbacks, agents and their sessions.
//
//   sluice::Engine engine{{.providers = {{"openai", {.api_key = sluice::env_or("OPENAI_API_KEY", "sk-...")}},
//                                        {"gemini", {.api_key = sluice::env_or("GEMINI_API_KEY",
//                                        "AIza...")}}},
//                          .orchestrator_model = "gpt-4o",
//                          .worker_model = "gemini-3-flash-preview",
//                          .fallback_models = {"gpt-4o", "gemini-3-flash-preview"}}};
//   sluice::Agent agent = engine.create_agent({.name = "demo"});
//   sluice::Session session = agent.start_session("demo_user");
//   sluice::Reply reply = co_await session.run("What is 2 + 2?");
//
// An engine is made of the combinators of this library and of nothing else: Engine::explain() shows the chain
// that you could have written by hand. docs/engine.md.
#pragma once

#include <sluice/access_token.hpp>
#include <sluice/agent.hpp>
#include <sluice/attempt_event.hpp>
#include <sluice/bound_model.hpp>
#include <sluice/breaker.hpp>
#include <sluice/deadlines.hpp>
#include <sluice/dual_process.hpp>
#include <sluice/fallback.hpp>
#include <sluice/limits.hpp>
#include <sluice/minimax.hpp>
#include <sluice/model_registry.hpp>
#include <sluice/nash_router.hpp>
#include <sluice/retry.hpp>
#include <sluice/runtime.hpp>
#include <sluice/session.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

/// One account at one service.
struct EngineProvider {
    /// Sent to this provider only. A placeholder may stand here: it shows at the first call, as
    /// ProviderAuthFailed, and others are asked.
    std::string api_key = {};
    AccessToken access_token = {};
    /// Needed where the service has no address of its own ("local"), or its name is not known.
    std::optional<std::string> base_url = {};
    /// A name of ApiProvider's table; empty: the provider's own name ("openai", "claude", "ollama", ...).
    std::string service = {};
    std::string dialect = {};
    std::string api_version = {};
    std::string trust_domain = {};
    std::vector<std::pair<std::string, std::string>> headers = {};
    /// Asked when others have failed and no `fallback_models` say whom to ask. Empty: the first of `models`.
    std::string default_model = {};
    /// Ids that are served here, whatever they are called.
    std::vector<std::string> models = {};
    /// Where it runs, in your own words ("local", "eu"): what residency demands.
    std::vector<std::string> tags = {};
    Deadlines deadlines = {};
    Limits limits = {};
    PoolOptions pool = {};
    /// Instead of all of the above but `default_model`, `models` and `tags`: a provider of your own.
    std::function<BoundModel(ModelSpec)> bind = {};
};

/// What is asked of the model of a role, beside the conversation. What is not set is left to the model.
struct RoleOptions {
    std::optional<double> temperature = {};
    std::optional<std::uint32_t> max_tokens = {};
    std::optional<std::string> reasoning_effort = {};
    std::optional<std::uint32_t> reasoning_budget = {};
    /// Tags that every target of this role must have, fallbacks included. The role's own model must have
    /// them, and an implicit candidate that has not is none.
    std::vector<std::string> residency = {};
};

struct RoutingOptions {
    RoutingThresholds thresholds = {};
    SystemShareBands bands = {};
    /// What the application knows of a turn that the session cannot: surprise, agreement, safety. Called once
    /// a turn that brings no RunOptions::signals; must not block. What it throws fails the turn.
    std::function<RoutingSignals(std::string_view prompt)> signals = {};
    /// Orders the models behind the first of a chain by what was learned about them. Off by default: what
    /// happens then depends on what has happened before.
    bool learned = false;
    NashOptions nash = {};
    /// Worst-case losses by model id: when a turn's safety is above the threshold, MinimaxGuard orders the
    /// chain, models without a loss last. Empty: off.
    std::map<std::string, double> worst_case_loss = {};
    MinimaxOptions minimax = {};
    /// A turn that goes to the fast model opens the slow model's connection meanwhile, so that a turn or a
    /// failover that needs it next does not wait for TCP and TLS.
    bool warm_orchestrator = false;
};

/// How conversations that are too long for a model are shortened: docs/context.md.
struct ContextOptions {
    /// Left free for the answer when the request sets no limit of its own.
    Tokens reserve_for_answer = 4'096;
    /// Turns at the end that are never left out.
    std::size_t keep_last_turns = 1;
    /// How often a request that is still too long is shortened again. Zero: never shorten.
    std::uint32_t max_trims = 3;
    /// Messages that a session keeps at most. At least 16.
    std::size_t max_messages = 100'000;
};

/// A turn, when it has ended: for logs, bills and dashboards.
struct TurnRecord {
    explicit TurnRecord(const TurnMetadata& how) : metadata(how) {}
    enum class End : std::uint8_t { answered, failed, given_up };
    std::string_view agent;    ///< gen_ai.agent.name
    std::string_view session;  ///< gen_ai.conversation.id
    std::string_view user;
    End end = End::answered;
    const ErrorInfo* error = nullptr;  ///< Of a failed turn, if a provider failed it.
    const TurnMetadata& metadata;
};

struct EngineOptions {
    /// By name, in order of registration. The name stands for the account in errors, attempts and bills.
    std::vector<std::pair<std::string, EngineProvider>> providers;
    /// System 2: complex reasoning, planning, what matters.
    std::string orchestrator_model;
    /// System 1: routine tasks, simple tool calls, conversation.
    std::string worker_model;
    /// Asked in order when the model of the role cannot answer.
    std::vector<std::string> fallback_models = {};
    /// With nobody else in a role's chain: the other role's model, then each provider's default model.
    bool implicit_failover = true;
    /// Which provider serves a model, by id and name, where the rules of docs/engine.md would choose another.
    std::map<std::string, std::string> model_providers = {};
    RoleOptions orchestrator = {};
    RoleOptions worker = {};
    RoutingOptions routing = {};
    ContextOptions context = {};
    ModelRegistry registry = ModelRegistry::built_in();

    /// Kinds of errors upon which the next model is asked. With a bad key too: its provider is then left
    /// alone for BreakerOptions::auth_open_for, and an error is logged.
    TriggerSet trigger_errors = triggers::with_auth();
    FailoverHook on_failover = {};
    CommitOn commit_on = CommitOn::first_event;
    RetryOptions retry = {};
    BreakerOptions breaker = {};
    /// For how long turns begin with who answered when the first of the chain did not; a session is one
    /// conversation.
    Stickiness stickiness = {};
    /// For each request to a chain, over all its attempts; zero is none.
    std::chrono::milliseconds total = std::chrono::minutes(15);
    /// Hears of every attempt.
    AttemptEvents events = {};
    /// Hears of every turn, on its session's thread, after it; must not block. What it throws is logged and
    /// swallowed.
    std::function<void(const TurnRecord&)> on_turn = {};
    /// Tells providers the session's user id, for their abuse detection.
    bool send_user_id = false;
    /// Clock, network and dice of everything; those of `retry` and `breaker` are set to it.
    Runtime runtime = {};
};

/// Which models a role asks, in which order.
struct EffectiveChain {
    EffectiveChain() = default;
    System system = System::system1;
    std::vector<ModelSpec> models;  ///< Never empty.
    std::size_t configured = 1;     ///< So many were named; those behind them are implicit.
};

/// A cheap shared handle. Any thread.
class Engine {
  public:
    /// No network I/O. Throws std::invalid_argument, naming the option, the model and the provider, never a
    /// secret: no provider, a name twice, a service that is not known without a base_url, a model that no
    /// registered provider serves, an empty model, options that make no sense.
    explicit Engine(EngineOptions options);

    /// Throws std::invalid_argument for an empty name, a tool twice, and limits that make no sense.
    Agent create_agent(AgentOptions options) const;

    /// Any model by its id ("gpt-4o") or as "provider/model", with the engine's breaker and retry around it.
    /// Throws ModelNotFound, which names the providers there are.
    BoundModel model(std::string_view id) const;
    /// The role's chain, as a model.
    const BoundModel& chain(System system) const;
    EffectiveChain effective_chain(System system) const;
    /// Both chains for people, each with its worst case (explain.hpp). Ends with a newline.
    std::string explain() const;

    /// Of all sessions since the engine was made.
    DualProcessStats dual_process_stats() const;
    Breakers breakers() const;

  private:
    std::shared_ptr<EngineState> state_;
};

}  // namespace sluice

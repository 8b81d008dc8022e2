// What the tests of chains and selections share: two scripted providers in virtual time, and a leg with a
// door that the test can shut.
#pragma once

#include <sluice/fallback.hpp>
#include <sluice/testing/memory_network.hpp>
#include <sluice/testing/scripted_provider.hpp>
#include <sluice/testing/virtual_clock.hpp>

#include "model/call_state.hpp"
#include "support/run.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace sluice::test {

using testing::Script;
using testing::ScriptedProvider;

/// A leg that refuses when it is told to, as breakers and health checks do, and notes what it was given.
class Door {
  public:
    explicit Door(BoundModel inner) : state_(std::make_shared<State>(std::move(inner))) {}

    BoundModel model() const { return BoundModel(std::make_shared<const Target>(state_)); }
    void shut(Refusal why) { state_->refusal = why; }
    void open() { state_->refusal.reset(); }
    /// It looks open, and refuses who comes in.
    void turn_down(Refusal why) { state_->turns_down = why; }

    const std::vector<CallContext>& contexts() const { return state_->contexts; }

  private:
    struct State {
        explicit State(BoundModel model) : inner(std::move(model)) {}
        BoundModel inner;
        std::optional<Refusal> refusal;
        std::optional<Refusal> turns_down;
        std::vector<CallContext> contexts;
    };
    class Target final : public ModelTarget {
      public:
        explicit Target(std::shared_ptr<State> state) : state_(std::move(state)) {}
        const Provider& provider() const noexcept override { return state_->inner.provider(); }
        const ModelSpec& spec() const noexcept override { return state_->inner.spec(); }
        bool is_combinator() const noexcept override { return true; }
        std::optional<Refusal> refusal(const Needs& needs, TimePoint now) const override {
            if (state_->refusal) return state_->refusal;
            return state_->inner.target()->refusal(needs, now);
        }
        asio::awaitable<Result<TokenStream>> open(const Request& request,
                                                  const CallContext& context) const override {
            state_->contexts.push_back(context);
            if (state_->turns_down) return refuse(not_asked(spec(), *state_->turns_down));
            return state_->inner.open(request, context);
        }

      private:
        static asio::awaitable<Result<TokenStream>> refuse(ErrorInfo error) { co_return error; }
        std::shared_ptr<State> state_;
    };
    std::shared_ptr<State> state_;
};

/// "provider/model Kind", and of a skipped leg "provider/model skipped reason".
inline std::vector<std::string> names(std::span<const Attempt> attempts) {
    std::vector<std::string> all;
    for (const Attempt& attempt : attempts) {
        std::string line = attempt.provider + "/" + attempt.model + " ";
        if (attempt.outcome == Attempt::Outcome::skipped) {
            line += "skipped " + std::string(attempt.reason ? to_string(*attempt.reason) : "for no reason");
        } else {
            line += class_name(attempt.error.kind);
        }
        all.push_back(std::move(line));
    }
    return all;
}

struct Answered {
    Answered() = default;
    std::string text;
    std::string by;  ///< "provider/model"
    std::vector<std::string> attempts;
};

inline asio::awaitable<Answered> answered(BoundModel model, Request request, CallOptions options) {
    Answered answer;
    TokenStream stream = co_await model.stream(std::move(request), std::move(options));
    while (const StreamEvent* event = co_await stream.next()) {
        if (const auto* text = event->as<TextDelta>()) answer.text += text->text;
        if (const auto* failure = event->as<Failure>()) answer.text += class_name(failure->error().kind);
    }
    answer.by = stream.answerer().provider_id + "/" + stream.answerer().model_id;
    answer.attempts = names(stream.attempts());
    co_return answer;
}

struct GateWorld {
    asio::io_context context{1};
    std::shared_ptr<testing::VirtualClock> clock = std::make_shared<testing::VirtualClock>();
    Runtime runtime{clock, std::make_shared<testing::MemoryNetwork>(), seeded_entropy(1)};
    ScriptedProvider alpha{"alpha", runtime};
    ScriptedProvider beta{"beta", runtime};
    std::vector<Failover> failovers;
    std::vector<std::string> events;  ///< "provider/model name"

    FallbackOptions options() {
        FallbackOptions options;
        options.runtime = runtime;
        options.on_failover = [this](const Failover& what) { failovers.push_back(what); };
        options.events = AttemptEvents([this](const AttemptEvent& event) {
            events.push_back(event.model.provider_id + "/" + event.model.id + " " +
                             std::string(name_of(event)));
        });
        return options;
    }
    template <typename T>
    T run(asio::awaitable<T> work) {
        return test::run(context, *clock, std::move(work));
    }
    Answered ask(const BoundModel& model, Request request = "Capital of Mongolia?",
                 CallOptions options = {}) {
        return run(answered(model, std::move(request), std::move(options)));
    }
    /// What the request ends with when nobody answers.
    ErrorInfo refused(const BoundModel& model, Request request = "Capital of Mongolia?",
                      CallOptions options = {}) {
        try {
            run(answered(model, std::move(request), std::move(options)));
        } catch (const ProviderError& error) {
            return error.info();
        }
        BOOST_FAIL("must throw");
        return ErrorInfo();
    }
    void pass(Duration time) { clock->advance(context, time); }

    GateWorld() = default;
    GateWorld(const GateWorld&) = delete;
    ~GateWorld() {
        BOOST_TEST(alpha.running() == 0U);
        BOOST_TEST(beta.running() == 0U);
        BOOST_TEST(clock->armed() == 0U);
    }
};

inline Script good(const char* text = "Ulaanbaatar.") {
    return Script().text(text).finish();
}
inline Script bad(ErrorKind kind = ErrorKind::provider_unavailable) {
    return Script().fail(kind);
}

}  // namespace sluice::test

// Retrying (docs/retry.md) over scripted providers in virtual time.
#include <sluice/fallback.hpp>
#include <sluice/retry.hpp>
#include <sluice/testing/memory_network.hpp>
#include <sluice/testing/scripted_provider.hpp>
#include <sluice/testing/virtual_clock.hpp>

#include "model/call_state.hpp"
#include "support/run.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace sluice;
using namespace std::chrono_literals;
using testing::Script;
using testing::ScriptedProvider;

namespace {

struct World {
    asio::io_context context{1};
    std::shared_ptr<testing::VirtualClock> clock = std::make_shared<testing::VirtualClock>();
    Runtime runtime{clock, std::make_shared<testing::MemoryNetwork>(), seeded_entropy(1)};
    ScriptedProvider alpha{"alpha", runtime};
    ScriptedProvider beta{"beta", runtime};
    std::vector<std::string> events;
    std::vector<Duration> pauses;
    TimePoint begin = clock->now();

    RetryOptions options(std::uint32_t attempts = 2, bool jitter = false) {
        RetryOptions options;
        options.attempts = attempts;
        options.jitter = jitter;
        options.runtime = runtime;
        options.events = [this](const AttemptEvent& event) {
            events.emplace_back(name_of(event));
            if (const auto* pause = event.as<BackingOff>()) pauses.push_back(pause->delay);
        };
        return options;
    }
    template <typename T>
    T run(asio::awaitable<T> work) {
        return test::run(context, *clock, std::move(work));
    }
    Duration passed() const { return clock->now() - begin; }

    ~World() {
        BOOST_TEST(alpha.running() == 0U);
        BOOST_TEST(beta.running() == 0U);
        BOOST_TEST(clock->armed() == 0U);
    }
};

struct Outcome {
    std::string text;
    std::vector<std::string> attempts;
    std::optional<ErrorInfo> error;    // there was no stream
    std::optional<ErrorInfo> failure;  // the stream's end
};

std::vector<std::string> names(std::span<const Attempt> attempts) {
    std::vector<std::string> all;
    for (const Attempt& attempt : attempts)
        all.push_back(attempt.provider + "/" + attempt.model + " " +
                      std::string(class_name(attempt.error.kind)));
    return all;
}

asio::awaitable<Outcome> ask(BoundModel model, CallOptions options = {}) {
    Outcome outcome;
    Result<TokenStream> opened = co_await model.try_stream("Capital of Mongolia?", std::move(options));
    if (!opened) {
        outcome.error = opened.error();
        if (outcome.error->attempts) outcome.attempts = names(*outcome.error->attempts);
        co_return outcome;
    }
    TokenStream stream = std::move(opened).value();
    while (const StreamEvent* event = co_await stream.next()) {
        if (const auto* text = event->as<TextDelta>()) outcome.text += text->text;
        if (const auto* failure = event->as<Failure>()) outcome.failure = failure->error();
    }
    outcome.attempts = names(stream.attempts());
    co_return outcome;
}

// A call whose outer model has fixed when this leg must have begun to answer.
asio::awaitable<bool> answers_as_a_leg(BoundModel model, Request request, TimePoint first_event_deadline) {
    CallContext context;
    context.first_event_deadline = first_event_deadline;
    Result<TokenStream> opened = co_await model.open(request, context);
    co_return opened.has_value();
}

ErrorInfo limited(std::chrono::milliseconds wait) {
    ErrorInfo error(ErrorKind::rate_limited, Phase::headers, "slow down");
    error.status = 429;
    error.retry_after = wait;
    return error;
}

Script good(const char* text = "Ulaanbaatar") {
    return Script().text(text).finish();
}

std::vector<std::string> list(std::initializer_list<std::string> items) {
    return items;
}

template <typename... Scripts>
void play(ScriptedProvider& provider, const Scripts&... scripts) {
    (provider.script("m", scripts), ...);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(retry)

BOOST_AUTO_TEST_CASE(options_that_make_no_sense_are_refused_with_a_reason) {
    World world;
    const auto refuses = [&](auto change) {
        RetryOptions options = world.options();
        change(options);
        try {
            const RetryBoundModel model(world.alpha.model("m"), options);
            return std::string("taken");
        } catch (const std::invalid_argument& refused) {
            return std::string(refused.what());
        }
    };
    BOOST_TEST(refuses([](RetryOptions& o) { o.attempts = 0; }).find("attempts") != std::string::npos);
    BOOST_TEST(refuses([](RetryOptions& o) { o.attempts = 1001; }).find("attempts") != std::string::npos);
    BOOST_TEST(refuses([](RetryOptions& o) { o.base = -1ms; }).find("base") != std::string::npos);
    BOOST_TEST(refuses([](RetryOptions& o) { o.factor = 0.5; }).find("factor") != std::string::npos);
    BOOST_TEST(refuses([](RetryOptions& o) { o.cap = 1ms; }).find("cap") != std::string::npos);
    BOOST_TEST(refuses([](RetryOptions& o) { o.max_retry_after = -1s; }).find("max_retry_after") !=
               std::string::npos);
    BOOST_TEST(refuses([](RetryOptions&) {}) == "taken");
}

BOOST_AUTO_TEST_CASE(a_blip_is_asked_again_after_a_pause) {
    World world;
    play(world.alpha, Script().fail_open(ErrorKind::provider_unavailable),
         Script().fail(ErrorKind::provider_overloaded), good());
    const Outcome outcome = world.run(ask(RetryBoundModel(world.alpha.model("m"), world.options(3))));
    BOOST_TEST(outcome.text == "Ulaanbaatar");
    BOOST_TEST(outcome.attempts == list({"alpha/m ProviderUnavailable", "alpha/m ProviderOverloaded"}),
               boost::test_tools::per_element());
    BOOST_TEST((world.passed() == 1500ms));
    BOOST_TEST(world.events == list({"attempt_started", "attempt_failed", "backing_off", "attempt_started",
                                     "attempt_failed", "backing_off", "attempt_started", "first_event",
                                     "attempt_succeeded"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(each_provider_of_two_that_fail_is_asked_twice) {
    World world;
    play(world.alpha, Script().fail_open(ErrorKind::provider_unavailable));
    play(world.beta, Script().fail_open(ErrorKind::provider_overloaded));
    FallbackOptions options;
    options.runtime = world.runtime;
    const FallbackBoundModel chain({RetryBoundModel(world.alpha.model("m"), world.options()),
                                    RetryBoundModel(world.beta.model("m"), world.options())},
                                   options);
    const Outcome outcome = world.run(ask(chain));
    BOOST_REQUIRE(outcome.error.has_value());
    BOOST_TEST((outcome.error->kind == ErrorKind::all_providers_failed));
    BOOST_TEST(outcome.attempts == list({"alpha/m ProviderUnavailable", "alpha/m ProviderUnavailable",
                                         "beta/m ProviderOverloaded", "beta/m ProviderOverloaded"}),
               boost::test_tools::per_element());
    // Nobody pauses before another provider is asked, nor after the last try.
    BOOST_TEST((world.passed() == 1s));
}

BOOST_AUTO_TEST_CASE(the_last_error_keeps_its_kind_and_tells_all_tries) {
    World world;
    play(world.alpha, Script().fail_open(ErrorKind::provider_unavailable), Script().fail_open(limited(1s)),
         Script().fail_open(limited(2s)));
    const Outcome outcome = world.run(ask(RetryBoundModel(world.alpha.model("m"), world.options(3))));
    BOOST_REQUIRE(outcome.error.has_value());
    BOOST_TEST((outcome.error->kind == ErrorKind::rate_limited));
    BOOST_TEST(outcome.error->status == 429);
    BOOST_TEST((outcome.error->retry_after == 2s));
    BOOST_TEST(outcome.attempts ==
                   list({"alpha/m ProviderUnavailable", "alpha/m RateLimited", "alpha/m RateLimited"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_cannot_help_is_thrown_at_once_as_it_is) {
    for (const ErrorKind kind : {ErrorKind::quota_exhausted, ErrorKind::provider_auth_failed,
                                 ErrorKind::content_filtered, ErrorKind::context_length_exceeded}) {
        World world;
        play(world.alpha, Script().fail_open(kind), good());
        const Outcome outcome = world.run(ask(RetryBoundModel(world.alpha.model("m"), world.options(5))));
        BOOST_REQUIRE(outcome.error.has_value());
        BOOST_TEST((outcome.error->kind == kind));
        BOOST_TEST(!outcome.error->attempts);
        BOOST_TEST(world.alpha.calls() == 1U);
        BOOST_TEST((world.passed() == 0s));
    }
}

BOOST_AUTO_TEST_CASE(after_the_first_answer_nothing_is_asked_again) {
    World world;
    play(world.alpha, Script().text("Ulaan").fail(ErrorKind::provider_unavailable), good());
    const Outcome outcome = world.run(ask(RetryBoundModel(world.alpha.model("m"), world.options(5))));
    BOOST_TEST(outcome.text == "Ulaan");
    BOOST_REQUIRE(outcome.failure.has_value());
    BOOST_TEST((outcome.failure->kind == ErrorKind::provider_unavailable));
    BOOST_TEST(world.alpha.calls() == 1U);
}

BOOST_AUTO_TEST_CASE(retry_after_is_kept_to_and_too_long_a_one_goes_elsewhere_at_once) {
    World world;
    play(world.alpha, Script().fail_open(limited(7s)), good());
    const RetryBoundModel model(world.alpha.model("m"), world.options(2, true));
    BOOST_TEST(world.run(ask(model)).text == "Ulaanbaatar");
    BOOST_TEST((world.passed() == 7s));

    World impatient;
    play(impatient.alpha, Script().fail_open(limited(31s)), good());
    play(impatient.beta, good("from beta"));
    FallbackOptions options;
    options.runtime = impatient.runtime;
    const FallbackBoundModel chain(
        {RetryBoundModel(impatient.alpha.model("m"), impatient.options()), impatient.beta.model("m")},
        options);
    BOOST_TEST(impatient.run(ask(chain)).text == "from beta");
    BOOST_TEST((impatient.passed() == 0s));
}

BOOST_AUTO_TEST_CASE(pauses_are_drawn_from_the_runtime_s_dice) {
    World world;
    play(world.alpha, Script().fail_open(ErrorKind::provider_unavailable));
    world.run(ask(RetryBoundModel(world.alpha.model("m"), world.options(6, true))));
    BOOST_REQUIRE(world.pauses.size() == 5U);
    Duration step = 500ms;
    Duration sum{0};
    for (const Duration pause : world.pauses) {
        BOOST_TEST((pause >= 0ms && pause < step));
        step *= 2;
        sum += pause;
    }
    BOOST_TEST((world.passed() == sum));
    BOOST_TEST((sum > 0ms));
    BOOST_TEST((world.pauses[3] != world.pauses[4] * 2));

    World again;  // the same seed
    play(again.alpha, Script().fail_open(ErrorKind::provider_unavailable));
    again.run(ask(RetryBoundModel(again.alpha.model("m"), again.options(6, true))));
    BOOST_TEST((again.pauses == world.pauses));
}

BOOST_AUTO_TEST_CASE(no_pause_is_begun_that_would_reach_the_deadline) {
    World world;
    play(world.alpha, Script().delay(1s).fail_open(ErrorKind::provider_unavailable));
    const RetryBoundModel model(world.alpha.model("m"), world.options(9));
    // 1 s, pause 0.5 s, 1 s, pause 1 s, 1 s: the next pause of 2 s would end at 6.5 s.
    const Outcome outcome = world.run(ask(model, CallOptions().total(6500ms)));
    BOOST_REQUIRE(outcome.error.has_value());
    BOOST_TEST(outcome.attempts.size() == 3U);
    BOOST_TEST((world.passed() == 4500ms));
}

BOOST_AUTO_TEST_CASE(no_pause_is_begun_that_would_use_up_the_leg_s_share) {
    World world;
    play(world.alpha, Script().fail_open(ErrorKind::provider_unavailable));
    const RetryBoundModel model(world.alpha.model("m"), world.options(9));
    BOOST_TEST(!world.run(answers_as_a_leg(model, "hi", world.clock->now() + 1400ms)));
    BOOST_TEST(world.alpha.calls() == 2U);
    BOOST_TEST((world.passed() == 500ms));
}

BOOST_AUTO_TEST_CASE(the_call_s_limit_of_attempts_ends_it_without_a_pause) {
    World world;
    play(world.alpha, Script().fail_open(ErrorKind::provider_unavailable));
    const RetryBoundModel model(world.alpha.model("m"), world.options(9));
    const Outcome outcome = world.run(ask(model, CallOptions().max_total_attempts(2)));
    BOOST_REQUIRE(outcome.error.has_value());
    BOOST_TEST((outcome.error->kind == ErrorKind::provider_unavailable));
    BOOST_TEST(world.alpha.calls() == 2U);
    BOOST_TEST((world.passed() == 500ms));
}

BOOST_AUTO_TEST_CASE(silence_is_not_asked_for_twice_but_a_connection_is) {
    ErrorInfo silent(ErrorKind::provider_timeout, Phase::first_event, "silent");
    ErrorInfo unreachable(ErrorKind::provider_timeout, Phase::connect, "unreachable");
    World world;
    play(world.alpha, Script().fail_open(unreachable), Script().fail_open(silent), good());
    const Outcome outcome = world.run(ask(RetryBoundModel(world.alpha.model("m"), world.options(5))));
    BOOST_REQUIRE(outcome.error.has_value());
    BOOST_TEST((outcome.error->phase == Phase::first_event));
    BOOST_TEST(world.alpha.calls() == 2U);
}

BOOST_AUTO_TEST_CASE(a_chain_inside_is_asked_again_as_a_whole_and_its_attempts_stay_flat) {
    World world;
    play(world.alpha, Script().fail_open(ErrorKind::quota_exhausted));
    play(world.beta, Script().fail_open(limited(3s)), good("from beta"));
    FallbackOptions options;
    options.runtime = world.runtime;
    const FallbackBoundModel chain({world.alpha.model("m"), world.beta.model("m")}, options);
    const Outcome outcome = world.run(ask(RetryBoundModel(chain, world.options())));
    BOOST_TEST(outcome.text == "from beta");
    BOOST_TEST(
        outcome.attempts == list({"alpha/m QuotaExhausted", "beta/m RateLimited", "alpha/m QuotaExhausted"}),
        boost::test_tools::per_element());
    BOOST_TEST((world.passed() == 3s));
}

BOOST_AUTO_TEST_CASE(a_chain_that_fails_every_time_tells_every_attempt_once) {
    World world;
    play(world.alpha, Script().fail_open(ErrorKind::provider_unavailable));
    FallbackOptions options;
    options.runtime = world.runtime;
    const FallbackBoundModel chain({world.alpha.model("m")}, options);
    const Outcome outcome = world.run(ask(RetryBoundModel(chain, world.options(3))));
    BOOST_REQUIRE(outcome.error.has_value());
    BOOST_TEST((outcome.error->kind == ErrorKind::all_providers_failed));
    BOOST_TEST(outcome.attempts.size() == 3U);
}

BOOST_AUTO_TEST_CASE(a_retry_inside_a_retry_multiplies) {
    World world;
    play(world.alpha, Script().fail_open(ErrorKind::provider_unavailable));
    const RetryBoundModel inner(world.alpha.model("m"), world.options(2));
    const Outcome outcome = world.run(ask(RetryBoundModel(inner, world.options(3))));
    BOOST_TEST(world.alpha.calls() == 6U);
    BOOST_TEST(outcome.attempts.size() == 6U);
}

BOOST_AUTO_TEST_CASE(cancelling_during_a_pause_ends_it_and_nothing_runs_on) {
    World world;
    play(world.alpha, Script().fail_open(limited(20s)));
    const RetryBoundModel model(world.alpha.model("m"), world.options(5));
    asio::cancellation_signal cancel;
    std::exception_ptr thrown;
    asio::co_spawn(world.context, ask(model),
                   asio::bind_cancellation_slot(
                       cancel.slot(), [&](std::exception_ptr error, const Outcome&) { thrown = error; }));
    world.clock->advance(world.context, 5s);
    BOOST_TEST(world.clock->armed() == 1U);
    cancel.emit(asio::cancellation_type::terminal);
    world.clock->advance(world.context, 0s);
    BOOST_REQUIRE(thrown);
    BOOST_CHECK_EXCEPTION(
        std::rethrow_exception(thrown), std::system_error,
        [](const std::system_error& error) { return error.code() == asio::error::operation_aborted; });
    BOOST_TEST(world.clock->armed() == 0U);
    BOOST_TEST(world.alpha.calls() == 1U);
}

// A target that refuses for a while, as one with a breaker does.
class Refusing final : public ModelTarget {
  public:
    Refusing(BoundModel model, std::uint32_t times) : model_(std::move(model)), left_(times) {}
    const Provider& provider() const noexcept override { return model_.provider(); }
    const ModelSpec& spec() const noexcept override { return model_.spec(); }
    bool is_combinator() const noexcept override { return true; }
    std::optional<Refusal> refusal(const Needs&, TimePoint) const override {
        if (left_ > 0) return Refusal(SkipReason::breaker_open, 4s);
        return std::nullopt;
    }
    asio::awaitable<Result<TokenStream>> open(const Request& request,
                                              const CallContext& context) const override {
        const std::optional<Refusal> why = refusal(Needs(), TimePoint());
        if (!why) return model_.open(request, context);
        --left_;
        return refuse(not_asked(spec(), *why));
    }

  private:
    static asio::awaitable<Result<TokenStream>> refuse(ErrorInfo error) { co_return error; }
    BoundModel model_;
    mutable std::uint32_t left_;
};

BOOST_AUTO_TEST_CASE(a_refusal_is_passed_on_and_waited_for_only_when_told_so) {
    World world;
    play(world.alpha, good());
    const BoundModel closed(std::make_shared<Refusing>(world.alpha.model("m"), 1));
    RetryOptions options = world.options(2);
    const RetryBoundModel hasty(closed, options);
    const auto refusal = hasty.target()->refusal(Needs(), world.clock->now());
    BOOST_REQUIRE(refusal.has_value());
    BOOST_TEST((refusal->reason == SkipReason::breaker_open));
    BOOST_TEST((refusal->retry_after == 4s));
    const Outcome outcome = world.run(ask(hasty));
    BOOST_REQUIRE(outcome.error.has_value());
    BOOST_TEST((outcome.error->kind == ErrorKind::no_provider_available));
    BOOST_TEST((world.passed() == 0s));

    options.wait_when_refused = true;
    const BoundModel closed_again(std::make_shared<Refusing>(world.alpha.model("m"), 1));
    BOOST_TEST(world.run(ask(RetryBoundModel(closed_again, options))).text == "Ulaanbaatar");
    BOOST_TEST((world.passed() == 4s));
}

BOOST_AUTO_TEST_CASE(a_refusal_of_a_later_try_does_not_hide_why_the_first_one_failed) {
    World world;
    // The first try is made and fails; the second one is refused, because the call may make no more.
    play(world.alpha, Script().fail_open(ErrorKind::provider_overloaded));
    FallbackOptions chain;
    chain.runtime = world.runtime;
    const RetryBoundModel retry(world.alpha.model("m"), world.options(2));
    ErrorInfo seen;
    chain.trigger_errors = triggers::any_error();
    chain.on_failover = [&](const Failover& failover) { seen = failover.error; };
    const FallbackBoundModel model({retry, retry}, chain);
    const Outcome outcome = world.run(ask(model, CallOptions().max_total_attempts(3)));
    BOOST_REQUIRE(outcome.error.has_value());
    BOOST_TEST((seen.kind == ErrorKind::provider_overloaded));
    BOOST_TEST(world.alpha.calls() == 3U);
}

BOOST_AUTO_TEST_CASE(it_says_what_it_is_made_of) {
    World world;
    RetryOptions options = world.options(3);
    const BoundModel alpha = world.alpha.model("m");
    const Composition made = RetryBoundModel(alpha, options).target()->composition();
    BOOST_TEST(made.kind == "retry");
    BOOST_TEST(made.settings == "3 tries, backoff 500 ms x2 up to 8 s, Retry-After up to 30 s");
    BOOST_TEST((made.order == Composition::Order::one));
    BOOST_TEST(made.tries == 3U);
    BOOST_TEST((made.waits == 60s));
    BOOST_REQUIRE(made.parts.size() == 1U);
    BOOST_TEST((made.parts.front().target() == alpha.target()));
    options.attempts = 1;
    options.factor = 1.5;
    BOOST_TEST(RetryBoundModel(alpha, options).target()->composition().settings == "1 try");
}

BOOST_AUTO_TEST_SUITE_END()

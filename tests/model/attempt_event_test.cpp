// Attempts as events: each opened once and closed exactly once, whoever ends it and however.
#include <sluice/attempt_event.hpp>
#include <sluice/fallback.hpp>
#include <sluice/log.hpp>
#include <sluice/testing/memory_network.hpp>
#include <sluice/testing/scripted_provider.hpp>
#include <sluice/testing/virtual_clock.hpp>

#include "support/run.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>

#include <boost/test/unit_test.hpp>

#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

using namespace sluice;
using namespace std::chrono_literals;
using testing::Script;
using testing::ScriptedProvider;

namespace {

Usage usage(Tokens input, Tokens output) {
    Usage known;
    known.input = input;
    known.output = output;
    return known;
}

struct World {
    asio::io_context context{1};
    std::shared_ptr<testing::VirtualClock> clock = std::make_shared<testing::VirtualClock>();
    Runtime runtime{clock, std::make_shared<testing::MemoryNetwork>(), seeded_entropy(1)};
    ScriptedProvider provider{"acme", runtime};
    TimePoint epoch = clock->now();
    std::vector<std::string> log;

    std::string ms(std::chrono::nanoseconds time) {
        return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
    }
    AttemptEvents events() {
        return AttemptEvents([this](const AttemptEvent& event) {
            std::string line = ms(event.at - epoch) + " " + std::to_string(event.call) + "." +
                               std::to_string(event.attempt) + " " + event.model.id + " " +
                               std::string(name_of(event));
            if (const auto* first = event.as<FirstEvent>()) line += " " + ms(first->after);
            if (const auto* good = event.as<AttemptSucceeded>()) line += figures(good->figures);
            if (const auto* bad = event.as<AttemptFailed>())
                line += " " + std::string(class_name(bad->error.kind)) + figures(bad->figures);
            if (const auto* left = event.as<AttemptAbandoned>()) line += figures(left->figures);
            if (const auto* skipped = event.as<LegSkipped>())
                line += " " + std::string(to_string(skipped->reason));
            log.push_back(std::move(line));
        });
    }
    std::string figures(const AttemptFigures& known) {
        std::string text = " " + ms(known.duration);
        if (known.first_event) text += " first " + ms(*known.first_event);
        if (known.usage && known.usage->output) text += " out " + std::to_string(*known.usage->output);
        if (known.cost) text += " " + to_string(*known.cost);
        return text;
    }
    BoundModel model(std::string id) {
        ModelSpec spec("acme", std::move(id));
        spec.price.input = Price::per_million("1");
        spec.price.output = Price::per_million("10");
        return provider.model(std::move(spec));
    }
    FallbackBoundModel chain(std::vector<BoundModel> legs) {
        FallbackOptions options;
        options.runtime = runtime;
        return FallbackBoundModel(std::move(legs), options);
    }
    template <typename T>
    T run(asio::awaitable<T> work) {
        return test::run(context, *clock, std::move(work));
    }
    ~World() {
        BOOST_TEST(provider.running() == 0U);
        BOOST_TEST(clock->armed() == 0U);
    }
};

asio::awaitable<void> read_all(BoundModel model, CallOptions options) {
    Result<TokenStream> stream = co_await model.try_stream("x", options);
    if (!stream) co_return;
    for (;;) {
        const StreamEvent* event = co_await stream->next();
        if (event == nullptr) break;
    }
}

asio::awaitable<void> read_one(BoundModel model, CallOptions options) {
    Result<TokenStream> stream = co_await model.try_stream("x", options);
    if (!stream) co_return;
    const StreamEvent* event = co_await stream->next();
    BOOST_TEST((event != nullptr));
}

using Lines = std::vector<std::string>;

void check(const World& world, const Lines& expected) {
    BOOST_TEST(world.log == expected, boost::test_tools::per_element());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(attempt_events)

BOOST_AUTO_TEST_CASE(a_good_answer_is_started_begun_and_succeeded_with_its_figures) {
    World world;
    world.provider.script(
        "m", Script().delay(30ms).text("a").delay(70ms).text("b").finish(StopReason::stop, usage(5, 2)));
    CallOptions options;
    options.events(world.events());
    world.run(read_all(world.model("m"), options));
    check(world, {"0 1.1 m attempt_started", "30 1.1 m first_event 30",
                  "100 1.1 m attempt_succeeded 100 first 30 out 2 $0.000025"});
}

BOOST_AUTO_TEST_CASE(a_failover_is_two_attempts_of_one_call) {
    World world;
    world.provider.script("a", Script().delay(10ms).fail_open(ErrorKind::rate_limited));
    world.provider.script("b", Script().fail(ErrorKind::provider_overloaded));
    world.provider.script("c", Script().text("c").finish());
    CallOptions options;
    options.events(world.events());
    const BoundModel model = world.chain({world.model("a"), world.model("b"), world.model("c")});
    world.run(read_all(model, options));
    Lines attempts;
    for (const std::string& line : world.log)
        if (line.find("attempt_") != std::string::npos) attempts.push_back(line);
    const Lines expected{"0 1.1 a attempt_started",  "10 1.1 a attempt_failed RateLimited 10",
                         "10 1.2 b attempt_started", "10 1.2 b attempt_failed ProviderOverloaded 0",
                         "10 1.3 c attempt_started", "10 1.3 c attempt_succeeded 0 first 0"};
    BOOST_TEST(attempts == expected, boost::test_tools::per_element());
    world.log.clear();
    world.run(read_all(world.model("c"), options));
    BOOST_TEST(world.log.front() == "10 2.1 c attempt_started");  // the next call
}

BOOST_AUTO_TEST_CASE(a_failure_in_the_middle_is_a_failed_attempt_that_had_begun) {
    World world;
    world.provider.script("m", Script().text("a").delay(5ms).fail(ErrorKind::provider_unavailable));
    CallOptions options;
    options.events(world.events());
    world.run(read_all(world.model("m"), options));
    check(world, {"0 1.1 m attempt_started", "0 1.1 m first_event 0",
                  "5 1.1 m attempt_failed ProviderUnavailable 5 first 0"});
}

BOOST_AUTO_TEST_CASE(a_stream_that_ends_without_its_end_is_a_failed_attempt) {
    World world;
    world.provider.script("m", Script().text("a"));
    CallOptions options;
    options.events(world.events());
    world.run(read_all(world.model("m"), options));
    check(world, {"0 1.1 m attempt_started", "0 1.1 m first_event 0",
                  "0 1.1 m attempt_failed StreamTruncated 0 first 0"});
}

BOOST_AUTO_TEST_CASE(a_dropped_stream_is_abandoned) {
    World world;
    world.provider.script("m", Script().text("a").text("b").finish());
    CallOptions options;
    options.events(world.events());
    world.run(read_one(world.model("m"), options));
    check(world, {"0 1.1 m attempt_started", "0 1.1 m first_event 0", "0 1.1 m attempt_abandoned 0 first 0"});
}

// While it opens, while it waits for the first event, in the middle.
BOOST_AUTO_TEST_CASE(a_cancelled_attempt_is_abandoned_wherever_it_is) {
    const std::vector<Script> scripts{Script().hang().fail_open(ErrorKind::provider_unavailable),
                                      Script().hang(), Script().text("a").hang()};
    for (const Script& script : scripts) {
        World world;
        world.provider.script("m", script);
        CallOptions options;
        options.events(world.events());
        asio::cancellation_signal cancel;
        bool ended = false;
        asio::co_spawn(world.context, read_all(world.chain({world.model("m")}), options),
                       asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr error) {
                           ended = true;
                           BOOST_TEST((error != nullptr));
                       }));
        world.context.poll();
        BOOST_TEST(!ended);
        cancel.emit(asio::cancellation_type::terminal);
        world.context.restart();
        world.context.poll();
        BOOST_TEST(ended);
        BOOST_REQUIRE(!world.log.empty());
        BOOST_TEST(world.log.back().find("0 1.1 m attempt_abandoned") == 0U);
        std::size_t closed = 0;
        for (const std::string& line : world.log)
            closed += line.find("abandoned") != std::string::npos || line.find("failed") != std::string::npos;
        BOOST_TEST(closed == 1U);
    }
}

BOOST_AUTO_TEST_CASE(no_attempt_left_is_a_skip_and_not_an_attempt) {
    World world;
    world.provider.script("a", Script().fail_open(ErrorKind::rate_limited));
    world.provider.script("b", Script().text("b").finish());
    CallOptions options;
    options.events(world.events());
    options.max_total_attempts(1);
    world.run(read_all(world.chain({world.model("a"), world.model("b")}), options));
    BOOST_TEST(world.provider.calls() == 1U);
    BOOST_TEST(world.log.back() == "0 1.0 b leg_skipped attempts_spent");
    BOOST_CHECK_THROW(CallOptions().max_total_attempts(0), std::invalid_argument);
}

// The last line of defence: whatever the combinator above does, a model without the tag is not asked.
BOOST_AUTO_TEST_CASE(a_model_without_the_tag_is_never_asked) {
    World world;
    world.provider.script("m", Script().text("a").finish());
    CallOptions options;
    options.events(world.events());
    options.residency("local");
    try {
        world.run(read_all(world.model("m"), options));
        AssistantMessage answer = world.run(world.model("m").generate("x", options));
        BOOST_ERROR("it answered");
    } catch (const NoProviderAvailable& error) {
        BOOST_REQUIRE(error.attempts().size() == 1U);
        BOOST_TEST((error.attempts()[0].outcome == Attempt::Outcome::skipped));
        BOOST_TEST((error.attempts()[0].reason.value() == SkipReason::residency));
    }
    BOOST_TEST(world.provider.calls() == 0U);
}

BOOST_AUTO_TEST_CASE(what_a_listener_throws_is_logged_and_swallowed) {
    World world;
    world.provider.script("m", Script().text("a").finish());
    std::vector<std::string> lines;
    set_log_sink([&lines](LogLevel, std::string_view line) { lines.emplace_back(line); });
    CallOptions options;
    options.events([](const AttemptEvent&) { throw std::runtime_error("boom"); });
    const AssistantMessage answer = world.run(world.model("m").generate("x", options));
    set_log_sink(LogSink());
    BOOST_TEST(answer.text() == "a");
    BOOST_REQUIRE(!lines.empty());
    BOOST_TEST(lines.front() == "a listener of attempt events threw, and was ignored: boom");
}

BOOST_AUTO_TEST_SUITE_END()

// ---- StreamWatch
// -----------------------------------------------------------------------------------------------------

namespace {

struct Heard {
    int first_events = 0, ends = 0, abandons = 0;
    std::size_t events = 0;
    bool failed = false;
};

class Listener final : public StreamWatch {
  public:
    explicit Listener(Heard& heard, bool all = false) : heard_(heard), all_(all) {}
    void on_first_event() noexcept override { ++heard_.first_events; }
    void on_events(std::span<const StreamEvent> batch) noexcept override { heard_.events += batch.size(); }
    bool wants_events() const noexcept override { return all_; }
    void on_end(const StreamEvent& terminal, const std::optional<Usage>&) noexcept override {
        ++heard_.ends;
        heard_.failed = terminal.is<Failure>();
    }
    void on_abandoned(const std::optional<Usage>&) noexcept override { ++heard_.abandons; }

  private:
    Heard& heard_;
    bool all_;
};

asio::awaitable<void> watch_late(BoundModel model, Heard& heard) {
    TokenStream stream = co_await model.stream("x");
    const StreamEvent* answer = co_await stream.peek();
    BOOST_TEST((answer != nullptr));
    stream.watch(std::make_unique<Listener>(heard));
    for (;;) {
        const StreamEvent* event = co_await stream.next();
        if (event == nullptr) break;
    }
}

asio::awaitable<void> watch_everything(BoundModel model, Heard& heard) {
    TokenStream stream = co_await model.stream("x");
    stream.watch(std::make_unique<Listener>(heard, true));
    TokenStream moved = std::move(stream);
    for (;;) {
        const std::span<const StreamEvent> batch = co_await moved.next_batch();
        if (batch.empty()) break;
    }
}

asio::awaitable<void> close_early(BoundModel model, Heard& heard) {
    TokenStream stream = co_await model.stream("x");
    stream.watch(std::make_unique<Listener>(heard));
    co_await stream.close();
    BOOST_TEST(heard.abandons == 1);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(stream_watch)

BOOST_AUTO_TEST_CASE(one_that_comes_late_hears_what_it_missed) {
    World world;
    world.provider.script("one-batch", Script().repeat_text("t", 3, 3).finish().batch());
    world.provider.script("slow", Script().text("a").delay(1s).text("b").finish());
    world.provider.script("failed", Script().fail(ErrorKind::rate_limited));
    for (const char* model : {"one-batch", "slow", "failed"}) {
        Heard heard;
        world.run(watch_late(world.model(model), heard));
        const bool failed = std::string(model) == "failed";
        BOOST_TEST(heard.first_events == (failed ? 0 : 1));
        BOOST_TEST(heard.ends == 1);
        BOOST_TEST(heard.abandons == 0);
        BOOST_TEST(heard.failed == failed);
    }
}

BOOST_AUTO_TEST_CASE(one_that_wants_them_hears_all_events) {
    World world;
    world.provider.script("m", Script().extension("x", "1").repeat_text("t", 10, 3).finish());
    Heard heard;
    world.run(watch_everything(world.model("m"), heard));
    BOOST_TEST(heard.events == 12U);
    BOOST_TEST(heard.first_events == 1);
    BOOST_TEST(heard.ends == 1);
}

BOOST_AUTO_TEST_CASE(a_closed_stream_is_abandoned_once) {
    World world;
    world.provider.script("m", Script().text("a").finish());
    Heard heard;
    world.run(close_early(world.model("m"), heard));
    BOOST_TEST(heard.abandons == 1);
    BOOST_TEST(heard.ends == 0);
}

BOOST_AUTO_TEST_SUITE_END()

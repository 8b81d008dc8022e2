// Hedges and mirrors over the whole stack: HTTP on an in-memory network, in virtual time. What a loser
// leaves.
#include <sluice/hedge.hpp>
#include <sluice/mirror.hpp>
#include <sluice/openai.hpp>
#include <sluice/testing/simulator.hpp>

#include "net/pool.hpp"
#include "race_world.hpp"

using namespace sluice;
using namespace sluice::test::race;
using namespace std::chrono_literals;

namespace {

struct World {
    asio::io_context context{1};
    std::shared_ptr<testing::VirtualClock> clock = std::make_shared<testing::VirtualClock>();
    std::shared_ptr<testing::MemoryNetwork> network = std::make_shared<testing::MemoryNetwork>();
    Runtime runtime{clock, network, seeded_entropy(1)};
    testing::Simulator simulator{context.get_executor(), runtime};
    std::string base_url = simulator.listen(*network, Origin(false, "sim.test", 80));
    Books books;

    BoundModel model(const char* account, const char* id) {
        OpenAIOptions options;
        options.id = account;
        options.base_url = base_url;
        options.runtime = runtime;
        return OpenAI(options).model(id);
    }
    HedgeBoundModel race(const char* first, const char* second) {
        HedgeOptions options;
        options.delay = 500ms;
        options.events = books.listener();
        options.runtime = runtime;
        return HedgeBoundModel({model("first", first), model("second", second)}, options);
    }
    std::size_t leased() { return net::Pool::of(context.get_executor())->stats().leased; }
};

struct Told {
    Told() = default;
    std::string text;
    std::string provider;
    std::optional<ErrorInfo> failure;
    std::size_t leased_when_opened = 0;
};

asio::awaitable<void> read_answer(World& world, BoundModel model, Told& told) {
    TokenStream stream = co_await model.stream("Capital of Mongolia?");
    told.leased_when_opened = world.leased();
    while (const StreamEvent* event = co_await stream.next()) {
        if (const auto* text = event->as<TextDelta>()) told.text += text->text;
        if (const auto* failure = event->as<Failure>()) told.failure = failure->error();
    }
    told.provider = stream.answerer().provider_id;
}

constexpr const char* kAnswer = "The capital of Mongolia is Ulaanbaatar.";

}  // namespace

BOOST_AUTO_TEST_SUITE(race_over_http)

BOOST_AUTO_TEST_CASE(the_loser_s_connection_is_closed_before_the_winner_is_read) {
    for (const char* slow : {"sim-slow-head", "sim-slow-first", "sim-silent"}) {
        World world;
        Told told;
        test::run(world.context, *world.clock, read_answer(world, world.race(slow, "sim-slow-tokens"), told));
        BOOST_TEST(told.text == kAnswer);
        BOOST_TEST(told.provider == "second");
        BOOST_TEST(told.leased_when_opened == 1U);
        BOOST_TEST(world.simulator.aborted() == 1U);
        BOOST_TEST(world.leased() == 0U);
        BOOST_TEST(world.network->stats().alive == 1U);  // the winner's, which waits for another request
        BOOST_TEST(world.books.all_closed_once());
        BOOST_TEST(world.books.count("first attempt_abandoned answer") == 1U);
    }
}

BOOST_AUTO_TEST_CASE(a_loser_that_cannot_connect_is_given_up_too) {
    World world;
    Told told;
    testing::NetworkFaults stalled;
    stalled.stall_open = true;
    world.network->set_faults(stalled);
    const auto mend = [&world]() -> asio::awaitable<void> {
        co_await sleep_for(*world.clock, 400ms);
        world.network->set_faults(testing::NetworkFaults());
    };
    asio::co_spawn(world.context, mend(), [](std::exception_ptr) {});
    test::run(world.context, *world.clock, read_answer(world, world.race("sim-ok", "sim-ok"), told));
    BOOST_TEST(told.provider == "second");
    BOOST_TEST(told.text == kAnswer);
    BOOST_TEST(world.network->stats().opened == 1U);
    BOOST_TEST(world.network->stats().alive == 1U);
}

// The winner is read by a coroutine that did not open it: deadlines and cancellation must be that one's.
BOOST_AUTO_TEST_CASE(the_winner_keeps_its_own_deadlines) {
    World world;
    Told told;
    test::run(world.context, *world.clock, read_answer(world, world.race("sim-silent", "sim-stall"), told));
    BOOST_REQUIRE(told.failure.has_value());
    BOOST_TEST((told.failure->kind == ErrorKind::provider_timeout));
    BOOST_TEST((told.failure->phase == Phase::idle));
    BOOST_TEST(world.network->stats().alive == 0U);
}

BOOST_AUTO_TEST_CASE(cancellation_at_every_step_closes_every_connection) {
    for (const char* second : {"sim-slow-tokens", "sim-stall"}) {
        bool finished = false;
        std::size_t turns = 0;
        for (; !finished && turns < 400; ++turns) {
            World world;
            Told told;
            asio::cancellation_signal stop;
            std::exception_ptr thrown;
            asio::co_spawn(world.context, read_answer(world, world.race("sim-silent", second), told),
                           asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr error) {
                               finished = true;
                               thrown = error;
                           }));
            for (std::size_t turn = 0; turn < turns && !finished; ++turn) {
                world.context.restart();
                if (world.context.poll_one() == 0) world.clock->advance(world.context, 100ms);
            }
            if (finished) break;
            stop.emit(asio::cancellation_type::terminal);
            world.context.restart();
            world.context.poll();
            BOOST_TEST(finished);
            BOOST_CHECK_THROW(std::rethrow_exception(thrown), asio::system_error);
            BOOST_TEST(world.network->stats().alive == 0U);
            BOOST_TEST(world.simulator.open_connections() == 0U);
            BOOST_TEST(world.books.all_closed_once());
            finished = turns > 120;  // of an answer that stalls for ever
        }
        BOOST_TEST(finished);
        BOOST_TEST(turns > 10U);
    }
}

BOOST_AUTO_TEST_CASE(a_mirror_reads_on_beside_its_caller_and_goes_with_him) {
    World world;
    std::vector<MirrorReport> reports;
    MirrorOptions options;
    options.on_mirrored = [&](const MirrorReport& report) { reports.push_back(report); };
    options.events = world.books.listener();
    options.runtime = world.runtime;
    const MirrorBoundModel model(world.model("first", "sim-ok"), world.model("second", "sim-slow-tokens"),
                                 options);
    Told told;
    test::run(world.context, *world.clock, read_answer(world, model, told));
    BOOST_TEST(told.text == kAnswer);
    BOOST_TEST(told.provider == "first");
    BOOST_REQUIRE(reports.size() == 1U);
    BOOST_TEST(reports.front().agree.value());
    BOOST_TEST(reports.front().secondary.answer.text == kAnswer);
    BOOST_TEST(reports.front().secondary.usage.has_value());
    BOOST_TEST(world.simulator.aborted() == 0U);

    const auto peek = [](BoundModel from) -> asio::awaitable<void> {
        TokenStream stream = co_await from.stream("x");
        co_await stream.next();
    };
    const MirrorBoundModel long_answers(world.model("first", "sim-slow-tokens"),
                                        world.model("second", "sim-slow-tokens"), options);
    test::run(world.context, *world.clock, peek(long_answers));
    BOOST_TEST(world.simulator.aborted() == 2U);
    BOOST_TEST(long_answers.running() == 0U);
    BOOST_TEST(world.leased() == 0U);
    BOOST_TEST(world.books.all_closed_once());
    BOOST_TEST(reports.size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_secondary_that_serves_is_read_by_the_caller) {
    World world;
    MirrorOptions options;
    options.events = world.books.listener();
    options.runtime = world.runtime;
    const MirrorBoundModel model(world.model("first", "sim-503"), world.model("second", "sim-slow-tokens"),
                                 options);
    Told told;
    test::run(world.context, *world.clock, read_answer(world, model, told));
    BOOST_TEST(told.text == kAnswer);
    BOOST_TEST(told.provider == "second");
    BOOST_TEST(model.running() == 0U);
    BOOST_TEST(world.leased() == 0U);
    BOOST_TEST(world.books.all_closed_once());

    const MirrorBoundModel stalls(world.model("first", "sim-503"), world.model("second", "sim-stall"),
                                  options);
    Told cut;
    test::run(world.context, *world.clock, read_answer(world, stalls, cut));
    BOOST_TEST((cut.failure->phase == Phase::idle));
    BOOST_TEST(world.leased() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

// When a failing primary is asked again, what a client is told of a refusal, and what is left when a client
// goes.
#include "faults_world.hpp"

namespace sluice::testing {
namespace {

using namespace std::chrono_literals;

/// How the primary answers `model`; `times` are when it was asked.
void on_primary(FaultsWorld& world, const std::string& model, SimulatedAnswer answer,
                std::vector<TimePoint>& times) {
    world.simulator("primary").on_model(model, [&world, &times, answer](std::size_t, std::string_view) {
        times.push_back(world.clock->now());
        return answer;
    });
}

SimulatedAnswer failing(SimulatedError error) {
    SimulatedAnswer answer;
    answer.error = std::move(error);
    return answer;
}

BOOST_AUTO_TEST_SUITE(gateway_faults_in_time)

BOOST_AUTO_TEST_CASE(the_primary_is_asked_again_no_sooner_than_it_said_and_not_much_later) {
    for (const std::chrono::milliseconds retry_after : {2s, 7s}) {
        FaultsWorld world("openai_chat", "anthropic");
        SimulatedError error(ErrorKind::rate_limited);
        error.retry_after = retry_after;
        std::vector<TimePoint> times;
        on_primary(world, "good", failing(error), times);
        world.start();
        const TimePoint end = world.clock->now() + 4 * retry_after;
        while (world.clock->now() < end) {
            const HttpReply reply = world.send("openai_chat", "good", true);
            BOOST_TEST(reply.header("x-sluice-target") == "backup");
            BOOST_TEST((reply.took <= retry_after + 1s));
            world.advance(250ms);
        }
        BOOST_TEST(times.size() >= 2U);
        for (std::size_t i = 1; i < times.size(); ++i)
            BOOST_TEST((times[i] - times[i - 1] >= retry_after));
        world.check_nothing_is_left();
    }
}

BOOST_AUTO_TEST_CASE(one_500_is_tried_again_at_the_same_target_after_a_pause) {
    for (const std::string_view dialect : kClientDialects) {
        FaultsWorld world{std::string(dialect), "openai_chat"};
        world.start();
        const HttpReply reply = world.send(dialect, "sim-500-once", false);
        BOOST_TEST(reply.status == 200);
        BOOST_TEST(reply.header("x-sluice-target") == "primary");
        BOOST_TEST(reply.header("x-sluice-attempts") == "2");
        BOOST_TEST(world.asked("primary", "sim-500-once") == 2U);
        BOOST_TEST((reply.took > 0ms && reply.took <= 1s));
    }
}

BOOST_AUTO_TEST_CASE(a_silent_primary_is_left_at_its_deadline) {
    for (const std::string_view dialect : kClientDialects) {
        for (const bool stream : {true, false}) {
            FaultsWorld world{std::string(dialect), "openai_chat"};
            world.start();
            const HttpReply reply = world.send(dialect, "sim-silent", stream);
            BOOST_TEST(told(dialect, reply, stream).text == kAnswer);
            BOOST_TEST((reply.took >= 10s && reply.took < 11s));
            BOOST_TEST(world.asked("primary", "sim-silent") == 1U);
            BOOST_TEST(world.simulator("primary").aborted() == 1U);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_policy_refusal_is_told_in_the_providers_words) {
    const std::string words = "Output blocked by content filtering policy 17b.";
    for (const std::string_view dialect : kClientDialects) {
        for (const bool stream : {true, false}) {
            FaultsWorld world{std::string(dialect), "openai_chat"};
            SimulatedError error(ErrorKind::content_filtered);
            error.message = words;
            std::vector<TimePoint> times;
            on_primary(world, "good", failing(error), times);
            world.start();
            const HttpReply reply = world.send(dialect, "good", stream);
            BOOST_TEST(times.size() == 1U);
            BOOST_TEST(world.simulator("backup").requests().empty());
            if (dialect == "gemini") {  // says it in an answer, without words
                BOOST_TEST(reply.status == 200);
                BOOST_TEST(reply.has(R"("blockReason")"), reply.body);
                continue;
            }
            const Told what = told(dialect, reply, stream);
            BOOST_TEST(reply.status == 400, dialect << reply.body);
            BOOST_REQUIRE(what.error.has_value());
            BOOST_TEST((what.error->kind == ErrorKind::content_filtered), dialect << reply.body);
            BOOST_TEST(reply.has(words), dialect << reply.body);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_prompt_that_is_too_long_is_told_when_nobody_takes_it) {
    for (const std::string_view dialect : kClientDialects) {
        FaultsWorld world{std::string(dialect), "openai_chat"};
        world.simulator("backup").on_model(std::string(kBackupModel), [](std::size_t, std::string_view) {
            return failing(ErrorKind::context_length_exceeded);
        });
        world.start();
        const HttpReply reply = world.send(dialect, "sim-context-length", true);
        const Told what = told(dialect, reply, true);
        BOOST_TEST(reply.status == 400, reply.body);
        BOOST_REQUIRE(what.error.has_value());
        BOOST_TEST((what.error->kind == ErrorKind::context_length_exceeded), dialect << reply.body);
        BOOST_TEST(world.asked("primary", "sim-context-length") == 1U);
        BOOST_TEST(world.simulator("backup").requests().size() == 1U);
    }
}

BOOST_AUTO_TEST_CASE(a_primary_that_was_down_is_used_again_within_one_probe) {
    FaultsWorld world("openai_chat", "anthropic");
    HealthCheckConfig& checks = world.config.targets[0].health_check;
    checks.enabled = true;
    checks.interval = 2s;
    checks.timeout = 1s;
    checks.unhealthy_threshold = 1;
    checks.healthy_threshold = 1;
    world.start();
    world.simulator("primary").set_down(true);
    world.advance(3s);
    for (int i = 0; i < 5; ++i) {
        const HttpReply reply = world.send("openai_chat", "good", i % 2 == 0);
        BOOST_TEST(reply.header("x-sluice-target") == "backup");
        BOOST_TEST((reply.took < 1s));  // nobody waits for who is known to be down
        world.advance(1s);
    }
    BOOST_TEST(world.asked("primary", "good") == 0U);
    world.simulator("primary").set_down(false);
    world.advance(checks.interval + 100ms);
    const HttpReply back = world.send("openai_chat", "good", true);
    BOOST_TEST(back.header("x-sluice-target") == "primary");
    BOOST_TEST((back.took < 1s));
}

BOOST_AUTO_TEST_CASE(a_client_that_goes_takes_its_upstream_along_in_the_same_moment) {
    struct Case {
        const char* model;
        bool stream;
        Duration after;
    };
    for (const std::string_view dialect : kClientDialects) {
        for (const Case& one : {Case{"sim-slow-tokens", true, 250ms}, Case{"sim-slow-head", true, 1s},
                                Case{"sim-slow-first", true, 1s}, Case{"sim-stall", true, 1s},
                                Case{"sim-silent", false, 1s}, Case{"sim-slow-head", false, 1s}}) {
            FaultsWorld world{std::string(dialect), "openai_chat"};
            world.start();
            const ClientRequest request = client_request(dialect, one.model, one.stream);
            asio::cancellation_signal cancel;
            HttpReply reply;
            bool done = false;
            asio::co_spawn(
                world.context, world.fetch("POST", request.path, request.body, {}, reply),
                asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr) { done = true; }));
            world.advance(one.after);
            BOOST_TEST(world.simulator("primary").aborted() == 0U);
            cancel.emit(asio::cancellation_type::terminal);
            world.context.restart();
            world.context.poll();  // no time passes
            BOOST_TEST(done);
            BOOST_TEST(world.simulator("primary").aborted() == 1U, dialect << " " << one.model);
            BOOST_TEST(world.simulator("backup").requests().empty());
            world.check_nothing_is_left();
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace sluice::testing

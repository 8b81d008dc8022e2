// The examples of docs/testing.md and docs/simulator.md, so that they stay true.
#include <sluice/sluice.hpp>
#include <sluice/testing/memory_network.hpp>
#include <sluice/testing/scripted_provider.hpp>
#include <sluice/testing/simulator.hpp>
#include <sluice/testing/virtual_clock.hpp>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <exception>
#include <memory>
#include <string>

using namespace std::chrono_literals;
using sluice::testing::Script;

namespace {

asio::awaitable<void> answer(sluice::BoundModel model, std::string& text) {
    const sluice::AssistantMessage message = co_await model.generate("Capital of Mongolia?");
    text = message.text();
}

void rethrow(std::exception_ptr error) {
    if (error) std::rethrow_exception(error);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(documentation)

BOOST_AUTO_TEST_CASE(the_second_provider_answers) {
    asio::io_context context;
    auto clock = std::make_shared<sluice::testing::VirtualClock>();
    auto network = std::make_shared<sluice::testing::MemoryNetwork>();
    const sluice::Runtime runtime(clock, network, sluice::seeded_entropy(1));

    sluice::testing::ScriptedProvider primary("primary", runtime);
    sluice::testing::ScriptedProvider backup("backup", runtime);
    primary.script("m", Script().delay(3s).fail_open(sluice::ErrorKind::rate_limited));
    backup.script("m", Script().text("Ulaan").delay(20ms).text("baatar").finish());

    sluice::FallbackBoundModel model{{primary.model("m"), backup.model("m")}};
    std::string text;
    asio::co_spawn(context, answer(model, text), rethrow);
    const sluice::Duration took = clock->run(context);

    BOOST_TEST(text == "Ulaanbaatar");
    BOOST_TEST((took == 3020ms));
    BOOST_TEST(primary.running() == 0U);
    BOOST_TEST(clock->armed() == 0U);
}

BOOST_AUTO_TEST_CASE(the_simulator_behind_two_providers) {
    asio::io_context context;
    auto clock = std::make_shared<sluice::testing::VirtualClock>();
    auto network = std::make_shared<sluice::testing::MemoryNetwork>();
    const sluice::Runtime runtime(clock, network, sluice::seeded_entropy(1));
    sluice::testing::Simulator simulator(context.get_executor(), runtime);
    const std::string base_url = simulator.listen(*network, sluice::Origin(false, "sim.test", 80));

    for (const std::string failing :
         {"sim-503", "sim-429", "sim-error-first", "sim-reset", "sim:status=500,gzip", "sim-empty"}) {
        BOOST_TEST_CONTEXT(failing) {
            sluice::OpenAI flaky{{.id = "flaky", .base_url = base_url, .runtime = runtime}};
            sluice::OpenAI solid{{.id = "solid", .base_url = base_url, .runtime = runtime}};
            sluice::FallbackBoundModel model{{flaky.model(failing), solid.model("sim-ok")}};
            std::string text;
            asio::co_spawn(context, answer(model, text), rethrow);
            clock->run(context);
            BOOST_TEST(text == "The capital of Mongolia is Ulaanbaatar.");
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

// The simulator on real sockets: loopback only, in real time, without a wait that is not the network's own.
#include <sluice/runtime.hpp>
#include <sluice/testing/simulator.hpp>

#include <asio/error.hpp>
#include <asio/system_error.hpp>

#include <charconv>
#include <string>

#include "testing/simulator_support.hpp"

using sluice::testing::Simulator;
using sluice::tests::Answer;
using sluice::tests::ask;
using sluice::tests::RawClient;

namespace {

struct Fixture {
    asio::io_context context;
    Simulator simulator{context.get_executor()};
    std::string base_url = simulator.listen();
    sluice::Runtime runtime;

    std::uint16_t port() const {
        const std::size_t colon = base_url.rfind(':');
        std::uint16_t number = 0;
        std::from_chars(base_url.data() + colon + 1, base_url.data() + base_url.rfind('/'), number);
        return number;
    }
    std::shared_ptr<RawClient> start(std::string request) {
        auto client = std::make_shared<RawClient>();
        client->connection =
            runtime.connector->make(context.get_executor(), sluice::Origin(false, "127.0.0.1", port()));
        asio::co_spawn(context, RawClient::talk(client, runtime.clock, std::move(request)), rethrow);
        return client;
    }
    template <typename Predicate>
    void run_until(Predicate predicate) {
        context.restart();  // it stops whenever nothing was left to do
        while (!predicate())
            BOOST_REQUIRE(context.run_one() == 1U);
    }
    std::shared_ptr<RawClient> exchange(std::string_view model) {
        auto client = start(ask(model, "Connection: close\r\n"));
        run_until([&] { return client->end.has_value(); });
        return client;
    }
    static void rethrow(std::exception_ptr error) {
        if (error) std::rethrow_exception(error);
    }
    ~Fixture() {  // leaves nothing behind: what still runs ends by itself
        bool stopped = false;
        asio::co_spawn(context, simulator.stop(), [&stopped](std::exception_ptr) { stopped = true; });
        context.restart();
        context.run();
        BOOST_TEST(stopped);
        BOOST_TEST(simulator.open_connections() == 0U);
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(simulator_sockets, Fixture)

BOOST_AUTO_TEST_CASE(streams_to_a_real_client) {
    BOOST_TEST(base_url == "http://127.0.0.1:" + std::to_string(port()) + "/v1");
    for (const std::string model :
         {"sim-ok", "sim-byte-writes", "sim-one-write", "sim-crlf", "sim-comments", "sim-huge-event"}) {
        BOOST_TEST_CONTEXT(model) {
            const auto client = exchange(model);
            const Answer answer = Answer::parse(client->received);
            BOOST_TEST(answer.complete);
            BOOST_TEST(answer.has("data: [DONE]"));
            BOOST_TEST((client->end == asio::error::make_error_code(asio::error::eof)));
        }
    }
    const auto client = exchange("sim:tokens=20000,tokens_per_write=16");
    BOOST_TEST(Answer::parse(client->received).has(R"({"content":" t19999"})"));
}

BOOST_AUTO_TEST_CASE(fails_as_real_servers_do) {
    BOOST_TEST(Answer::parse(exchange("sim-503")->received).status == 503);
    const auto cut = exchange("sim-cut");
    BOOST_TEST((cut->end == asio::error::make_error_code(asio::error::eof)));
    BOOST_TEST(!Answer::parse(cut->received).complete);
    const auto reset = exchange("sim-reset");
    BOOST_TEST(reset->received.empty());
    BOOST_TEST((reset->end == asio::error::make_error_code(asio::error::connection_reset)));
}

BOOST_AUTO_TEST_CASE(keeps_connections_and_notices_who_leaves) {
    const auto client = start(ask("sim-ok") + ask("sim-stall"));
    run_until([&] { return client->received.find("Mongolia") != client->received.rfind("Mongolia"); });
    BOOST_TEST(simulator.connections() == 1U);
    BOOST_TEST(simulator.open_connections() == 1U);
    client->connection->close();
    run_until([&] { return simulator.open_connections() == 0; });
    BOOST_TEST(simulator.aborted() == 1U);
}

BOOST_AUTO_TEST_CASE(stops_while_streams_stall) {
    const auto first = start(ask("sim-stall"));
    const auto second = start(ask("sim-silent"));
    run_until([&] {
        return first->received.find("Mongolia") != std::string::npos && simulator.requests().size() == 2;
    });
    bool stopped = false;
    asio::co_spawn(context, simulator.stop(), [&stopped](std::exception_ptr) { stopped = true; });
    run_until([&] { return stopped && first->end && second->end; });
    const auto refused = start(ask("sim-ok"));
    run_until([&] { return refused->end.has_value(); });
    BOOST_TEST(refused->received.empty());
}

BOOST_AUTO_TEST_CASE(an_address_in_use_is_an_error) {
    BOOST_CHECK_THROW(Simulator(context.get_executor()).listen("127.0.0.1", port()), asio::system_error);
    BOOST_CHECK_THROW(Simulator(context.get_executor()).listen("not an address"), asio::system_error);
}

BOOST_AUTO_TEST_SUITE_END()

#include "net/dial.hpp"

#include <sluice/testing/virtual_clock.hpp>

#include "net/system_connector.hpp"
#include "net/tcp_listener.hpp"
#include "sockets.hpp"

#include <asio/error.hpp>
#include <asio/ip/address.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace sluice;
using namespace sluice::net;
using namespace sluice::net::test;
using namespace std::chrono_literals;
using asio::ip::tcp;

namespace {

const std::error_code kAborted = asio::error::operation_aborted;

// An address that never answers: its queue of connections is full, so the system drops further requests.
class BlackHole {
  public:
    explicit BlackHole(asio::io_context& context) : acceptor_(context) {
        const tcp::endpoint any(asio::ip::make_address(kLoopback), 0);
        acceptor_.open(any.protocol());
        acceptor_.bind(any);
        acceptor_.listen(0);
        for (int i = 0; i < 4; ++i) {
            fillers_.emplace_back(context);
            fillers_.back().async_connect(endpoint(), [](const std::error_code&) {});
        }
    }

    tcp::endpoint endpoint() const { return acceptor_.local_endpoint(); }

  private:
    tcp::acceptor acceptor_;
    std::vector<tcp::socket> fillers_;
};

// Answers as the test says, when the test says.
struct ScriptedResolver {
    bool hold = false;
    std::error_code error;
    std::vector<tcp::endpoint> found;
    std::vector<Resolved> held;
    std::shared_ptr<int> handle = std::make_shared<int>(0);
    std::string asked;

    Resolve function() {
        return
            [this](const asio::any_io_executor&, const std::string& host, std::uint16_t port, Resolved done) {
                asked = host + ":" + std::to_string(port);
                if (hold)
                    held.push_back(std::move(done));
                else
                    done(error, found);
                return std::shared_ptr<void>(handle);
            };
    }
};

struct Fixture {
    asio::io_context context;
    std::shared_ptr<sluice::testing::VirtualClock> clock = std::make_shared<sluice::testing::VirtualClock>();
    ScriptedResolver resolver;
    std::shared_ptr<Connector> connector;
    std::unique_ptr<Connection> connection;
    std::optional<std::error_code> opened;

    Fixture() {
        ConnectorOptions options;
        options.clock = clock;
        connector = net::make_connector(options, resolver.function());
        connection = connector->make(context.get_executor(), Origin(false, "api.test", 443));
    }

    tcp::endpoint refusing() {
        tcp::acceptor closed(context, tcp::endpoint(asio::ip::make_address(kLoopback), 0));
        return closed.local_endpoint();
    }

    static tcp::endpoint of(const TcpListener& listener) {
        return tcp::endpoint(asio::ip::make_address(kLoopback), listener.port());
    }
};

tcp::endpoint at(const char* address) {
    return tcp::endpoint(asio::ip::make_address(address), 1);
}

asio::awaitable<void> own_and_open(std::unique_ptr<Connection> connection,
                                   std::optional<std::error_code>& opened) {
    const std::error_code error = co_await connection->open();
    opened = error;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(dial, Fixture)

BOOST_AUTO_TEST_CASE(families_take_turns_from_the_first) {
    const tcp::endpoint a4 = at("10.0.0.1");
    const tcp::endpoint b4 = at("10.0.0.2");
    const tcp::endpoint c4 = at("10.0.0.3");
    const tcp::endpoint a6 = at("fd00::1");
    const tcp::endpoint b6 = at("fd00::2");
    using List = std::vector<tcp::endpoint>;
    BOOST_TEST((interleave_families(List{a6, b6, a4, b4, c4}) == List{a6, a4, b6, b4, c4}));
    BOOST_TEST((interleave_families(List{a4, b4, a6}) == List{a4, a6, b4}));
    BOOST_TEST((interleave_families(List{a4, b4}) == List{a4, b4}));
    BOOST_TEST((interleave_families(List{a6}) == List{a6}));
}

BOOST_AUTO_TEST_CASE(a_numeric_address_asks_no_resolver) {
    TcpListener listener(context.get_executor(), kLoopback, 0);
    const auto direct = connector->make(context.get_executor(), Origin(false, kLoopback, listener.port()));
    Task task(context, open_into(*direct, opened));
    BOOST_TEST(task.finish());
    BOOST_TEST(!opened.value());
    BOOST_TEST(resolver.asked.empty());
}

BOOST_AUTO_TEST_CASE(a_name_without_addresses_is_resolve_failed_with_the_reason) {
    resolver.error = asio::error::host_not_found;
    Task task(context, open_into(*connection, opened));
    BOOST_TEST(task.finish());
    BOOST_TEST(opened.value() == ConnectError::resolve_failed);
    BOOST_TEST(connection->failure_detail() == resolver.error.message());
    BOOST_TEST(resolver.asked == "api.test:443");
}

BOOST_AUTO_TEST_CASE(every_address_is_tried_and_a_refusal_costs_no_time) {
    TcpListener listener(context.get_executor(), kLoopback, 0);
    for (int i = 0; i < 5; ++i)
        resolver.found.push_back(refusing());
    resolver.found.push_back(of(listener));
    Task task(context, open_into(*connection, opened));
    BOOST_TEST(task.finish());
    BOOST_TEST(!opened.value());
    BOOST_TEST(clock->armed() == 0U);
}

BOOST_AUTO_TEST_CASE(all_refused_is_connect_failed_with_the_reason) {
    resolver.found = {refusing(), refusing(), refusing()};
    Task task(context, open_into(*connection, opened));
    BOOST_TEST(task.finish());
    BOOST_TEST(opened.value() == ConnectError::connect_failed);
    BOOST_TEST(connection->failure_detail() == "Connection refused");
}

BOOST_AUTO_TEST_CASE(a_silent_address_has_a_head_start_of_the_attempt_delay_and_no_more) {
    BlackHole hole(context);
    TcpListener listener(context.get_executor(), kLoopback, 0);
    resolver.found = {hole.endpoint(), of(listener)};
    Task task(context, open_into(*connection, opened));
    task.turn();
    clock->advance(context, 249ms);
    task.turn();
    BOOST_TEST(!task.done());
    clock->advance(context, 1ms);
    BOOST_TEST(task.finish());
    BOOST_TEST(!opened.value());
    BOOST_TEST(clock->armed() == 0U);
}

BOOST_AUTO_TEST_CASE(a_lookup_that_hangs_is_abandoned_within_one_turn) {
    resolver.hold = true;
    for (const bool by_close : {true, false}) {
        opened.reset();
        const auto pending = connector->make(context.get_executor(), Origin(false, "slow.test", 443));
        Task task(context, open_into(*pending, opened));
        task.turn();
        BOOST_TEST(!task.done());
        BOOST_TEST(resolver.handle.use_count() == 2);
        if (by_close)
            pending->close();
        else
            task.cancel();
        task.turn();
        BOOST_TEST(task.done());
        BOOST_TEST(!task.error());
        BOOST_TEST(opened.value() == kAborted);
        BOOST_TEST(resolver.handle.use_count() == 1);
    }
    for (const Resolved& done : resolver.held)
        done(std::error_code(), {at(kLoopback)});  // too late, and harmless
    context.restart();
    context.run();
}

BOOST_AUTO_TEST_CASE(connecting_ends_within_one_turn_of_close_and_cancellation) {
    BlackHole hole(context);
    resolver.found = {hole.endpoint(), hole.endpoint()};
    for (const bool by_close : {true, false}) {
        opened.reset();
        const auto pending = connector->make(context.get_executor(), Origin(false, "silent.test", 443));
        Task task(context, open_into(*pending, opened));
        task.turn();
        clock->advance(context, 1s);
        BOOST_TEST(!task.done());
        if (by_close)
            pending->close();
        else
            task.cancel();
        task.turn();
        BOOST_TEST(task.done());
        BOOST_TEST(!task.error());
        BOOST_TEST(opened.value() == kAborted);
        BOOST_TEST(clock->armed() == 0U);
    }
}

BOOST_AUTO_TEST_CASE(a_connection_closed_before_it_opens_never_opens) {
    connection->close();
    Task task(context, open_into(*connection, opened));
    BOOST_TEST(task.finish());
    BOOST_TEST(opened.value() == kAborted);
    BOOST_TEST(resolver.asked.empty());
}

BOOST_AUTO_TEST_CASE(the_context_may_die_while_connecting) {
    auto own = std::make_unique<asio::io_context>();
    resolver.hold = true;
    auto task = std::make_unique<Task>(
        *own, own_and_open(connector->make(own->get_executor(), Origin(false, "slow.test", 443)), opened));
    task->turn();
    BOOST_TEST(!task->done());
    task.reset();
    own.reset();
    BOOST_TEST(!opened.has_value());
}

BOOST_AUTO_TEST_CASE(the_system_resolver_knows_localhost) {
    TcpListener listener(context.get_executor(), kLoopback, 0);
    const std::shared_ptr<Connector> real = make_connector();
    const auto local = real->make(context.get_executor(), Origin(false, "localhost", listener.port()));
    Task good(context, open_into(*local, opened));
    BOOST_TEST(good.finish());
    BOOST_TEST(!opened.value());
}

BOOST_AUTO_TEST_SUITE_END()

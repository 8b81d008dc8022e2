// What a request costs in memory: nothing that stays, and a known number of allocations.
#include "server_world.hpp"

#include "support/allocations.hpp"

#include <boost/test/unit_test.hpp>

namespace {

using namespace sluice;
using namespace sluice::gateway;
using namespace sluice::gateway::test;

/// Like a chat request of one of the usual clients.
std::string chat() {
    return post("/v1/chat/completions", std::string(400, 'x'),
                "Content-Type: application/json\r\nAuthorization: Bearer sk-0123456789\r\n"
                "User-Agent: OpenAI/Python 1.2.3\r\nAccept: */*\r\n");
}

asio::awaitable<void> stream(Reply& reply, std::size_t flushes) {
    const HeaderFields none;
    reply.begin(200, "text/event-stream", none);
    for (std::size_t i = 0; i < flushes; ++i) {
        reply.frames() += "data: {\"choices\":[{\"delta\":{\"content\":\"token\"}}]}\n\n";
        co_await reply.flush();
    }
    co_await reply.end();
}

class Measured : public World {
  public:
    Measured() {
        service.on("/v1/chat/completions",
                   [this](const HttpRequest&, Reply& reply) { return stream(reply, flushes); });
        client_ = network->make(context.get_executor(), origin);
        asio::co_spawn(context, open(), rethrow);
        settle();
    }
    /// Allocations of `count` requests one after the other, client and network included.
    std::size_t ask_many(std::size_t count) {
        const std::size_t before = sluice::test::allocations();
        asio::co_spawn(context, ask(count), rethrow);
        context.restart();
        context.run_for(60s);
        return sluice::test::allocations() - before;
    }
    std::size_t flushes = 10;

  private:
    static void rethrow(std::exception_ptr thrown) {
        if (thrown) std::rethrow_exception(thrown);
    }
    asio::awaitable<void> open() {
        const std::error_code error = co_await client_->open();
        BOOST_REQUIRE(!error);
    }
    asio::awaitable<void> ask(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            service.seen.clear();
            co_await client_->write(asio::buffer(wire_), asio::const_buffer());
            std::string_view tail;
            while (!tail.ends_with("0\r\n\r\n")) {
                const IoResult got = co_await client_->read_some(asio::buffer(buffer_));
                BOOST_REQUIRE(!got.error);
                tail = std::string_view(buffer_.data(), got.bytes);
            }
        }
        context.stop();
    }
    const std::string wire_ = chat();
    std::string buffer_ = std::string(std::size_t{64} << 10, '\0');
    std::unique_ptr<Connection> client_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(gateway_server_cost)

BOOST_AUTO_TEST_CASE(ten_thousand_requests_on_one_connection_leave_nothing_behind) {
    Measured world;
    world.ask_many(200);  // buffers have their sizes now
    const std::size_t thousand = world.ask_many(1000);
    for (int i = 0; i < 9; ++i)
        BOOST_TEST(world.ask_many(1000) <= thousand + 10);
    BOOST_TEST(world.load->connections == 1U);
    BOOST_TEST_MESSAGE("allocations a request: " << static_cast<double>(thousand) / 1000);
    BOOST_TEST(thousand <= 20'000U);
}

// But for the turn of the loop that every 32nd of them takes when none has to wait.
BOOST_AUTO_TEST_CASE(a_flush_allocates_nothing) {
    constexpr std::size_t kTurns = 1000 / 32 + 1;
    Measured world;
    world.flushes = 100;
    world.ask_many(100);
    const std::size_t hundred = world.ask_many(100);
    world.flushes = 1100;
    world.ask_many(100);
    BOOST_TEST(world.ask_many(100) <= hundred + 100 * 3 * kTurns);
}

BOOST_AUTO_TEST_SUITE_END()

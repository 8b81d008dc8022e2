#include "net/pool.hpp"

#include <sluice/entropy.hpp>
#include <sluice/testing/memory_network.hpp>
#include <sluice/testing/virtual_clock.hpp>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <list>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using sluice::Connection;
using sluice::Origin;
using sluice::Runtime;
using sluice::net::Lease;
using sluice::net::Pool;
using sluice::net::PoolLimits;
using sluice::net::Signal;
using sluice::testing::MemoryNetwork;
using sluice::testing::VirtualClock;

namespace {

const Origin kOrigin(false, "api.test", 80);

/// One acquire() under way.
struct Request {
    explicit Request(asio::io_context& context) : wake(context.get_executor()) {}
    Signal wake;
    asio::cancellation_signal stop;
    bool done = false;
    Lease lease;
};

struct World {
    asio::io_context context;
    std::shared_ptr<VirtualClock> clock = std::make_shared<VirtualClock>();
    std::shared_ptr<MemoryNetwork> network = std::make_shared<MemoryNetwork>();
    Runtime runtime{clock, network, sluice::seeded_entropy(1)};
    std::shared_ptr<Pool> pool = Pool::of(context.get_executor());
    std::vector<std::unique_ptr<Connection>> peers;
    std::list<Request> requests;

    World() {
        network->listen(kOrigin,
                        [this](std::unique_ptr<Connection> peer) { peers.push_back(std::move(peer)); });
    }

    static asio::awaitable<void> work(World& world, Request& request, PoolLimits limits, Origin origin,
                                      bool fresh) {
        Lease lease = co_await world.pool->acquire(world.runtime, origin, limits, sluice::wire::HttpLimits(),
                                                   fresh, request.wake);
        if (lease && !lease->reused) co_await lease->connection->open();
        request.lease = std::move(lease);
    }

    Request& start(PoolLimits limits = {}, bool fresh = false, Origin origin = kOrigin) {
        Request& request = requests.emplace_back(context);
        asio::co_spawn(context, work(*this, request, limits, origin, fresh),
                       asio::bind_cancellation_slot(request.stop.slot(),
                                                    [&request](std::exception_ptr) { request.done = true; }));
        turn();
        return request;
    }
    void turn() {
        context.restart();
        context.poll();
    }
    /// A request comes and goes: its connection is idle then.
    void leave_idle(PoolLimits limits = {}) {
        Request& request = start(limits, true);
        BOOST_REQUIRE(request.lease);
        request.lease.return_to_pool(clock->now());
    }
    std::string stats() const {
        const Pool::Stats s = pool->stats();
        return std::to_string(s.idle) + " idle, " + std::to_string(s.leased) + " leased, " +
               std::to_string(s.waiting) + " waiting, " + std::to_string(network->stats().alive) + " alive";
    }
};

PoolLimits cap(std::size_t connections) {
    PoolLimits limits;
    limits.max_connections_per_origin = connections;
    return limits;
}

}  // namespace

BOOST_AUTO_TEST_CASE(one_pool_a_context) {
    asio::io_context one;
    asio::io_context other;
    BOOST_TEST(Pool::of(one.get_executor()) == Pool::of(one.get_executor()));
    BOOST_TEST(Pool::of(one.get_executor()) != Pool::of(other.get_executor()));
}

BOOST_AUTO_TEST_CASE(a_returned_connection_serves_the_next_request) {
    World world;
    Request& first = world.start();
    BOOST_TEST(!first.lease->reused);
    Connection* const connection = first.lease->connection.get();
    first.lease.return_to_pool(world.clock->now());
    BOOST_TEST(!first.lease);
    BOOST_TEST(world.stats() == "1 idle, 0 leased, 0 waiting, 1 alive");

    Request& second = world.start();
    BOOST_TEST(second.lease->reused);
    BOOST_TEST(second.lease->connection.get() == connection);
    second.lease = Lease();
    BOOST_TEST(world.stats() == "0 idle, 0 leased, 0 waiting, 0 alive");
}

BOOST_AUTO_TEST_CASE(the_newest_idle_connection_comes_first) {
    World world;
    Request& older = world.start();
    Request& newer = world.start();
    Connection* const wanted = newer.lease->connection.get();
    older.lease.return_to_pool(world.clock->now());
    newer.lease.return_to_pool(world.clock->now());
    BOOST_TEST(world.start().lease->connection.get() == wanted);
}

BOOST_AUTO_TEST_CASE(an_idle_connection_is_had_at_once_or_not_at_all) {
    World world;
    const auto try_idle = [&](PoolLimits limits = {}) {
        return world.pool->try_idle(world.runtime, kOrigin, limits, sluice::wire::HttpLimits(),
                                    world.clock->now());
    };
    BOOST_TEST(!try_idle());
    BOOST_TEST(world.stats() == "0 idle, 0 leased, 0 waiting, 0 alive");

    world.leave_idle();
    Lease lease = try_idle();
    BOOST_REQUIRE(lease);
    BOOST_TEST(lease->reused);
    BOOST_TEST(world.stats() == "0 idle, 1 leased, 0 waiting, 1 alive");

    world.leave_idle();
    BOOST_TEST(!try_idle(cap(1)));  // the slot is taken
    BOOST_TEST(world.stats() == "1 idle, 1 leased, 0 waiting, 2 alive");
    lease = Lease();

    world.peers.back()->close();
    BOOST_TEST(!try_idle());
    BOOST_TEST(world.stats() == "0 idle, 0 leased, 0 waiting, 0 alive");

    world.leave_idle();
    world.clock->advance(world.context, PoolLimits().idle_expiry);
    BOOST_TEST(!try_idle());
    BOOST_TEST(world.stats() == "0 idle, 0 leased, 0 waiting, 0 alive");
}

BOOST_AUTO_TEST_CASE(origins_and_connectors_do_not_mix) {
    World world;
    world.leave_idle();
    BOOST_TEST(!world.start({}, false, Origin(true, "api.test", 80)).lease->reused);
    BOOST_TEST(!world.start({}, false, Origin(false, "api.test", 81)).lease->reused);
    auto other = std::make_shared<MemoryNetwork>();
    other->listen(kOrigin, [&](std::unique_ptr<Connection> peer) { world.peers.push_back(std::move(peer)); });
    world.runtime.connector = other;
    BOOST_TEST(!world.start().lease->reused);
    world.runtime.connector = world.network;
    BOOST_TEST(world.start().lease->reused);
}

BOOST_AUTO_TEST_CASE(a_fresh_connection_is_new_even_when_one_is_idle) {
    World world;
    world.leave_idle();
    BOOST_TEST(!world.start({}, true).lease->reused);
    BOOST_TEST(world.stats() == "1 idle, 1 leased, 0 waiting, 2 alive");
}

BOOST_AUTO_TEST_CASE(a_fresh_connection_at_the_cap_takes_the_place_of_an_idle_one) {
    World world;
    world.leave_idle(cap(1));
    BOOST_TEST(!world.start(cap(1), true).lease->reused);
    BOOST_TEST(world.stats() == "0 idle, 1 leased, 0 waiting, 1 alive");
}

BOOST_AUTO_TEST_CASE(a_dead_idle_connection_is_not_handed_out) {
    World world;
    Request& alive = world.start();
    Request& dead = world.start();
    alive.lease.return_to_pool(world.clock->now());
    dead.lease.return_to_pool(world.clock->now());
    world.peers.back()->close();
    Request& next = world.start();
    BOOST_TEST(next.lease->reused);
    BOOST_TEST(world.stats() == "0 idle, 1 leased, 0 waiting, 1 alive");
}

BOOST_AUTO_TEST_CASE(idle_connections_expire) {
    World world;
    PoolLimits limits;
    limits.idle_expiry = 10ms;
    world.leave_idle(limits);
    world.clock->advance(world.context, 10ms - 1ns);
    Request& in_time = world.start(limits);
    BOOST_TEST(in_time.lease->reused);
    in_time.lease.return_to_pool(world.clock->now());
    world.clock->advance(world.context, 10ms);
    BOOST_TEST(!world.start(limits).lease->reused);
    BOOST_TEST(world.network->stats().alive == 1);
}

BOOST_AUTO_TEST_CASE(every_use_of_the_pool_sweeps_all_origins) {
    World world;
    world.leave_idle();
    Request& elsewhere = world.start({}, false, Origin(false, "other.test", 80));
    world.clock->advance(world.context, PoolLimits().idle_expiry);
    BOOST_TEST(world.pool->stats().idle == 1);
    elsewhere.lease.return_to_pool(world.clock->now());
    BOOST_TEST(world.stats() == "1 idle, 0 leased, 0 waiting, 1 alive");
}

BOOST_AUTO_TEST_CASE(no_more_idle_than_allowed_and_the_oldest_goes) {
    World world;
    PoolLimits limits;
    limits.max_idle_per_origin = 2;
    std::vector<Request*> requests{&world.start(limits), &world.start(limits), &world.start(limits)};
    Connection* const oldest = requests[0]->lease->connection.get();
    for (Request* request : requests)
        request->lease.return_to_pool(world.clock->now());
    BOOST_TEST(world.stats() == "2 idle, 0 leased, 0 waiting, 2 alive");
    BOOST_TEST(world.start(limits).lease->connection.get() != oldest);
    BOOST_TEST(world.start(limits).lease->connection.get() != oldest);

    limits.max_idle_per_origin = 0;
    World none;
    none.leave_idle(limits);
    BOOST_TEST(none.stats() == "0 idle, 0 leased, 0 waiting, 0 alive");
}

BOOST_AUTO_TEST_CASE(at_the_cap_requests_wait_in_order) {
    World world;
    Request& holder = world.start(cap(1));
    Request& first = world.start(cap(1));
    Request& second = world.start(cap(1));
    BOOST_TEST(!first.done);
    BOOST_TEST(world.stats() == "0 idle, 1 leased, 2 waiting, 1 alive");

    holder.lease.return_to_pool(world.clock->now());
    Request& newcomer = world.start(cap(1));  // must not overtake
    BOOST_TEST(first.lease->reused);
    BOOST_TEST(!second.done);
    first.lease = Lease();  // closed: the next one gets a new connection
    world.turn();
    BOOST_TEST(!second.lease->reused);
    BOOST_TEST(!newcomer.done);
    second.lease.return_to_pool(world.clock->now());
    world.turn();
    BOOST_TEST(newcomer.lease->reused);
    BOOST_TEST(world.stats() == "0 idle, 1 leased, 0 waiting, 1 alive");
}

BOOST_AUTO_TEST_CASE(a_cap_of_zero_is_one) {
    World world;
    BOOST_TEST(bool(world.start(cap(0)).lease));
    BOOST_TEST(!world.start(cap(0)).done);
}

BOOST_AUTO_TEST_CASE(each_request_counts_against_its_own_cap) {
    World world;
    Request& one = world.start(cap(1));
    Request& waits = world.start(cap(1));
    Request& two = world.start(cap(2));
    BOOST_TEST(bool(two.lease));
    one.lease = Lease();
    world.turn();
    BOOST_TEST(!waits.done);
    two.lease = Lease();
    world.turn();
    BOOST_TEST(bool(waits.lease));
}

BOOST_AUTO_TEST_CASE(who_gives_up_waiting_leaves_the_queue) {
    for (const bool by_cancellation : {true, false}) {
        World world;
        Request& holder = world.start(cap(1));
        Request& quitter = world.start(cap(1));
        Request& patient = world.start(cap(1));
        if (by_cancellation) {
            quitter.stop.emit(asio::cancellation_type::terminal);
        } else {
            quitter.wake.notify();
        }
        world.turn();
        BOOST_TEST(quitter.done);
        BOOST_TEST(!quitter.lease);
        BOOST_TEST(world.pool->stats().waiting == 1);
        holder.lease = Lease();
        world.turn();
        BOOST_TEST(bool(patient.lease));
    }
}

BOOST_AUTO_TEST_CASE(a_slot_granted_to_a_request_cancelled_meanwhile_is_not_lost) {
    for (const bool cancel_first : {true, false}) {
        World world;
        Request& holder = world.start(cap(1));
        Request& quitter = world.start(cap(1));
        Request& patient = world.start(cap(1));
        if (cancel_first) quitter.stop.emit(asio::cancellation_type::terminal);
        holder.lease = Lease();
        if (!cancel_first) quitter.stop.emit(asio::cancellation_type::terminal);
        world.turn();
        BOOST_TEST(!quitter.lease);
        BOOST_TEST(bool(patient.lease));
        BOOST_TEST(world.stats() == "0 idle, 1 leased, 0 waiting, 1 alive");
    }
}

BOOST_AUTO_TEST_CASE(clear_closes_what_is_idle) {
    World world;
    world.leave_idle();
    Request& busy = world.start({}, true);
    world.pool->clear();
    BOOST_TEST(world.stats() == "0 idle, 1 leased, 0 waiting, 1 alive");
    busy.lease.return_to_pool(world.clock->now());
    BOOST_TEST(world.stats() == "1 idle, 0 leased, 0 waiting, 1 alive");
}

namespace {

/// Looks whether its connections go before it does.
class CountingConnector final : public sluice::Connector {
  public:
    explicit CountingConnector(std::size_t& left_behind) : left_behind_(left_behind) {}
    ~CountingConnector() override { left_behind_ += alive_; }
    std::unique_ptr<Connection> make(asio::any_io_executor, const Origin&) override {
        return std::make_unique<Counted>(alive_);
    }

  private:
    class Counted final : public Connection {
      public:
        explicit Counted(std::size_t& alive) : alive_(alive) { ++alive_; }
        ~Counted() override { --alive_; }
        asio::awaitable<std::error_code> open() override { co_return std::error_code(); }
        asio::awaitable<sluice::IoResult> read_some(asio::mutable_buffer) override {
            co_return sluice::IoResult();
        }
        sluice::IoResult try_read_some(asio::mutable_buffer) override { return {}; }
        asio::awaitable<sluice::IoResult> write(asio::const_buffer, asio::const_buffer) override {
            co_return sluice::IoResult();
        }
        void close() noexcept override {}
        bool is_idle_alive() noexcept override { return true; }

      private:
        std::size_t& alive_;
    };
    std::size_t& left_behind_;
    std::size_t alive_ = 0;
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_connector_outlives_its_connections) {
    for (const bool by_clearing : {true, false}) {
        std::size_t left_behind = 0;
        World world;
        world.runtime.connector = std::make_shared<CountingConnector>(left_behind);
        const std::weak_ptr<sluice::Connector> connector = world.runtime.connector;
        world.leave_idle();
        world.runtime.connector = world.network;
        BOOST_TEST(!connector.expired());
        if (by_clearing) {
            world.pool->clear();
        } else {
            world.clock->advance(world.context, PoolLimits().idle_expiry);
            world.start();
        }
        BOOST_TEST(connector.expired());
        BOOST_TEST(left_behind == 0);
    }
}

BOOST_AUTO_TEST_CASE(everything_dies_with_its_context) {
    auto clock = std::make_shared<VirtualClock>();
    auto network = std::make_shared<MemoryNetwork>();
    std::optional<asio::io_context> context(std::in_place);
    network->listen(kOrigin, [](std::unique_ptr<Connection>) {});
    const Runtime runtime(clock, network, sluice::seeded_entropy(1));

    // An idle connection, a frame that holds a lease, one that waits, and one whose grant is on its way.
    struct Frames {
        static asio::awaitable<void> hold(const Runtime& runtime, Origin origin, Lease& out) {
            const asio::any_io_executor executor = co_await asio::this_coro::executor;
            const std::shared_ptr<Pool> pool = Pool::of(executor);
            Signal wake(executor);
            Lease lease =
                co_await pool->acquire(runtime, origin, cap(2), sluice::wire::HttpLimits(), false, wake);
            if (!out) {
                out = std::move(lease);
                co_return;
            }
            Signal never(executor);
            co_await never.wait();
        }
    };
    Lease outside;
    std::size_t ended = 0;
    const auto spawn = [&](const Origin& origin) {
        asio::co_spawn(*context, Frames::hold(runtime, origin, outside),
                       [&](std::exception_ptr) { ++ended; });
        context->restart();
        context->poll();
    };
    spawn(Origin(false, "other.test", 80));
    outside.return_to_pool(clock->now());
    for (int i = 0; i < 4; ++i)
        spawn(kOrigin);
    const std::shared_ptr<Pool> pool = Pool::of(context->get_executor());
    BOOST_TEST(pool->stats().idle == 1);
    BOOST_TEST(pool->stats().leased == 2);
    BOOST_TEST(pool->stats().waiting == 2);
    outside = Lease();
    context.reset();
    BOOST_TEST(network->stats().alive == 0);
    BOOST_TEST(pool->stats().idle == 0);
    BOOST_TEST(pool->stats().leased == 0);
    BOOST_TEST(pool->stats().waiting == 0);
    BOOST_TEST(ended == 2);
}

// A gateway, its providers and its clients in one thread, in virtual time, without sockets.
//
//   GatewayWorld world;
//   world.simulator("primary").set_down(true);
//   world.add_target("primary", "openai");            // spoken to at http://primary.test
//   world.start();
//   HttpReply reply = world.post("/v1/chat/completions", chat("sim-ok"));
#pragma once

#include <sluice/gateway.hpp>
#include <sluice/testing/memory_network.hpp>
#include <sluice/testing/simulator.hpp>
#include <sluice/testing/virtual_clock.hpp>

#include "memory_acceptor.hpp"
#include "net/http_call.hpp"
#include "wire/http_request.hpp"

#include <boost/test/unit_test.hpp>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::testing {

/// What a client got.
struct HttpReply {
    int status = 0;  ///< 0: nothing came; `error` says why.
    wire::HeaderList headers;
    std::string body;
    bool complete = false;  ///< The body came to its end as HTTP has it.
    std::optional<ErrorInfo> error;
    Duration took{0};

    std::string header(std::string_view name) const { return std::string(headers.find(name).value_or("")); }
    bool has(std::string_view text) const { return body.find(text) != std::string::npos; }
};

class GatewayWorld {
  public:
    GatewayWorld()
        : clock(std::make_shared<VirtualClock>()),
          network(std::make_shared<MemoryNetwork>()),
          runtime(clock, network, seeded_entropy(1)) {
        config.server.port = 0;
    }
    GatewayWorld(const GatewayWorld&) = delete;
    ~GatewayWorld() {
        if (gateway) {
            gateway->stop();
            run_until([this] { return served_; });
        }
        for (auto& [name, one] : simulators_) {
            bool stopped = false;
            asio::co_spawn(context, one->stop(), [&](std::exception_ptr) { stopped = true; });
            run_until([&] { return stopped; });
        }
        context.restart();
        context.poll();
    }

    /// A provider of all dialects at http://<name>.test.
    Simulator& simulator(const std::string& name) {
        std::unique_ptr<Simulator>& one = simulators_[name];
        if (!one) {
            one = std::make_unique<Simulator>(context.get_executor(), runtime);
            one->listen(*network, Origin(false, name + ".test", 80));
        }
        return *one;
    }
    /// A target of that service at the simulator of the same name. Health checks are off: switch them on
    /// where they matter.
    TargetConfig& add_target(const std::string& id, const std::string& service) {
        Simulator& there = simulator(id);
        TargetConfig& target = config.targets.emplace_back();
        target.id = id;
        target.provider = service;
        target.base_url = there.base_url(service == "openai" ? "openai_chat" : service);
        target.priority = static_cast<int>(config.targets.size());
        target.secret.from = SecretRef::From::env;
        target.secret.name = "KEY";
        target.health_check.enabled = false;
        return target;
    }
    void start() {
        GatewayOptions options;
        options.runtime = runtime;
        options.environment = [](const std::string&) { return std::optional<std::string>("sk-test"); };
        gateway.emplace(config, options);
        acceptor_.emplace(context.get_executor(), *network, Origin(false, "gateway.test", 80));
        asio::co_spawn(context, gateway->serve(*acceptor_), [this](std::exception_ptr error) {
            served_ = true;
            if (error) std::rethrow_exception(error);
        });
        context.poll();
    }

    using Fields = std::vector<std::pair<std::string, std::string>>;
    HttpReply post(std::string_view path, std::string_view body, const Fields& fields = {}) {
        return ask("POST", path, body, fields);
    }
    HttpReply get(std::string_view path, const Fields& fields = {}) { return ask("GET", path, {}, fields); }

    HttpReply ask(std::string_view method, std::string_view path, std::string_view body,
                  const Fields& fields) {
        HttpReply reply;
        const TimePoint begun = clock->now();
        bool done = false;
        asio::co_spawn(context,
                       fetch(std::string(method), std::string(path), std::string(body), fields, reply),
                       [&](std::exception_ptr error) {
                           done = true;
                           if (error) std::rethrow_exception(error);
                       });
        run_until([&] { return done; });
        reply.took = clock->now() - begun;
        return reply;
    }

    /// Runs, and lets time pass, until `done`. Fails the test when a virtual hour is not enough.
    template <typename Done>
    void run_until(Done done) {
        const TimePoint limit = clock->now() + std::chrono::hours(1);
        for (;;) {
            context.restart();
            while (!done() && context.poll_one() > 0) {
            }
            if (done()) return;
            BOOST_REQUIRE_MESSAGE(clock->now() < limit, "nothing came of it in a virtual hour");
            BOOST_REQUIRE_MESSAGE(clock->ring_next(), "everything waits, and no timer will ring");
        }
    }
    void advance(Duration time) { clock->advance(context, time); }

    asio::io_context context{1};
    std::shared_ptr<VirtualClock> clock;
    std::shared_ptr<MemoryNetwork> network;
    Runtime runtime;
    GatewayConfig config;
    std::optional<Gateway> gateway;

    /// As a client's coroutine, for tests that cancel it or read step by step.
    asio::awaitable<void> fetch(std::string method, std::string path, std::string body, Fields fields,
                                HttpReply& reply) {
        wire::RequestHead head(method, path, "gateway.test");
        head.field("content-type", "application/json");
        for (const auto& [name, value] : fields)
            head.field(name, value);
        head.content_length(body.size());
        const std::string text = std::move(head).finish();

        auto options = std::make_shared<net::HttpCallOptions>();
        options->runtime = runtime;
        options->origin = Origin(false, "gateway.test", 80);
        Deadlines deadlines;
        deadlines.headers = deadlines.first_event = deadlines.idle = deadlines.leg = Deadlines::kNone;
        net::HttpCall call(context.get_executor(), std::move(options), deadlines, kNever);
        Result<void> sent = co_await call.send(text, body);
        if (!sent) {
            reply.error = sent.error();
            co_return;
        }
        reply.status = call.head().status;
        reply.headers = call.head().headers;
        constexpr std::size_t kMaxBody = 64 << 20;
        Result<std::string> whole = co_await call.read_all(kMaxBody);
        if (whole) {
            reply.body = std::move(*whole);
        } else {
            reply.error = whole.error();
        }
        reply.complete = call.complete();
        co_await call.finish();
    }

  private:
    std::map<std::string, std::unique_ptr<Simulator>> simulators_;
    std::optional<test::MemoryAcceptor> acceptor_;
    bool served_ = false;
};

}  // namespace sluice::testing

// Everything of one seed: servers, network, clock, models and callers, on one io_context that is run by hand.
#pragma once

#include <sluice/api_provider.hpp>
#include <sluice/testing/simulation.hpp>
#include <sluice/testing/virtual_clock.hpp>

#include <asio/cancellation_signal.hpp>
#include <asio/io_context.hpp>

#include <array>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "net/pool.hpp"
#include "testing/simulation/answers.hpp"
#include "testing/simulation/dice.hpp"
#include "testing/simulation/guards.hpp"
#include "testing/simulation/network.hpp"
#include "testing/simulation/record.hpp"
#include "testing/simulation/tree.hpp"

namespace sluice::testing::simulation {

/// What the checker judges by.
struct Records {
    std::deque<Exchange> exchanges;
    std::deque<CallRecord> calls;
    std::vector<Tree> trees;
    std::vector<ModelSpec> specs;      ///< Of all real models.
    std::vector<std::string> ids;      ///< Of the providers, in order.
    std::vector<Deadlines> deadlines;  ///< Theirs.
};

class World {
  public:
    World(std::uint64_t seed, const SimulationOptions& options);
    World(const World&) = delete;
    World& operator=(const World&) = delete;
    ~World();

    SimulationReport run();

  private:
    struct Service;
    struct LiveCall;

    void furnish();
    void add_service(std::size_t index);
    void plan_calls();
    CallPlan draw_call(TimePoint start);
    Fate draw_fate(const Origin& origin);
    SimulatedAnswer answer(std::size_t service, const std::string& model, std::string_view body);

    asio::awaitable<void> drive();
    void start(std::size_t index);
    CallOptions options_of(CallRecord& call);
    asio::awaitable<void> cancel_later(std::size_t index);
    void on_end(std::size_t index, std::exception_ptr thrown);
    void on_event(CallRecord& call, const AttemptEvent& event);
    void count(const AttemptEvent& event);
    void on_world_event(const AttemptEvent& event);
    asio::awaitable<void> stop_watching();
    std::size_t connections_others_may_hold(const CallRecord& except) const;

    /// One handler, or one jump of the clock. False when there is nothing left to do.
    bool step();
    /// Until all calls have ended, or nothing can end them.
    void run_calls();
    void run_dry();
    bool keeps_turning();
    void close_down();
    void violation(std::string what);
    void trace(std::string_view line);
    void trace_event(const CallRecord& call, const AttemptEvent& event);
    void summarise();

    const SimulationOptions options_;
    SimulationReport report_;
    Dice dice_;
    asio::io_context context_{1};
    std::shared_ptr<VirtualClock> clock_;
    std::shared_ptr<SimulatedNetwork> network_;
    Runtime runtime_;
    std::shared_ptr<net::Pool> pool_;
    std::vector<std::unique_ptr<Service>> services_;
    std::unique_ptr<Guards> guards_;
    std::vector<Tree> leaves_;
    std::vector<MirrorBoundModel> mirrors_;
    Records records_;
    std::deque<LiveCall> live_;
    unsigned network_trouble_ = 0;  // percent of the connections
    std::size_t ended_ = 0;
    std::array<std::pair<std::string_view, std::size_t>, std::variant_size_v<AttemptEvent::What>> counts_{};
    TimePoint began_;
};

}  // namespace sluice::testing::simulation

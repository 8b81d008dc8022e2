// Runs an io_context in rounds: under load, it waits a moment before it looks for more, so that one wake-up
// finds many streams readable and one read finds many tokens. Most of a streaming server's cost is the
// kernel's, paid per wake-up.
//
//   asio::io_context context{1};
//   ...
//   sluice::RoundLoop(context).run();      // instead of context.run()
//
// Idle, it reacts at once. When rounds follow each other closely and several of the library's connections
// have something to read, or one has had for long, the next round starts `hold` after the last one began,
// which is the most it ever adds to a token's latency. It changes nothing else: any code that runs on an
// io_context runs on it.
#pragma once

#include <sluice/config.hpp>

#include <asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <memory>

namespace sluice {

namespace net {
class Arrivals;
}

struct RoundOptions {
    /// From the start of one round to the start of the next, under load. Zero: never hold.
    std::chrono::microseconds hold{150};
    /// Rounds that end closer together than this may be load.
    std::chrono::microseconds load{100};
    /// Load is when so many different connections have something to read within twice `hold`. Two are one
    /// stream through a gateway, and that one is not to wait.
    std::size_t connections = 4;
    /// Or when one connection has, so often in a row without a pause: a long answer that comes fast.
    std::size_t in_a_row = 32;
};

/// For one thread. The context must outlive it.
class RoundLoop {
  public:
    explicit RoundLoop(asio::io_context& context, RoundOptions options = {});

    /// Until the context is stopped or out of work. Returns the number of handlers that ran; what a handler
    /// throws comes out, and run() may be called again, as with io_context::run().
    std::size_t run();

    std::size_t rounds() const noexcept { return rounds_; }
    std::size_t held() const noexcept { return held_; }  ///< Of these, the ones after which it waited.

  private:
    using Time = std::chrono::steady_clock::time_point;

    bool is_load() const noexcept;
    void begin_period(Time now) noexcept;
    std::size_t sweep();

    asio::io_context& context_;
    RoundOptions options_;
    net::Arrivals& arrivals_;
    Time period_;  // when that of arrivals_ began
    std::size_t rounds_ = 0;
    std::size_t held_ = 0;
    std::shared_ptr<std::size_t> markers_;  // shared with markers that a stopped context has not run
};

}  // namespace sluice

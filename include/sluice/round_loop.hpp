// Runs an io_context in rounds: under load, it waits a moment before it looks for more, so that one wake-up
// finds many streams readable and one read finds many tokens. Most of a streaming server's cost is the
// kernel's, paid per wake-up.
//
//   asio::io_context context{1};
//   ...
//   sluice::RoundLoop(context).run();      // instead of context.run()
//
// Idle, it reacts at once. When rounds follow each other closely and waiting gathers several events, the next
// one starts `hold` after the last one began, which is the most it ever adds to a token's latency. Where it
// gathers nothing, for a single stream, it mostly does not wait. It changes nothing else: any code that runs
// on an io_context runs on it.
#pragma once

#include <sluice/config.hpp>

#include <asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <memory>

namespace sluice {

struct RoundOptions {
    /// From the start of one round to the start of the next, under load. Zero: never hold.
    std::chrono::microseconds hold{150};
    /// Rounds that start closer together than this are load.
    std::chrono::microseconds load{40};
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
    std::size_t sweep();

    asio::io_context& context_;
    RoundOptions options_;
    std::size_t rounds_ = 0;
    std::size_t held_ = 0;
    std::shared_ptr<std::size_t> markers_;  // shared with markers that a stopped context has not run
};

}  // namespace sluice

// How many connections of one io_context had something to read of late: RoundLoop's measure of load. Handlers
// are none, since a single stream runs several for each read. Connections report to it; whoever does not is
// no load.
#pragma once

#include <asio/any_io_executor.hpp>
#include <asio/execution/context.hpp>
#include <asio/execution_context.hpp>
#include <asio/query.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace sluice::net {

/// One for each io_context, made by the first who asks for it. Atomic, since several threads may run a
/// context, although its reader is one.
class Arrivals final : public asio::execution_context::service {
  public:
    using key_type = Arrivals;
    explicit Arrivals(asio::execution_context& context) : service(context) {}
    void shutdown() noexcept override {}

    /// The context must outlive what is made of it.
    static Arrivals& of(const asio::any_io_executor& executor) {
        return asio::use_service<Arrivals>(asio::query(executor, asio::execution::context));
    }

    /// What a connection remembers between its arrivals.
    class Mark {
      public:
        friend class Arrivals;

      private:
        std::uint64_t period_ = 0;
    };

    /// A connection had waited for bytes, and has some. Loads and stores: a count that threads have lost is
    /// no harm.
    void add(Mark& mark) noexcept {
        const std::uint64_t period = period_.load(std::memory_order_relaxed);
        if (mark.period_ != period) {
            mark.period_ = period;
            connections_.store(connections() + 1, std::memory_order_relaxed);
        }
        const bool is_same = last_.load(std::memory_order_relaxed) == &mark;
        last_.store(&mark, std::memory_order_relaxed);
        in_a_row_.store(is_same ? in_a_row() + 1 : 1, std::memory_order_relaxed);
    }

    /// Different connections since the last begin_period().
    std::size_t connections() const noexcept { return connections_.load(std::memory_order_relaxed); }
    /// Of the connection that came last, without another one in between.
    std::size_t in_a_row() const noexcept { return in_a_row_.load(std::memory_order_relaxed); }
    void begin_period() noexcept {
        connections_.store(0, std::memory_order_relaxed);
        period_.store(period_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    }
    /// There was a pause: the next arrival is the first of its connection.
    void break_row() noexcept { last_.store(nullptr, std::memory_order_relaxed); }

    /// Whether small writes had better wait until all that is ready has run: RoundLoop says so under load.
    bool defers_writes() const noexcept { return defers_writes_.load(std::memory_order_relaxed); }
    void set_defers_writes(bool on) noexcept { defers_writes_.store(on, std::memory_order_relaxed); }

  private:
    std::atomic<std::uint64_t> period_{1};
    std::atomic<std::size_t> connections_{0};
    std::atomic<std::size_t> in_a_row_{0};
    std::atomic<const Mark*> last_{nullptr};
    std::atomic<bool> defers_writes_{false};
};

}  // namespace sluice::net

// A network without sockets: connections between a client and a server in one process, with faults on demand.
//
//   auto network = std::make_shared<sluice::testing::MemoryNetwork>();
//   network->listen({false, "api.test", 80}, [&](std::unique_ptr<sluice::Connection> peer) { ...serve it...
//   }); sluice::Runtime runtime(clock, network, sluice::seeded_entropy(1));
#pragma once

#include <sluice/connector.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <system_error>

namespace sluice::testing {

/// What may go wrong on the client's side of a connection. Counts are of the client's operations on one
/// connection, from 0.
struct NetworkFaults {
    static constexpr std::size_t kNever = SIZE_MAX;
    std::error_code open_error;              ///< open() fails with it.
    std::size_t fail_read_at = kNever;       ///< This read fails with `error`...
    std::size_t fail_write_at = kNever;      ///< ...or this write.
    std::error_code error;                   ///< Default-constructed: connection_reset.
    std::size_t max_read = SIZE_MAX;         ///< At most so many bytes a read: 1 splits everything.
    std::size_t reset_after_bytes = kNever;  ///< The client has read so many bytes, then every read is reset.
    bool stall_open = false;                 ///< open() never completes.
};

/// One thread only. Both ends of a connection live on the executor that its client gave to make(), and behave
/// as TCP does: the bytes before an end that closed can still be read; then comes eof, or connection_reset
/// when that end had not read all that was sent to it. Writing to an end that has gone is broken_pipe (or
/// connection_reset). A TLS origin behaves as a plain one: what is tested here is above TLS.
class MemoryNetwork : public Connector {
  public:
    using Accept = std::function<void(std::unique_ptr<Connection> server_side)>;

    MemoryNetwork();
    /// A copy is another handle to the same network.
    MemoryNetwork(const MemoryNetwork&) = default;
    MemoryNetwork& operator=(const MemoryNetwork&) = default;
    ~MemoryNetwork() override;
    std::unique_ptr<Connection> make(asio::any_io_executor executor, const Origin& origin) override;

    /// Serves `origin`. `accept` is called (never inside open()) once for each connection, with its server
    /// end.
    void listen(const Origin& origin, Accept accept);
    /// From now on nobody listens there: open() fails with connection_refused.
    void unlisten(const Origin& origin);
    /// For connections made from now on, to any origin. They hold for the client's end; the server's has no
    /// faults.
    void set_faults(NetworkFaults faults);

    /// Bytes one direction may hold before a writer waits. Back-pressure is the socket's: the default is 64
    /// KiB.
    void set_window(std::size_t bytes);

    /// Makes close() of this end of one of our connections a reset, as of a process that was killed.
    static void set_reset_on_close(Connection& end);

    struct Stats {
        std::size_t made = 0;    ///< Connections ever made.
        std::size_t opened = 0;  ///< Of these, opened.
        std::size_t alive = 0;   ///< Client ends not closed yet.
    };
    Stats stats() const noexcept;

  private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace sluice::testing

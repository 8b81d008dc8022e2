// The simulated network: a MemoryNetwork whose connections break. Each connection is given its fate when it
// is made; what was sent and received on it is kept, so that the checker knows what was really on the wire.
#pragma once

#include <sluice/connector.hpp>
#include <sluice/testing/memory_network.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>

namespace sluice::testing::simulation {

/// What will happen to one connection. Bytes are counted over its life.
struct Fate {
    Fate() = default;
    enum class End : std::uint8_t { none, reset, eof, stall };

    bool refused = false;
    bool stalls_open = false;
    Duration open_delay{0};
    std::size_t max_read = SIZE_MAX;  ///< Bytes one read gives at most.
    Duration latency{0};              ///< Between the arrival of bytes and their reading.
    /// After so many bytes of the answer.
    std::size_t read_limit = SIZE_MAX;
    End read_end = End::none;
    /// After so many bytes of a request the connection is reset.
    std::size_t write_limit = SIZE_MAX;
    /// The peer has gone when the connection is used again, and that shows only when it is.
    bool dies_idle = false;
};

/// One request on one connection, as the client's end saw it.
struct Flight {
    Flight() = default;
    std::size_t connection = 0;
    std::uint32_t call = 0;     ///< From the tag in the request's text; 0: it has none.
    std::uint32_t attempt = 0;  ///< The same.
    std::string origin;
    TimePoint sent = kNever;  ///< When the request was written; kNever until then.
    TimePoint last_read = kNever;
    std::string received;
    bool interfered = false;  ///< The network did something to it that is no delay.
    bool delayed = false;
};

/// The tag that names a request in its own text, and how it is read back.
std::string tag_of(std::uint32_t call, std::uint32_t attempt);
/// False when there is none.
bool read_tag(std::string_view body, std::uint32_t& call, std::uint32_t& attempt) noexcept;

class SimulatedNetwork final : public Connector {
  public:
    using DrawFate = std::function<Fate(const Origin& origin)>;

    SimulatedNetwork(std::shared_ptr<Clock> clock, DrawFate draw);
    ~SimulatedNetwork() override;
    std::unique_ptr<Connection> make(asio::any_io_executor executor, const Origin& origin) override;

    MemoryNetwork& servers() noexcept { return servers_; }
    /// Every request that was written, in order.
    const std::deque<Flight>& flights() const noexcept { return *flights_; }

  private:
    class Line;

    std::shared_ptr<Clock> clock_;
    DrawFate draw_;
    MemoryNetwork servers_;
    std::shared_ptr<std::deque<Flight>> flights_;
    std::size_t made_ = 0;
};

}  // namespace sluice::testing::simulation

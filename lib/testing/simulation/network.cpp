#include "testing/simulation/network.hpp"

#include <asio/error.hpp>
#include <asio/this_coro.hpp>

#include <algorithm>
#include <charconv>
#include <utility>

#include "net/cancellation.hpp"
#include "net/signal.hpp"

namespace sluice::testing::simulation {

std::string tag_of(std::uint32_t call, std::uint32_t attempt) {
    return "#" + std::to_string(call) + "." + std::to_string(attempt) + "#";
}

bool read_tag(std::string_view body, std::uint32_t& call, std::uint32_t& attempt) noexcept {
    const std::size_t at = body.find('#');
    if (at == std::string_view::npos) return false;
    const char* const end = body.data() + body.size();
    const auto [dot, bad_call] = std::from_chars(body.data() + at + 1, end, call);
    if (bad_call != std::errc() || dot == end || *dot != '.') return false;
    const auto [hash, bad_attempt] = std::from_chars(dot + 1, end, attempt);
    return bad_attempt == std::errc() && hash != end && *hash == '#';
}

/// One connection with its fate. Its operations use it as long as they run, which the contract of Connection
/// allows.
class SimulatedNetwork::Line final : public Connection {
  public:
    Line(std::unique_ptr<Connection> inner, Fate fate, std::size_t number, std::string origin,
         std::shared_ptr<Clock> clock, std::shared_ptr<std::deque<Flight>> flights,
         asio::any_io_executor executor)
        : inner_(std::move(inner)),
          fate_(fate),
          number_(number),
          origin_(std::move(origin)),
          clock_(std::move(clock)),
          flights_(std::move(flights)),
          wake_(executor),
          executor_(std::move(executor)) {}
    ~Line() override { close(); }

    asio::awaitable<std::error_code> open() override {
        const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
        if (fate_.stalls_open) {
            co_await pass(kNever, state);
            co_return net::aborted();
        }
        if (fate_.open_delay > Duration::zero()) {
            co_await pass(clock_->now() + fate_.open_delay, state);
            if (closed_ || net::is_cancelled(state)) co_return net::aborted();
        }
        if (fate_.refused) co_return make_error_code(asio::error::connection_refused);
        co_return co_await inner_->open();
    }

    asio::awaitable<IoResult> read_some(asio::mutable_buffer into) override {
        const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
        IoResult result;
        if (lost_) {
            result.error = asio::error::connection_reset;
            co_return result;
        }
        if (room() == 0) {
            if (fate_.read_end == Fate::End::stall) {
                note_interference();
                co_await pass(kNever, state);
                result.error = net::aborted();
                co_return result;
            }
            co_return end_of_reading();
        }
        const IoResult got = co_await inner_->read_some(asio::buffer(into, allowed()));
        result = got;
        if (result.bytes > 0 && fate_.latency > Duration::zero()) {
            if (flight_) flight_->delayed = true;
            co_await pass(clock_->now() + fate_.latency, state);
            result.error = net::aborted();
            result.bytes = 0;
            if (closed_ || net::is_cancelled(state)) co_return result;
            result = got;
        }
        account(into, result);
        co_return result;
    }

    IoResult try_read_some(asio::mutable_buffer into) override {
        if (lost_) return {make_error_code(asio::error::connection_reset), 0};
        const bool stalls = room() == 0 && fate_.read_end == Fate::End::stall;
        if (fate_.latency > Duration::zero() || stalls) {
            if (stalls) note_interference();
            return {make_error_code(asio::error::would_block), 0};
        }
        if (room() == 0) return end_of_reading();
        const IoResult result = inner_->try_read_some(asio::buffer(into, allowed()));
        account(into, result);
        return result;
    }

    asio::awaitable<IoResult> write(asio::const_buffer head, asio::const_buffer body) override {
        start_flight(body);
        IoResult result;
        if (requests_ == 2 && fate_.dies_idle) {
            // Taken by the socket, and never by the peer, which has long gone: the next read says so.
            note_interference();
            lost_ = true;
            result.bytes = head.size() + body.size();
            flight_->sent = clock_->now();
            co_return result;
        }
        const std::size_t all = head.size() + body.size();
        const std::size_t room = fate_.write_limit - std::min(written_, fate_.write_limit);
        if (all <= room) {
            const IoResult done = co_await inner_->write(head, body);
            written_ += done.bytes;
            if (!done.error && flight_) flight_->sent = clock_->now();
            co_return done;
        }
        note_interference();
        const std::size_t of_head = std::min(head.size(), room);
        const asio::const_buffer start = asio::buffer(head, of_head);
        const asio::const_buffer rest = asio::buffer(body, room - of_head);
        const IoResult done = co_await inner_->write(start, rest);
        result = done;
        written_ += result.bytes;
        lost_ = true;
        if (!result.error) result.error = asio::error::connection_reset;
        co_return result;
    }

    void close() noexcept override {
        if (closed_) return;
        closed_ = true;
        inner_->close();
        wake_.notify();
    }

    bool is_idle_alive() noexcept override { return !lost_ && !closed_ && inner_->is_idle_alive(); }

  private:
    std::size_t room() const noexcept {
        return fate_.read_end == Fate::End::none ? SIZE_MAX
                                                 : fate_.read_limit - std::min(read_, fate_.read_limit);
    }
    std::size_t allowed() const noexcept { return std::min(fate_.max_read, room()); }

    IoResult end_of_reading() noexcept {
        note_interference();
        if (fate_.read_end == Fate::End::eof) return {make_error_code(asio::error::eof), 0};
        return {make_error_code(asio::error::connection_reset), 0};
    }
    void note_interference() noexcept {
        if (flight_) flight_->interfered = true;
    }
    void start_flight(asio::const_buffer body) {
        ++requests_;
        flight_ = &flights_->emplace_back();
        flight_->connection = number_;
        flight_->origin = origin_;
        read_tag({static_cast<const char*>(body.data()), body.size()}, flight_->call, flight_->attempt);
    }
    void account(asio::mutable_buffer into, const IoResult& result) {
        read_ += result.bytes;
        if (!flight_ || result.bytes == 0) return;
        flight_->received.append(static_cast<const char*>(into.data()), result.bytes);
        flight_->last_read = clock_->now();
    }
    /// Waits until `when`, or until it is closed or cancelled.
    asio::awaitable<void> pass(TimePoint when, asio::cancellation_state state) {
        if (!timer_) timer_ = clock_->make_timer(executor_, [this] { wake_.notify(); });
        timer_->arm(when);
        while (!closed_ && !net::is_cancelled(state) && clock_->now() < when) {
            co_await wake_.wait();
        }
        timer_->disarm();
    }

    std::unique_ptr<Connection> inner_;
    const Fate fate_;
    const std::size_t number_;
    const std::string origin_;
    const std::shared_ptr<Clock> clock_;
    const std::shared_ptr<std::deque<Flight>> flights_;
    Flight* flight_ = nullptr;  // the last request's
    std::size_t requests_ = 0;
    std::size_t read_ = 0;
    std::size_t written_ = 0;
    bool lost_ = false;
    bool closed_ = false;
    net::Signal wake_;
    const asio::any_io_executor executor_;
    std::unique_ptr<Timer> timer_;
};

SimulatedNetwork::SimulatedNetwork(std::shared_ptr<Clock> clock, DrawFate draw)
    : clock_(std::move(clock)), draw_(std::move(draw)), flights_(std::make_shared<std::deque<Flight>>()) {}

SimulatedNetwork::~SimulatedNetwork() = default;

std::unique_ptr<Connection> SimulatedNetwork::make(asio::any_io_executor executor, const Origin& origin) {
    std::unique_ptr<Connection> inner = servers_.make(executor, origin);
    return std::make_unique<Line>(std::move(inner), draw_(origin), ++made_, origin.host, clock_, flights_,
                                  std::move(executor));
}

}  // namespace sluice::testing::simulation

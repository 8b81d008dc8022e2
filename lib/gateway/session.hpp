// One connection of the server: a coroutine that always reads, so that a client that goes away is noticed at
// once, and one that has requests answered. None is made for a request.
//
//   reader:   reading ---- whole request, trouble ----> wakes the serving one
//   serving:  wait for a request -> Service::serve() -> wait for the next ... -> linger -> close
//
// What the reader reads goes straight into the decoder while a request is awaited, is kept (up to a bound,
// where it stops reading) while one is answered, and is dropped once no more requests are taken.
#pragma once

#include "gateway/reply.hpp"
#include "gateway/server_state.hpp"
#include "net/signal.hpp"
#include "net/task_group.hpp"
#include "wire/request_decoder.hpp"

#include <asio/awaitable.hpp>
#include <asio/buffer.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::gateway {

class Session final : public Reply, public std::enable_shared_from_this<Session> {
  public:
    /// What a connection is for: requests, or only to be told that there are too many.
    enum class Purpose : bool { serve, refuse };
    Session(std::shared_ptr<ServerState> server, std::unique_ptr<Connection> connection, Purpose purpose);
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session() override;

    static void start(const std::shared_ptr<Session>& self);
    /// Nothing new: closes the connection when it is idle, else after the answer under way.
    void drain();
    /// What is under way ends now, and may say last words when `why` is Cut::drained.
    void end(Cut why);

    // The reply to the request under way.
    asio::awaitable<void> send(HttpAnswer answer) override;
    void begin(int status, std::string_view content_type, const HeaderFields& headers) override;
    std::string& frames() override {
        if (frames_.empty() && frames_.capacity() < kOwnBuffer) server_->lend(frames_);
        return frames_;
    }
    asio::awaitable<void> flush() override { return send_frames(Rest::follows); }
    asio::awaitable<void> end() override { return send_frames(Rest::none); }
    void truncate() noexcept override;
    void heartbeat(std::string frame) override;
    void send_head_soon() override;
    bool writes_are_dear() const noexcept override { return server_->arrivals.defers_writes(); }
    bool begun() const noexcept override { return reply_ != ReplyState::none; }
    Cut cut() const noexcept override { return cut_; }

    std::size_t place = 0;  // among the server's sessions

  private:
    /// What a string holds without memory of its own; frames_ has more only while there are frames.
    static constexpr std::size_t kOwnBuffer = 64;

    enum class Phase : std::uint8_t { reading, serving, discarding };
    enum class ReplyState : std::uint8_t { none, streaming, truncated, complete };
    enum class Rest : bool { follows, none };

    // Reading.
    static asio::awaitable<void> read(std::shared_ptr<Session> self);
    void read_on();
    void take(std::string_view bytes);
    void watch_request();
    void on_peer_gone();

    // Serving.
    static asio::awaitable<void> serve(std::shared_ptr<Session> self);
    asio::awaitable<bool> next_request();
    asio::awaitable<bool> answer_request();
    asio::awaitable<void> break_off(bool is_known);
    asio::awaitable<void> refuse(int status, std::string message);
    asio::awaitable<void> linger();
    bool is_idle() const noexcept;
    std::string_view path() const noexcept;
    void note(const std::exception_ptr& thrown) const;

    // Writing.
    void begin_head(int status, std::string_view content_type, const HeaderFields& headers);
    void end_head(bool persistent);
    asio::awaitable<void> send_frames(Rest rest);
    asio::awaitable<void> write_answer(HttpAnswer answer, bool persistent);
    /// head_, and then `body`. False when the client did not get all of it. `limit` is for each piece.
    asio::awaitable<bool> write(asio::const_buffer body, Duration limit);
    static asio::awaitable<void> beat(std::shared_ptr<Session> self);
    static asio::awaitable<void> send_head(std::shared_ptr<Session> self);
    static asio::awaitable<void> write_beat(std::shared_ptr<Session> self);
    bool can_beat() const noexcept;

    // Time.
    void expect_by(TimePoint when);
    void expect_within(Duration limit);
    void expect_heartbeat();
    void on_ring();

    void close() noexcept;

    const std::shared_ptr<ServerState> server_;
    const std::unique_ptr<Connection> connection_;
    const std::unique_ptr<Timer> timer_;
    const Purpose purpose_;
    std::optional<net::Task> serving_task_;
    net::Signal changed_;  // for the serving side: a request is here, trouble, the end of a heartbeat
    net::Signal taken_;    // for the reading side: there is room again
    std::string peer_;

    Phase phase_ = Phase::reading;
    bool in_service_ = false;  // Service::serve() runs
    bool gone_ = false;        // nothing more will be read
    bool closed_ = false;
    bool lingers_ = false;  // the client may still send, and must be able to read what it was told

    // The request.
    wire::RequestDecoder decoder_;
    wire::Progress progress_ = wire::Progress::need_more;
    wire::RequestDecoder::Part part_ = wire::RequestDecoder::Part::none;  // whose deadline is set
    bool timed_out_ = false;
    bool decoded_before_ = false;
    std::string input_;             // read while a request is answered: the next ones
    std::array<char, 2048> chunk_;  // small: each connection has a read pending
    std::size_t discarded_ = 0;

    // The reply.
    ReplyState reply_ = ReplyState::none;
    Cut cut_ = Cut::none;
    bool bodiless_ = false;
    bool chunked_ = false;
    bool persistent_ = false;  // the client was told that the connection stays
    bool broken_ = false;      // a write ended in the middle
    std::string head_;         // what goes before the frames: the answer's head, a chunk's size
    std::string frames_;
    std::string heartbeat_;
    std::string beat_;
    bool writing_ = false;
    bool beating_ = false;
    std::size_t flushes_ = 0;

    TimePoint deadline_ = kNever;   // what it means depends on the phase: on_ring()
    TimePoint armed_for_ = kNever;  // not later than deadline_, but for kNever
    TimePoint last_write_{};
};

}  // namespace sluice::gateway

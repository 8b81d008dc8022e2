// The simulator's insides: what all its connections share, and one connection.
//
// Nothing here is owned by the Simulator alone but this shared state, which holds no I/O object. Connections
// and listeners belong to the coroutines that serve them; the state knows them only to close them. So whoever
// goes first, the simulator or the io_context, takes everything along.
#pragma once

#include <sluice/testing/simulator.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/signal.hpp"
#include "net/tcp_listener.hpp"
#include "testing/simulated_request.hpp"
#include "testing/simulated_stream.hpp"
#include "wire/request_decoder.hpp"

namespace sluice::testing {

struct Simulator::State : std::enable_shared_from_this<State> {
    class Session;
    using Answer = std::function<SimulatedAnswer(std::size_t, std::string_view)>;

    struct HttpRequest {
        std::string_view method;
        std::string_view path;
        std::string_view query;
        const wire::HeaderList& headers;
        std::string_view body;
    };

    State(asio::any_io_executor where, std::shared_ptr<Clock> time)
        : executor(std::move(where)), clock(std::move(time)) {}

    /// Runs `work` until it ends; stop() waits for it.
    void spawn(asio::awaitable<void> work);
    /// Serves a connection that was accepted.
    void serve(std::unique_ptr<Connection> connection);
    /// Accepts until the listener is closed.
    static asio::awaitable<void> accept_all(std::shared_ptr<State> state,
                                            std::shared_ptr<net::TcpListener> listener);
    /// close(), then waits until nothing runs.
    static asio::awaitable<void> stop(std::shared_ptr<State> state);
    /// Stops accepting, closes every connection.
    void close() noexcept;

    /// What to answer, error answers to bad requests included. Fills in `request`.
    SimulatedAnswer decide(const HttpRequest& http, SimulatedRequest& request);
    /// Whether `path` is one of allow_control(), and what it does.
    bool is_control(std::string_view path) const;
    SimulatedAnswer control(const HttpRequest& http);

    asio::any_io_executor executor;
    std::shared_ptr<Clock> clock;
    bool closed = false;
    std::size_t running = 0;                  // coroutines
    std::weak_ptr<net::Signal> nothing_runs;  // while stop() waits

    std::set<Session*> sessions;
    std::vector<std::weak_ptr<net::TcpListener>> listeners;
    std::vector<std::pair<MemoryNetwork, Origin>> networks;

    std::string url;  // of who listens, without a path
    std::string required_key;
    bool down = false;
    bool controlled = false;
    std::function<SimulatedAnswer(std::size_t turn)> models_list;
    std::size_t lists = 0;  // asked for
    std::map<std::string, Answer, std::less<>> custom;
    std::map<std::string, std::size_t, std::less<>> turns;
    std::vector<Seen> seen;
    std::size_t answers = 0;
    std::size_t accepted = 0;
    std::size_t open = 0;
    std::size_t aborted = 0;

  private:
    SimulatedAnswer decide_model(const HttpRequest& http, SimulatedRequest& request);
    SimulatedAnswer decide_models(Protocol protocol);
    std::string models_body(Protocol protocol) const;
};

/// One connection: a coroutine that always reads, so that a client that goes away is noticed at once, and one
/// that answers.
class Simulator::State::Session {
  public:
    Session(std::shared_ptr<State> state, std::unique_ptr<Connection> connection);
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session();

    static asio::awaitable<void> read(std::shared_ptr<Session> self);
    static asio::awaitable<void> serve(std::shared_ptr<Session> self);
    void close() noexcept;

  private:
    // Each of these is false when the connection is over.
    asio::awaitable<bool> next_request();
    asio::awaitable<bool> answer_request();
    asio::awaitable<bool> perform(const SimulatedAnswer& answer, const SimulatedRequest& request);
    asio::awaitable<bool> send_object(const SimulatedAnswer& answer, const SimulatedRequest& request,
                                      const SimulatedStream& stream);
    asio::awaitable<bool> send_stream(const SimulatedAnswer& answer, SimulatedStream& stream);
    /// A body with its length; at most `send` bytes of it are sent.
    asio::awaitable<bool> send_body(const SimulatedAnswer& answer, std::string body,
                                    std::size_t send = SIZE_MAX);
    asio::awaitable<bool> pause(Duration how_long);
    asio::awaitable<bool> pause_until(TimePoint when);
    /// Nothing more, until the client leaves.
    asio::awaitable<bool> stall();
    /// Sends what was made so far (unless all goes out in one write), then waits.
    asio::awaitable<bool> next_write(const SimulatedAnswer& answer, Duration delay);
    enum class Part : bool { more, last };
    /// Sends what was made so far; of a stream, as one chunk of the body.
    asio::awaitable<bool> flush(const SimulatedAnswer& answer, Part part);
    asio::awaitable<void> write_by_byte();
    bool cut() noexcept;

    void start_head(const SimulatedAnswer& answer, std::string_view content_type);

    std::shared_ptr<State> state_;
    std::unique_ptr<Connection> connection_;
    std::unique_ptr<Timer> timer_;
    net::Signal changed_;  // input came, the peer left, or the timer rang: for the answering side
    net::Signal taken_;    // input was taken: for the reading side
    wire::RequestDecoder decoder_;
    bool decoded_ = false;  // a request was, so the next one starts with next()
    std::vector<char> chunk_;
    std::string input_;       // read, not decoded
    std::string body_;        // of the answer: made, not sent
    std::string head_;        // the response head and the chunk header before `body_`
    bool chunked_ = false;    // `body_` is a chunk
    std::size_t number_ = 0;  // of the answer, over all connections
    std::size_t writes_ = 0;
    Protocol protocol_ = Protocol::chat;  // of the answer: each has headers of its own
    bool gone_ = false;                   // the peer has left, or we have
    bool closed_ = false;                 // we have
};

}  // namespace sluice::testing

#include <zlib.h>
#include <asio/post.hpp>
#include <asio/use_awaitable.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "testing/simulated_error.hpp"
#include "testing/simulator_state.hpp"
#include "wire/http_reply.hpp"

namespace sluice::testing {

namespace {

constexpr std::size_t kReadSize = std::size_t{16} << 10;
constexpr std::size_t kMaxInput = std::size_t{1} << 20;  // of pipelined requests, before reading waits
// A socket with room takes writes without a turn of the loop; after so many the others get one.
constexpr std::size_t kWritesPerTurn = 16;

std::string gzip(std::string_view text) {
    z_stream stream{};
    constexpr int kGzipWindow = 15 + 16;
    if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        throw std::runtime_error("zlib cannot be used");
    }
    std::string out(deflateBound(&stream, static_cast<uLong>(text.size())), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

}  // namespace

Simulator::State::Session::Session(std::shared_ptr<State> state, std::unique_ptr<Connection> connection)
    : state_(std::move(state)),
      connection_(std::move(connection)),
      timer_(state_->clock->make_timer(state_->executor, [this] { changed_.notify(); })),
      changed_(state_->executor),
      taken_(state_->executor),
      chunk_(kReadSize) {
    state_->sessions.insert(this);
    ++state_->open;
}

Simulator::State::Session::~Session() {
    close();
    state_->sessions.erase(this);
}

void Simulator::State::Session::close() noexcept {
    if (closed_) return;
    closed_ = true;
    gone_ = true;
    --state_->open;
    connection_->close();
    changed_.notify();
    taken_.notify();
}

asio::awaitable<void> Simulator::State::Session::read(std::shared_ptr<Session> self) {
    while (!self->gone_) {
        const IoResult result = co_await self->connection_->read_some(asio::buffer(self->chunk_));
        self->input_.append(self->chunk_.data(), result.bytes);
        if (result.error) self->gone_ = true;
        self->changed_.notify();
        while (self->input_.size() >= kMaxInput && !self->gone_) {
            co_await self->taken_.wait();
        }
    }
}

asio::awaitable<void> Simulator::State::Session::serve(std::shared_ptr<Session> self) {
    for (;;) {
        const bool asked = co_await self->next_request();
        if (!asked) break;
        const bool again = co_await self->answer_request();
        if (!again) break;
    }
    self->close();
}

asio::awaitable<bool> Simulator::State::Session::next_request() {
    wire::Progress progress = decoded_ ? decoder_.next() : wire::Progress::need_more;
    decoded_ = true;
    bool told_to_continue = false;
    while (progress == wire::Progress::need_more) {
        if (decoder_.expects_continue() && !told_to_continue) {
            told_to_continue = true;
            constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
            co_await connection_->write(asio::buffer(kContinue), asio::const_buffer());
        }
        while (input_.empty() && !gone_) {
            co_await changed_.wait();
        }
        if (input_.empty()) co_return false;
        progress = decoder_.feed(input_);
        input_.clear();
        taken_.notify();
    }
    if (progress == wire::Progress::done) co_return true;

    SimulatedError error(ErrorKind::provider_error);
    error.status = decoder_.error_status();
    error.message = "The HTTP request could not be understood.";
    SimulatedAnswer answer;
    write_error_answer(error, SimulatedRequest(), answer);
    number_ = ++state_->answers;
    co_await send_body(answer, answer.body);
    co_return false;
}

asio::awaitable<bool> Simulator::State::Session::answer_request() {
    const std::string_view target = decoder_.target();
    const std::size_t question = std::min(target.find('?'), target.size());
    const HttpRequest http{decoder_.method(), target.substr(0, question),
                           target.substr(std::min(question + 1, target.size())), decoder_.headers(),
                           decoder_.body()};
    SimulatedRequest request;
    const SimulatedAnswer answer = state_->decide(http, request);
    protocol_ = request.protocol();
    number_ = ++state_->answers;
    const bool complete = co_await perform(answer, request);
    if (!complete && !closed_) ++state_->aborted;  // it was not us who ended it
    const bool again = complete && decoder_.keep_alive();
    co_return again;
}

asio::awaitable<bool> Simulator::State::Session::perform(const SimulatedAnswer& answer,
                                                         const SimulatedRequest& request) {
    if (answer.reset_before_headers) {
        MemoryNetwork::set_reset_on_close(*connection_);
        net::set_reset_on_close(*connection_);
        co_return cut();
    }
    if (answer.silent) co_return co_await stall();
    const bool alive = co_await pause(answer.delay_head);
    if (!alive) co_return false;
    const bool error = answer.status < 200 || answer.status > 299;
    if (error || !answer.body.empty()) co_return co_await send_body(answer, answer.body);
    SimulatedStream stream(answer, request, number_);
    if (!request.stream) co_return co_await send_object(answer, request, stream);
    co_return co_await send_stream(answer, stream);
}

asio::awaitable<bool> Simulator::State::Session::send_body(const SimulatedAnswer& answer, std::string body,
                                                           std::size_t send) {
    if (answer.gzip_body) body = gzip(body);
    start_head(answer, answer.content_type);
    if (answer.gzip_body) head_ += "content-encoding: gzip\r\n";
    head_ += "content-length: " + std::to_string(body.size()) + "\r\n\r\n";
    if (answer.delay_first > Duration::zero()) {
        const bool alive = co_await next_write(answer, answer.delay_first);
        if (!alive) co_return false;
    }
    body_ = body.substr(0, send);
    co_return co_await flush(answer, Part::last);
}

asio::awaitable<bool> Simulator::State::Session::send_object(const SimulatedAnswer& answer,
                                                             const SimulatedRequest& request,
                                                             const SimulatedStream& stream) {
    if (answer.stream_error) {  // nothing of it has been sent, so it can still be told as an HTTP error
        SimulatedAnswer error;
        write_error_answer(*answer.stream_error, request, error);
        co_return co_await send_body(error, error.body);
    }
    std::string object = stream.as_one_object();
    if (answer.malformed_at < stream.chunks()) object.pop_back();
    const bool cuts = answer.cut_after <= stream.chunks();
    const bool stalls = answer.stall_after <= stream.chunks();
    const std::size_t send = cuts || stalls ? object.size() / 2 : object.size();
    const bool sent = co_await send_body(answer, std::move(object), send);
    if (!sent) co_return false;
    if (cuts) co_return cut();
    if (stalls) co_return co_await stall();
    co_return true;
}

asio::awaitable<bool> Simulator::State::Session::send_stream(const SimulatedAnswer& answer,
                                                             SimulatedStream& stream) {
    start_head(answer, stream.content_type());
    head_ += "transfer-encoding: chunked\r\n\r\n";
    chunked_ = true;
    stream.open(body_);

    const std::size_t per_write = std::max<std::size_t>(answer.tokens_per_write, 1);
    const bool can_fail = answer.stream_error && !answer.error_after_finish;
    const std::size_t all = stream.chunks();
    const std::size_t until_error = can_fail ? std::min(answer.error_after, all) : SIZE_MAX;
    const std::size_t chunks = std::min({all, answer.cut_after, answer.stall_after, until_error});
    for (std::size_t i = 0; i < chunks; ++i) {
        const Duration delay = i == 0 ? answer.delay_first : answer.delay_between;
        const bool new_write = i == 0 ? delay > Duration::zero() : i % per_write == 0;
        if (new_write) {
            const bool alive = co_await next_write(answer, delay);
            if (!alive) co_return false;
        }
        stream.chunk(i, body_);
    }
    if (until_error == chunks) {
        stream.fail(body_);
        co_return co_await flush(answer, Part::last);
    }
    const bool cuts = answer.cut_after == chunks;
    const bool stalls = answer.stall_after == chunks;
    if (!cuts && !stalls) {
        stream.finish(body_);
        co_return co_await flush(answer, Part::last);
    }
    const bool sent = co_await flush(answer, Part::more);
    if (!sent) co_return false;
    if (cuts) co_return cut();
    co_return co_await stall();
}

asio::awaitable<bool> Simulator::State::Session::next_write(const SimulatedAnswer& answer, Duration delay) {
    if (!answer.one_write) {
        const bool sent = co_await flush(answer, Part::more);
        if (!sent) co_return false;
    }
    co_return co_await pause(delay);
}

asio::awaitable<bool> Simulator::State::Session::flush(const SimulatedAnswer& answer, Part part) {
    if (chunked_) {
        if (!body_.empty()) {
            wire::append_chunk_size(head_, body_.size());
            body_ += "\r\n";
        }
        if (part == Part::last) {
            body_ += "0\r\n\r\n";
            chunked_ = false;
        }
    }
    if (gone_) co_return false;
    if (answer.one_byte_writes) {
        co_await write_by_byte();
    } else {
        const IoResult result = co_await connection_->write(asio::buffer(head_), asio::buffer(body_));
        if (result.error) gone_ = true;
    }
    head_.clear();
    body_.clear();
    if (++writes_ % kWritesPerTurn == 0) {
        co_await asio::post(state_->executor, asio::use_awaitable);
    }
    co_return !gone_;
}

asio::awaitable<void> Simulator::State::Session::write_by_byte() {
    const std::string bytes = head_ + body_;
    for (std::size_t i = 0; i < bytes.size() && !gone_; ++i) {
        const IoResult result = co_await connection_->write(asio::buffer(&bytes[i], 1), asio::const_buffer());
        if (result.error) gone_ = true;
        // Lets the other side read each byte alone, where both share a loop.
        co_await asio::post(state_->executor, asio::use_awaitable);
    }
}

asio::awaitable<bool> Simulator::State::Session::pause(Duration how_long) {
    if (how_long <= Duration::zero()) co_return !gone_;
    co_return co_await pause_until(state_->clock->now() + how_long);
}

asio::awaitable<bool> Simulator::State::Session::pause_until(TimePoint when) {
    timer_->arm(when);
    while (!gone_ && state_->clock->now() < when) {
        co_await changed_.wait();
    }
    timer_->disarm();
    co_return !gone_;
}

asio::awaitable<bool> Simulator::State::Session::stall() {
    co_return co_await pause_until(kNever);
}

bool Simulator::State::Session::cut() noexcept {
    close();
    return false;
}

void Simulator::State::Session::start_head(const SimulatedAnswer& answer, std::string_view content_type) {
    head_ = "HTTP/1.1 " + std::to_string(answer.status) + ' ';
    head_.append(wire::reason_phrase(answer.status)).append("\r\ncontent-type: ").append(content_type);
    head_ += "\r\n";
    const std::string id = "req_sim" + std::to_string(number_);
    switch (protocol_) {
        case Protocol::chat:
        case Protocol::responses:
            head_ += "openai-processing-ms: 5\r\nopenai-version: 2020-10-01\r\nx-request-id: " + id + "\r\n";
            break;
        case Protocol::anthropic:
            head_ += "request-id: " + id + "\r\n";
            break;
        case Protocol::gemini:  // tells no id of a request
            head_ += "server-timing: gfet4t7; dur=5\r\n";
            break;
    }
    for (const auto& [name, value] : answer.headers)
        head_.append(name).append(": ").append(value).append("\r\n");
    if (!decoder_.keep_alive()) head_ += "connection: close\r\n";
}

}  // namespace sluice::testing

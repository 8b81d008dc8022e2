#include "net/dial.hpp"

#include <sluice/connector.hpp>

#include "net/cancellation.hpp"

#include <asio/ip/address.hpp>

#include <utility>

namespace sluice::net {

using asio::ip::tcp;

std::vector<tcp::endpoint> interleave_families(const std::vector<tcp::endpoint>& found) {
    std::vector<tcp::endpoint> first;
    std::vector<tcp::endpoint> second;
    for (const tcp::endpoint& endpoint : found)
        (endpoint.protocol() == found.front().protocol() ? first : second).push_back(endpoint);
    std::vector<tcp::endpoint> mixed;
    mixed.reserve(found.size());
    for (std::size_t i = 0; i < first.size() || i < second.size(); ++i) {
        if (i < first.size()) mixed.push_back(first[i]);
        if (i < second.size()) mixed.push_back(second[i]);
    }
    return mixed;
}

Dial::Dial(asio::any_io_executor executor, const DialOptions& options, std::string host, std::uint16_t port)
    : executor_(std::move(executor)),
      resolve_(options.resolve),
      clock_(options.clock),
      attempt_delay_(options.attempt_delay),
      host_(std::move(host)),
      port_(port),
      changed_(executor_) {}

asio::awaitable<std::error_code> Dial::run() {
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    find_addresses();
    while (!resolved_ && !stopped_) {
        const bool woken = co_await changed_.wait();
        if (!woken || is_cancelled(state)) stopped_ = true;
    }
    if (!stopped_ && addresses_.empty()) co_return finish(ConnectError::resolve_failed);

    head_start_ = clock_->make_timer(executor_, [this] {
        next_is_due_ = true;
        changed_.notify();
    });
    while (!stopped_ && !winner_) {
        if (all_ended() || next_is_due_) start_next();
        if (all_ended()) co_return finish(ConnectError::connect_failed);
        const bool woken = co_await changed_.wait();
        if (!woken || is_cancelled(state)) stopped_ = true;
    }
    if (stopped_) co_return finish(aborted());
    co_return finish(std::error_code());
}

void Dial::stop() noexcept {
    stopped_ = true;
    changed_.notify();
}

void Dial::find_addresses() {
    std::error_code not_numeric;
    const asio::ip::address address = asio::ip::make_address(host_, not_numeric);
    if (!not_numeric) {
        resolved_ = true;
        addresses_.emplace_back(address, port_);
        return;
    }
    lookup_ = resolve_(executor_, host_, port_,
                       [self = weak_from_this()](std::error_code error, std::vector<tcp::endpoint> found) {
                           if (const std::shared_ptr<Dial> dial = self.lock())
                               dial->on_addresses(error, std::move(found));
                       });
}

void Dial::on_addresses(std::error_code error, std::vector<tcp::endpoint> found) {
    if (error) detail_ = error.message();
    resolved_ = true;
    if (!found.empty()) addresses_ = interleave_families(found);
    changed_.notify();
}

void Dial::start_next() {
    next_is_due_ = false;
    if (attempts_.size() == addresses_.size()) return;
    const std::size_t index = attempts_.size();
    attempts_.emplace_back(executor_).async_connect(
        addresses_[index], [self = shared_from_this(), index](const std::error_code& error) {
            self->on_connected(index, error);
        });
    if (attempts_.size() < addresses_.size()) head_start_->arm(clock_->now() + attempt_delay_);
}

void Dial::on_connected(std::size_t index, const std::error_code& error) {
    if (stopped_ || winner_) return;
    ++ended_;
    if (error) {
        detail_ = error.message();
        next_is_due_ = true;
    } else {
        winner_ = index;
    }
    changed_.notify();
}

std::error_code Dial::finish(std::error_code result) {
    stopped_ = true;
    lookup_.reset();
    head_start_.reset();
    for (std::size_t i = 0; i < attempts_.size(); ++i) {
        std::error_code ignored;
        if (result || i != winner_) attempts_[i].close(ignored);
    }
    return result;
}

}  // namespace sluice::net

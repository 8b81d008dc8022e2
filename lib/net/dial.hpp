// Gets a TCP connection to a host: resolves the name and races its addresses ("happy eyeballs", RFC 8305), so
// that a broken IPv6 route or one dead server of many costs a moment and not a timeout.
#pragma once

#include <sluice/clock.hpp>

#include "net/resolver.hpp"
#include "net/signal.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/ip/tcp.hpp>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

namespace sluice::net {

struct DialOptions {
    Resolve resolve;
    std::shared_ptr<Clock> clock;
    Duration attempt_delay{};
};

/// Shared by the coroutine that waits and by the handlers of what it started, so that it can leave at once
/// and they find it alive.
class Dial : public std::enable_shared_from_this<Dial> {
  public:
    Dial(asio::any_io_executor executor, const DialOptions& options, std::string host, std::uint16_t port);

    /// Success, and then socket(); or resolve_failed, connect_failed (ConnectError) or operation_aborted.
    /// Once. Never throws.
    asio::awaitable<std::error_code> run();
    /// Ends run() within one turn of the loop.
    void stop() noexcept;
    /// The connected socket, to be moved from.
    asio::ip::tcp::socket& socket() noexcept { return attempts_[*winner_]; }
    /// The operating system's words for the last failure.
    const std::string& detail() const noexcept { return detail_; }

  private:
    void find_addresses();
    void on_addresses(std::error_code error, std::vector<asio::ip::tcp::endpoint> found);
    void start_next();
    void on_connected(std::size_t index, const std::error_code& error);
    std::error_code finish(std::error_code result);
    bool all_ended() const noexcept { return ended_ == attempts_.size(); }

    asio::any_io_executor executor_;
    Resolve resolve_;
    std::shared_ptr<Clock> clock_;
    Duration attempt_delay_;
    std::string host_;
    std::uint16_t port_;

    Signal changed_;
    std::shared_ptr<void> lookup_;
    bool resolved_ = false;
    std::vector<asio::ip::tcp::endpoint> addresses_;  // in the order in which to try them
    std::deque<asio::ip::tcp::socket> attempts_;      // of the first addresses; a deque never moves them
    std::size_t ended_ = 0;
    std::optional<std::size_t> winner_;
    bool next_is_due_ = false;
    bool stopped_ = false;
    std::string detail_;
    std::unique_ptr<Timer> head_start_;
};

/// RFC 8305 section 4: the families take turns, beginning with the one the resolver put first.
std::vector<asio::ip::tcp::endpoint> interleave_families(const std::vector<asio::ip::tcp::endpoint>& found);

}  // namespace sluice::net

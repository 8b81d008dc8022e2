// What is behind each path: the Service that a server serves.
#pragma once

#include "gateway/context.hpp"
#include "gateway/reply.hpp"
#include "gateway/snapshot.hpp"

#include <asio/awaitable.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace sluice::gateway {

class Endpoints final : public Service {
  public:
    explicit Endpoints(std::shared_ptr<Context> context);

    /// What new requests are served by. Any thread.
    void use(std::shared_ptr<const Snapshot> snapshot);
    std::shared_ptr<const Snapshot> snapshot() const;
    /// From now on /readyz says 503.
    void set_draining() noexcept { draining_.store(true, std::memory_order_relaxed); }

    asio::awaitable<void> serve(const HttpRequest& request, Reply& reply) override;
    HttpAnswer refuse(int status, std::string_view message, std::string_view path) override;

    std::string health() const;

  private:
    HttpAnswer get(const Snapshot& snapshot, const HttpRequest& request) const;
    HttpAnswer events(const HttpRequest& request) const;

    const std::shared_ptr<Context> context_;
    const TimePoint begun_;
    std::atomic<bool> draining_{false};
    mutable std::mutex mutex_;  // guards snapshot_
    std::shared_ptr<const Snapshot> snapshot_;
};

}  // namespace sluice::gateway

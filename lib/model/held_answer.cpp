#include "model/held_answer.hpp"

#include <memory>
#include <utility>

namespace sluice {
namespace {

class HeldSource final : public TokenSource {
  public:
    HeldSource(std::vector<OwnedEvent> events, const TokenStream& from)
        : events_(std::move(events)),
          views_(events_.begin(), events_.end()),
          answerer_(from.answerer()),
          warnings_(from.warnings().begin(), from.warnings().end()),
          rate_limits_(from.rate_limits().begin(), from.rate_limits().end()),
          usage_(from.usage()) {}

    asio::awaitable<std::span<const StreamEvent>> next_batch() override {
        const std::span<const StreamEvent> batch = try_next_batch();
        co_return batch;
    }
    std::span<const StreamEvent> try_next_batch() override {
        return std::exchange(given_, true) ? std::span<const StreamEvent>() : views_;
    }
    asio::awaitable<void> close() override { co_return; }
    bool try_close() noexcept override { return true; }
    const Answerer& answerer() const noexcept override { return answerer_; }
    std::span<const std::string> warnings() const noexcept override { return warnings_; }
    std::span<const RateLimit> rate_limits() const noexcept override { return rate_limits_; }
    std::optional<Usage> usage() const noexcept override { return usage_; }

  private:
    std::vector<OwnedEvent> events_;
    std::vector<StreamEvent> views_;
    Answerer answerer_;
    std::vector<std::string> warnings_;
    std::vector<RateLimit> rate_limits_;
    std::optional<Usage> usage_;
    bool given_ = false;
};

ErrorInfo too_large(const Answerer& answerer) {
    ErrorInfo error(ErrorKind::provider_unavailable, Phase::stream,
                    "the answer is larger than FallbackOptions::max_held_bytes; raise it, or commit on the "
                    "first event");
    error.provider = answerer.provider_id;
    error.model = answerer.model_id;
    return error;
}

}  // namespace

asio::awaitable<std::optional<TokenStream>> hold(TokenStream& stream, std::size_t max_bytes,
                                                 std::optional<LegFailure>& failure) {
    std::vector<OwnedEvent> events;
    std::size_t bytes = 0;
    for (;;) {
        const std::span<const StreamEvent> batch = co_await stream.next_batch();
        if (batch.empty()) break;
        for (const StreamEvent& event : batch)
            bytes += events.emplace_back(event).size();
        if (const Failure* mid_stream = batch.back().as<Failure>()) {
            failure.emplace().error = mid_stream->error();
        } else if (bytes > max_bytes) {
            failure.emplace().error = too_large(stream.answerer());
        }
        if (failure) break;
    }
    if (failure) {
        failure->usage = stream.usage();
        failure->earlier.assign(stream.attempts().begin(), stream.attempts().end());
        co_await stream.close();
        co_return std::nullopt;
    }
    auto held = std::make_unique<HeldSource>(std::move(events), stream);
    TokenStream whole(std::move(held));
    whole.prepend_attempts(std::vector<Attempt>(stream.attempts().begin(), stream.attempts().end()));
    co_return std::move(whole);
}

}  // namespace sluice

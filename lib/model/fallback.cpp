// The chain: the gate with a fixed order. docs/gate.md states its contract.
#include <sluice/fallback.hpp>

#include "model/gate.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace sluice {
namespace {

constexpr auto kLastKind = static_cast<unsigned>(ErrorKind::content_filtered);

/// Strictly in order.
class InOrder final : public LegChooser {
  public:
    bool filters_first() const noexcept override { return false; }
    bool has_primary() const noexcept override { return true; }
    std::size_t pick(std::span<const std::size_t> candidates, const Needs&, TimePoint) override {
        return candidates.front();
    }
};

class FallbackTarget final : public ModelTarget {
  public:
    FallbackTarget(std::vector<BoundModel> chain, FallbackOptions options)
        : gate_(std::move(chain), std::move(options), GateShape("FallbackBoundModel", "fallback"),
                std::make_shared<InOrder>()) {}

    const Provider& provider() const noexcept override { return gate_.primary().provider(); }
    const ModelSpec& spec() const noexcept override { return gate_.primary().spec(); }
    bool is_combinator() const noexcept override { return true; }
    asio::awaitable<Result<TokenStream>> open(const Request& request,
                                              const CallContext& outer) const override {
        return gate_.open(request, outer);
    }
    std::optional<Refusal> refusal(const Needs& needs, TimePoint now) const override {
        return gate_.refusal(needs, now);
    }
    Composition composition() const override { return gate_.composition(); }

  private:
    Gate gate_;
};

}  // namespace

TriggerSet::TriggerSet(std::initializer_list<ErrorKind> kinds) {
    for (unsigned kind = 0; kind <= kLastKind; ++kind) {
        const auto is_in = [kind](ErrorKind member) { return is_a(static_cast<ErrorKind>(kind), member); };
        if (std::any_of(kinds.begin(), kinds.end(), is_in)) bits_ |= 1U << kind;
    }
}

namespace triggers {

TriggerSet standard() {
    return {ErrorKind::rate_limited, ErrorKind::provider_unavailable, ErrorKind::context_length_exceeded};
}
TriggerSet with_auth() {
    return {ErrorKind::rate_limited, ErrorKind::provider_unavailable, ErrorKind::context_length_exceeded,
            ErrorKind::provider_auth_failed};
}
TriggerSet any_error() {
    return {ErrorKind::provider_error};
}

}  // namespace triggers

FallbackBoundModel::FallbackBoundModel(std::vector<BoundModel> chain, FallbackOptions options)
    : BoundModel(std::make_shared<FallbackTarget>(std::move(chain), std::move(options))) {}

}  // namespace sluice

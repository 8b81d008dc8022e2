#include "model/probe.hpp"

#include "model/call_state.hpp"

#include <stdexcept>
#include <utility>

namespace sluice {

asio::awaitable<Result<void>> probe_completion(const ModelTarget& target, Tokens max_tokens,
                                               TimePoint deadline, const AttemptEvents& events) {
    const Request request = Request("ping").max_tokens(static_cast<std::uint32_t>(max_tokens));
    CallContext context;
    context.options.events(events);
    context.deadline = deadline;
    context.purpose = Purpose::probe;
    context.last_resort = true;
    context.call = new_call(context.options);
    // Owns nothing: what it opens is over before this is, and the target outlives this.
    const BoundModel model(std::shared_ptr<const ModelTarget>(std::shared_ptr<void>(), &target));
    Result<TokenStream> opened = co_await model.open(request, context);
    if (!opened) co_return std::move(opened).error();
    Result<void> outcome;
    for (;;) {
        const std::span<const StreamEvent> batch = co_await opened->next_batch();
        if (batch.empty()) break;
        if (const Failure* failed = batch.back().as<Failure>()) outcome = failed->error();
    }
    co_return outcome;
}

asio::awaitable<Result<void>> ModelTarget::probe(ProbeKind kind, TimePoint deadline,
                                                 const AttemptEvents& events) const {
    if (!can_probe(kind) || kind != ProbeKind::completion)
        throw std::logic_error("ModelTarget::probe: ask can_probe() first; this target has no such probe");
    return probe_completion(*this, 1, deadline, events);
}

}  // namespace sluice

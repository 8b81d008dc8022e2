// The probe that every model can answer: one token of a completion.
#include <sluice/bound_model.hpp>

#include "model/call_state.hpp"
#include "model/leg.hpp"

#include <stdexcept>
#include <utility>

namespace sluice {

asio::awaitable<Result<void>> ModelTarget::probe(ProbeKind kind, TimePoint deadline) const {
    if (kind != ProbeKind::completion)
        throw std::logic_error(
            "ModelTarget::probe: ask can_probe() first; this target knows completion only");
    const Request request = Request("ping").max_tokens(1);
    CallContext context;
    context.deadline = deadline;
    context.purpose = Purpose::probe;
    context.last_resort = true;
    context.call = new_call(context.options);
    Result<TokenStream> opened = co_await open(request, context);
    if (!opened) co_return std::move(opened).error();
    const StreamEvent* first = co_await opened->peek();
    if (const Failure* failed = first->as<Failure>()) {
        ErrorInfo error = failed->error();
        co_await opened->close();
        co_return error;
    }
    co_await opened->close();
    co_return Result<void>();
}

}  // namespace sluice

// One answer of an HTTP provider as a stream of events: socket -> de-chunked buffer -> SSE frames -> dialect
// -> events, in place, one suspension a read.
#pragma once

#include <sluice/bound_model.hpp>
#include <sluice/model_spec.hpp>
#include <sluice/request.hpp>
#include <sluice/result.hpp>
#include <sluice/token_stream.hpp>

#include "model/http_provider.hpp"
#include "net/http_call.hpp"

#include <asio/awaitable.hpp>

#include <memory>

namespace sluice {

/// What is known of an answer by its head. `secret` may be null, and outlives the facts.
adapters::ExchangeFacts facts_of(const HttpProvider& provider, const ModelSpec& spec,
                                 const wire::ResponseHead& answer, const std::string* secret);
/// `error` with who failed.
ErrorInfo attributed(ErrorInfo error, const HttpProvider& provider, const ModelSpec& spec);

/// Sends `request` and reads the head of the answer. An answer that is not a 2xx is the error it stands for.
/// `first_event_deadline` shortens Deadlines::first_event.
/// `spec`, `request` and `options` must live until it completes.
asio::awaitable<Result<TokenStream>> open_http_stream(std::shared_ptr<const HttpProvider> provider,
                                                      const ModelSpec& spec, const Request& request,
                                                      const CallOptions& options, TimePoint deadline,
                                                      TimePoint first_event_deadline);

}  // namespace sluice

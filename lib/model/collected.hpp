// What a stream that was read event by event comes to: the same as TokenStream::collect() gives.
#pragma once

#include <sluice/error.hpp>
#include <sluice/message.hpp>
#include <sluice/token_stream.hpp>

namespace sluice {

/// What was built from all events of `stream`, with who answered and what could not be carried.
AssistantMessage collected(MessageBuilder builder, const TokenStream& stream);
/// Of a stream that failed in the middle after a failover: with the legs before it, and itself.
ErrorInfo with_earlier_attempts(ErrorInfo error, const TokenStream& stream);

}  // namespace sluice

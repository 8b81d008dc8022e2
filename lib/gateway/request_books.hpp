// One request's books: opened when it comes, closed once by whoever has it, and then counted, and written
// down as its event.
#pragma once

#include "gateway/attempt_log.hpp"
#include "gateway/client_keys.hpp"
#include "gateway/context.hpp"
#include "gateway/record.hpp"
#include "gateway/reply.hpp"
#include "gateway/snapshot.hpp"

#include <chrono>
#include <memory>
#include <string_view>

namespace sluice::gateway {

class RequestBooks {
  public:
    /// `context` must outlive it. `client` may be null.
    RequestBooks(Context& context, const Snapshot& snapshot, std::string_view endpoint,
                 const ClientKeys::Client* client, const wire::HeaderList& headers);
    RequestBooks(const RequestBooks&) = delete;
    /// `cut` is why the server ended the request before its time, if it did; `is_told`: the client had got to
    /// the end of its answer by then.
    void close(Cut cut, bool is_told);

    std::chrono::nanoseconds elapsed() const { return context_.runtime.clock->now() - begun_; }

    RequestRecord record;
    const std::shared_ptr<AttemptLog> log;
    TraceContext trace;  // for whoever asks for the answer; record has its id

  private:
    Context& context_;
    const TimePoint begun_;
};

}  // namespace sluice::gateway

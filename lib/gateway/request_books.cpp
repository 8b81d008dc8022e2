#include "gateway/request_books.hpp"

#include "gateway/metadata.hpp"
#include "gateway/trace.hpp"

namespace sluice::gateway {

RequestBooks::RequestBooks(Context& context, const Snapshot& snapshot, std::string_view endpoint,
                           const ClientKeys::Client* client, const wire::HeaderList& headers)
    : log(std::make_shared<AttemptLog>(context.metrics)),
      trace(trace_of(headers, *context.runtime.entropy)),
      context_(context),
      begun_(context.runtime.clock->now()) {
    Entropy& dice = *context.runtime.entropy;
    record.timestamp = context.runtime.clock->wall_now();
    record.id = event_id(record.timestamp, dice);
    record.request_id = request_id_for(headers, dice);
    record.trace_id = trace.trace_id;
    record.endpoint = endpoint;
    record.config_version = snapshot.config().version;
    if (client) record.client = client->name;
    context.metrics->request_began();
}

void RequestBooks::close(Cut cut, bool is_told) {
    record.latency = elapsed();
    record.attempts = log->take();
    record.cost = total_cost(record.attempts);
    note_failover(record);
    switch (cut) {
        case Cut::none:
        case Cut::drained:
            break;
        case Cut::client_gone:
            if (!is_told) record.outcome = Outcome::client_gone;
            break;
        case Cut::slow_client:
            record.outcome = Outcome::slow_client;
            break;
        case Cut::stopped:
            record.outcome = Outcome::drained;
            break;
    }
    if (record.error_type.empty() && record.outcome != Outcome::ok)
        record.error_type = to_string(record.outcome);
    context_.metrics->request_ended();
    context_.metrics->on_request(record);
    context_.events.append(record);
}

}  // namespace sluice::gateway

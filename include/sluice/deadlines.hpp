// Six clocks, one budget: how long each part of an exchange may take. Any that runs out is a ProviderTimeout
// whose `phase` names it; the connection is closed, never pooled. Zero or less means "no limit".
#pragma once

#include <chrono>

namespace sluice {

struct Deadlines {
    using Limit = std::chrono::milliseconds;
    static constexpr Limit kNone{0};

    /// Until a connection is ready: wait for the pool, DNS, TCP, proxy, TLS.
    Limit connect = std::chrono::seconds(10);
    /// From the request written to the response head complete. Some servers hold the head until the first
    /// token.
    Limit headers = std::chrono::seconds(120);
    /// From the start of the leg to the first event that carries an answer (time to first token).
    Limit first_event = std::chrono::seconds(120);
    /// Between two events that carry content. Comments, pings and empty deltas do not re-arm it.
    Limit idle = std::chrono::seconds(90);
    /// One attempt at one provider, as a whole.
    Limit leg = std::chrono::minutes(10);
    /// The request as a whole, over all attempts. What is left of it is handed to each leg.
    Limit total = std::chrono::minutes(15);
    // --- and two short waits at the end of an answer ---

    /// After the stream's end: how long to wait for the rest of the body so that its connection can be used
    /// again. Zero or less: do not wait.
    Limit linger = std::chrono::milliseconds(50);
    /// After a finish reason without the terminal marker: how long to wait for usage and marker. Never longer
    /// than idle; zero or less: as long as idle.
    Limit grace = std::chrono::seconds(5);
};

}  // namespace sluice

// What all requests of one gateway share, whatever its configuration is just now.
#pragma once

#include <sluice/runtime.hpp>

#include "gateway/event_log.hpp"
#include "gateway/metrics.hpp"

#include <memory>

namespace sluice::gateway {

struct Context {
    Context(Runtime seams, EventsConfig config)
        : runtime(std::move(seams)), metrics(std::make_shared<Metrics>()), events(std::move(config)) {}
    Runtime runtime;
    std::shared_ptr<Metrics> metrics;  // a mirror may count after its request, and after the gateway
    EventLog events;
};

}  // namespace sluice::gateway

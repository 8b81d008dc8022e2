// The three seams in one handle. Leave it default and everything runs on real sockets in real time.
#pragma once

#include <sluice/clock.hpp>
#include <sluice/connector.hpp>
#include <sluice/entropy.hpp>

#include <memory>

namespace sluice {

struct Runtime {
    /// The system's clock, connector and entropy.
    Runtime() : clock(system_clock()), connector(system_connector()), entropy(system_entropy()) {}
    Runtime(std::shared_ptr<Clock> time, std::shared_ptr<Connector> network, std::shared_ptr<Entropy> dice)
        : clock(std::move(time)), connector(std::move(network)), entropy(std::move(dice)) {}

    std::shared_ptr<Clock> clock;          ///< Never null.
    std::shared_ptr<Connector> connector;  ///< Never null.
    std::shared_ptr<Entropy> entropy;      ///< Never null.
};

}  // namespace sluice

// The system's connector with its name lookup open to tests.
#pragma once

#include <sluice/connector.hpp>

#include "net/resolver.hpp"

#include <memory>

namespace sluice::net {

std::shared_ptr<Connector> make_connector(const ConnectorOptions& options, Resolve resolve);

}  // namespace sluice::net

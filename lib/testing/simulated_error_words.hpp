// What each provider says for each kind of error: status, codes and text (PROTOCOLS sections 3.6, 5.5
// and 6.6).
#pragma once

#include <sluice/testing/simulator.hpp>

#include <string_view>

#include "testing/simulated_route.hpp"

namespace sluice::testing {

/// One kind of error in one provider's words. "{model}" and "{key}" are filled in.
struct Wording {
    ErrorKind kind;
    int status;
    std::string_view type;
    std::string_view code;
    std::string_view param;
    std::string_view message;
};

/// The words for `error` where `route` leads.
const Wording& wording_of(const SimulatedError& error, const Route& route) noexcept;

}  // namespace sluice::testing

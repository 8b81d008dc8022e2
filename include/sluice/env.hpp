// The library itself never reads the environment; this reads what its caller names.
#pragma once

#include <string>
#include <string_view>

namespace sluice {

/// The environment variable's value, or `fallback` when it is not set or empty.
std::string env_or(const char* name, std::string_view fallback);

}  // namespace sluice

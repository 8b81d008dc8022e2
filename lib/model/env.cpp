#include <sluice/env.hpp>

#include <cstdlib>

namespace sluice {

std::string env_or(const char* name, std::string_view fallback) {
    const char* value = std::getenv(name);
    return std::string(value && *value ? std::string_view(value) : fallback);
}

}  // namespace sluice

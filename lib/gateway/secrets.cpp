#include <sluice/gateway_config.hpp>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <system_error>

namespace sluice {
namespace {

/// Keys are some hundred bytes, tokens a few thousand. Longer is a wrong path (/dev/zero), not a secret.
constexpr std::size_t kMaxSecret = 64 << 10;

bool is_clean(const std::string& value) noexcept {
    // It becomes the value of a header. A line break in there would be the beginning of another one.
    for (const char c : value)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
    return true;
}

Secret checked(std::string value, const std::string& place) {
    Secret secret;
    if (value.empty())
        secret.problem = place + " is empty";
    else if (!is_clean(value))
        secret.problem = place + " holds a line break or another control character";
    else
        secret.value = std::move(value);
    return secret;
}

Secret from_file(const std::string& path) {
    const std::string place = "secret file " + path;
    Secret secret;
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    std::string value(kMaxSecret + 1, '\0');
    if (file) file.read(value.data(), static_cast<std::streamsize>(value.size()));
    if (!file.is_open() || file.bad() || (file.fail() && !file.eof())) {
        const int error = errno;
        secret.problem = place + " cannot be read";
        if (error != 0) secret.problem += ": " + std::system_category().message(error);
        return secret;
    }
    value.resize(static_cast<std::size_t>(file.gcount()));
    if (value.size() > kMaxSecret) {
        secret.problem = place + " is longer than any key";
        return secret;
    }
    if (value.ends_with('\n')) value.pop_back();
    if (value.ends_with('\r')) value.pop_back();
    return checked(std::move(value), place);
}

}  // namespace

Environment process_environment() {
    return [](const std::string& name) -> std::optional<std::string> {
        const char* value = std::getenv(name.c_str());
        if (!value) return std::nullopt;
        return std::string(value);
    };
}

Secret read_secret(const SecretRef& where, const Environment& environment) {
    switch (where.from) {
        case SecretRef::From::none:
            return {};
        case SecretRef::From::env: {
            const std::string place = "environment variable " + where.name;
            std::optional<std::string> value = environment(where.name);
            if (!value) {
                Secret secret;
                secret.problem = place + " is not set";
                return secret;
            }
            return checked(std::move(*value), place);
        }
        case SecretRef::From::file:
            return from_file(where.name);
    }
    return {};
}

}  // namespace sluice

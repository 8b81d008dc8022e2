// `sluice gateway key`: a key for a client of the gateway, which keeps only its hash.
#include "commands.hpp"
#include "terminal.hpp"

#include "gateway/client_keys.hpp"

#include <openssl/rand.h>

#include <unistd.h>

#include <array>
#include <stdexcept>
#include <string>
#include <string_view>

namespace sluice::cli {
namespace {

constexpr std::size_t kKeyLetters = 43;  // 256 bits

/// A secret, not dice: Entropy (entropy.hpp) says that it is not for those.
std::string new_key() {
    // Letters that no shell, header or URL does anything with. Bytes beyond a multiple of their number would
    // favour some of them, and are thrown away.
    constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    constexpr std::size_t kFair = 256 / kLetters.size() * kLetters.size();
    std::string key;
    while (key.size() < kKeyLetters) {
        std::array<unsigned char, kKeyLetters> bytes{};
        if (RAND_priv_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
            throw std::runtime_error("the system has no random numbers to give");
        for (const std::size_t byte : bytes)
            if (byte < kFair && key.size() < kKeyLetters) key += kLetters[byte % kLetters.size()];
    }
    return "sk-sluice-" + key;
}

}  // namespace

int run_gateway_key(const GatewayKeyOptions& options) {
    const std::string key = new_key();
    Terminal(STDERR_FILENO)
        .write(
            "Give the first line to the client: it is shown this once. The rest goes into the gateway's "
            "configuration, under keys.\n");
    Terminal(STDOUT_FILENO)
        .write(key + "\n  - name: " + one_line(options.name) + "\n    sha256: " + gateway::hash_of_key(key) +
               "\n");
    return kOk;
}

}  // namespace sluice::cli

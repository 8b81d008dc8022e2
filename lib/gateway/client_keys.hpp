// Who may use the gateway: keys kept as hashes, compared in constant time.
#pragma once

#include <sluice/gateway_config.hpp>

#include "wire/http_response.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::gateway {

/// SHA-256 as 64 hexadecimal digits: what ClientKeyConfig::sha256 holds.
std::string hash_of_key(std::string_view key);

class ClientKeys {
  public:
    /// Throws std::invalid_argument for a secret that cannot be read or is empty, naming the key.
    ClientKeys(const std::vector<ClientKeyConfig>& keys, const Environment& environment);

    /// No key is asked for.
    bool is_open() const noexcept { return keys_.empty(); }
    struct Client {
        std::string name;
        std::vector<std::string> allowed_models;
    };
    /// The client whose key is in `headers` or in the query (Authorization: Bearer, x-api-key,
    /// x-goog-api-key, api-key, ?key=), or null. The time taken does not depend on which key it is or how far
    /// it matches.
    const Client* find(const wire::HeaderList& headers, std::string_view query) const;

  private:
    struct Key {
        std::array<unsigned char, 32> hash;
        Client client;
    };
    std::vector<Key> keys_;
};

/// Whether `model` is in the list (ids; a "*" at the end stands for anything). An empty list has everything.
bool matches(const std::vector<std::string>& patterns, std::string_view model) noexcept;

}  // namespace sluice::gateway

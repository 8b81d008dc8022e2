#include "gateway/client_keys.hpp"

#include "gateway/serves.hpp"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace sluice::gateway {
namespace {

using Hash = std::array<unsigned char, SHA256_DIGEST_LENGTH>;

Hash sha256(std::string_view text) noexcept {
    Hash hash{};
    SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), hash.data());
    return hash;
}

int digit_of(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

Hash parse_hash(std::string_view digits, const std::string& name) {
    Hash hash{};
    bool good = digits.size() == 2 * hash.size();
    for (std::size_t i = 0; good && i < hash.size(); ++i) {
        const int high = digit_of(digits[2 * i]);
        const int low = digit_of(digits[2 * i + 1]);
        good = high >= 0 && low >= 0;
        if (good) hash.at(i) = static_cast<unsigned char>(high * 16 + low);
    }
    if (!good) {
        throw std::invalid_argument(
            "key " + name + ": sha256 is not 64 hexadecimal digits; `sluice gateway key` prints such a line");
    }
    return hash;
}

bool starts_with_bearer(std::string_view value) noexcept {
    constexpr std::string_view kScheme = "bearer ";
    if (value.size() < kScheme.size()) return false;
    for (std::size_t i = 0; i < kScheme.size(); ++i) {
        const char c = value[i];
        const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        if (lower != kScheme[i]) return false;
    }
    return true;
}

/// Of "a=b&key=...": percent signs undone, since that is how a client must send a key with unusual letters.
std::string key_in_query(std::string_view query) {
    while (!query.empty()) {
        const std::string_view field = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(field.size() + 1, query.size()));
        if (!field.starts_with("key=")) continue;
        std::string key;
        const std::string_view value = field.substr(4);
        for (std::size_t i = 0; i < value.size(); ++i) {
            const bool escaped = value[i] == '%' && i + 2 < value.size() && digit_of(value[i + 1]) >= 0 &&
                                 digit_of(value[i + 2]) >= 0;
            key +=
                escaped ? static_cast<char>(digit_of(value[i + 1]) * 16 + digit_of(value[i + 2])) : value[i];
            if (escaped) i += 2;
        }
        return key;
    }
    return {};
}

/// Where each dialect's clients put their key. The first place that has one counts.
std::string find_key(const wire::HeaderList& headers, std::string_view query) {
    if (const auto authorization = headers.find("authorization")) {
        if (starts_with_bearer(*authorization)) {
            std::string_view key = authorization->substr(std::string_view("bearer ").size());
            while (key.starts_with(' '))
                key.remove_prefix(1);
            if (!key.empty()) return std::string(key);
        }
    }
    for (const std::string_view name : {"x-api-key", "x-goog-api-key", "api-key"}) {
        const auto value = headers.find(name);
        if (value && !value->empty()) return std::string(*value);
    }
    return key_in_query(query);
}

}  // namespace

std::string hash_of_key(std::string_view key) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string digits;
    for (const unsigned char byte : sha256(key)) {
        digits += kDigits[byte >> 4];
        digits += kDigits[byte & 15];
    }
    return digits;
}

ClientKeys::ClientKeys(const std::vector<ClientKeyConfig>& keys, const Environment& environment) {
    for (const ClientKeyConfig& config : keys) {
        Key key;
        key.client.name = config.name;
        key.client.allowed_models = config.allowed_models;
        if (!config.sha256.empty()) {
            key.hash = parse_hash(config.sha256, config.name);
        } else {
            const Secret secret = read_secret(config.secret, environment);
            if (!secret.problem.empty())
                throw std::invalid_argument("key " + config.name + ": " + secret.problem);
            if (secret.value.empty())
                throw std::invalid_argument("key " + config.name + ": its secret is empty");
            key.hash = sha256(secret.value);
        }
        keys_.push_back(std::move(key));
    }
}

// Hashes are compared, not keys, and always all of them: the time says nothing about which one it is, or how
// much of it is right.
const ClientKeys::Client* ClientKeys::find(const wire::HeaderList& headers, std::string_view query) const {
    const std::string key = find_key(headers, query);
    const Hash hash = sha256(key);
    const Client* found = nullptr;
    for (const Key& known : keys_) {
        const bool same = CRYPTO_memcmp(known.hash.data(), hash.data(), hash.size()) == 0;
        if (same) found = &known.client;
    }
    return key.empty() ? nullptr : found;
}

bool matches(const std::vector<std::string>& patterns, std::string_view model) noexcept {
    if (patterns.empty()) return true;
    return std::any_of(patterns.begin(), patterns.end(),
                       [model](const std::string& pattern) { return matches(pattern, model); });
}

}  // namespace sluice::gateway

// The gateway's own side: where it listens, who may use it, what its policies look for.
#include "gateway/edit_distance.hpp"
#include "gateway/lint_config.hpp"
#include "gateway/policies.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <set>
#include <stdexcept>

namespace sluice::gateway {
namespace {

bool is_address(const std::string& text) {
    std::array<unsigned char, sizeof(in6_addr)> bytes{};
    return inet_pton(AF_INET, text.c_str(), bytes.data()) == 1 ||
           inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1;
}

bool is_loopback(const std::string& address) {
    return address == "localhost" || address == "::1" || address.starts_with("127.");
}

void check_server(const LintContext& context) {
    const ServerConfig& server = context.config.server;
    if (server.bind != "localhost" && !is_address(server.bind)) {
        context.error("E032", "server.bind", quoted(server.bind) + " is not an IP address",
                      "127.0.0.1 is this machine alone, 0.0.0.0 (or ::) all its addresses");
        return;
    }
    if (!is_loopback(server.bind) && context.config.keys.empty())
        context.error("E026", "server.bind",
                      "anybody who reaches " + server.bind + " could use your keys: there are no client keys",
                      "add keys: (`sluice gateway key` makes one), or bind to 127.0.0.1");
}

void check_keys(const LintContext& context) {
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < context.config.keys.size(); ++i) {
        const ClientKeyConfig& key = context.config.keys[i];
        const std::string path = item_path("keys", i);
        if (!names.insert(key.name).second)
            context.error("E021", key_path(path, "name"),
                          "there is a client key " + quoted(key.name) + " already",
                          "give each key a name of its own");
        const bool has_secret = key.secret.from != SecretRef::From::none;
        if (has_secret == !key.sha256.empty()) {
            context.error("E028", path,
                          has_secret ? "sha256 and secret_key_ref are both given"
                                     : "neither sha256 nor secret_key_ref is given",
                          "give one of them; `sluice gateway key` prints a new key and its sha256");
            continue;
        }
        const bool is_hash =
            key.sha256.size() == 64 && key.sha256.find_first_not_of("0123456789abcdef") == std::string::npos;
        if (!has_secret && !is_hash)
            context.error("E028", key_path(path, "sha256"),
                          "a SHA-256 has 64 hexadecimal digits in lower case");
        if (!has_secret) continue;
        const std::string at = key_path(path, "secret_key_ref");
        if (looks_like_secret(key.secret.name)) {
            context.error("E008", at, "this has the look of a key, not of the place of one",
                          "give the name of an environment variable or the path of a file");
            continue;
        }
        if (const Secret secret = read_secret(key.secret, context.environment); !secret.problem.empty())
            context.warn("W020", at, secret.problem + ": the gateway cannot start with this client key");
    }
}

void check_policy(const LintContext& context, const PolicyConfig& policy, const std::string& path) {
    if (policy.type != "content_filter") {
        constexpr std::array<std::string_view, 1> kTypes{"content_filter"};
        context.error("E027", key_path(path, "type"), "there is no policy of the type " + quoted(policy.type),
                      did_you_mean(policy.type, kTypes, "types"));
        return;
    }
    const std::string config = key_path(path, "config");
    if (policy.categories.empty() && policy.words.empty()) {
        context.error("E027", path, "this policy looks for nothing",
                      "give config.categories or config.words");
        return;
    }
    const auto built_in = Policies::categories();
    std::vector<std::string_view> known;
    for (const auto& [category, description] : built_in)
        known.push_back(category);
    bool is_good = true;
    for (std::size_t i = 0; i < policy.categories.size(); ++i) {
        const std::string& category = policy.categories[i];
        if (policy.words.contains(category) || std::find(known.begin(), known.end(), category) != known.end())
            continue;
        is_good = false;
        context.error("E027", item_path(key_path(config, "categories"), i),
                      "there is no category " + quoted(category),
                      did_you_mean(category, known, "categories") + "; or give its words under words");
    }
    for (const auto& [category, words] : policy.words) {
        if (!words.empty()) continue;
        is_good = false;
        context.error("E027", key_path(key_path(config, "words"), category), "this list has no word");
    }
    if (!is_good) return;
    try {
        const Policies compiled({policy});
    } catch (const std::invalid_argument& error) {  // a word that cannot be one
        context.error("E027", config, error.what());
    }
}

}  // namespace

void lint_service(const LintContext& context) {
    check_server(context);
    check_keys(context);
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < context.config.policies.size(); ++i) {
        const PolicyConfig& policy = context.config.policies[i];
        const std::string path = item_path("policies", i);
        if (!names.insert(policy.name).second)
            context.error("E021", key_path(path, "name"),
                          "there is a policy " + quoted(policy.name) + " already",
                          "give each policy a name of its own");
        check_policy(context, policy, path);
    }
}

}  // namespace sluice::gateway

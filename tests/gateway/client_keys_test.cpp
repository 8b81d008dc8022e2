#include "gateway/client_keys.hpp"

#include <boost/test/unit_test.hpp>

#include <stdexcept>

namespace {

using namespace sluice;
using namespace sluice::gateway;

ClientKeyConfig hashed(std::string name, std::string_view key) {
    ClientKeyConfig config;
    config.name = std::move(name);
    config.sha256 = hash_of_key(key);
    return config;
}

ClientKeyConfig secret(std::string name, std::string variable) {
    ClientKeyConfig config;
    config.name = std::move(name);
    config.secret.from = SecretRef::From::env;
    config.secret.name = std::move(variable);
    return config;
}

std::optional<std::string> environment(const std::string& name) {
    if (name == "TEAM_KEY") return "team-key";
    if (name == "EMPTY_KEY") return "";
    return std::nullopt;
}

wire::HeaderList headers(const std::vector<std::pair<std::string, std::string>>& fields) {
    wire::HeaderList list;
    for (const auto& [name, value] : fields)
        list.add(name, value);
    return list;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(client_keys)

BOOST_AUTO_TEST_CASE(a_hash_is_sha_256_in_hexadecimal_digits) {
    BOOST_TEST(hash_of_key("abc") ==
               "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");  // FIPS 180-2
    BOOST_TEST(hash_of_key("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

BOOST_AUTO_TEST_CASE(a_key_is_found_wherever_a_dialects_clients_put_it) {
    ClientKeyConfig upper = hashed("upper", "upper-key");
    for (char& c : upper.sha256)
        if (c >= 'a') c = static_cast<char>(c - 'a' + 'A');
    const ClientKeys keys({hashed("app", "app-key"), secret("team", "TEAM_KEY"), upper}, environment);
    BOOST_TEST(!keys.is_open());
    struct Case {
        std::vector<std::pair<std::string, std::string>> fields;
        std::string query;
        std::string name;  // empty: nobody
    };
    const std::vector<Case> cases = {
        {{{"Authorization", "Bearer app-key"}}, "", "app"},
        {{{"authorization", "bEARER   app-key"}}, "", "app"},
        {{{"Authorization", "Bearer team-key"}}, "", "team"},
        {{{"Authorization", "Bearer upper-key"}}, "", "upper"},
        {{{"x-api-key", "app-key"}}, "", "app"},
        {{{"X-Goog-Api-Key", "app-key"}}, "", "app"},
        {{{"api-key", "app-key"}}, "", "app"},
        {{}, "key=app-key", "app"},
        {{}, "alt=sse&key=app%2Dkey&x=y", "app"},
        {{}, "", ""},
        {{}, "monkey=app-key", ""},
        {{}, "key=", ""},
        {{}, "key=app-key%", ""},
        {{{"Authorization", "Bearer "}}, "", ""},
        {{{"Authorization", "Basic app-key"}}, "", ""},
        {{{"Authorization", "app-key"}}, "", ""},
        {{{"Authorization", "Bearer app-ke"}}, "", ""},
        {{{"Authorization", "Bearer app-key2"}}, "", ""},
        {{{"Authorization", "Bearer " + hash_of_key("app-key")}}, "", ""},
        // The first place that has one counts, be it wrong.
        {{{"Authorization", "Bearer wrong"}, {"x-api-key", "app-key"}}, "key=app-key", ""},
        {{{"Authorization", "Bearer "}, {"x-api-key", "app-key"}}, "", "app"},
    };
    for (const Case& row : cases) {
        const ClientKeys::Client* client = keys.find(headers(row.fields), row.query);
        BOOST_TEST((client != nullptr ? client->name : "") == row.name);
    }
}

BOOST_AUTO_TEST_CASE(without_keys_nobody_is_asked_for_one_and_nobody_has_one) {
    const ClientKeys keys({}, environment);
    BOOST_TEST(keys.is_open());
    BOOST_TEST(keys.find(headers({{"Authorization", "Bearer x"}}), "") == nullptr);
}

BOOST_AUTO_TEST_CASE(keys_that_cannot_be_used_are_named) {
    const auto problem = [](const ClientKeyConfig& config) -> std::string {
        try {
            const ClientKeys keys({config}, environment);
        } catch (const std::invalid_argument& error) {
            return error.what();
        }
        return "none";
    };
    ClientKeyConfig bad = hashed("app", "app-key");
    bad.sha256.pop_back();
    BOOST_TEST(problem(bad).find("key app: sha256 is not 64 hexadecimal digits") == 0U);
    bad.sha256 += "g";
    BOOST_TEST(problem(bad).find("key app: ") == 0U);
    BOOST_TEST(problem(secret("team", "EMPTY_KEY")).find("key team: ") == 0U);
    const std::string missing = problem(secret("team", "NO_SUCH_KEY"));
    BOOST_TEST(missing.find("key team: ") == 0U);
    BOOST_TEST(missing.find("NO_SUCH_KEY") != std::string::npos);
    // Neither hash nor secret: an empty key would let everybody in.
    ClientKeyConfig nothing;
    nothing.name = "nobody";
    BOOST_TEST(problem(nothing).find("key nobody: ") == 0U);
}

BOOST_AUTO_TEST_CASE(patterns_of_models) {
    BOOST_TEST(matches({}, "gpt-5"));
    BOOST_TEST(matches({"gpt-5"}, "gpt-5"));
    BOOST_TEST(!matches({"gpt-5"}, "gpt-5-mini"));
    BOOST_TEST(matches({"claude-*", "gpt-*"}, "gpt-5-mini"));
    BOOST_TEST(!matches({"gpt-*"}, "gpt"));
    BOOST_TEST(matches({"*"}, ""));
    BOOST_TEST(!matches({"g*t"}, "gpt"));
}

BOOST_AUTO_TEST_SUITE_END()

#include "adapters/origin.hpp"

#include "wire/base64.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

namespace {

using namespace sluice;
using namespace sluice::adapters;

BOOST_AUTO_TEST_SUITE(origins)

BOOST_AUTO_TEST_CASE(names) {
    BOOST_TEST(make_origin("anthropic", "acme") == "anthropic@acme");
    BOOST_TEST(dialect_of("anthropic@acme") == "anthropic");
    BOOST_TEST(dialect_of("anthropic") == "anthropic");
    BOOST_TEST(dialect_of("") == "");
}

BOOST_AUTO_TEST_CASE(who_may_have_it_back) {
    struct Case {
        const char *made_by, *target;
        bool may;
    };
    const Case cases[] = {
        {"anthropic@anthropic", "anthropic@anthropic", true},
        {"anthropic@anthropic", "anthropic@bedrock", false},
        {"anthropic@anthropic", "gemini@anthropic", false},
        {"anthropic@*", "anthropic@anthropic", true},  // a client's bare signature
        {"anthropic@*", "gemini@google", false},
        {"", "anthropic@anthropic", false},
        {"anthropic@anthropic", "", false},
        {"", "", false},
    };
    for (const Case& c : cases)
        BOOST_TEST_CONTEXT(c.made_by << " for " << c.target)
    BOOST_TEST(may_return(Signature("sig", c.made_by), c.target) == c.may);
    BOOST_TEST(!may_return(Signature("", "anthropic@anthropic"), "anthropic@anthropic"));
}

BOOST_AUTO_TEST_CASE(through_a_client) {
    const std::string any("\x00\xff:sluice:1:", 12);
    const std::string values[] = {"sig", "a:b@c", any, std::string(5000, 'x')};
    for (const std::string& value : values) {
        for (const char* origin : {"anthropic@anthropic", "openai_chat@openrouter", "gemini@google"}) {
            const std::string told = signature_for_client(value, origin, "openai_chat");
            const Signature back = signature_from_client(told, "openai_chat");
            BOOST_TEST(back.value == value);
            const bool bare = dialect_of(origin) == "openai_chat";
            BOOST_TEST((told == value) == bare);
            BOOST_TEST(back.origin == (bare ? "openai_chat@*" : origin));
        }
    }
    BOOST_TEST(signature_for_client("", "anthropic@anthropic", "gemini") == "");
}

BOOST_AUTO_TEST_CASE(what_only_looks_wrapped) {
    // Broken by the client, or made by someone else: what it is stays what it was.
    const std::string wrapped = signature_for_client("sig", "anthropic@anthropic", "gemini");
    for (const std::string& text :
         {wrapped.substr(0, wrapped.size() - 1), wrapped + "!", wire::to_base64("sluice:1:no origin"),
          wire::to_base64("sluice:1:"), wire::to_base64("sluice:2:a@b:sig")}) {
        const Signature back = signature_from_client(text, "gemini");
        BOOST_TEST(back.value == text);
        BOOST_TEST(back.origin == "gemini@*");
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace

// What is known of models by their ids (rows A34, B20, C24, D10).
#include <sluice/model_registry.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>

using namespace sluice;

BOOST_AUTO_TEST_SUITE(model_registry)

BOOST_AUTO_TEST_CASE(every_id_that_the_references_name_is_known_with_its_service) {
    const ModelRegistry registry = ModelRegistry::built_in();
    const std::pair<const char*, const char*> named[]{
        {"gpt-4", "openai"},
        {"gpt-4o", "openai"},
        {"gpt-4o-mini", "openai"},
        {"gpt-5", "openai"},
        {"claude-3-sonnet-20240229", "anthropic"},
        {"claude-sonnet-4-20250514", "anthropic"},
        {"claude-opus-4-6", "anthropic"},
        {"claude-opus-4-8", "anthropic"},
        {"gemini-2.5-flash", "gemini"},
        {"gemini-3-flash-preview", "gemini"},
        {"llama3.1:8b", "local"},
    };
    for (const auto& [id, service] : named) {
        BOOST_TEST_CONTEXT(id) {
            const ModelSpec* known = registry.find(id);
            BOOST_REQUIRE(known != nullptr);
            BOOST_TEST(known->provider_id == service);
            BOOST_TEST(known->id == id);
        }
    }
    BOOST_TEST(registry.models().size() == std::size(named));
    BOOST_TEST((registry.find("gpt-4o")->price.input == Price::per_million("2.5")));
    BOOST_TEST((registry.find("gpt-4o")->context_window == Tokens{128'000}));
    BOOST_TEST(!registry.find("claude-opus-4-8")->price.input.has_value());  // unknown, not zero
    BOOST_TEST(!registry.find("llama3.1:8b")->context_window.has_value());   // its server's owner sets it
}

BOOST_AUTO_TEST_CASE(an_unknown_id_is_not_there_and_an_added_one_replaces) {
    ModelRegistry registry = ModelRegistry::built_in();
    BOOST_TEST((registry.find("gpt-4o-2024-08-06") == nullptr));
    BOOST_TEST((registry.find("") == nullptr));
    BOOST_TEST((registry.find("zzz") == nullptr));

    const std::size_t before = registry.models().size();
    ModelSpec mine("local", "gpt-4o");
    mine.context_window = 10;
    registry.add(mine).add(ModelSpec("local", "aaa")).add(ModelSpec("local", "zzz"));
    BOOST_TEST(registry.models().size() == before + 2);
    BOOST_TEST((registry.find("gpt-4o")->context_window == Tokens{10}));
    BOOST_TEST((registry.find("aaa") != nullptr));
    BOOST_TEST((registry.find("zzz") != nullptr));
    BOOST_TEST(std::is_sorted(registry.models().begin(), registry.models().end(),
                              [](const ModelSpec& a, const ModelSpec& b) { return a.id < b.id; }));
    BOOST_CHECK_THROW(registry.add(ModelSpec("local", "")), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(names_tell_the_service) {
    const std::pair<const char*, const char*> rows[]{
        {"claude-next", "anthropic"},
        {"gemini-9-pro", "gemini"},
        {"gpt-6", "openai"},
        {"chatgpt-4o-latest", "openai"},
        {"o3", "openai"},
        {"o4-mini", "openai"},
        {"opus", ""},
        {"o", ""},
        {"gpt4", ""},
        {"llama3.1:8b", ""},
        {"", ""},
        {"meta-llama/Llama-3.1-8B", ""},
    };
    for (const auto& [id, service] : rows)
        BOOST_TEST(ModelRegistry::service_by_name(id) == service, id);
}

BOOST_AUTO_TEST_SUITE_END()

#include "adapters/services.hpp"

#include "adapters/dialect.hpp"

#include <boost/test/unit_test.hpp>

#include <set>
#include <string>

namespace {

using namespace sluice::adapters;

BOOST_AUTO_TEST_SUITE(known_services)

BOOST_AUTO_TEST_CASE(the_table_is_sound) {
    std::set<std::string_view> names;
    for (const Service& service : services())
        BOOST_TEST_CONTEXT(service.name) {
            BOOST_TEST(names.insert(service.name).second);
            BOOST_TEST(find_service(service.name) == &service);
            BOOST_TEST(find_dialect(service.dialect) != nullptr);
            BOOST_TEST((service.base_url.empty() || service.base_url.starts_with("http")));
            BOOST_TEST(!service.base_url.ends_with("/"));
            BOOST_TEST((service.auth == Auth::none) ==
                       (service.base_url.starts_with("http://") || service.name == "local"));
        }
    // What a user may name without a base URL of their own, or with one.
    for (const char* name :
         {"openai",     "azure",    "anthropic", "gemini",     "vertex",   "deepseek", "qwen",
          "xai",        "groq",     "mistral",   "openrouter", "ollama",   "vllm",     "llamacpp",
          "perplexity", "cerebras", "zai",       "databricks", "gpustack", "local",    "gemini-openai"})
        BOOST_TEST(find_service(name) != nullptr, name);
    BOOST_TEST(find_service("acme") == nullptr);
    BOOST_TEST(find_service("") == nullptr);
}

BOOST_AUTO_TEST_CASE(aliases) {
    BOOST_TEST(find_service("claude") == find_service("anthropic"));
    BOOST_TEST(find_service("google") == find_service("gemini"));
    BOOST_TEST(find_service("dashscope") == find_service("qwen"));
}

BOOST_AUTO_TEST_CASE(quirks) {
    BOOST_TEST(quirks_of("openai").has(Quirk::max_completion_tokens));
    BOOST_TEST(!quirks_of("openai").has(Quirk::takes_top_k));
    BOOST_TEST(quirks_of("mistral").has(Quirk::nine_letter_tool_ids));
    BOOST_TEST(quirks_of("mistral").has(Quirk::no_stream_options));
    BOOST_TEST((quirks_of("xai") == QuirkSet()));
    BOOST_TEST((quirks_of("acme") == QuirkSet()));
    const QuirkSet two{Quirk::tool_choice_any, Quirk::deployment_in_path};
    BOOST_TEST(two.has(Quirk::deployment_in_path));
    BOOST_TEST(!two.has(Quirk::random_seed));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace

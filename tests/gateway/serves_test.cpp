#include "gateway/serves.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

namespace sluice::gateway {
namespace {

TargetConfig target_of(std::string provider) {
    TargetConfig target;
    target.id = provider + "-1";
    target.provider = std::move(provider);
    return target;
}

ModelConfig model_of(std::string id, std::string upstream = "") {
    ModelConfig model;
    model.id = std::move(id);
    model.upstream = std::move(upstream);
    return model;
}

std::string asked(const TargetConfig& target, const FailoverConfig& failover, std::string_view requested) {
    return upstream_model(target, failover, requested).value_or("(none)");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(serves_suite)

BOOST_AUTO_TEST_CASE(without_a_list_a_target_serves_what_is_not_plainly_of_another_house) {
    struct Row {
        const char* provider;
        const char* dialect;
        const char* model;
        bool served;
    };
    const std::vector<Row> rows{
        {"openai", "", "gpt-4o-mini", true},
        {"openai", "", "chatgpt-4o-latest", true},
        {"openai", "", "o3-mini", true},
        {"openai", "", "text-embedding-3-small", true},
        {"openai", "", "ft:gpt-4o:me::1", true},
        {"openai", "", "claude-opus-4-8", false},
        {"openai", "", "gemini-3-flash-preview", false},
        {"azure", "", "gpt-5", true},
        {"azure", "", "my-deployment", true},
        {"azure", "", "claude-opus-4-8", false},
        {"azure", "anthropic", "claude-opus-4-8", true},
        {"azure", "anthropic", "gpt-5", false},
        {"anthropic", "", "claude-sonnet-4-20250514", true},
        {"claude", "", "claude-sonnet-4-20250514", true},
        {"anthropic", "", "gpt-4o", false},
        {"anthropic", "", "o1", false},
        {"anthropic", "", "opus", true},
        {"anthropic", "", "o", true},
        {"gemini", "", "gemini-3-flash-preview", true},
        {"google", "", "gemini-3-flash-preview", true},
        {"gemini-openai", "", "gemini-3-flash-preview", true},
        {"gemini", "", "gpt-4o", false},
        {"vertex", "", "claude-opus-4-8", false},
        {"vertex", "anthropic", "claude-opus-4-8", true},
        {"gemini", "", "gpt-oss-120b", true},
        {"groq", "", "gpt-oss-120b", true},
        {"openrouter", "", "gpt-4o", true},
        {"openrouter", "", "claude-opus-4-8", true},
        {"local", "", "gemini-3-flash-preview", true},
        {"my-gpu", "", "gpt-4o", true},
    };
    for (const Row& row : rows) {
        TargetConfig target = target_of(row.provider);
        target.dialect = row.dialect;
        BOOST_TEST(serves(target, row.model) == row.served, row.provider << " and " << row.model);
    }
}

BOOST_AUTO_TEST_CASE(a_list_of_models_is_the_whole_truth) {
    TargetConfig target = target_of("openai");
    target.models = {model_of("gpt-4o"), model_of("claude-opus-4-8", "my-proxy/opus")};
    BOOST_TEST(serves(target, "gpt-4o"));
    BOOST_TEST(serves(target, "claude-opus-4-8"));
    BOOST_TEST(!serves(target, "gpt-4o-mini"));
    BOOST_TEST(!serves(target, "my-proxy/opus"));
}

BOOST_AUTO_TEST_CASE(the_name_upstream_comes_from_the_first_that_has_one) {
    FailoverConfig failover;
    failover.model_mapping = {
        {"gpt-4o", "claude-sonnet-4-20250514"}, {"gpt-4o-mini", "fast"}, {"gpt-5", "gemini-3-flash-preview"}};
    TargetConfig anthropic = target_of("anthropic");
    // The global mapping, since the target does not serve it.
    BOOST_TEST(asked(anthropic, failover, "gpt-4o") == "claude-sonnet-4-20250514");
    // Its own id is not mapped, whatever the mapping says.
    BOOST_TEST(asked(target_of("openai"), failover, "gpt-4o") == "gpt-4o");
    // A mapping to the model of a third house does not help.
    BOOST_TEST(asked(anthropic, failover, "gpt-5") == "(none)");
    BOOST_TEST(asked(target_of("gemini"), failover, "gpt-5") == "gemini-3-flash-preview");
    // Nothing mapped: passed over.
    BOOST_TEST(asked(anthropic, failover, "o3") == "(none)");
    // The target's own mapping comes before everything.
    anthropic.model_mapping = {{"gpt-4o", "claude-haiku-4-5"}, {"claude-opus-4-8", "claude-opus-4-9"}};
    BOOST_TEST(asked(anthropic, failover, "gpt-4o") == "claude-haiku-4-5");
    BOOST_TEST(asked(anthropic, failover, "claude-opus-4-8") == "claude-opus-4-9");
    // Upstream names of the list hold for what was mapped, too.
    anthropic.models = {model_of("fast", "claude-haiku-4-5-20251001"), model_of("claude-haiku-4-5", "h45")};
    BOOST_TEST(asked(anthropic, failover, "fast") == "claude-haiku-4-5-20251001");
    BOOST_TEST(asked(anthropic, failover, "gpt-4o-mini") == "claude-haiku-4-5-20251001");
    BOOST_TEST(asked(anthropic, failover, "gpt-4o") == "h45");
    BOOST_TEST(asked(anthropic, failover, "claude-sonnet-4-20250514") == "(none)");
    failover.pass_through_unmapped = true;
    BOOST_TEST(asked(anthropic, failover, "claude-sonnet-4-20250514") == "claude-sonnet-4-20250514");
    BOOST_TEST(asked(target_of("openai"), failover, "claude-opus-4-8") == "claude-opus-4-8");
}

BOOST_AUTO_TEST_CASE(what_is_known_about_a_model_is_found_by_either_name) {
    TargetConfig target = target_of("openai");
    target.models = {model_of("big", "gpt-5"), model_of("gpt-4o")};
    BOOST_REQUIRE(known_model(target, "gpt-5"));
    BOOST_TEST(known_model(target, "gpt-5")->id == "big");
    BOOST_TEST(known_model(target, "big")->id == "big");
    BOOST_TEST(known_model(target, "gpt-4o")->id == "gpt-4o");
    BOOST_TEST(!known_model(target, "o3"));
}

BOOST_AUTO_TEST_CASE(a_star_at_the_end_stands_for_anything) {
    BOOST_TEST(matches("gpt-4o", "gpt-4o"));
    BOOST_TEST(!matches("gpt-4o", "gpt-4o-mini"));
    BOOST_TEST(matches("gpt-*", "gpt-4o-mini"));
    BOOST_TEST(!matches("gpt-*", "claude-opus-4-8"));
    BOOST_TEST(matches("*", "anything"));
    BOOST_TEST(matches("*", ""));
    BOOST_TEST(!matches("a*b", "aXb"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::gateway

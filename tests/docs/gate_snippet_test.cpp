// The snippet of docs/gate.md that no example has.
#include <sluice/fallback.hpp>

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_CASE(a_hook_changes_the_request_for_one_provider_only) {
    sluice::FallbackOptions options;
    options.transform_context = [](const sluice::ModelSpec& target, sluice::Request request) {
        if (target.provider_id == "anthropic") request.max_tokens(8192);
        return request;
    };
    const auto max_tokens = [&](const char* provider) {
        return options.transform_context(sluice::ModelSpec(provider, "m"), "hi").options().max_tokens;
    };
    BOOST_TEST(max_tokens("anthropic").value_or(0) == 8192U);
    BOOST_TEST(!max_tokens("openai").has_value());
}

#include "adapters/rate_limits.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>

namespace {

using namespace sluice;
using namespace std::chrono_literals;

RateLimit make(std::string name, std::optional<std::uint64_t> limit, std::optional<std::uint64_t> remaining,
               std::optional<std::chrono::milliseconds> reset_in) {
    RateLimit made(std::move(name));
    made.limit = limit;
    made.remaining = remaining;
    made.reset_in = reset_in;
    return made;
}

struct Case {
    const char* provider;
    std::vector<std::pair<const char*, const char*>> fields;
    std::vector<RateLimit> want;
};

BOOST_AUTO_TEST_SUITE(rate_limits)

BOOST_AUTO_TEST_CASE(every_providers_fields) {
    const std::vector<Case> cases = {
        {"OpenAI",
         {{"x-ratelimit-limit-requests", "5000"},
          {"x-ratelimit-limit-tokens", "800000"},
          {"x-ratelimit-remaining-requests", "4999"},
          {"x-ratelimit-remaining-tokens", "799000"},
          {"x-ratelimit-reset-requests", "12ms"},
          {"x-ratelimit-reset-tokens", "6m0s"}},
         {make("requests", 5000, 4999, 12ms), make("tokens", 800000, 799000, 6min)}},
        {"Azure: seconds without a unit, and a field that is none of the three",
         {{"x-ratelimit-remaining-tokens", "0"},
          {"x-ratelimit-reset-tokens", "26"},
          {"x-ratelimit-renewalperiod-tokens", "60"}},
         {make("tokens", std::nullopt, 0, 26s)}},
        {"Anthropic: the field comes last, times are absolute, 1970 is the past",
         {{"date", "Fri, 20 Nov 2026 12:00:00 GMT"},
          {"anthropic-ratelimit-input-tokens-limit", "30000"},
          {"anthropic-ratelimit-input-tokens-remaining", "29000"},
          {"anthropic-ratelimit-input-tokens-reset", "2026-11-20T12:00:30Z"},
          {"anthropic-ratelimit-requests-reset", "1970-01-01T00:00:00Z"},
          {"anthropic-priority-output-tokens-remaining", "7"}},
         {make("input-tokens", 30000, 29000, 30s), make("requests", std::nullopt, std::nullopt, 0ms),
          make("priority-output-tokens", std::nullopt, 7, std::nullopt)}},
        {"Mistral",
         {{"x-ratelimit-limit-tokens-minute", "500000"},
          {"x-ratelimitbysize-remaining", "10"},
          {"ratelimitbysize-reset", "3"}},
         {make("tokens-minute", 500000, std::nullopt, std::nullopt), make("bysize", std::nullopt, 10, 3s)}},
        {"OpenRouter: no window's name, an epoch in milliseconds",
         {{"date", "Fri, 20 Nov 2026 12:00:00 GMT"},
          {"x-ratelimit-limit", "20"},
          {"x-ratelimit-remaining", "0"},
          {"x-ratelimit-reset", "1795176060000"}},
         {make("", 20, 0, 60s)}},
        {"xAI: no limit at all is the largest number",
         {{"x-ratelimit-limit-tokens", "18446744073709551615"}},
         {make("tokens", std::numeric_limits<std::uint64_t>::max(), std::nullopt, std::nullopt)}},
        {"nonsense",
         {{"x-ratelimit-limit-tokens", "many"},
          {"x-ratelimit-remaining-requests", "-1"},
          {"x-ratelimit-reset-requests", "soon"},
          {"x-ratelimit-limit-images", "12.5"},
          {"x-ratelimit-key", "grok"},
          {"retry-after", "1"}},
         {make("images", 12, std::nullopt, std::nullopt)}},
    };
    for (const Case& c : cases) {
        wire::HeaderList headers;
        for (const auto& [name, value] : c.fields)
            headers.add(name, value);
        BOOST_TEST_CONTEXT(c.provider) {
            BOOST_TEST((adapters::read_rate_limits(headers) == c.want));
        }
    }
}

BOOST_AUTO_TEST_CASE(only_so_many_windows_are_kept) {
    wire::HeaderList headers;
    for (int i = 0; i < 100; ++i)
        headers.add("x-ratelimit-limit-w" + std::to_string(i), "1");
    BOOST_TEST(adapters::read_rate_limits(headers).size() == adapters::kMaxRateLimits);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace

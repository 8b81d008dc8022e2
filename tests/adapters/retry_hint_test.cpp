#include "adapters/retry_hint.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

namespace {

using namespace sluice;
using namespace sluice::adapters;
using std::chrono::milliseconds;
using Hint = std::optional<milliseconds>;

constexpr long long kNone = -1;
long long count(Hint hint) {
    return hint ? hint->count() : kNone;
}

BOOST_AUTO_TEST_SUITE(retry_hint)

BOOST_AUTO_TEST_CASE(durations) {
    struct Case {
        const char* text;
        long long ms;
    };
    const Case cases[] = {
        {"6ms", 6},
        {"0s", 0},
        {"1.2s", 1200},
        {"6m0s", 360000},
        {"1h2m3s", 3723000},
        {"34.4s", 34400},
        {"644ms", 644},
        {"329.999999ms", 330},
        {"48.939935699s", 48940},
        {"2", 2000},
        {"0.25", 250},
        {" 7 ", 7000},
        {"26 seconds", 26000},
        {"1m 30s", 90000},
        {"500us", 1},
        {"-5", 0},
        {"18446744073709551615", 86400000},
        {"999999h", 86400000},
        {"2d", 86400000},
        {"1e9", kNone},
        {"", kNone},
        {"s", kNone},
        {"soon", kNone},
        {"nan", kNone},
        {"inf", kNone},
        {"1x", kNone},
        {"1m2", kNone},
    };
    for (const Case& c : cases)
        BOOST_TEST_CONTEXT(c.text) {
            BOOST_TEST(count(parse_duration(c.text)) == c.ms);
        }
}

BOOST_AUTO_TEST_CASE(text) {
    struct Case {
        const char* text;
        long long ms;
    };
    const Case cases[] = {
        {"Rate limit reached ... Please try again in 1.574s. Visit", 1574},
        {"Please try again in 1m2.5s", 62500},
        {"try again in 644ms.", 644},
        {"Please try again in 6h3m.", 21780000},
        {"check your plan. Please retry in 48.939935699s.", 48940},
        {"Please retry after 26 seconds.", 26000},
        {"TRY AGAIN IN 2 MINUTES", 120000},
        {"Please wait 10 seconds", 10000},
        {"please try again later", kNone},
        {"try again in a moment", kNone},
        {"try again in 2 regions", kNone},
        {"", kNone},
    };
    for (const Case& c : cases)
        BOOST_TEST_CONTEXT(c.text) {
            BOOST_TEST(count(retry_hint_from_text(c.text)) == c.ms);
        }
}

BOOST_AUTO_TEST_CASE(http_dates) {
    // The three forms of RFC 9110 name the same second.
    for (const char* text :
         {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"}) {
        auto date = parse_http_date(text);
        BOOST_REQUIRE_MESSAGE(date, text);
        BOOST_TEST(date->time_since_epoch() / std::chrono::seconds(1) == 784111777);
    }
    for (const char* text :
         {"", "Sun, 06 Nov 1994", "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Foo 1994 08:49:37 GMT",
          "Sun, 06 Nov 1994 25:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 PST", "120"})
        BOOST_TEST(!parse_http_date(text).has_value());
}

BOOST_AUTO_TEST_CASE(rfc3339) {
    for (const char* text :
         {"1994-11-06T08:49:37Z", "1994-11-06t09:49:37+01:00", "1994-11-06 08:49:37.000Z"}) {
        auto date = parse_rfc3339(text);
        BOOST_REQUIRE_MESSAGE(date, text);
        BOOST_TEST(date->time_since_epoch() / std::chrono::seconds(1) == 784111777);
    }
    for (const char* text : {"", "1994-11-06", "1994-13-06T08:49:37Z", "1994-11-06T08:49:37", "6m0s"})
        BOOST_TEST(!parse_rfc3339(text).has_value());
}

BOOST_AUTO_TEST_CASE(headers) {
    using Fields = std::vector<std::pair<std::string, std::string>>;
    struct Case {
        int status;
        Fields fields;
        long long ms;
    };
    const std::string date = "Sun, 06 Nov 1994 08:49:37 GMT";
    const Case cases[] = {
        {429, {}, kNone},
        {429, {{"Retry-After", "3"}}, 3000},
        {429, {{"retry-after", "1.5"}}, 1500},
        {503, {{"retry-after-ms", "660"}}, 660},
        // Contradictions: the longest wins.
        {429, {{"retry-after", "1"}, {"retry-after-ms", "0"}}, 1000},
        {429, {{"retry-after", "1"}, {"retry-after-ms", "2500"}}, 2500},
        {429, {{"date", date}, {"retry-after", "Sun, 06 Nov 1994 08:50:37 GMT"}}, 60000},
        {429, {{"date", date}, {"retry-after", "Sun, 06 Nov 1994 08:40:37 GMT"}}, 0},
        {429, {{"retry-after", "Sun, 06 Nov 1994 08:50:37 GMT"}}, kNone},
        {429, {{"retry-after", "garbage"}}, kNone},
        {429, {{"retry-after", "-7"}}, 0},
        {429, {{"retry-after", "99999999"}}, 86400000},
        // Only windows that are used up count, and only for 429 and 503.
        {429, {{"x-ratelimit-remaining-tokens", "0"}, {"x-ratelimit-reset-tokens", "6m0s"}}, 360000},
        {429, {{"x-ratelimit-remaining-tokens", "5"}, {"x-ratelimit-reset-tokens", "6m0s"}}, kNone},
        {200, {{"x-ratelimit-remaining-tokens", "0"}, {"x-ratelimit-reset-tokens", "6m0s"}}, kNone},
        {429, {{"x-ratelimit-remaining-requests", "0"}, {"x-ratelimit-reset-requests", "2146"}}, 2146000},
        {429, {{"ratelimitbysize-remaining", "0"}, {"ratelimitbysize-reset", "27"}}, 27000},
        {429,
         {{"date", date},
          {"anthropic-ratelimit-tokens-remaining", "0"},
          {"anthropic-ratelimit-tokens-reset", "1994-11-06T08:49:57Z"}},
         20000},
        {429,
         {{"date", date},
          {"anthropic-ratelimit-tokens-remaining", "0"},
          {"anthropic-ratelimit-tokens-reset", "1970-01-01T00:00:00Z"}},
         kNone},
        {429,
         {{"date", "Thu, 01 Jan 2026 00:00:00 GMT"},
          {"x-ratelimit-remaining", "0"},
          {"x-ratelimit-reset", "1767225660000"}},
         60000},
        {429,
         {{"x-ratelimit-remaining-tokens", "18446744073709551615"}, {"x-ratelimit-reset-tokens", "1s"}},
         kNone},
        // What the answer says in so many words is better than a window's end.
        {429,
         {{"retry-after", "2"}, {"x-ratelimit-remaining-tokens", "0"}, {"x-ratelimit-reset-tokens", "6m0s"}},
         2000},
    };
    int number = 0;
    for (const Case& c : cases) {
        wire::HeaderList list;
        for (const auto& [name, value] : c.fields)
            list.add(name, value);
        BOOST_TEST_CONTEXT("case " << number++) {
            BOOST_TEST(count(retry_hint_from_headers(list, c.status)) == c.ms);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace

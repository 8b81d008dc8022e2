#include "adapters/error_answer.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

namespace {

using namespace sluice;
using namespace sluice::adapters;
using namespace std::chrono_literals;

std::string header(const EncodedError& answer, std::string_view name) {
    for (const auto& [key, value] : answer.headers)
        if (key == name) return value;
    return "none";
}

BOOST_AUTO_TEST_SUITE(error_answers)

BOOST_AUTO_TEST_CASE(statuses) {
    struct Case {
        ErrorKind kind;
        int told, status;
    };
    const Case cases[] = {
        {ErrorKind::rate_limited, 429, 429},         {ErrorKind::quota_exhausted, 402, 429},
        {ErrorKind::provider_unavailable, 500, 502}, {ErrorKind::provider_overloaded, 529, 503},
        {ErrorKind::provider_timeout, 0, 504},       {ErrorKind::stream_truncated, 200, 502},
        {ErrorKind::all_providers_failed, 0, 502},   {ErrorKind::context_length_exceeded, 413, 400},
        {ErrorKind::provider_auth_failed, 401, 502},  // our key's trouble, not the client's
        {ErrorKind::provider_bad_request, 400, 400}, {ErrorKind::provider_bad_request, 413, 413},
        {ErrorKind::provider_bad_request, 422, 422}, {ErrorKind::provider_bad_request, 0, 400},
        {ErrorKind::model_not_found, 400, 404},      {ErrorKind::content_filtered, 403, 400},
    };
    for (const Case& c : cases)
        BOOST_TEST_CONTEXT(class_name(c.kind) << " " << c.told) {
            ErrorInfo error(c.kind, Phase::headers, "x");
            error.status = c.told;
            BOOST_TEST(status_for_client(error) == c.status);
        }
}

BOOST_AUTO_TEST_CASE(messages) {
    ErrorInfo error(ErrorKind::rate_limited, Phase::headers, "wait");
    BOOST_TEST(message_for_client(error) == "wait");
    error.provider_message = "slow down";
    BOOST_TEST(message_for_client(error) == "wait: slow down");
    error.message.clear();
    BOOST_TEST(message_for_client(error) == "RateLimited: slow down");
}

BOOST_AUTO_TEST_CASE(headers) {
    ErrorInfo error(ErrorKind::rate_limited, Phase::headers, "wait");
    EncodedError answer = error_answer(error, 429, "{}");
    BOOST_TEST(answer.status == 429);
    BOOST_TEST(answer.body == "{}");
    BOOST_TEST(header(answer, "content-type") == "application/json");
    BOOST_TEST(header(answer, "retry-after") == "none");
    BOOST_TEST(header(answer, "x-should-retry") == "none");

    struct Case {
        std::chrono::milliseconds wait;
        const char* seconds;
    };
    const Case cases[] = {{0ms, "0"}, {1ms, "1"}, {1000ms, "1"}, {1001ms, "2"}, {-5ms, "0"}};
    for (const Case& c : cases) {
        error.retry_after = c.wait;
        BOOST_TEST(header(error_answer(error, 429, ""), "retry-after") == c.seconds);
    }

    // Official clients would ask again after these statuses.
    error.never_retry_here = true;
    BOOST_TEST(header(error_answer(error, 429, ""), "x-should-retry") == "false");
    for (ErrorKind kind : {ErrorKind::quota_exhausted, ErrorKind::provider_auth_failed}) {
        const ErrorInfo hopeless(kind, Phase::headers, "x");
        BOOST_TEST(header(error_answer(hopeless, status_for_client(hopeless), ""), "x-should-retry") ==
                   "false");
    }
    const ErrorInfo wrong(ErrorKind::provider_bad_request, Phase::headers, "x");
    BOOST_TEST(header(error_answer(wrong, 400, ""), "x-should-retry") == "none");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace

#include <sluice/attempt.hpp>
#include <sluice/error.hpp>
#include <sluice/result.hpp>

#include <boost/test/unit_test.hpp>

#include <array>
#include <string>
#include <vector>

using namespace sluice;

namespace {

constexpr std::array kAll{
    ErrorKind::provider_error,       ErrorKind::rate_limited,         ErrorKind::quota_exhausted,
    ErrorKind::provider_unavailable, ErrorKind::provider_overloaded,  ErrorKind::provider_timeout,
    ErrorKind::stream_truncated,     ErrorKind::all_providers_failed, ErrorKind::context_length_exceeded,
    ErrorKind::provider_auth_failed, ErrorKind::provider_bad_request, ErrorKind::model_not_found,
    ErrorKind::content_filtered};

ErrorInfo info(ErrorKind kind) {
    return ErrorInfo(kind, Phase::headers, "ours");
}

template <typename E>
bool catches(ErrorKind kind) {
    try {
        throw_error(info(kind));
    } catch (const E& error) {
        return error.kind() == kind;
    } catch (...) {
        return false;
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(errors)

BOOST_AUTO_TEST_CASE(the_kinds_and_the_classes_are_one_tree) {
    for (const ErrorKind kind : kAll) {
        if (kind == ErrorKind::all_providers_failed) continue;  // has attempts: below
        BOOST_TEST_CONTEXT(class_name(kind)) {
            BOOST_TEST(catches<ProviderError>(kind));
            BOOST_TEST(catches<RateLimited>(kind) == is_a(kind, ErrorKind::rate_limited));
            BOOST_TEST(catches<QuotaExhausted>(kind) == is_a(kind, ErrorKind::quota_exhausted));
            BOOST_TEST(catches<ProviderUnavailable>(kind) == is_a(kind, ErrorKind::provider_unavailable));
            BOOST_TEST(catches<ProviderOverloaded>(kind) == is_a(kind, ErrorKind::provider_overloaded));
            BOOST_TEST(catches<ProviderTimeout>(kind) == is_a(kind, ErrorKind::provider_timeout));
            BOOST_TEST(catches<StreamTruncated>(kind) == is_a(kind, ErrorKind::stream_truncated));
            BOOST_TEST(catches<ContextLengthExceeded>(kind) ==
                       is_a(kind, ErrorKind::context_length_exceeded));
            BOOST_TEST(catches<ProviderAuthFailed>(kind) == is_a(kind, ErrorKind::provider_auth_failed));
            BOOST_TEST(catches<ProviderBadRequest>(kind) == is_a(kind, ErrorKind::provider_bad_request));
            BOOST_TEST(catches<ModelNotFound>(kind) == is_a(kind, ErrorKind::model_not_found));
            BOOST_TEST(catches<ContentFiltered>(kind) == is_a(kind, ErrorKind::content_filtered));
            BOOST_TEST(is_a(kind, ErrorKind::provider_error));
            BOOST_TEST(is_a(kind, parent_of(kind)));
        }
    }
}

BOOST_AUTO_TEST_CASE(all_providers_failed_nests_the_last_error) {
    Attempt first;
    first.error = info(ErrorKind::rate_limited);
    Attempt last;
    last.error = info(ErrorKind::model_not_found);
    ErrorInfo error = info(ErrorKind::all_providers_failed);
    error.attempts = std::make_shared<const std::vector<Attempt>>(std::vector<Attempt>{first, last});
    try {
        throw_error(error);
    } catch (const ProviderUnavailable& caught) {
        const auto& all = dynamic_cast<const AllProvidersFailed&>(caught);
        BOOST_TEST(all.attempts().size() == 2U);
        BOOST_CHECK_THROW(std::rethrow_if_nested(all), ModelNotFound);
    }
}

struct AdviceCase {
    ErrorKind kind;
    bool retry_here;
    bool elsewhere;
};

BOOST_AUTO_TEST_CASE(the_kind_says_what_to_do) {
    for (const AdviceCase& test : {AdviceCase{ErrorKind::rate_limited, true, true},
                                   {ErrorKind::quota_exhausted, false, true},
                                   {ErrorKind::provider_overloaded, true, true},
                                   {ErrorKind::provider_timeout, true, true},
                                   {ErrorKind::stream_truncated, true, true},
                                   {ErrorKind::context_length_exceeded, false, true},
                                   {ErrorKind::provider_auth_failed, false, true},
                                   {ErrorKind::model_not_found, false, true},
                                   {ErrorKind::provider_bad_request, false, false},
                                   {ErrorKind::all_providers_failed, false, false}}) {
        BOOST_TEST_CONTEXT(class_name(test.kind)) {
            BOOST_TEST(can_retry_same_target(info(test.kind)) == test.retry_here);
            BOOST_TEST(can_try_elsewhere(info(test.kind)) == test.elsewhere);
        }
    }
    ErrorInfo too_big = info(ErrorKind::rate_limited);
    too_big.never_retry_here = true;
    BOOST_TEST(!can_retry_same_target(too_big));
}

BOOST_AUTO_TEST_CASE(what_is_our_words_only) {
    ErrorInfo error = info(ErrorKind::rate_limited);
    error.provider = "openai";
    error.model = "gpt-5";
    error.status = 429;
    error.code = "rate_limit_exceeded";
    error.provider_message = "prompt text";
    BOOST_TEST(describe(error) == "openai/gpt-5: RateLimited (429, rate_limit_exceeded) in headers: ours");
    BOOST_TEST(std::string(RateLimited(error).what()) == describe(error));
    BOOST_TEST(describe(info(ErrorKind::provider_timeout)) == "ProviderTimeout in headers: ours");
}

BOOST_AUTO_TEST_CASE(kinds_are_error_codes) {
    const std::error_code code = ErrorKind::rate_limited;
    BOOST_TEST(code.category().name() == std::string("sluice"));
    BOOST_TEST(code.message() == "RateLimited");
    BOOST_TEST((RateLimited(info(ErrorKind::rate_limited)).code() == code));
    BOOST_TEST(bool(make_error_code(ErrorKind::provider_error)));  // no kind is success
}

BOOST_AUTO_TEST_CASE(a_result_is_a_value_or_an_error) {
    Result<int> good(3);
    BOOST_TEST(good.has_value());
    BOOST_TEST(std::move(good).value_or_throw() == 3);
    Result<int> bad(info(ErrorKind::model_not_found));
    BOOST_TEST(!bad);
    BOOST_CHECK_THROW(std::move(bad).value_or_throw(), ModelNotFound);
    BOOST_TEST(Result<void>().has_value());
    BOOST_TEST(!Result<void>(info(ErrorKind::rate_limited)));
}

BOOST_AUTO_TEST_SUITE_END()

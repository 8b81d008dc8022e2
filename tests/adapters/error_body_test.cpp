// What errors mean, beyond the recordings: the tables of PROTOCOLS sections 3.6, 5.5, 6.6, 7 and 10.
#include "adapters/error_body.hpp"
#include "adapters/redact.hpp"
#include "support/decode.hpp"

#include <simdjson.h>
#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

namespace {

using namespace sluice;
using enum ErrorKind;

ErrorInfo classify(int status, std::string_view body,
                   const std::vector<std::pair<std::string, std::string>>& fields = {}) {
    adapters::ExchangeFacts facts = test::facts_for_tests();
    facts.status = status;
    facts.secrets = {"my-secret-key"};
    wire::HeaderList headers;
    for (const auto& [name, value] : fields)
        headers.add(name, value);
    return adapters::openai_chat::dialect().classify(facts, headers, body);
}

BOOST_AUTO_TEST_SUITE(error_body)

BOOST_AUTO_TEST_CASE(kinds) {
    struct Case {
        int status;
        ErrorKind kind;
        const char* body;
    };
    const Case cases[] = {
        // OpenAI
        {400, context_length_exceeded,
         R"({"error":{"message":"This model's maximum context length is 128000 tokens. However, your messages resulted in 130012 tokens.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}})"},
        {404, model_not_found,
         R"({"error":{"message":"The model `x` does not exist","type":"invalid_request_error","code":"model_not_found"}})"},
        {404, model_not_found,
         R"({"error":{"message":"Model not found x","type":"invalid_request_error","code":null}})"},
        {400, provider_bad_request,
         R"({"error":{"message":"Previous response not found","code":"previous_response_not_found"}})"},
        {400, content_filtered,
         R"({"error":{"message":"no","type":"invalid_request_error","code":"content_policy_violation"}})"},
        {401, provider_auth_failed,
         R"({"error":{"message":"Incorrect API key provided: sk-1","code":"invalid_api_key"}})"},
        {403, provider_auth_failed,
         R"({"error":{"message":"Country not supported","type":"request_forbidden","code":"unsupported_country_region_territory"}})"},
        {429, rate_limited,
         R"({"error":{"message":"Rate limit reached. Limit 10, Used 9, Requested 2. Please try again in 644ms.","type":"tokens","code":"rate_limit_exceeded"}})"},
        {429, rate_limited,
         R"({"error":{"message":"Request too large for m: Limit 10000, Requested 20000.","type":"tokens","code":"rate_limit_exceeded"}})"},
        {429, rate_limited, R"({"error":{"message":"slow","type":"rate_limit_error","code":"slow_down"}})"},
        {429, quota_exhausted,
         R"({"error":{"message":"You exceeded your current quota, please check your plan and billing details.","type":"insufficient_quota","code":"insufficient_quota"}})"},
        {429, quota_exhausted,
         R"({"error":{"message":"x","type":"insufficient_quota","code":"project_spend_limit_exceeded"}})"},
        {429, quota_exhausted,
         R"({"error":{"message":"Rate limit reached on requests per day (RPD): Limit 200, Used 200, Requested 1.","type":"requests","code":"rate_limit_exceeded"}})"},
        {500, provider_unavailable,
         R"({"error":{"message":"The server had an error","type":"server_error","code":null}})"},
        {503, provider_overloaded,
         R"({"error":{"message":"x","type":"service_unavailable_error","code":"server_is_overloaded"}})"},
        // Azure
        {400, content_filtered,
         R"({"error":{"message":"The response was filtered due to the prompt triggering the content management policy.","type":null,"param":"prompt","code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation"}}})"},
        {404, model_not_found,
         R"({"error":{"code":"DeploymentNotFound","message":"The API deployment for this resource does not exist."}})"},
        {401, provider_auth_failed,
         R"({"statusCode":401,"message":"Unauthorized. Access token is missing."})"},
        {408, provider_timeout, "Request timed out"},
        // Anthropic, as gateways relay it
        {400, context_length_exceeded,
         R"({"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 3333404 tokens > 200000 maximum"}})"},
        {400, quota_exhausted,
         R"({"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the Anthropic API."}})"},
        {400, context_length_exceeded,
         R"({"type":"error","error":{"type":"invalid_request_error","message":"input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000"}})"},
        {402, quota_exhausted, R"({"type":"error","error":{"type":"billing_error","message":"x"}})"},
        {404, model_not_found,
         R"({"type":"error","error":{"type":"not_found_error","message":"model: claude-xyz"}})"},
        {409, provider_unavailable, R"({"type":"error","error":{"type":"conflict_error","message":"x"}})"},
        {413, provider_bad_request,
         R"({"error":{"type":"request_too_large","message":"Request exceeds the maximum size"}})"},
        {429, quota_exhausted,
         R"({"type":"error","error":{"type":"rate_limit_error","message":"x","details":{"error_code":"contract_spend_limit_reached"}}})"},
        {504, provider_timeout, R"({"type":"error","error":{"type":"timeout_error","message":"x"}})"},
        {529, provider_overloaded,
         R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})"},
        // Google, also as an array and with a trailing comma
        {400, provider_auth_failed,
         R"({"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT","details":[{"@type":"x","reason":"API_KEY_INVALID"}]}})"},
        {400, context_length_exceeded,
         R"([{"error":{"code":400,"message":"The input token count (1250060) exceeds the maximum number of tokens allowed (1048575).","status":"INVALID_ARGUMENT"}}])"},
        {400, context_length_exceeded,
         "[{\n \"error\": {\n \"code\": 400,\n \"message\": \"The input token count exceeds the maximum "
         "number of tokens allowed (1048575).\",\n \"status\": \"INVALID_ARGUMENT\"\n }\n},\n]"},
        {429, rate_limited,
         R"({"error":{"code":429,"message":"You exceeded your current quota, please check your plan and billing details. Please retry in 48.9s.","status":"RESOURCE_EXHAUSTED","details":[{"@type":"q","violations":[{"quotaId":"GenerateRequestsPerMinutePerProjectPerModel"}]},{"@type":"r","retryDelay":"48s"}]}})"},
        {429, quota_exhausted,
         R"({"error":{"code":429,"message":"You exceeded your current quota.","status":"RESOURCE_EXHAUSTED","details":[{"@type":"q","violations":[{"quotaId":"GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]},{"retryDelay":"48s"}]}})"},
        {429, rate_limited,
         R"({"error":{"code":429,"message":"Resource has been exhausted (e.g. check quota).","status":"RESOURCE_EXHAUSTED"}})"},
        {504, provider_timeout, R"({"error":{"code":504,"message":"x","status":"DEADLINE_EXCEEDED"}})"},
        {404, model_not_found, ""},
        // Compatible servers
        {400, provider_auth_failed,
         R"({"code":"Client specified an invalid argument","error":"Incorrect API key provided: xa***zz."})"},
        {400, context_length_exceeded,
         R"({"code":"x","error":"This model's maximum prompt length is 131072 but the request contains 625077 tokens."})"},
        {503, provider_overloaded, R"({"code":"The service is currently unavailable","error":"busy"})"},
        {402, quota_exhausted,
         R"({"error":{"message":"Insufficient Balance","type":"unknown_error","code":"invalid_request_error"}})"},
        {400, model_not_found,
         R"({"error":{"message":"Model Not Exist","type":"invalid_request_error","code":"invalid_request_error"}})"},
        {422, provider_bad_request, "Failed to deserialize the JSON body into the target type"},
        {400, context_length_exceeded,
         R"({"object":"error","message":"Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length","type":"invalid_request_prompt","param":null,"code":"3051"})"},
        {400, model_not_found,
         R"({"object":"error","message":"Invalid model: nope","type":"invalid_model","param":null,"code":"1500"})"},
        {401, provider_auth_failed, R"({"message":"Unauthorized","request_id":"1"})"},
        {422, provider_bad_request,
         R"({"detail":[{"loc":["body","messages"],"msg":"field required","type":"value_error.missing"}]})"},
        {413, rate_limited,
         R"({"error":{"message":"Request too large for model `m` on tokens per minute (TPM): Limit 6000, Requested 9000","type":"tokens","code":"rate_limit_exceeded"}})"},
        {402, quota_exhausted,
         R"({"error":{"code":402,"message":"This request requires more credits, or fewer max_tokens."}})"},
        {403, content_filtered,
         R"({"error":{"code":403,"message":"Your chosen model requires moderation and your input was flagged","metadata":{"reasons":["violence"],"provider_name":"x"}}})"},
        {400, context_length_exceeded,
         R"({"error":{"code":400,"message":"Provider returned error","metadata":{"raw":"{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"prompt is too long: 210000 tokens > 200000 maximum\"}}","provider_name":"Anthropic"}}})"},
        {400, quota_exhausted,
         R"({"error":{"code":400,"message":"Provider returned error","metadata":{"raw":"{\"error\":{\"code\":\"insufficient_quota\",\"message\":\"x\"}}"}}})"},
        {502, provider_unavailable, R"({"error":{"code":502,"message":"Provider returned error"}})"},
        {404, model_not_found, "404 page not found"},
        {404, model_not_found,
         R"({"error":{"message":"model \"x\" not found, try pulling it first","type":"api_error","param":null,"code":null}})"},
        {400, context_length_exceeded,
         R"({"error":"prompt too long; exceeded max context length by 12 tokens"})"},
        {400, context_length_exceeded,
         R"({"object":"error","message":"This model's maximum context length is 4096 tokens. However, you requested 5000 tokens (4000 in the messages, 1000 in the completion).","type":"BadRequestError","param":null,"code":400})"},
        {503, provider_overloaded,
         R"({"error":{"code":503,"message":"Loading model","type":"unavailable_error"}})"},
        {400, context_length_exceeded,
         R"({"error":{"code":400,"message":"request (13392 tokens) exceeds the available context size (8192 tokens), try increasing it","type":"exceed_context_size_error","n_prompt_tokens":13392,"n_ctx":8192}})"},
        {501, provider_unavailable,
         R"({"error":{"code":501,"message":"not supported","type":"not_supported_error"}})"},
        {401, provider_auth_failed, R"({"code":401,"reason":"Unauthorized","message":"Unauthorized"})"},
        {400, provider_bad_request, R"({"error_code":"BAD_REQUEST","message":"x"})"},
        {429, provider_overloaded,
         R"({"error":{"code":"1305","message":"The service may be temporarily overloaded"}})"},
        {429, quota_exhausted, R"({"error":{"code":"1113","message":"x"}})"},
        // Proxies
        {502, provider_unavailable,
         "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"},
        {524, provider_timeout, "<!DOCTYPE html><title>A timeout occurred</title>"},
        {302, provider_unavailable, ""},
        {500, provider_unavailable, "[1,2"},
        {400, provider_bad_request, "{\"error\":{\"message\":\"cut in the mid"},
        {418, provider_bad_request, std::string_view("\xff\xfe\x00").data()},
    };
    for (const Case& c : cases)
        BOOST_TEST_CONTEXT(c.status << " " << c.body) {
            ErrorInfo error = classify(c.status, c.body);
            BOOST_TEST(class_name(error.kind) == class_name(c.kind));
            BOOST_TEST(error.status == c.status);
            BOOST_TEST(error.provider == "acme");
            BOOST_TEST(error.model == "m-1");
            BOOST_TEST((error.phase == Phase::headers));
            BOOST_TEST(!error.message.empty());
        }
}

BOOST_AUTO_TEST_CASE(token_counts) {
    struct Case {
        const char* text;
        std::optional<std::uint64_t> tokens, window;
    };
    const Case cases[] = {
        {"This model's maximum context length is 128000 tokens. However, your messages resulted in 130012 "
         "tokens.",
         130012, 128000},
        {"This endpoint's maximum context length is 200000 tokens. However, you requested about 2500021 "
         "tokens",
         2500021, 200000},
        {"prompt is too long: 3333404 tokens > 200000 maximum", 3333404, 200000},
        {"The input token count (1250060) exceeds the maximum number of tokens allowed (1048575).", 1250060,
         1048575},
        {"The input token count exceeds the maximum number of tokens allowed (1048575).", {}, 1048575},
        {"This model's maximum prompt length is 131072 but the request contains 625077 tokens.", 625077,
         131072},
        {"request (13392 tokens) exceeds the available context size (8192 tokens)", 13392, 8192},
        {"Prompt contains 40000 tokens, too large for model with 32768 maximum context length", 40000, 32768},
        {"input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000", 190000, 200000},
        {"prompt too long; exceeded max context length by 12 tokens", {}, {}},
    };
    for (const Case& c : cases)
        BOOST_TEST_CONTEXT(c.text) {
            ErrorInfo error = classify(400, std::string("{\"error\":{\"message\":\"") + c.text + "\"}}");
            BOOST_TEST((error.kind == context_length_exceeded));
            BOOST_TEST((error.tokens_in == c.tokens));
            BOOST_TEST((error.context_window == c.window));
        }
}

BOOST_AUTO_TEST_CASE(retries) {
    using std::chrono::milliseconds;
    const char* limited =
        R"({"error":{"message":"Limit 10, Used 9, Requested 2. Please try again in 644ms.","code":"rate_limit_exceeded"}})";
    BOOST_TEST((classify(429, limited).retry_after == milliseconds(644)));
    BOOST_TEST(!classify(429, limited).never_retry_here);
    BOOST_TEST((classify(429, limited, {{"retry-after", "3"}}).retry_after == milliseconds(3000)));
    // The window's end is a weaker hint than the text.
    BOOST_TEST((classify(429, limited,
                         {{"x-ratelimit-remaining-requests", "0"}, {"x-ratelimit-reset-requests", "59s"}})
                    .retry_after == milliseconds(644)));
    BOOST_TEST(
        (classify(429, "", {{"x-ratelimit-remaining-requests", "0"}, {"x-ratelimit-reset-requests", "59s"}})
             .retry_after == milliseconds(59000)));
    // Google's delay can be shorter than its text says.
    BOOST_TEST((
        classify(
            429,
            R"({"error":{"code":429,"message":"Please retry in 48.939935699s.","status":"RESOURCE_EXHAUSTED","details":[{"retryDelay":"48s"}]}})")
            .retry_after == milliseconds(48940)));
    BOOST_TEST(
        classify(429, R"({"error":{"message":"Request too large for m","code":"rate_limit_exceeded"}})")
            .never_retry_here);
    BOOST_TEST(
        classify(429, R"({"error":{"message":"Limit 100, Requested 200","code":"rate_limit_exceeded"}})")
            .never_retry_here);
    BOOST_TEST(classify(429, R"({"type":"error","error":{"type":"rate_limit_error","message":"x"}})",
                        {{"x-should-retry", "false"}})
                   .never_retry_here);
    BOOST_TEST(!classify(500, "", {{"x-should-retry", "true"}}).never_retry_here);
}

BOOST_AUTO_TEST_CASE(codes) {
    BOOST_TEST(classify(429, R"({"error":{"type":"insufficient_quota","code":"insufficient_quota"}})").code ==
               "insufficient_quota");
    BOOST_TEST(classify(500, R"({"error":{"type":"server_error","code":null}})").code == "server_error");
    BOOST_TEST(classify(400, R"({"error":{"code":400,"status":"INVALID_ARGUMENT","message":"x"}})").code ==
               "INVALID_ARGUMENT");
    BOOST_TEST(classify(502, R"({"error":{"code":502,"message":"x"}})").code == "502");
    BOOST_TEST(classify(500, "text").code.empty());
    // A code is shown in logs: what does not look like one is left out.
    BOOST_TEST(classify(500, R"({"error":{"code":"line\nbreak","message":"x"}})").code.empty());
    BOOST_TEST(classify(500, R"({"error":{"code":"my-secret-key","message":"x"}})").code == "***");
}

BOOST_AUTO_TEST_CASE(request_ids) {
    BOOST_TEST(classify(500, "", {{"x-request-id", "a"}}).request_id == "a");
    BOOST_TEST(classify(500, "", {{"x-request-id", "a"}, {"apim-request-id", "b"}}).request_id == "b");
    BOOST_TEST(classify(500, "", {{"request-id", "c"}, {"x-request-id", "a"}}).request_id == "c");
    BOOST_TEST(classify(500, "").request_id.empty());
}

BOOST_AUTO_TEST_CASE(no_key_in_an_excerpt) {
    for (const char* key :
         {"my-secret-key", "sk-proj-abcdefgh12345678", "AIzaSyA1234567890abcdef", "gsk_abcdefgh1234",
          "xai-abcdefgh1234", "Bearer abcdefgh.ijkl-mnop", "sk-ab********yz"}) {
        ErrorInfo error =
            classify(401, std::string("{\"error\":{\"message\":\"Incorrect API key provided: ") + key +
                              ". Sorry.\"}}");
        std::string_view secret(key);
        if (secret.starts_with("Bearer ")) secret.remove_prefix(7);
        BOOST_TEST(error.provider_message.find(secret) == std::string::npos);
        BOOST_TEST(error.provider_message.find("***") != std::string::npos);
        BOOST_TEST(error.provider_message.ends_with("Sorry."));
        BOOST_TEST(error.message.find(secret) == std::string::npos);
    }
    // Not even in part, at the place where the excerpt is cut.
    const std::string text = std::string(ErrorInfo::kMaxExcerpt - 6, 'x') + " my-secret-key";
    ErrorInfo error = classify(500, text);
    BOOST_TEST(error.provider_message.size() <= ErrorInfo::kMaxExcerpt);
    BOOST_TEST(error.provider_message.find("my-") == std::string::npos);
    // Words that only begin like a key stay.
    BOOST_TEST(adapters::mask_secrets("use sk-learn or xai-grok", {}) == "use sk-learn or xai-grok");
}

BOOST_AUTO_TEST_CASE(excerpts_are_bounded_and_valid) {
    ErrorInfo error = classify(500, std::string(100000, '\xff'));
    BOOST_TEST(error.provider_message.size() <= ErrorInfo::kMaxExcerpt);
    BOOST_TEST(simdjson::validate_utf8(error.provider_message));
    std::string deep;
    for (int i = 0; i < 5000; ++i)
        deep += "{\"error\":";
    BOOST_TEST((classify(500, deep).kind == provider_unavailable));
    BOOST_TEST(classify(502, "<html><title>502 Bad Gateway</title>").provider_message == "502 Bad Gateway");
    BOOST_TEST((classify(429, "event: error\ndata: {\"error\":{\"code\":\"insufficient_quota\"}}\n\n").kind ==
                quota_exhausted));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace

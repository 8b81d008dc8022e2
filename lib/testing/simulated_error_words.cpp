#include "testing/simulated_error_words.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace sluice::testing {

namespace {

using enum ErrorKind;

// The first row of a kind is the one that is taken; kinds without a row read as provider_unavailable. The row
// of provider_error is for errors that only have a message.
constexpr std::array kOpenAi{
    Wording{provider_bad_request, 400, "invalid_request_error", "unsupported_parameter", "temperature",
            "Unsupported parameter: 'temperature' is not supported with this model."},
    Wording{provider_auth_failed, 401, "invalid_request_error", "invalid_api_key", "",
            "Incorrect API key provided: {key}. You can find your API key at "
            "https://platform.openai.com/account/api-keys."},
    Wording{model_not_found, 404, "invalid_request_error", "model_not_found", "",
            "The model `{model}` does not exist or you do not have access to it."},
    Wording{rate_limited, 429, "requests", "rate_limit_exceeded", "",
            "Rate limit reached for requests in organization org-simulator on requests per min (RPM): Limit "
            "3, Used 3, Requested 1."},
    Wording{quota_exhausted, 429, "insufficient_quota", "insufficient_quota", "",
            "You exceeded your current quota, please check your plan and billing details."},
    Wording{context_length_exceeded, 400, "invalid_request_error", "context_length_exceeded", "messages",
            "This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 "
            "tokens. Please reduce the length of the messages."},
    Wording{content_filtered, 400, "invalid_request_error", "content_policy_violation", "",
            "Your request was rejected as a result of our safety system."},
    Wording{provider_overloaded, 503, "service_unavailable_error", "server_is_overloaded", "",
            "The engine is currently overloaded, please try again later."},
    Wording{provider_timeout, 504, "server_error", "timeout", "", "The request timed out."},
    Wording{provider_unavailable, 500, "server_error", "", "",
            "The server had an error while processing your request. Sorry about that!"},
    Wording{provider_error, 400, "invalid_request_error", "", "", "The simulator was asked for this error."},
};
// Where the Responses API has other words than Chat.
constexpr std::array kResponses{
    Wording{model_not_found, 400, "invalid_request_error", "model_not_found", "model",
            "The requested model '{model}' does not exist."},
    Wording{context_length_exceeded, 400, "invalid_request_error", "context_length_exceeded", "input",
            "Your input exceeds the context window of this model. Please adjust your input and try again."},
};
constexpr Wording kOpenAiForbidden{provider_auth_failed,
                                   403,
                                   "request_forbidden",
                                   "unsupported_country_region_territory",
                                   "",
                                   "Country, region, or territory not supported"};

constexpr std::array kAnthropic{
    Wording{provider_bad_request, 400, "invalid_request_error", "", "",
            "temperature: this model does not support it."},
    Wording{provider_auth_failed, 401, "authentication_error", "", "", "invalid x-api-key"},
    Wording{model_not_found, 404, "not_found_error", "", "", "model: {model}"},
    Wording{rate_limited, 429, "rate_limit_error", "", "",
            "This request would exceed your organization's rate limit of 3 requests per minute."},
    Wording{quota_exhausted, 400, "invalid_request_error", "", "",
            "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to "
            "upgrade or purchase credits."},
    Wording{context_length_exceeded, 400, "invalid_request_error", "", "",
            "prompt is too long: 9001 tokens > 8192 maximum"},
    Wording{content_filtered, 400, "invalid_request_error", "", "",
            "Output blocked by content filtering policy"},
    Wording{provider_overloaded, 529, "overloaded_error", "", "", "Overloaded"},
    Wording{provider_timeout, 504, "timeout_error", "", "", "Request timed out"},
    Wording{provider_unavailable, 500, "api_error", "", "", "Internal server error"},
    Wording{provider_error, 400, "invalid_request_error", "", "", "The simulator was asked for this error."},
};
constexpr Wording kAnthropicForbidden{provider_auth_failed,
                                      403,
                                      "permission_error",
                                      "",
                                      "",
                                      "Your API key does not have permission to use the specified resource."};

constexpr std::array kGemini{
    Wording{provider_bad_request, 400, "INVALID_ARGUMENT", "", "generation_config.temperature",
            "Invalid value at 'generation_config.temperature'."},
    Wording{provider_auth_failed, 400, "INVALID_ARGUMENT", "API_KEY_INVALID", "",
            "API key not valid. Please pass a valid API key."},
    Wording{model_not_found, 404, "NOT_FOUND", "", "",
            "models/{model} is not found for API version v1beta, or is not supported for generateContent. "
            "Call ListModels to see the list of available models and their supported methods."},
    Wording{rate_limited, 429, "RESOURCE_EXHAUSTED", "", "",
            "Resource has been exhausted (e.g. check quota)."},
    Wording{quota_exhausted, 402, "RESOURCE_EXHAUSTED", "", "", "Your prepayment credits are depleted."},
    Wording{context_length_exceeded, 400, "INVALID_ARGUMENT", "", "",
            "The input token count (9001) exceeds the maximum number of tokens allowed (8192)."},
    Wording{content_filtered, 400, "INVALID_ARGUMENT", "", "", "The prompt was blocked by a content policy."},
    Wording{provider_overloaded, 503, "UNAVAILABLE", "", "",
            "The model is overloaded. Please try again later."},
    Wording{provider_timeout, 504, "DEADLINE_EXCEEDED", "", "", "The request timed out. Please try again."},
    Wording{provider_unavailable, 500, "INTERNAL", "", "", "An internal error has occurred. Please retry."},
    Wording{provider_error, 400, "INVALID_ARGUMENT", "", "", "The simulator was asked for this error."},
};
constexpr Wording kGeminiForbidden{
    provider_auth_failed, 403, "PERMISSION_DENIED", "", "", "The caller does not have permission"};
constexpr Wording kVertexAuth{
    provider_auth_failed,
    401,
    "UNAUTHENTICATED",
    "ACCESS_TOKEN_TYPE_UNSUPPORTED",
    "",
    "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other "
    "valid authentication credential."};

const Wording* find_wording(std::span<const Wording> rows, ErrorKind kind) noexcept {
    const auto found =
        std::find_if(rows.begin(), rows.end(), [kind](const Wording& w) { return w.kind == kind; });
    return found == rows.end() ? nullptr : &*found;
}

}  // namespace

const Wording& wording_of(const SimulatedError& error, const Route& route) noexcept {
    const bool forbidden = error.kind == provider_auth_failed && error.status == 403;
    std::span<const Wording> rows = kOpenAi;
    if (route.protocol == Protocol::anthropic) {
        if (forbidden) return kAnthropicForbidden;
        rows = kAnthropic;
    } else if (route.protocol == Protocol::gemini) {
        if (forbidden) return kGeminiForbidden;
        if (route.is_vertex && error.kind == provider_auth_failed) return kVertexAuth;
        rows = kGemini;
    } else {
        if (forbidden) return kOpenAiForbidden;
        const Wording* const own =
            route.protocol == Protocol::responses ? find_wording(kResponses, error.kind) : nullptr;
        if (own != nullptr) return *own;
    }
    const Wording* const found = find_wording(rows, error.kind);
    return found != nullptr ? *found : *find_wording(rows, provider_unavailable);
}

}  // namespace sluice::testing

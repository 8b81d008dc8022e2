// From what an error says to what it means. The order of the tests is PROTOCOLS section 10.1: machine codes
// before text, text before the status (which is shared by very different causes), and among equals the more
// particular cause first.
#include "adapters/ascii.hpp"
#include "adapters/error_body.hpp"
#include "adapters/rate_limits.hpp"
#include "adapters/redact.hpp"
#include "adapters/retry_hint.hpp"

#include <algorithm>
#include <array>

namespace sluice::adapters {
namespace {

using enum ErrorKind;

struct CodeRule {
    std::string_view word;  // squeezed
    ErrorKind kind;
};

/// Codes that leave no doubt, most particular kind first: the first rule whose word the body has wins.
constexpr std::array kClearCodes = {
    // Money and other limits that waiting does not lift.
    CodeRule{"insufficientquota", quota_exhausted},
    CodeRule{"creditbalanceexhausted", quota_exhausted},
    CodeRule{"organizationspendlimitexceeded", quota_exhausted},
    CodeRule{"projectspendlimitexceeded", quota_exhausted},
    CodeRule{"organizationusagelimitexceeded", quota_exhausted},
    CodeRule{"enforcedspendlimitreached", quota_exhausted},
    CodeRule{"contractspendlimitreached", quota_exhausted},
    CodeRule{"linkedorganizationspendlimitreached", quota_exhausted},
    CodeRule{"linkedorganizationbillingunavailable", quota_exhausted},
    CodeRule{"billingerror", quota_exhausted},
    CodeRule{"billinghardlimitreached", quota_exhausted},
    CodeRule{"billingnotactive", quota_exhausted},
    CodeRule{"insufficientbalance", quota_exhausted},
    CodeRule{"insufficientcredits", quota_exhausted},
    CodeRule{"exceededcurrentquotaerror", quota_exhausted},
    CodeRule{"paymentrequired", quota_exhausted},
    CodeRule{"arrearage", quota_exhausted},
    CodeRule{"1113", quota_exhausted},  // Z.ai: account in arrears
    // The prompt does not fit.
    CodeRule{"contextlengthexceeded", context_length_exceeded},
    CodeRule{"contextwindowexceeded", context_length_exceeded},
    CodeRule{"modelcontextwindowexceeded", context_length_exceeded},
    CodeRule{"exceedcontextsizeerror", context_length_exceeded},
    CodeRule{"toomanyprompttokens", context_length_exceeded},
    CodeRule{"toomanytokens", context_length_exceeded},
    CodeRule{"tokenslimitreached", context_length_exceeded},
    CodeRule{"prompttoolong", context_length_exceeded},
    CodeRule{"3051", context_length_exceeded},  // Mistral
    CodeRule{"1261", context_length_exceeded},  // Z.ai
    // A policy refused.
    CodeRule{"contentfilter", content_filtered},
    CodeRule{"contentfiltered", content_filtered},
    CodeRule{"responsibleaipolicyviolation", content_filtered},
    CodeRule{"contentpolicyviolation", content_filtered},
    CodeRule{"imagecontentpolicyviolation", content_filtered},
    CodeRule{"invalidprompt", content_filtered},
    CodeRule{"biopolicy", content_filtered},
    CodeRule{"misalignmentpolicyviolation", content_filtered},
    CodeRule{"moderationblocked", content_filtered},
    CodeRule{"moderation", content_filtered},
    CodeRule{"datainspectionfailed", content_filtered},  // DashScope
    CodeRule{"1301", content_filtered},                  // Z.ai
    // Who is asking.
    CodeRule{"apikeyinvalid", provider_auth_failed},
    CodeRule{"invalidapikey", provider_auth_failed},
    CodeRule{"wrongapikey", provider_auth_failed},
    CodeRule{"expiredapikey", provider_auth_failed},
    CodeRule{"authenticationerror", provider_auth_failed},
    CodeRule{"invalidauthenticationerror", provider_auth_failed},
    CodeRule{"unauthenticated", provider_auth_failed},
    CodeRule{"unauthorized", provider_auth_failed},
    CodeRule{"permissionerror", provider_auth_failed},
    CodeRule{"permissiondenied", provider_auth_failed},
    CodeRule{"requestforbidden", provider_auth_failed},
    CodeRule{"unsupportedcountryregionterritory", provider_auth_failed},
    CodeRule{"accountdeactivated", provider_auth_failed},
    CodeRule{"servicedisabled", provider_auth_failed},
    CodeRule{"consumerinvalid", provider_auth_failed},
    CodeRule{"accesstokentypeunsupported", provider_auth_failed},
    // What is asked for.
    CodeRule{"modelnotfound", model_not_found},
    CodeRule{"invalidmodel", model_not_found},
    CodeRule{"unknownmodel", model_not_found},
    CodeRule{"modelnotsupported", model_not_found},
    CodeRule{"modelnotavailable", model_not_found},
    CodeRule{"modeldecommissioned", model_not_found},
    CodeRule{"deploymentnotfound", model_not_found},
    CodeRule{"1211", model_not_found},  // Z.ai
    // Too many at once.
    CodeRule{"overloadederror", provider_overloaded},
    CodeRule{"serverisoverloaded", provider_overloaded},
    CodeRule{"engineoverloaded", provider_overloaded},
    CodeRule{"engineoverloadederror", provider_overloaded},
    CodeRule{"modeloverloaded", provider_overloaded},
    CodeRule{"overloaded", provider_overloaded},
    CodeRule{"unavailableerror", provider_overloaded},
    CodeRule{"serviceunavailableerror", provider_overloaded},
    CodeRule{"insufficientsystemresource", provider_overloaded},
    CodeRule{"1305", provider_overloaded},  // Z.ai, with 429
    CodeRule{"ratelimitexceeded", rate_limited},
    CodeRule{"slowdown", rate_limited},
    CodeRule{"ramplimitexceeded", rate_limited},
    // A sluice further up, where the dialects have no word of their own.
    CodeRule{"providerauthfailed", provider_auth_failed},
    CodeRule{"providertimeout", provider_timeout},
    CodeRule{"streamtruncated", stream_truncated},
    // A missing earlier answer is the caller's mistake although the status may be 404.
    CodeRule{"previousresponsenotfound", provider_bad_request},
};

/// Codes that providers use for more than one cause: they only speak when text and status are silent.
constexpr std::array kVagueCodes = {
    CodeRule{"resourceexhausted", rate_limited},
    CodeRule{"ratelimiterror", rate_limited},
    CodeRule{"ratelimited", rate_limited},
    CodeRule{"ratelimit", rate_limited},
    CodeRule{"toomanyrequests", rate_limited},
    CodeRule{"throttlingexception", rate_limited},
    CodeRule{"throttling", rate_limited},
    CodeRule{"unavailable", provider_overloaded},
    CodeRule{"serviceunavailable", provider_overloaded},
    CodeRule{"timeouterror", provider_timeout},
    CodeRule{"deadlineexceeded", provider_timeout},
    CodeRule{"timeout", provider_timeout},
    CodeRule{"requesttimeout", provider_timeout},
    CodeRule{"gatewaytimeout", provider_timeout},
    CodeRule{"vectorstoretimeout", provider_timeout},
    CodeRule{"notfounderror", model_not_found},
    CodeRule{"notfound", model_not_found},
    CodeRule{"servererror", provider_unavailable},
    CodeRule{"apierror", provider_unavailable},
    CodeRule{"internal", provider_unavailable},
    CodeRule{"internalerror", provider_unavailable},
    CodeRule{"internalservererror", provider_unavailable},
    CodeRule{"invalidrequesterror", provider_bad_request},
    CodeRule{"invalidargument", provider_bad_request},
    CodeRule{"failedprecondition", provider_bad_request},
    CodeRule{"badrequesterror", provider_bad_request},
    CodeRule{"badrequest", provider_bad_request},
    CodeRule{"requesttoolarge", provider_bad_request},
    CodeRule{"unsupportedparameter", provider_bad_request},
    CodeRule{"unsupportedvalue", provider_bad_request},
    CodeRule{"invalidvalue", provider_bad_request},
    CodeRule{"invalidtype", provider_bad_request},
};

template <std::size_t N>
std::optional<ErrorKind> kind_by_code(const std::array<CodeRule, N>& rules, const ErrorBody& body) {
    for (const CodeRule& rule : rules)
        if (body.has(rule.word)) return rule.kind;
    return std::nullopt;
}

bool any_of(std::string_view text, std::initializer_list<std::string_view> parts) {
    return std::any_of(parts.begin(), parts.end(),
                       [text](std::string_view part) { return contains(text, part); });
}

/// What the classification works on: the text in lower case, and the status that counts.
struct Evidence {
    const ErrorBody& body;
    std::string text;
    int status;  // 0: none known

    bool status_is(std::initializer_list<int> list) const {
        return status == 0 || std::find(list.begin(), list.end(), status) != list.end();
    }
};

/// "... on tokens per day (TPD)", quota ids with PerDay, "free-models-per-day".
bool is_daily_limit(const Evidence& it) {
    auto daily = [](std::string_view word) { return contains(word, "perday"); };
    return daily(squeeze(it.text)) || std::any_of(it.body.words.begin(), it.body.words.end(), daily);
}

bool speaks_of_money(const Evidence& it) {
    if (any_of(it.text, {"credit balance is too low", "insufficient balance", "insufficient credit",
                         "credits are depleted", "out of credits", "requires more credits",
                         "more credits are required", "spend limit", "spending limit", "billing hard limit",
                         "insufficient quota", "insufficient_quota"}))
        return true;
    // Google uses OpenAI's sentence for a limit per minute; there it comes with a status word or a delay.
    return contains(it.text, "exceeded your current quota") && !it.body.has("resourceexhausted") &&
           !it.body.retry_delay && !retry_hint_from_text(it.text);
}

bool speaks_of_context(const Evidence& it) {
    return any_of(
        it.text,
        {"prompt is too long", "prompt too long", "maximum context length", "max context length",
         "exceeds the context window", "exceed context limit", "exceeds context window",
         "maximum number of tokens allowed", "maximum prompt length", "exceeds the available context size",
         "reduce the length of the messages", "reduce the length of your prompt", "too many total text bytes",
         "input tokens exceeded", "input is too long", "exceeds the model's context",
         "context length exceeded", "context window exceeded", "exceeds the maximum context"});
}

bool speaks_of_key(const Evidence& it) {
    return any_of(it.text,
                  {"api key not valid", "incorrect api key", "invalid api key", "invalid x-api-key",
                   "api key expired", "api key is invalid", "invalid api token", "invalid authentication",
                   "user location is not supported", "billing to be enabled", "enable billing"});
}

bool speaks_of_policy(const Evidence& it) {
    return any_of(it.text,
                  {"content management policy", "content filtering policy", "content policy", "usage policy",
                   "usage policies", "safety system", "flagged", "moderation", "guardrail"});
}

bool speaks_of_unknown_model(const Evidence& it) {
    if (any_of(it.text, {"model not exist", "model not found", "not a valid model", "invalid model",
                         "unknown model", "no such model"}))
        return true;
    std::size_t at = it.text.find("model");
    return at != std::string::npos && any_of(std::string_view(it.text).substr(at, 160),
                                             {"does not exist", "not found, ", "is not found for"});
}

std::optional<ErrorKind> kind_by_text(const Evidence& it) {
    if (it.status_is({400, 402, 403, 429}) && speaks_of_money(it)) return quota_exhausted;
    if (it.status_is({400, 413, 422, 500}) && speaks_of_context(it)) return context_length_exceeded;
    if (it.status_is({429}) && is_daily_limit(it) && (it.status == 429 || contains(it.text, "limit")))
        return quota_exhausted;
    if (it.status_is({429, 500, 502}) &&
        any_of(it.text, {"overloaded", "high demand", "over capacity", "at capacity", "loading model",
                         "model is loading"}))
        return provider_overloaded;
    if (it.status_is({400, 422}) && speaks_of_key(it)) return provider_auth_failed;
    if (it.status_is({400, 403}) && speaks_of_policy(it)) return content_filtered;
    if (it.status_is({400, 422}) && speaks_of_unknown_model(it)) return model_not_found;
    return std::nullopt;
}

std::optional<ErrorKind> kind_by_status(int status) {
    switch (status) {
        case 0:
            return std::nullopt;
        case 401:
        case 403:
            return provider_auth_failed;
        case 402:
            return quota_exhausted;
        case 404:
        case 410:
            return model_not_found;
        case 408:
        case 504:
        case 524:
            return provider_timeout;
        case 409:
        case 425:
        case 499:
            return provider_unavailable;  // conflicts and cancellations on their side: asking again may help
        case 429:
            return rate_limited;
        case 498:  // Groq: flex tier at capacity
        case 503:
        case 529:
            return provider_overloaded;
        default:
            return status >= 400 && status <= 499 ? provider_bad_request : provider_unavailable;
    }
}

/// A number such as "200000" or "200,000" at the front of `text`.
std::optional<std::uint64_t> leading_count(std::string_view text) {
    std::uint64_t value = 0;
    std::size_t digits = 0;
    for (std::size_t i = 0; i < text.size() && digits < 19; ++i) {
        if (text[i] == ',' && digits > 0 && i + 1 < text.size() && is_digit(text[i + 1])) continue;
        if (!is_digit(text[i])) break;
        value = value * 10 + static_cast<std::uint64_t>(text[i] - '0');
        ++digits;
    }
    return digits > 0 ? std::optional(value) : std::nullopt;
}

std::optional<std::uint64_t> count_after(std::string_view text,
                                         std::initializer_list<std::string_view> phrases) {
    for (std::string_view phrase : phrases) {
        for (std::size_t at = text.find(phrase); at != std::string_view::npos; at = text.find(phrase, at + 1))
            if (auto count = leading_count(text.substr(at + phrase.size()))) return count;
    }
    return std::nullopt;
}

/// The number just before `phrase`.
std::optional<std::uint64_t> count_before(std::string_view text, std::string_view phrase) {
    std::size_t at = text.find(phrase);
    if (at == std::string_view::npos) return std::nullopt;
    std::size_t begin = at;
    while (begin > 0 && (is_digit(text[begin - 1]) || text[begin - 1] == ','))
        --begin;
    return leading_count(text.substr(begin, at - begin));
}

void add_token_counts(ErrorInfo& error, const Evidence& it) {
    std::string_view text = it.text;
    error.tokens_in = it.body.tokens_in;
    error.context_window = it.body.context_window;
    if (!error.tokens_in)
        error.tokens_in = count_after(
            text, {"resulted in ", "you requested about ", "you requested ",
                   "prompt is too long: ", "input token count (", "request contains ", "prompt contains ",
                   "your request has ", "you passed ", "context limit: ", "request ("});
    if (!error.context_window)
        error.context_window = count_after(
            text, {"context length is ", "maximum prompt length is ", "tokens allowed (", "context size (",
                   "tokens > ", "context window of ", "max context length of "});
    if (!error.context_window) error.context_window = count_before(text, " maximum context length");
    // "exceed context limit: 190000 + 20000 > 200000"
    if (!error.context_window && contains(text, "context limit: "))
        error.context_window = count_after(text, {" > "});
}

/// One request that is larger than the whole limit can wait for ever.
bool exceeds_limit_itself(const Evidence& it) {
    if (contains(it.text, "request too large")) return true;
    auto limit = count_after(it.text, {"limit ", "limit: "});
    auto requested = count_after(it.text, {"requested ", "requested: "});
    return limit && requested && *requested > *limit;
}

std::string_view advice(const ErrorInfo& error, const ErrorBody& body) {
    switch (error.kind) {
        case rate_limited:
            return error.never_retry_here
                       ? "this request exceeds the account's rate limit by itself: shorten it or use another "
                         "provider"
                       : "the account's rate limit is reached: wait, or use another provider";
        case quota_exhausted:
            return "the account's credit or quota is used up: waiting a moment does not help; top up or use "
                   "another provider";
        case provider_overloaded:
            return "the provider is overloaded: try again later, or use another provider";
        case provider_timeout:
            return "the provider reports a timeout of its own: try again, or use another provider";
        case context_length_exceeded:
            return "the prompt does not fit the model's context window: shorten it or use a model with a "
                   "larger window";
        case provider_auth_failed:
            return "the provider refused the credentials or the permission: check the API key, its rights "
                   "and the region";
        case model_not_found:
            return "the provider does not know this model or path: check the model's name, the access to it "
                   "and the base URL";
        case content_filtered:
            return "a content policy of the provider refused the request";
        case provider_bad_request:
            return error.status == 413 ? "the request is larger than the provider accepts: send less"
                                       : "the provider refused the request as wrong: check its fields";
        default:
            break;
    }
    switch (body.shape) {
        case ErrorBody::Shape::html:
            return "the answer is an HTML page, as proxies send: check the base URL, or try again later";
        case ErrorBody::Shape::empty:
            return "the provider answered with an error and no explanation";
        default:
            return "the provider failed on its side: try again, or use another provider";
    }
}

/// A code is shown in logs, so it must look like one.
std::string presentable_code(const std::string& code, const ExchangeFacts& facts) {
    constexpr std::size_t kLongestCode = 64;
    auto is_code_char = [](char c) {
        return is_alnum(c) || c == '_' || c == '-' || c == '.' || c == ' ' || c == ':';
    };
    if (code.size() > kLongestCode || !std::all_of(code.begin(), code.end(), is_code_char)) return {};
    return mask_secrets(code, facts.secrets);
}

}  // namespace

void add_facts(ErrorInfo& error, const ExchangeFacts& facts) {
    if (error.provider.empty()) error.provider = facts.provider;
    if (error.model.empty()) error.model = facts.model;
    if (error.request_id.empty()) error.request_id = facts.request_id;
    if (error.status == 0) error.status = facts.status;
}

ErrorInfo classify_error(const ExchangeFacts& facts, const ErrorBody& body, const wire::HeaderList* headers,
                         Phase phase) {
    // Inside a 200 the status that counts is the one the error names, if it names one.
    const bool ok_status = facts.status == 0 || (facts.status >= 200 && facts.status <= 299);
    Evidence evidence{body, lower(body.message), ok_status ? body.status : facts.status};
    if (!body.more_text.empty()) evidence.text.append("\n").append(lower(body.more_text));

    std::optional<ErrorKind> kind = kind_by_code(kClearCodes, body);
    std::optional<ErrorKind> by_text = kind_by_text(evidence);
    // A rate-limit code does not tell whether it is the day's limit or an overload.
    if (!kind || *kind == rate_limited)
        kind = by_text && (!kind || is_a(*by_text, rate_limited)) ? by_text : kind;
    if (!kind) kind = kind_by_status(evidence.status);
    if (!kind) kind = kind_by_code(kVagueCodes, body);

    ErrorInfo error(kind.value_or(provider_unavailable), phase, {});
    add_facts(error, facts);
    error.code = presentable_code(body.code, facts);
    std::string_view told = body.message;
    std::string with_upstream;
    if (!body.more_text.empty()) {
        with_upstream = body.message + "\n" + body.more_text;
        told = with_upstream;
    }
    error.provider_message = masked_excerpt(trim(told), facts.secrets);

    if (error.kind == context_length_exceeded) add_token_counts(error, evidence);
    error.never_retry_here = error.kind == rate_limited && exceeds_limit_itself(evidence);

    std::optional<std::chrono::milliseconds> from_body = retry_hint_from_text(evidence.text);
    if (body.retry_delay) from_body = std::max(*body.retry_delay, from_body.value_or(*body.retry_delay));
    if (headers != nullptr) {
        if (headers->find("x-should-retry") == std::string_view("false")) error.never_retry_here = true;
        error.retry_after = retry_after_from_headers(*headers);
        error.rate_limits = read_rate_limits(*headers);
        if (error.request_id.empty()) error.request_id = request_id_of(*headers);
    }
    if (!error.retry_after) error.retry_after = from_body;
    if (!error.retry_after && headers != nullptr)
        error.retry_after = limit_reset_from_headers(*headers, error.status);
    error.message = advice(error, body);
    return error;
}

}  // namespace sluice::adapters

#include "testing/simulator_models.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <utility>

#include "testing/simulated_stream.hpp"

namespace sluice::testing {

using namespace std::chrono_literals;

namespace {

constexpr std::string_view kInvalid = "invalid_request_error";
constexpr std::size_t kHugeEvent = std::size_t{1} << 20;

/// As OpenAI shows a key that it rejects: enough to recognise it, not enough to use it.
std::string masked(std::string_view key) {
    const std::size_t head = key.size() > 16 ? 8 : key.size() / 4;
    const std::size_t tail = key.size() > 16 ? 4 : 0;
    std::string shown(key.substr(0, head));
    shown.append(key.size() - head - tail, '*');
    return shown.append(key.substr(key.size() - tail));
}

SimulatedAnswer rejected_key(std::string_view key) {
    if (key.empty()) {
        return failure(
            401,
            "You didn't provide an API key. You need to provide your API key in an Authorization header "
            "using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
            kInvalid, {}, {});
    }
    return failure(401,
                   "Incorrect API key provided: " + masked(key) +
                       ". You can find your API key at https://platform.openai.com/account/api-keys.",
                   kInvalid, {}, "invalid_api_key");
}

SimulatedAnswer model_not_found(std::string_view model) {
    return failure(404,
                   "The model `" + std::string(model) + "` does not exist or you do not have access to it.",
                   kInvalid, {}, "model_not_found");
}

/// `answer` with one thing changed, so that a table row is one expression.
template <typename Change>
SimulatedAnswer with(SimulatedAnswer answer, Change change) {
    change(answer);
    return answer;
}

SimulatedAnswer rate_limited(std::string_view hint) {
    SimulatedAnswer answer =
        failure(429,
                "Rate limit reached for requests in organization org-simulator on requests per min "
                "(RPM): Limit 3, Used 3, Requested 1." +
                    std::string(hint),
                "requests", {}, "rate_limit_exceeded");
    answer.headers.emplace_back("x-ratelimit-limit-requests", "3");
    answer.headers.emplace_back("x-ratelimit-remaining-requests", "0");
    return answer;
}

SimulatedAnswer echo(std::string_view text) {
    SimulatedAnswer answer;
    while (!text.empty()) {  // a token is a word with the space before it
        const std::size_t end = std::min(text.find(' ', 1), text.size());
        answer.tokens.emplace_back(text.substr(0, end));
        text.remove_prefix(end);
    }
    return answer;
}

SimulatedAnswer reasoning() {
    SimulatedAnswer answer = canned_answer();
    answer.reasoning = {"The", " user", " asks", " for", " a", " capital", "."};
    return answer;
}

SimulatedAnswer tools() {
    SimulatedAnswer answer;
    answer.tool_calls.emplace_back("call_sim0", "get_weather", R"({"city":"Ulaanbaatar"})");
    answer.tool_calls.emplace_back("call_sim1", "get_time", R"({"zone":"Asia/Ulaanbaatar"})");
    answer.finish_reason = "tool_calls";
    return answer;
}

SimulatedAnswer html_error() {
    SimulatedAnswer answer;
    answer.status = 502;
    answer.content_type = "text/html";
    answer.body =
        "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad "
        "Gateway</h1></center>\r\n"
        "</body>\r\n</html>\r\n";
    return answer;
}

std::string server_error() {
    return error_object("The server had an error while processing your request. Sorry about that!",
                        "server_error", {});
}

using A = SimulatedAnswer;

constexpr std::array kModels{
    BuiltInModel{"sim-ok", "Answers well: a short text, token by token.",
                 [](const Asked&) { return canned_answer(); }},
    BuiltInModel{"sim-echo", "Answers with the last user message, word by word.",
                 [](const Asked& asked) { return echo(asked.request.last_user_text); }},
    BuiltInModel{"sim-slow-first", "Sends the head at once and the first token after 2 seconds.",
                 [](const Asked&) { return with(canned_answer(), [](A& a) { a.delay_first = 2s; }); }},
    BuiltInModel{"sim-slow-head", "Sends nothing at all for 2 seconds, then answers well.",
                 [](const Asked&) { return with(canned_answer(), [](A& a) { a.delay_head = 2s; }); }},
    BuiltInModel{"sim-slow-tokens", "Answers well with 100 milliseconds between two tokens.",
                 [](const Asked&) { return with(canned_answer(), [](A& a) { a.delay_between = 100ms; }); }},
    BuiltInModel{"sim-reasoning", "Streams reasoning_content before its text.",
                 [](const Asked&) { return reasoning(); }},
    BuiltInModel{"sim-tools", "Calls two tools, arguments in pieces.", [](const Asked&) { return tools(); }},
    BuiltInModel{"sim-400", "400: a parameter that the model does not support.",
                 [](const Asked&) { return failure(400); }},
    BuiltInModel{"sim-401", "401: rejects every key.",
                 [](const Asked& asked) { return failure(401, asked.key); }},
    BuiltInModel{"sim-403", "403: the country is not supported.", [](const Asked&) { return failure(403); }},
    BuiltInModel{"sim-404", "404: no such model.",
                 [](const Asked& asked) { return model_not_found(asked.request.model); }},
    BuiltInModel{"sim-429", "429: rate limited, without any hint how long to wait.",
                 [](const Asked&) { return failure(429); }},
    BuiltInModel{"sim-429-retry-after", "429: rate limited, with Retry-After: 2.",
                 [](const Asked&) {
                     return with(rate_limited(" Please try again in 2s."),
                                 [](A& a) { a.headers.emplace_back("retry-after", "2"); });
                 }},
    BuiltInModel{
        "sim-429-text",
        "429: rate limited, with the time to wait in the text and the reset header only, as OpenAI does.",
        [](const Asked&) {
            return with(rate_limited(" Please try again in 1.574s."),
                        [](A& a) { a.headers.emplace_back("x-ratelimit-reset-requests", "1.574s"); });
        }},
    BuiltInModel{"sim-429-quota", "429: the money is used up (insufficient_quota).",
                 [](const Asked&) {
                     return failure(
                         429, "You exceeded your current quota, please check your plan and billing details.",
                         "insufficient_quota", {}, "insufficient_quota");
                 }},
    BuiltInModel{"sim-500-once", "500 on its first request, then answers well.",
                 [](const Asked& asked) { return asked.turn == 0 ? failure(500) : canned_answer(); }},
    BuiltInModel{"sim-500", "500 for ever.", [](const Asked&) { return failure(500); }},
    BuiltInModel{"sim-503", "503 for ever: overloaded.", [](const Asked&) { return failure(503); }},
    BuiltInModel{"sim-529", "529 for ever: overloaded.", [](const Asked&) { return failure(529); }},
    BuiltInModel{"sim-gzip-error", "503 with a gzip body.",
                 [](const Asked&) { return with(failure(503), [](A& a) { a.gzip_body = true; }); }},
    BuiltInModel{"sim-html-error", "502 with a page of HTML, as a proxy writes it.",
                 [](const Asked&) { return html_error(); }},
    BuiltInModel{"sim-json-200", "An error as one JSON object in a 200.",
                 [](const Asked&) { return with(failure(503), [](A& a) { a.status = 200; }); }},
    BuiltInModel{
        "sim-context-length", "400: the prompt does not fit (8192 tokens).",
        [](const Asked&) {
            return failure(
                400,
                "This model's maximum context length is 8192 tokens. However, your messages resulted in "
                "9001 tokens. Please reduce the length of the messages.",
                kInvalid, "messages", "context_length_exceeded");
        }},
    BuiltInModel{"sim-content-filter", "400: a policy refuses the prompt.",
                 [](const Asked&) {
                     return failure(400, "Your request was rejected as a result of our safety system.",
                                    kInvalid, {}, "content_policy_violation");
                 }},
    BuiltInModel{"sim-content-filter-finish", "Stops after three tokens with finish_reason content_filter.",
                 [](const Asked&) {
                     return with(canned_answer(), [](A& a) {
                         a.tokens.resize(3);
                         a.finish_reason = "content_filter";
                     });
                 }},
    BuiltInModel{"sim-reset", "Resets the connection before the response head.",
                 [](const Asked&) { return with(A(), [](A& a) { a.reset_before_headers = true; }); }},
    BuiltInModel{"sim-silent", "Takes the request and never says a word.",
                 [](const Asked&) { return with(A(), [](A& a) { a.silent = true; }); }},
    BuiltInModel{"sim-error-first", "200, and the first event is an error.",
                 [](const Asked&) {
                     return with(A(), [](A& a) {
                         a.metadata_first = false;
                         a.first_error = server_error();
                     });
                 }},
    BuiltInModel{"sim-metadata-then-error", "200, a role-only chunk, then an error.",
                 [](const Asked&) { return with(A(), [](A& a) { a.first_error = server_error(); }); }},
    BuiltInModel{"sim-cut", "Ends the connection after four tokens.",
                 [](const Asked&) { return with(canned_answer(), [](A& a) { a.cut_after = 4; }); }},
    BuiltInModel{"sim-stall", "Sends four tokens and then nothing, for ever.",
                 [](const Asked&) { return with(canned_answer(), [](A& a) { a.stall_after = 4; }); }},
    BuiltInModel{"sim-malformed", "Its fourth chunk is broken JSON.",
                 [](const Asked&) { return with(canned_answer(), [](A& a) { a.malformed_at = 3; }); }},
    BuiltInModel{"sim-no-done", "Answers well, without [DONE].",
                 [](const Asked&) { return with(canned_answer(), [](A& a) { a.done_marker = false; }); }},
    BuiltInModel{"sim-no-finish", "Ends its body cleanly, without finish reason, usage or [DONE].",
                 [](const Asked&) {
                     return with(canned_answer(), [](A& a) {
                         a.finish_reason.clear();
                         a.usage = false;
                         a.done_marker = false;
                     });
                 }},
    BuiltInModel{"sim-empty", "200 and an empty stream.",
                 [](const Asked&) {
                     return with(A(), [](A& a) {
                         a.metadata_first = false;
                         a.finish_reason.clear();
                         a.usage = false;
                         a.done_marker = false;
                     });
                 }},
    BuiltInModel{"sim-byte-writes", "Answers well, one byte a write.",
                 [](const Asked&) { return with(canned_answer(), [](A& a) { a.one_byte_writes = true; }); }},
    BuiltInModel{"sim-one-write", "Answers well, all of it in one write.",
                 [](const Asked&) { return with(canned_answer(), [](A& a) { a.one_write = true; }); }},
    BuiltInModel{"sim-huge-event", "Answers with one token of a mebibyte.",
                 [](const Asked&) {
                     return with(A(), [](A& a) { a.tokens.assign(1, std::string(kHugeEvent, 'x')); });
                 }},
    BuiltInModel{"sim-crlf", "Answers well, lines ended by CR LF.",
                 [](const Asked&) { return with(canned_answer(), [](A& a) { a.line_end = "\r\n"; }); }},
    BuiltInModel{"sim-comments", "Answers well, with a comment before each chunk.",
                 [](const Asked&) { return with(canned_answer(), [](A& a) { a.comments = true; }); }},
};

}  // namespace

std::span<const BuiltInModel> built_in_models() noexcept {
    return kModels;
}

SimulatedAnswer answer_by_name(const Asked& asked) {
    constexpr std::string_view kScript = "sim:";
    const std::string_view name = asked.request.model;
    if (name.starts_with(kScript)) return answer_by_script(name.substr(kScript.size()), asked);
    const auto* const found =
        std::find_if(kModels.begin(), kModels.end(), [&](const BuiltInModel& m) { return m.name == name; });
    if (found != kModels.end()) return found->answer(asked);
    return name.starts_with("sim-") ? model_not_found(name) : canned_answer();
}

SimulatedAnswer canned_answer() {
    SimulatedAnswer answer;
    answer.tokens = {"The", " capital", " of", " Mongolia", " is", " Ula", "anba", "atar", "."};
    return answer;
}

SimulatedAnswer failure(int status, std::string_view message, std::string_view type, std::string_view param,
                        std::string_view code) {
    SimulatedAnswer answer;
    answer.status = status;
    answer.body = error_body(message, type, param, code);
    return answer;
}

SimulatedAnswer failure(int status, std::string_view key) {
    switch (status) {
        case 401:
            return rejected_key(key);
        case 403:
            return failure(403, "Country, region, or territory not supported", "request_forbidden", {},
                           "unsupported_country_region_territory");
        case 404:
            return failure(404, "The requested resource was not found.", kInvalid, {}, {});
        case 429:
            return rate_limited({});
        case 500:
            return failure(500, "The server had an error while processing your request. Sorry about that!",
                           "server_error", {}, {});
        case 503:
        case 529:
            return failure(status, "The engine is currently overloaded, please try again later.",
                           "service_unavailable_error", {}, "server_is_overloaded");
        case 400:
            return failure(400, "Unsupported parameter: 'temperature' is not supported with this model.",
                           kInvalid, "temperature", "unsupported_parameter");
        default:
            return failure(status, "The simulator was asked for this status.",
                           status < 500 ? kInvalid : "server_error", {}, {});
    }
}

bool is_bad_key(std::string_view key) noexcept {
    return key == "sk-invalid-key-for-testing" || key == "bad-key";
}

}  // namespace sluice::testing

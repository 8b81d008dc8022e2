#include "testing/simulator_models.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <utility>

#include "testing/simulated_error.hpp"

namespace sluice::testing {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t kHugeEvent = std::size_t{1} << 20;

/// `answer` with one thing changed, so that a table row is one expression.
template <typename Change>
SimulatedAnswer with(SimulatedAnswer answer, Change change) {
    change(answer);
    return answer;
}

SimulatedError rate_limited(std::chrono::milliseconds retry_after, bool header) {
    SimulatedError error(ErrorKind::rate_limited);
    error.retry_after = retry_after;
    error.retry_after_header = header;
    return error;
}

/// `answer`, whose stream ends in `error` after so many chunks.
SimulatedAnswer failing(SimulatedAnswer answer, ErrorKind error, std::size_t after = 0) {
    answer.stream_error = error;
    answer.error_after = after;
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
    BuiltInModel{"sim-reasoning", "Thinks before its text, and signs its thoughts.",
                 [](const Asked&) { return thoughtful_answer(); }},
    BuiltInModel{"sim-tools", "Calls two tools, arguments in pieces.",
                 [](const Asked&) { return tool_answer(); }},
    BuiltInModel{"sim-refusal", "Refuses, in words of its own.",
                 [](const Asked&) { return refusing_answer(); }},
    BuiltInModel{"sim-400", "400: a parameter that the model does not support.",
                 [](const Asked&) { return failure(ErrorKind::provider_bad_request); }},
    BuiltInModel{"sim-401", "401 (Gemini: 400): rejects every key.",
                 [](const Asked&) { return failure(ErrorKind::provider_auth_failed); }},
    BuiltInModel{"sim-403", "403: no permission.",
                 [](const Asked&) { return failure(error_of_status(403)); }},
    BuiltInModel{"sim-404", "404 (Responses: 400): no such model.",
                 [](const Asked&) { return failure(ErrorKind::model_not_found); }},
    BuiltInModel{"sim-429", "429: rate limited, without any hint how long to wait.",
                 [](const Asked&) { return failure(ErrorKind::rate_limited); }},
    BuiltInModel{"sim-429-retry-after", "429: rate limited; wait 2 seconds.",
                 [](const Asked&) { return failure(rate_limited(2s, true)); }},
    BuiltInModel{"sim-429-text",
                 "429: rate limited, with the time to wait in the text and the reset header only, as OpenAI "
                 "does.",
                 [](const Asked&) { return failure(rate_limited(1574ms, false)); }},
    BuiltInModel{"sim-429-quota", "The money is used up: 429 (Anthropic: 400, Gemini: 402).",
                 [](const Asked&) { return failure(ErrorKind::quota_exhausted); }},
    BuiltInModel{
        "sim-500-once", "500 on its first request, then answers well.",
        [](const Asked& asked) { return asked.turn == 0 ? failure(error_of_status(500)) : canned_answer(); }},
    BuiltInModel{"sim-500", "500 for ever.", [](const Asked&) { return failure(error_of_status(500)); }},
    BuiltInModel{"sim-503", "503 for ever: overloaded.",
                 [](const Asked&) { return failure(error_of_status(503)); }},
    BuiltInModel{"sim-529", "529 for ever: overloaded.",
                 [](const Asked&) { return failure(error_of_status(529)); }},
    BuiltInModel{
        "sim-gzip-error", "503 with a gzip body.",
        [](const Asked&) { return with(failure(error_of_status(503)), [](A& a) { a.gzip_body = true; }); }},
    BuiltInModel{"sim-html-error", "502 with a page of HTML, as a proxy writes it.",
                 [](const Asked&) { return html_error(); }},
    BuiltInModel{"sim-json-200", "An error as one JSON object in a 200.",
                 [](const Asked&) {
                     SimulatedError error(ErrorKind::provider_overloaded);
                     error.status = 200;
                     return failure(std::move(error));
                 }},
    BuiltInModel{"sim-context-length", "400: the prompt does not fit (8192 tokens).",
                 [](const Asked&) { return failure(ErrorKind::context_length_exceeded); }},
    BuiltInModel{"sim-content-filter",
                 "400: a policy refuses the prompt (Gemini: a 200 with nothing but the reason).",
                 [](const Asked&) { return failure(ErrorKind::content_filtered); }},
    BuiltInModel{"sim-content-filter-finish", "Is stopped by a content filter after three tokens.",
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
    BuiltInModel{"sim-error-first", "200, and the very first event is an error.",
                 [](const Asked&) {
                     return with(failing(A(), ErrorKind::provider_unavailable),
                                 [](A& a) { a.metadata_first = false; });
                 }},
    BuiltInModel{"sim-metadata-then-error", "200, metadata, then an error.",
                 [](const Asked&) { return failing(A(), ErrorKind::provider_unavailable); }},
    BuiltInModel{"sim-overloaded-first", "200, and the very first event says: overloaded.",
                 [](const Asked&) {
                     return with(failing(A(), ErrorKind::provider_overloaded),
                                 [](A& a) { a.metadata_first = false; });
                 }},
    BuiltInModel{"sim-quota-in-stream", "200, metadata, and then: the money is used up.",
                 [](const Asked&) { return failing(A(), ErrorKind::quota_exhausted); }},
    BuiltInModel{"sim-error-midstream", "An error after four tokens.",
                 [](const Asked&) { return failing(canned_answer(), ErrorKind::provider_overloaded, 4); }},
    BuiltInModel{"sim-error-after-finish", "An error after the finish reason.",
                 [](const Asked&) {
                     return with(failing(canned_answer(), ErrorKind::provider_overloaded),
                                 [](A& a) { a.error_after_finish = true; });
                 }},
    BuiltInModel{"sim-cut", "Ends the connection after four tokens.",
                 [](const Asked&) { return with(canned_answer(), [](A& a) { a.cut_after = 4; }); }},
    BuiltInModel{"sim-stall", "Sends four tokens and then nothing, for ever.",
                 [](const Asked&) { return with(canned_answer(), [](A& a) { a.stall_after = 4; }); }},
    BuiltInModel{"sim-malformed", "Its fourth chunk is broken JSON.",
                 [](const Asked&) { return with(canned_answer(), [](A& a) { a.malformed_at = 3; }); }},
    BuiltInModel{"sim-no-done",
                 "Answers, without the stream's last word ([DONE], message_stop, response.completed).",
                 [](const Asked&) { return with(canned_answer(), [](A& a) { a.done_marker = false; }); }},
    BuiltInModel{"sim-no-finish", "Ends its body cleanly, without finish reason, usage or last word.",
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
    BuiltInModel{"sim-pings", "Answers well, with a sign of life of the dialect before each chunk.",
                 [](const Asked&) { return with(canned_answer(), [](A& a) { a.pings = true; }); }},
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
    return name.starts_with("sim-") ? failure(ErrorKind::model_not_found) : canned_answer();
}

SimulatedAnswer canned_answer() {
    SimulatedAnswer answer;
    answer.tokens = {"The", " capital", " of", " Mongolia", " is", " Ula", "anba", "atar", "."};
    return answer;
}

SimulatedAnswer thoughtful_answer() {
    SimulatedAnswer answer = canned_answer();
    answer.reasoning = {"The", " user", " asks", " for", " a", " capital", "."};
    answer.signature = "c2ltLXNpZ25hdHVyZQ==";
    return answer;
}

SimulatedAnswer tool_answer() {
    SimulatedAnswer answer;
    answer.tool_calls.emplace_back("call_sim0", "get_weather", R"({"city":"Ulaanbaatar"})",
                                   "c2ltLWNhbGwtc2lnbmF0dXJl");
    answer.tool_calls.emplace_back("call_sim1", "get_time", R"({"zone":"Asia/Ulaanbaatar"})");
    answer.finish_reason = "tool_calls";
    return answer;
}

SimulatedAnswer refusing_answer() {
    SimulatedAnswer answer;
    answer.refusal = {"I", " cannot", " help", " with", " that", "."};
    answer.finish_reason = "content_filter";
    return answer;
}

SimulatedAnswer failure(SimulatedError error) {
    SimulatedAnswer answer;
    answer.error = std::move(error);
    return answer;
}

SimulatedError error_of_status(int status) {
    SimulatedError error(kind_of_status(status));
    error.status = status;
    return error;
}

bool is_bad_key(std::string_view key) noexcept {
    return key == "sk-invalid-key-for-testing" || key == "bad-key";
}

}  // namespace sluice::testing

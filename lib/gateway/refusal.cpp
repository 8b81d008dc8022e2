#include "gateway/refusal.hpp"

#include "wire/json_writer.hpp"

#include <algorithm>
#include <array>

namespace sluice::gateway {
namespace {

/// How each dialect calls a status (PROTOCOLS section 10; Google's canonical codes).
struct Words {
    int status;
    std::string_view openai;
    std::string_view anthropic;
    std::string_view gemini;
};
constexpr std::array kWords{
    Words{400, "invalid_request_error", "invalid_request_error", "INVALID_ARGUMENT"},
    Words{401, "invalid_request_error", "authentication_error", "UNAUTHENTICATED"},
    Words{403, "invalid_request_error", "permission_error", "PERMISSION_DENIED"},
    Words{404, "invalid_request_error", "not_found_error", "NOT_FOUND"},
    Words{405, "invalid_request_error", "invalid_request_error", "INVALID_ARGUMENT"},
    Words{408, "invalid_request_error", "timeout_error", "DEADLINE_EXCEEDED"},
    Words{413, "invalid_request_error", "request_too_large", "INVALID_ARGUMENT"},
    Words{415, "invalid_request_error", "invalid_request_error", "INVALID_ARGUMENT"},
    Words{429, "rate_limit_exceeded", "rate_limit_error", "RESOURCE_EXHAUSTED"},
    Words{431, "invalid_request_error", "request_too_large", "INVALID_ARGUMENT"},
    Words{500, "server_error", "api_error", "INTERNAL"},
    Words{501, "invalid_request_error", "invalid_request_error", "UNIMPLEMENTED"},
    Words{503, "server_error", "overloaded_error", "UNAVAILABLE"},
    Words{505, "invalid_request_error", "invalid_request_error", "INVALID_ARGUMENT"},
};

const Words& words_of(int status) noexcept {
    const auto found = std::find_if(kWords.begin(), kWords.end(),
                                    [status](const Words& words) { return words.status == status; });
    if (found != kWords.end()) return *found;
    return status >= 500 ? words_of(500) : kWords.front();
}

}  // namespace

HttpAnswer refusal(std::string_view dialect, int status, std::string_view code, std::string_view message) {
    const Words& words = words_of(status);
    HttpAnswer answer(status, std::string());
    wire::JsonWriter json(answer.body);
    json.begin_object();
    if (dialect == "anthropic") {
        json.key("type").string("error");
        json.key("error").begin_object();
        json.key("type").string(words.anthropic).key("message").string(message).end_object();
    } else if (dialect == "gemini") {
        json.key("error").begin_object();
        json.key("code").number(status).key("message").string(message);
        json.key("status").string(words.gemini).end_object();
    } else {
        json.key("error").begin_object();
        json.key("message").string(message).key("type").string(words.openai);
        json.key("param").null().key("code");
        if (code.empty())
            json.null();
        else
            json.string(code);
        json.end_object();
    }
    json.end_object();
    return answer;
}

std::string_view dialect_of_path(std::string_view path) noexcept {
    if (path.starts_with("/v1/messages")) return "anthropic";
    if (path.starts_with("/v1/responses")) return "openai_responses";
    if (path.starts_with("/v1beta/") ||
        (path.starts_with("/v1/models/") && path.find(":", 11) != std::string_view::npos))
        return "gemini";
    if (path.starts_with("/v1/")) return "openai_chat";
    return {};
}

}  // namespace sluice::gateway

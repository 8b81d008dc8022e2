#include "testing/simulated_request.hpp"

#include <utility>
#include <variant>

#include "wire/json_writer.hpp"

namespace sluice::testing {

namespace {

SimulatedError wrong(std::string message, std::string param = {}) {
    SimulatedError error(ErrorKind::provider_error);
    error.message = std::move(message);
    error.param = std::move(param);
    return error;
}

std::string text_of(const Message& message) {
    std::string joined;
    for (const Part& part : message.parts)
        if (const auto* text = std::get_if<TextPart>(&part)) joined += text->text;
    return joined;
}

}  // namespace

std::optional<SimulatedError> SimulatedRequest::parse(std::string_view path, std::string_view body,
                                                      const wire::HeaderList& headers) {
    // Azure's deployments name the model in the path, and the body need not.
    std::string with_model;
    if (protocol() == Protocol::chat && !route.model.empty() && body.starts_with('{')) {
        wire::JsonWriter(with_model).begin_object().key("model").string(route.model);
        body = with_model.append(",").append(body.substr(1));
    }
    const adapters::ClientRequest from(path, body);
    Result<adapters::ParsedRequest> result = dialect_of(protocol()).parse_request(from);
    if (!result) return wrong(result.error().message);
    const adapters::ParsedRequest& parsed = *result;
    if (route.model.empty()) model = parsed.model;
    if (model.empty()) return wrong("You must provide a model parameter.", "model");
    if (parsed.request.messages().empty()) return wrong("The request has no messages.", "messages");
    if (protocol() == Protocol::anthropic) {
        if (!headers.find("anthropic-version")) return wrong("anthropic-version: header is required");
        if (!parsed.request.options().max_tokens) return wrong("max_tokens: Field required", "max_tokens");
    }
    stream = protocol() == Protocol::gemini ? route.streams : parsed.stream;
    include_usage = parsed.include_usage;

    std::size_t prompt_bytes = 0;
    for (const Message& message : parsed.request.messages()) {
        std::string text = text_of(message);
        prompt_bytes += text.size();
        if (message.role == Role::user) last_user_text = std::move(text);
    }
    prompt_tokens = prompt_bytes / 4 + 4 * parsed.request.messages().size();
    return std::nullopt;
}

std::string key_of(Protocol protocol, const wire::HeaderList& headers, std::string_view query) {
    constexpr std::string_view kBearer = "Bearer ";
    const std::string_view authorization = headers.find("authorization").value_or("");
    const std::string_view bearer =
        authorization.starts_with(kBearer) ? authorization.substr(kBearer.size()) : std::string_view();
    switch (protocol) {
        case Protocol::anthropic:
            return std::string(headers.find("x-api-key").value_or(bearer));
        case Protocol::gemini: {
            std::string in_query = query_value(query, "key");
            return in_query.empty() ? std::string(headers.find("x-goog-api-key").value_or(bearer)) : in_query;
        }
        case Protocol::chat:
        case Protocol::responses:
            break;
    }
    return std::string(headers.find("api-key").value_or(bearer));  // "api-key" is Azure's
}

}  // namespace sluice::testing

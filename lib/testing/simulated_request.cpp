#include "testing/simulated_request.hpp"

#include <simdjson.h>

namespace sluice::testing {

namespace {

namespace dom = simdjson::dom;

/// The text of a message: a string, or an array of parts of which the text ones count.
std::string text_of(const dom::element& message) {
    std::string_view whole;
    if (message["content"].get_string().get(whole) == simdjson::SUCCESS) return std::string(whole);
    std::string joined;
    dom::array parts;
    if (message["content"].get_array().get(parts) != simdjson::SUCCESS) return joined;
    for (const dom::element part : parts) {
        std::string_view text;
        if (part["text"].get_string().get(text) == simdjson::SUCCESS) joined += text;
    }
    return joined;
}

bool is_true(simdjson::simdjson_result<dom::element> field) {
    bool value = false;
    return field.get_bool().get(value) == simdjson::SUCCESS && value;
}

}  // namespace

std::string SimulatedRequest::parse(std::string_view body) {
    dom::parser parser;
    dom::element root;
    if (parser.parse(body.data(), body.size()).get(root) != simdjson::SUCCESS || !root.is_object()) {
        return "We could not parse the JSON body of your request: a JSON object is expected.";
    }
    std::string_view name;
    if (root["model"].get_string().get(name) != simdjson::SUCCESS || name.empty()) {
        return "You must provide a model parameter.";
    }
    model = name;
    dom::array messages;
    if (root["messages"].get_array().get(messages) != simdjson::SUCCESS || messages.size() == 0) {
        return "Missing required parameter: 'messages'.";
    }
    stream = is_true(root["stream"]);
    include_usage = is_true(root["stream_options"]["include_usage"]);

    std::size_t prompt_bytes = 0;
    for (const dom::element message : messages) {
        std::string_view role;
        if (message["role"].get_string().get(role) != simdjson::SUCCESS) {
            return "Missing required parameter: 'messages[].role'.";
        }
        std::string text = text_of(message);
        prompt_bytes += text.size();
        if (role == "user") last_user_text = std::move(text);
    }
    prompt_tokens = prompt_bytes / 4 + 4 * messages.size();
    return {};
}

}  // namespace sluice::testing

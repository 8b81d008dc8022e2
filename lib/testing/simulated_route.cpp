#include "testing/simulated_route.hpp"

#include <algorithm>
#include <charconv>

#include "adapters/anthropic/dialect.hpp"
#include "adapters/gemini/dialect.hpp"
#include "adapters/openai_chat/dialect.hpp"
#include "adapters/openai_responses/dialect.hpp"

namespace sluice::testing {

namespace {

std::string percent_decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned char byte = 0;
        const char* const digits = text.data() + i + 1;
        if (text[i] == '%' && i + 2 < text.size() &&
            std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2) {
            out += static_cast<char>(byte);
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
    if (!text.starts_with(prefix)) return false;
    text.remove_prefix(prefix.size());
    return true;
}

/// "/v1beta/models/<model>:<method>", and the same below a project (Vertex) or a publisher (its express
/// mode).
Route find_gemini_route(std::string_view path, std::string_view query) {
    Route route;
    route.protocol = Protocol::gemini;
    if (path == "/v1beta/models") {
        route.wants = Route::Wants::models;
        return route;
    }
    constexpr std::string_view kModels = "/models/";
    const std::size_t models = path.find(kModels);
    // A model's name may have colons ("sim:tokens=3"); the method has none.
    const std::size_t colon = path.rfind(':');
    if (models == std::string_view::npos || colon == std::string_view::npos ||
        colon < models + kModels.size())
        return route;
    const std::string_view parent = path.substr(0, models);
    const bool is_publisher = parent.ends_with("/publishers/google");
    if (parent != "/v1" && parent != "/v1beta" && !is_publisher) return route;
    const std::string_view method = path.substr(colon + 1);
    if (method != "generateContent" && method != "streamGenerateContent") return route;
    route.wants = Route::Wants::answer;
    route.is_vertex = is_publisher;
    route.model = percent_decoded(path.substr(models + kModels.size(), colon - models - kModels.size()));
    route.streams = method == "streamGenerateContent";
    route.json_array = route.streams && query_value(query, "alt") != "sse";
    return route;
}

}  // namespace

const adapters::Dialect& dialect_of(Protocol protocol) noexcept {
    switch (protocol) {
        case Protocol::responses:
            return adapters::openai_responses::dialect();
        case Protocol::anthropic:
            return adapters::anthropic::dialect();
        case Protocol::gemini:
            return adapters::gemini::dialect();
        case Protocol::chat:
            break;
    }
    return adapters::openai_chat::dialect();
}

Route find_route(std::string_view path, std::string_view query) {
    const auto route_to = [](Route::Wants wants, Protocol protocol) {
        Route route;
        route.wants = wants;
        route.protocol = protocol;
        return route;
    };
    std::string_view resource = path;
    if (take_prefix(resource, "/openai/deployments/")) {  // Azure with an api-version
        const std::size_t slash = resource.find('/');
        if (slash == std::string_view::npos || resource.substr(slash) != "/chat/completions") return {};
        Route route = route_to(Route::Wants::answer, Protocol::chat);
        route.model = percent_decoded(resource.substr(0, slash));
        return route;
    }
    if (path == "/openai/models") return route_to(Route::Wants::models, Protocol::chat);  // the same
    if (take_prefix(resource, "/openai/v1") || take_prefix(resource, "/v1")) {
        if (resource == "/chat/completions") return route_to(Route::Wants::answer, Protocol::chat);
        if (resource == "/responses") return route_to(Route::Wants::answer, Protocol::responses);
        if (resource == "/models") return route_to(Route::Wants::models, Protocol::chat);
        if (path == "/v1/messages") return route_to(Route::Wants::answer, Protocol::anthropic);
    }
    return find_gemini_route(path, query);
}

std::string query_value(std::string_view query, std::string_view name) {
    while (!query.empty()) {
        std::string_view field = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(field.size() + 1, query.size()));
        if (take_prefix(field, name) && take_prefix(field, "=")) return percent_decoded(field);
    }
    return {};
}

}  // namespace sluice::testing

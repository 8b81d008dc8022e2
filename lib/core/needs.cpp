#include <sluice/needs.hpp>

#include <algorithm>
#include <type_traits>
#include <variant>

namespace sluice {
namespace {

constexpr std::size_t kBytesPerToken = 4;
constexpr Tokens kUsualOutput = 1024;

struct Seen {
    std::size_t bytes = 0;
    bool image = false;
};

void look_at(const Part& part, Seen& seen) {
    std::visit(
        [&seen](const auto& what) {
            using T = std::remove_cvref_t<decltype(what)>;
            if constexpr (std::is_same_v<T, ImagePart>) {
                seen.image = true;
            } else if constexpr (std::is_same_v<T, ToolCallPart>) {
                seen.bytes += what.name.size() + what.arguments.size();
            } else if constexpr (std::is_same_v<T, ToolResultPart>) {
                seen.bytes += what.content.size();
                seen.image |= !what.images.empty();
            } else if constexpr (std::is_same_v<T, NativePart>) {
                // One dialect's own: what it is, and how many tokens, cannot be told from here.
            } else {
                seen.bytes += what.text.size();
            }
        },
        part);
}

}  // namespace

Needs needs_of(const Request& request) {
    Seen seen;
    for (const Message& message : request.messages())
        for (const Part& part : message.parts)
            look_at(part, seen);
    for (const Tool& tool : request.tools())
        seen.bytes += tool.name.size() + tool.description.size() + tool.parameters_json.size();

    const Request::Options& options = request.options();
    Needs needs;
    needs.tools = !request.tools().empty();
    needs.vision = seen.image;
    needs.json_schema = options.response_format && !options.response_format->schema_json.empty();
    needs.input = seen.bytes / kBytesPerToken;
    if (options.max_tokens) needs.max_output = *options.max_tokens;
    return needs;
}

std::optional<SkipReason> unmet(const ModelSpec& model, const Needs& needs) noexcept {
    const auto has_tag = [&model](const std::string& tag) {
        return std::find(model.tags.begin(), model.tags.end(), tag) != model.tags.end();
    };
    if (!std::all_of(needs.residency.begin(), needs.residency.end(), has_tag)) return SkipReason::residency;
    if (needs.tools && !model.capabilities.tools) return SkipReason::needs_tools;
    if (needs.vision && !model.capabilities.vision) return SkipReason::needs_vision;
    if (needs.json_schema && !model.capabilities.json_schema) return SkipReason::needs_json_schema;
    if (model.context_window && needs.input > *model.context_window) return SkipReason::window_too_small;
    if (needs.max_cost) {
        const std::optional<PicoUsd> cost = estimated_cost(model, needs);
        if (cost && *cost > *needs.max_cost) return SkipReason::budget;
    }
    return std::nullopt;
}

std::optional<PicoUsd> estimated_cost(const ModelSpec& model, const Needs& needs) noexcept {
    if (!model.price.input || !model.price.output) return std::nullopt;
    const Tokens most = model.max_output.value_or(kUsualOutput);
    const Tokens output = needs.max_output.value_or(most);
    return *model.price.input * needs.input + *model.price.output * output;
}

}  // namespace sluice

#include "gateway/serves.hpp"

#include <algorithm>

namespace sluice::gateway {
namespace {

enum class House : std::uint8_t { any, openai, anthropic, google };

House house_of_model(std::string_view id) noexcept {
    if (id.starts_with("claude-")) return House::anthropic;
    if (id.starts_with("gemini-")) return House::google;
    // o1, o3-mini, o4-mini: an "o" and a digit.
    const bool is_o_series = id.size() > 1 && id[0] == 'o' && id[1] >= '0' && id[1] <= '9';
    // gpt-oss is OpenAI's too, but its weights are open, and others host it.
    const bool is_gpt = (id.starts_with("gpt-") && !id.starts_with("gpt-oss")) || id.starts_with("chatgpt-");
    return is_o_series || is_gpt ? House::openai : House::any;
}

House house_of_target(const TargetConfig& target) noexcept {
    const std::string_view service = target.provider;
    if (service == "anthropic" || service == "claude") return House::anthropic;
    if (service == "openai") return House::openai;
    // The two clouds host Anthropic's models too, at addresses that speak Anthropic's dialect.
    const bool speaks_anthropic = target.dialect == "anthropic";
    if (service == "azure") return speaks_anthropic ? House::anthropic : House::openai;
    if (service == "gemini" || service == "google" || service == "vertex" || service == "gemini-openai")
        return speaks_anthropic ? House::anthropic : House::google;
    return House::any;
}

const ModelConfig* listed(const TargetConfig& target, std::string_view id) noexcept {
    const auto found = std::find_if(target.models.begin(), target.models.end(),
                                    [&](const ModelConfig& model) { return model.id == id; });
    return found == target.models.end() ? nullptr : &*found;
}

/// What the provider calls `id`, which may be on the target's list.
std::string name_at(const TargetConfig& target, std::string_view id) {
    const ModelConfig* model = listed(target, id);
    return std::string(model && !model->upstream.empty() ? std::string_view(model->upstream) : id);
}

}  // namespace

bool serves(const TargetConfig& target, std::string_view requested) {
    if (!target.models.empty()) return listed(target, requested) != nullptr;
    const House model = house_of_model(requested);
    const House here = house_of_target(target);
    return model == House::any || here == House::any || model == here;
}

std::optional<std::string> upstream_model(const TargetConfig& target, const FailoverConfig& failover,
                                          std::string_view requested) {
    const std::string wanted(requested);
    if (const auto own = target.model_mapping.find(wanted); own != target.model_mapping.end())
        return name_at(target, own->second);
    if (serves(target, requested)) return name_at(target, requested);
    // With three providers a mapping to one's model says nothing about the third: only who serves it gets it.
    if (const auto mapped = failover.model_mapping.find(wanted);
        mapped != failover.model_mapping.end() && serves(target, mapped->second))
        return name_at(target, mapped->second);
    if (failover.pass_through_unmapped) return wanted;
    return std::nullopt;
}

const ModelConfig* known_model(const TargetConfig& target, std::string_view upstream) noexcept {
    for (const ModelConfig& model : target.models)
        if ((model.upstream.empty() ? model.id : model.upstream) == upstream) return &model;
    return listed(target, upstream);
}

bool matches(std::string_view pattern, std::string_view model) noexcept {
    if (!pattern.ends_with('*')) return pattern == model;
    pattern.remove_suffix(1);
    return model.starts_with(pattern);
}

}  // namespace sluice::gateway

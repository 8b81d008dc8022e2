// Model ids: which target has no answer to which, what a fallback lacks, where aliases lead.
#include "gateway/lint_config.hpp"
#include "gateway/serves.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace sluice::gateway {
namespace {

/// Every id that the configuration shows clients to ask for, and where it says so.
std::map<std::string, std::string> requestable(const LintContext& context) {
    const GatewayConfig& config = context.config;
    std::map<std::string, std::string> ids;
    for (const auto& [id, other] : config.failover.model_mapping)
        ids.emplace(id, key_path(key_path(context.failover_path, "model_mapping"), id));
    for (std::size_t i = 0; i < config.targets.size(); ++i) {
        const std::string path = context.target_path(i);
        for (const auto& [id, other] : config.targets[i].model_mapping)
            ids.emplace(id, key_path(key_path(path, "model_mapping"), id));
        for (std::size_t j = 0; j < config.targets[i].models.size(); ++j)
            ids.emplace(config.targets[i].models[j].id, item_path(key_path(path, "models"), j));
    }
    for (std::size_t i = 0; i < config.routes.size(); ++i)
        for (std::size_t j = 0; j < config.routes[i].models.size(); ++j)
            if (const std::string& id = config.routes[i].models[j]; !id.ends_with('*'))
                ids.emplace(id, item_path(key_path(item_path("routes", i), "models"), j));
    for (const auto& [alias, id] : config.aliases)
        ids.insert_or_assign(alias, key_path("aliases", alias));
    return ids;
}

std::string some_of(const std::vector<std::string>& ids) {
    std::string text;
    for (std::size_t i = 0; i < ids.size() && i < 5; ++i)
        text.append(i == 0 ? "" : ", ").append(ids[i]);
    if (ids.size() > 5) text.append(" and ").append(std::to_string(ids.size() - 5)).append(" more");
    return text;
}

/// What a candidate is asked for; absent: it is passed over.
std::optional<std::string> asked(const LintContext& context, const Candidate& candidate,
                                 const std::string& id) {
    if (!candidate.model.empty()) return candidate.model;
    return upstream_model(*candidate.target, context.config.failover, id);
}

std::size_t index_of(const LintContext& context, const TargetConfig* target) {
    return static_cast<std::size_t>(target - context.config.targets.data());
}

std::string lacks(const Capabilities& primary, const Capabilities& fallback) {
    std::string text;
    const auto add = [&](bool has, bool there, std::string_view name) {
        if (has && !there) text.append(text.empty() ? "" : ", ").append(name);
    };
    add(primary.tools, fallback.tools, "tools");
    add(primary.vision, fallback.vision, "vision");
    add(primary.json_schema, fallback.json_schema, "json_schema");
    add(primary.reasoning, fallback.reasoning, "reasoning");
    return text;
}

/// What the first target for `id` can do and a later one cannot.
class FallbackCheck {
  public:
    explicit FallbackCheck(const LintContext& context) : context_(context) {}

    void check(const std::string& id, const std::vector<Candidate>& candidates) {
        const Candidate* primary = nullptr;
        std::string primary_model;
        for (const Candidate& candidate : candidates) {
            const std::optional<std::string> model = asked(context_, candidate, id);
            if (!model) continue;
            if (!primary) {
                primary = &candidate;
                primary_model = *model;
                continue;
            }
            compare(*primary->target, primary_model, *candidate.target, *model);
        }
    }

  private:
    void compare(const TargetConfig& first, const std::string& first_model, const TargetConfig& then,
                 const std::string& then_model) {
        const ModelConfig* fallback = known_model(then, then_model);
        if (!fallback) return;  // nothing is known: it is taken to be able to do all
        if (!told_.emplace(first.id, first_model, then.id, then_model).second) return;
        const ModelConfig* primary = known_model(first, first_model);
        const std::string path =
            item_path(key_path(context_.target_path(index_of(context_, &then)), "models"),
                      static_cast<std::size_t>(fallback - then.models.data()));
        const std::string pair =
            then.id + "/" + then_model + " stands in for " + first.id + "/" + first_model;
        const std::string missing =
            lacks(primary ? primary->capabilities : Capabilities(), fallback->capabilities);
        if (!missing.empty())
            context_.warn("W024", path, pair + ", but lacks " + missing,
                          "requests that need it pass this target over");
        if (primary && primary->context_window && fallback->context_window &&
            *fallback->context_window < *primary->context_window)
            context_.warn(
                "W025", path,
                pair + ", but its context window is smaller: " + std::to_string(*fallback->context_window) +
                    " against " + std::to_string(*primary->context_window) + " tokens",
                "long prompts have one target fewer");
    }

    const LintContext& context_;
    std::set<std::tuple<std::string, std::string, std::string, std::string>> told_;
};

/// With nothing but providers of different houses, no id is known, and still it is plain what will happen.
void check_houses(const LintContext& context) {
    const GatewayConfig& config = context.config;
    if (!config.routes.empty() || config.failover.pass_through_unmapped || !config.failover.enabled) return;
    const std::vector<Candidate> candidates = candidates_of(config, nullptr);
    struct House {
        std::string_view sample;
        std::string_view name;
    };
    constexpr std::array<House, 3> kHouses{{{"gpt-4o", "OpenAI's models"},
                                            {"claude-opus-4-8", "Anthropic's models"},
                                            {"gemini-3-flash", "Gemini models"}}};
    for (const House& house : kHouses) {
        if (candidates.empty() || !serves(*candidates.front().target, house.sample)) continue;
        // Who serves all houses is no reason to expect a mapping.
        const auto is_of_house = [&](const TargetConfig& target) {
            return std::any_of(kHouses.begin(), kHouses.end(),
                               [&](const House& other) { return !serves(target, other.sample); });
        };
        if (!is_of_house(*candidates.front().target)) return;
        for (const Candidate& candidate : candidates)
            if (!serves(*candidate.target, house.sample))
                context.warn("W030", context.target_path(index_of(context, candidate.target)),
                             "this target is passed over for " + std::string(house.name) +
                                 ": it does not serve them, and there is no model_mapping",
                             "add failover.model_mapping: {<requested model>: <a model of " +
                                 candidate.target->id + ">}");
    }
}

void check_aliases(const LintContext& context) {
    const std::map<std::string, std::string>& aliases = context.config.aliases;
    for (const auto& [alias, first] : aliases) {
        const std::string path = key_path("aliases", alias);
        std::set<std::string_view> seen{alias};
        std::string_view model = first;
        for (auto next = aliases.find(std::string(model)); next != aliases.end();
             next = aliases.find(std::string(model))) {
            if (!seen.insert(model).second) break;
            model = next->second;
        }
        if (model == alias) {
            context.error("E025", path, "this alias leads back to itself");
            continue;
        }
        for (std::size_t i = 0; i < context.config.targets.size(); ++i) {
            const TargetConfig& target = context.config.targets[i];
            const bool is_listed = std::any_of(
                target.models.begin(), target.models.end(),
                [name = std::string_view(alias)](const ModelConfig& one) { return one.id == name; });
            if (!is_listed && !target.model_mapping.contains(alias)) continue;
            context.warn("W026", path, "this alias hides the model of the same name at " + quoted(target.id),
                         "who asks for it gets " + std::string(model));
            break;
        }
        if (context.config.failover.model_mapping.contains(alias))
            context.warn("W026", path, "this alias hides the entry of model_mapping of the same name",
                         "who asks for it gets " + std::string(model));
    }
}

}  // namespace

void lint_models(const LintContext& context) {
    const GatewayConfig& config = context.config;
    check_aliases(context);
    const std::map<std::string, std::string> ids = requestable(context);
    if (ids.empty()) check_houses(context);

    std::map<std::size_t, std::vector<std::string>> missing;  // by target
    FallbackCheck fallbacks(context);
    for (const auto& [id, path] : ids) {
        const std::string meant = resolve_alias(config, id);
        if (config.aliases.contains(meant)) continue;  // it goes round, which is an error already
        const std::vector<Candidate> candidates = candidates_of(config, route_of(config, id));
        std::vector<std::size_t> without;
        for (const Candidate& candidate : candidates)
            if (!asked(context, candidate, meant)) without.push_back(index_of(context, candidate.target));
        if (without.size() == candidates.size()) {
            if (!candidates.empty())
                context.warn("W031", path, "no target has the model " + quoted(meant),
                             "add it to the models or the model_mapping of one");
            continue;
        }
        for (const std::size_t index : without)
            if (std::vector<std::string>& models = missing[index];
                std::find(models.begin(), models.end(), meant) == models.end())
                models.push_back(meant);
        fallbacks.check(meant, candidates);
    }
    for (const auto& [index, models] : missing)
        context.warn("W030", context.target_path(index),
                     "this target is passed over for " + some_of(models) + ": it does not serve " +
                         (models.size() == 1 ? "it" : "them") +
                         ", and no model_mapping says what it has instead",
                     "add failover.model_mapping: {" + models.front() + ": <a model of " +
                         config.targets[index].id + ">}");
}

}  // namespace sluice::gateway

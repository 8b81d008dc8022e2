// Routes and policies.
#include "gateway/shapes.hpp"

namespace sluice::gateway {
namespace {

using namespace std::chrono_literals;

// --- routes ---

using At = RouteTarget;
constexpr std::array kRouteTargetFields{
    Field<At>{"target", [](const Value& v, At& out) { v.read(out.target); }},
    Field<At>{"model", [](const Value& v, At& out) { v.read(out.model); }},
    Field<At>{"weight",
              [](const Value& v, At& out) {
                  double weight = 0;
                  if (v.read(weight, 1e-6, 1e6)) out.weight = weight;
              }},
    Field<At>{"priority",
              [](const Value& v, At& out) {
                  int priority = 0;
                  if (v.read(priority, -1'000'000, 1'000'000)) out.priority = priority;
              }},
};
constexpr std::array<std::string_view, 1> kRouteTargetRequired{"target"};
constexpr std::array kRouteTargetHints{Hint{"id", "use target"}, Hint{"provider_id", "use target"}};
constexpr Shape<At> kRouteTarget{
    "route_target", kRouteTargetFields, kRouteTargetRequired, {}, kRouteTargetHints};

void read_route_targets(const Value& value, RouteConfig& out) {
    for (const Value& item : value.items(kMaxTargets)) {
        RouteTarget target;
        if (item.is_map())
            read_object(item, kRouteTarget, target);
        else
            item.read(target.target);
        // As for targets: who writes a list means its order.
        if (!target.priority) target.priority = static_cast<int>(out.targets.size()) + 1;
        out.targets.push_back(std::move(target));
    }
}

constexpr std::array<std::pair<std::string_view, Deliver>, 2> kDeliver{
    {{"streaming", Deliver::streaming}, {"complete", Deliver::complete}}};

using Route = RouteConfig;
constexpr std::array kRouteFields{
    Field<Route>{"name", [](const Value& v, Route& out) { v.read(out.name); }},
    Field<Route>{"models", [](const Value& v, Route& out) { v.read(out.models, kMaxModels); }},
    Field<Route>{"targets", read_route_targets},
    Field<Route>{"strategy",
                 [](const Value& v, Route& out) {
                     Strategy strategy{};
                     read_strategy(v, strategy);
                     out.strategy = strategy;
                 }},
    Field<Route>{"max_fallbacks",
                 [](const Value& v, Route& out) {
                     std::uint32_t count = 0;
                     if (v.read(count, 0U, 1000U)) out.max_fallbacks = count;
                 }},
    Field<Route>{"total",
                 [](const Value& v, Route& out) {
                     Limit limit{};
                     if (v.read(limit, 0ms)) out.total = limit;
                 }},
    Field<Route>{"residency", [](const Value& v, Route& out) { v.read(out.residency, 100); }},
    Field<Route>{"deliver", [](const Value& v, Route& out) { v.read(out.deliver, kDeliver); }},
    Field<Route>{"hedge",
                 [](const Value& v, Route& out) {
                     out.hedge.emplace();
                     read_hedge(v, *out.hedge);
                 }},
    Field<Route>{"mirror",
                 [](const Value& v, Route& out) {
                     out.mirror.emplace();
                     read_mirror(v, *out.mirror);
                 }},
};
constexpr std::array<std::string_view, 1> kRouteRequired{"models"};
constexpr std::array kRouteHints{Hint{"model", "use models: [...]"}, Hint{"providers", "use targets"},
                                 Hint{"timeout", "use total"}};
constexpr Shape<Route> kRoute{"route", kRouteFields, kRouteRequired, {}, kRouteHints};

// --- policies ---

void read_words(const Value& value, PolicyConfig& out) {
    if (!value.is_map()) {
        value.fail_type("a map of lists, one for each category");
        return;
    }
    for (const YamlKey& category : value.node().keys)
        if (const std::optional<Value> words = value.find(category.text))
            words->read(out.words[category.text], kMaxWords);
}

constexpr std::array<std::pair<std::string_view, PolicyAction>, 3> kActions{
    {{"flag", PolicyAction::flag}, {"log", PolicyAction::log}, {"block", PolicyAction::block}}};
constexpr std::array<std::pair<std::string_view, PolicyScope>, 3> kScopes{
    {{"input", PolicyScope::input}, {"output", PolicyScope::output}, {"both", PolicyScope::both}}};

using Policy = PolicyConfig;
constexpr std::array kPolicyConfigFields{
    Field<Policy>{"categories", [](const Value& v, Policy& out) { v.read(out.categories, 100); }},
    Field<Policy>{"words", read_words},
};
constexpr Shape<Policy> kPolicyConfig{"policy_config", kPolicyConfigFields};

constexpr std::array kPolicyFields{
    Field<Policy>{"name", [](const Value& v, Policy& out) { v.read(out.name); }},
    Field<Policy>{"type", [](const Value& v, Policy& out) { v.read(out.type); }},
    Field<Policy>{"action", [](const Value& v, Policy& out) { v.read(out.action, kActions); }},
    Field<Policy>{"scope", [](const Value& v, Policy& out) { v.read(out.scope, kScopes); }},
    Field<Policy>{"config", [](const Value& v, Policy& out) { read_object(v, kPolicyConfig, out); }},
};
constexpr std::array<std::string_view, 1> kPolicyRequired{"name"};
constexpr std::array kPolicyHints{Hint{"categories", "it belongs to config: {categories: [...]}"},
                                  Hint{"words", "it belongs to config: {words: {...}}"}};
constexpr Shape<Policy> kPolicy{"policy", kPolicyFields, kPolicyRequired, {}, kPolicyHints};

}  // namespace

void read_route(const Value& value, RouteConfig& out) {
    read_object(value, kRoute, out);
    if (out.name.empty() && !out.models.empty()) out.name = out.models.front();
}
void read_policy(const Value& value, PolicyConfig& out) {
    read_object(value, kPolicy, out);
}

void add_route_tables(std::vector<KeyTable>& tables) {
    tables.push_back(key_table(kRouteTarget));
    tables.push_back(key_table(kRoute));
    tables.push_back(key_table(kPolicyConfig));
    tables.push_back(key_table(kPolicy));
}

}  // namespace sluice::gateway

#include "gateway/policies.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>

#include "gateway/word_lists.hpp"
#include "gateway/word_matcher.hpp"

namespace sluice::gateway {
namespace {

// OpenAI's largest `n`. Further choices share one reader, which finds what is within one piece.
constexpr std::uint32_t kMaxChoices = 128;

constexpr std::string_view kContentFilter = "content_filter";

std::string category_names() {
    std::string names;
    for (const WordList& list : built_in_lists())
        names.append(names.empty() ? "" : ", ").append(list.category);
    return names;
}

struct Policy {
    Policy() = default;
    std::string name;
    std::string type;
    PolicyAction action = PolicyAction::flag;
    PolicyScope scope = PolicyScope::both;
    std::vector<std::string> categories;
    std::uint32_t first_list = 0;  // of its first category; the others' follow

    bool looks_at(bool output) const noexcept {
        return scope == PolicyScope::both || (scope == PolicyScope::output) == output;
    }
};

}  // namespace

struct Policies::Compiled {
    std::vector<Policy> policies;
    std::vector<std::uint32_t> policy_of;  // of a list
    WordMatcher matcher;
    std::uint32_t input_lists = 0;
    std::uint32_t output_lists = 0;

    void add(const PolicyConfig& config);
    void add_list(const PolicyConfig& config, const std::string& category);
    std::vector<PolicyRecord> records(const ListSet& found, bool output) const;
};

void Policies::Compiled::add(const PolicyConfig& config) {
    if (config.type != kContentFilter)
        throw std::invalid_argument("policy " + config.name + " has the unknown type " + config.type +
                                    "; there is " + std::string(kContentFilter));
    Policy policy;
    policy.name = config.name;
    policy.type = config.type;
    policy.action = config.action;
    policy.scope = config.scope;
    policy.first_list = static_cast<std::uint32_t>(policy_of.size());
    const auto has = [&](const std::string& category) {
        return std::find(policy.categories.begin(), policy.categories.end(), category) !=
               policy.categories.end();
    };
    for (const std::string& category : config.categories)
        if (!has(category)) policy.categories.push_back(category);
    for (const auto& own : config.words)
        if (!has(own.first)) policy.categories.push_back(own.first);
    if (policy.categories.empty())
        throw std::invalid_argument("policy " + config.name + " looks for nothing: name a category of " +
                                    category_names() + ", or give words of your own");
    for (const std::string& category : policy.categories)
        add_list(config, category);
    const auto lists = static_cast<std::uint32_t>(policy.categories.size());
    if (policy.looks_at(false)) input_lists += lists;
    if (policy.looks_at(true)) output_lists += lists;
    policies.push_back(std::move(policy));
}

void Policies::Compiled::add_list(const PolicyConfig& config, const std::string& category) {
    const auto list = static_cast<std::uint32_t>(policy_of.size());
    policy_of.push_back(static_cast<std::uint32_t>(policies.size()));
    if (const auto own = config.words.find(category); own != config.words.end()) {
        if (own->second.empty())
            throw std::invalid_argument("policy " + config.name + " has no words for " + category);
        for (const std::string& word : own->second)
            matcher.add(word, list);
        return;
    }
    const WordList* built_in = find_built_in(category);
    if (built_in == nullptr)
        throw std::invalid_argument("policy " + config.name + " names the unknown category " + category +
                                    "; there are " + category_names() +
                                    ", and any other needs words of its own");
    for (const std::string_view word : built_in->words)
        matcher.add(word, list);
}

std::vector<PolicyRecord> Policies::Compiled::records(const ListSet& found, bool output) const {
    std::vector<PolicyRecord> all;
    for (const Policy& policy : policies) {
        if (!policy.looks_at(output)) continue;
        PolicyRecord& record = all.emplace_back();
        record.name = policy.name;
        record.type = policy.type;
        record.action = policy.action;
        record.on_output = output;
        for (std::size_t i = 0; i < policy.categories.size(); ++i)
            if (found[policy.first_list + i]) record.categories.push_back(policy.categories[i]);
        record.matched = !record.categories.empty();
    }
    return all;
}

Policies::Policies(std::vector<PolicyConfig> policies) {
    if (policies.empty()) return;
    auto compiled = std::make_shared<Compiled>();
    for (const PolicyConfig& config : policies)
        compiled->add(config);
    compiled->matcher.finish();
    compiled_ = std::move(compiled);
}
Policies::~Policies() = default;

bool Policies::on_input() const noexcept {
    return compiled_ && compiled_->input_lists != 0;
}
bool Policies::on_output() const noexcept {
    return compiled_ && compiled_->output_lists != 0;
}
std::size_t Policies::size() const noexcept {
    return compiled_ ? compiled_->policies.size() : 0;
}

std::vector<PolicyRecord> Policies::check_input(std::span<const std::string_view> texts) const {
    if (!on_input()) return {};
    ListSet found(compiled_->policy_of.size());
    const auto note = [&](std::uint32_t list) { found[list] = true; };
    WordMatcher::Reader reader;
    for (const std::string_view text : texts) {
        reader.feed(compiled_->matcher, text, note);
        reader.end(compiled_->matcher, note);
    }
    return compiled_->records(found, false);
}

std::vector<std::pair<std::string, std::string>> Policies::categories() {
    std::vector<std::pair<std::string, std::string>> all;
    for (const WordList& list : built_in_lists())
        all.emplace_back(list.category, list.description);
    return all;
}

const PolicyRecord* blocking(std::span<const PolicyRecord> records) noexcept {
    const auto found = std::find_if(records.begin(), records.end(), [](const PolicyRecord& record) {
        return record.matched && record.action == PolicyAction::block;
    });
    return found != records.end() ? &*found : nullptr;
}

ErrorInfo blocked_by(const PolicyRecord& policy) {
    ErrorInfo error(ErrorKind::content_filtered, policy.on_output ? Phase::stream : Phase::prepare,
                    std::string(policy.on_output ? "the answer" : "the request") +
                        " was blocked by the policy " + policy.name);
    error.code = "content_filter";
    return error;
}

struct OutputWatch::State {
    explicit State(std::shared_ptr<const Policies::Compiled> with)
        : compiled(std::move(with)), found(compiled->policy_of.size()), left(compiled->output_lists) {}

    void note(std::uint32_t list) {
        if (found[list]) return;
        const Policy& policy = compiled->policies[compiled->policy_of[list]];
        if (!policy.looks_at(true)) return;
        found[list] = true;
        --left;
        if (policy.action == PolicyAction::block) blocked = true;
    }

    WordMatcher::Reader& reader_of(std::uint32_t choice) {
        const std::uint32_t slot = std::min(choice, kMaxChoices);
        if (slot >= readers.size()) readers.resize(slot + 1);
        if (slot == kMaxChoices && choice != last_shared) {
            readers[slot] = WordMatcher::Reader();
            last_shared = choice;
        }
        return readers[slot];
    }

    const std::shared_ptr<const Policies::Compiled> compiled;
    ListSet found;
    std::uint32_t left;  // lists that nothing was found of; at zero there is no more to learn
    std::vector<WordMatcher::Reader> readers;
    std::uint32_t last_shared = 0;
    bool blocked = false;
};

OutputWatch::OutputWatch(const Policies& policies) {
    if (policies.on_output()) state_ = std::make_unique<State>(policies.compiled_);
}
OutputWatch::~OutputWatch() = default;

bool OutputWatch::feed(std::string_view text, std::uint32_t choice) {
    if (!state_) return true;
    State& state = *state_;
    if (state.left != 0 && !state.blocked)
        state.reader_of(choice).feed(state.compiled->matcher, text,
                                     [&](std::uint32_t list) { state.note(list); });
    return !state.blocked;
}

bool OutputWatch::end() {
    if (!state_) return true;
    State& state = *state_;
    if (!state.blocked)
        for (WordMatcher::Reader& reader : state.readers)
            reader.end(state.compiled->matcher, [&](std::uint32_t list) { state.note(list); });
    return !state.blocked;
}

std::vector<PolicyRecord> OutputWatch::records() const {
    return state_ ? state_->compiled->records(state_->found, true) : std::vector<PolicyRecord>();
}

}  // namespace sluice::gateway

#include <sluice/goal.hpp>

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "engine/content_words.hpp"
#include "engine/loop_watch.hpp"
#include "wire/canonical_json.hpp"

namespace sluice {
namespace {

using engine::ContentWords;
using engine::Word;

// Any two texts of one language have as many words in common by chance.
constexpr double kChance = 0.05;
// A turn with as many content words is as good a witness as any longer one.
constexpr double kEvidence = 8;
// A turn as near as that may teach words; one further away is about something else.
constexpr double kLearn = 0.25;

void require(bool holds, const char* what) {
    if (!holds) throw std::invalid_argument(what);
}

GoalOptions checked(GoalOptions options) {
    require(options.drift_threshold >= 0 && options.drift_threshold < 1,
            "drift_threshold: must be at least 0 and below 1");
    require(options.memory >= 0 && options.memory < 1, "memory: must be at least 0 and below 1");
    require(options.related_share > kChance && options.related_share <= 1,
            "related_share: must be above 0.05 and at most 1");
    require(options.max_text >= 64, "max_text: must be at least 64 bytes");
    require(options.max_goal_words >= 1, "max_goal_words: must be at least 1");
    require(options.max_vocabulary >= 1, "max_vocabulary: must be at least 1");
    require(options.repeats >= 2 && options.repeats <= 100, "repeats: must be between 2 and 100");
    require(options.max_cycle >= 1 && options.max_cycle <= 32, "max_cycle: must be between 1 and 32");
    return options;
}

// The goal: its words by clause, and which of them were spoken of.
class Goal {
  public:
    Goal(const ContentWords& said, std::size_t limit) {
        std::size_t at = 0;
        for (const std::size_t end : said.clauses) {
            std::vector<Word> clause;
            for (; at < end && clauses_of_.size() < limit; ++at) {
                const auto [entry, is_new] = clauses_of_.try_emplace(said.words[at]);
                if (!entry->second.empty() && entry->second.back() == clauses_.size()) continue;
                entry->second.push_back(clauses_.size());
                clause.push_back(said.words[at]);
            }
            at = end;
            if (!clause.empty()) clauses_.push_back({clause.size(), 0});
        }
    }

    std::size_t size() const { return clauses_of_.size(); }
    bool has(Word word) const { return clauses_of_.contains(word); }
    void cover(Word word) {
        const auto entry = clauses_of_.find(word);
        if (entry == clauses_of_.end() || !covered_.insert(word).second) return;
        for (const std::size_t clause : entry->second)
            ++clauses_[clause].covered;
    }
    double progress() const {
        double all = 0;
        for (const Clause& clause : clauses_)
            all += static_cast<double>(clause.covered) / static_cast<double>(clause.words);
        return clauses_.empty() ? 0 : all / static_cast<double>(clauses_.size());
    }

  private:
    struct Clause {
        std::size_t words;
        std::size_t covered;
    };
    std::vector<Clause> clauses_;
    std::unordered_map<Word, std::vector<std::size_t>> clauses_of_;
    std::unordered_set<Word> covered_;
};

// Words that grew out of the goal. One that comes up in turns about something else says less.
class Vocabulary {
  public:
    explicit Vocabulary(std::size_t limit) : limit_(limit) {}

    double weight(Word word) const {
        const auto entry = words_.find(word);
        if (entry == words_.end()) return 0;
        const Known& known = entry->second;
        return known.related / (known.related + 1 + 2 * known.unrelated);
    }
    /// Words of a turn that is as near, 0 to 1.
    void learn(const std::unordered_set<Word>& words, double near) {
        ++turn_;
        for (const Word word : words) {
            Known& known = words_[word];
            known.last_seen = turn_;
            known.related += near;
        }
        if (words_.size() > limit_) forget();
    }
    /// Words of a turn about something else.
    void doubt(const std::unordered_set<Word>& words) {
        for (const Word word : words) {
            const auto entry = words_.find(word);
            if (entry != words_.end()) ++entry->second.unrelated;
        }
    }

  private:
    struct Known {
        double related = 0;
        double unrelated = 0;
        std::uint64_t last_seen = 0;
    };

    // The oldest, and a quarter more, so that it is done seldom.
    void forget() {
        std::vector<std::pair<std::uint64_t, Word>> by_age;
        for (const auto& [word, known] : words_)
            by_age.emplace_back(known.last_seen, word);
        const std::size_t kept = limit_ - limit_ / 4;
        const auto oldest = by_age.end() - static_cast<std::ptrdiff_t>(kept);
        std::nth_element(by_age.begin(), oldest, by_age.end());
        for (auto entry = by_age.begin(); entry != oldest; ++entry)
            words_.erase(entry->second);
    }

    std::size_t limit_;
    std::uint64_t turn_ = 0;
    std::unordered_map<Word, Known> words_;
};

}  // namespace

struct GoalTracker::Tracking {
    explicit Tracking(GoalOptions from)
        : options(checked(from)),
          vocabulary(options.max_vocabulary),
          answers(options.repeats, 1),
          calls(options.repeats, options.max_cycle) {}

    void set_goal(const ContentWords& said) {
        goal.emplace(said, options.max_goal_words);
        vocabulary = Vocabulary(options.max_vocabulary);
        has_words = !said.words.empty();
        state.progress = 0;
        state.drift = 0;
        state.drifting = false;
        distance = 0;
        evidence = 1;  // the goal is the first witness of itself
    }

    double share_known(const std::unordered_set<Word>& words) const {
        double known = 0;
        for (const Word word : words)
            known += goal->has(word) ? 1 : vocabulary.weight(word);
        return words.empty() ? 0 : known / static_cast<double>(words.size());
    }

    // Of a goal of few words, each that is said again tells something however long the turn is.
    double share_of_goal(const std::unordered_set<Word>& words) const {
        const auto said =
            std::count_if(words.begin(), words.end(), [&](Word word) { return goal->has(word); });
        return static_cast<double>(said) / static_cast<double>(std::min(words.size(), goal->size()));
    }

    // `asked` is measured by itself too: a short question may be on topic while its long answer digresses.
    void measure(const ContentWords& asked, const ContentWords& answered, bool states_goal) {
        const std::unordered_set<Word> question(asked.words.begin(), asked.words.end());
        std::unordered_set<Word> all = question;
        all.insert(answered.words.begin(), answered.words.end());
        if (all.empty()) return;
        const double share = std::max({share_known(question), share_known(all), share_of_goal(all)});
        const double near =
            states_goal ? 1 : std::clamp((share - kChance) / (options.related_share - kChance), 0.0, 1.0);
        const double weight = std::min(1.0, static_cast<double>(all.size()) / kEvidence);
        distance = options.memory * distance + weight * (1 - near);
        evidence = options.memory * evidence + weight;
        state.drift = std::clamp(distance / evidence, 0.0, 1.0);
        state.drifting = state.drift > options.drift_threshold;
        if (near > kLearn)
            vocabulary.learn(all, near);
        else
            vocabulary.doubt(all);
        for (const Word word : answered.words)
            goal->cover(word);
        state.progress = goal->progress();
    }

    void look_for_loops(std::string_view answer, std::span<const ToolCallPart> tool_calls) {
        state.loop.clear();
        for (const ToolCallPart& call : tool_calls) {
            std::string what = call.name + '\n';
            what += call.arguments.size() > options.max_text ? call.arguments
                                                             : wire::canonical_json(call.arguments);
            const std::optional<std::size_t> cycle = calls.add(std::hash<std::string>()(what));
            // Of several in one turn, the simplest.
            if (cycle == 1)
                state.loop = "repeated_tool_call";
            else if (cycle && state.loop.empty())
                state.loop = "tool_call_cycle";
        }
        const Word said = engine::wording(answer, options.max_text);
        if (said != 0 && answers.add(said) && state.loop.empty()) state.loop = "repeated_answer";
        state.loop_detected = !state.loop.empty();
    }

    GoalOptions options;
    std::optional<Goal> goal;
    bool has_words = false;  // the goal
    Vocabulary vocabulary;
    double distance = 0;  // of the last turns, weighted
    double evidence = 0;
    engine::LoopWatch answers;
    engine::LoopWatch calls;
    GoalState state;
};

GoalTracker::GoalTracker(GoalOptions options) : tracking_(std::make_unique<Tracking>(options)) {}
GoalTracker::~GoalTracker() = default;
GoalTracker::GoalTracker(GoalTracker&&) noexcept = default;
GoalTracker& GoalTracker::operator=(GoalTracker&&) noexcept = default;

void GoalTracker::set_goal(std::string_view text) {
    tracking_->set_goal(engine::content_words(text, tracking_->options.max_text));
}

GoalState GoalTracker::observe(std::string_view user_text, std::string_view answer_text,
                               std::span<const ToolCallPart> tool_calls) {
    Tracking& now = *tracking_;
    now.look_for_loops(answer_text, tool_calls);

    const std::size_t limit = now.options.max_text;
    const ContentWords asked = engine::content_words(user_text, limit);
    const bool states_goal = !now.goal && !asked.words.empty();
    if (states_goal) now.set_goal(asked);
    if (!now.has_words) return now.state;

    ContentWords answered = engine::content_words(answer_text, limit);
    std::size_t left = limit;
    for (const ToolCallPart& call : tool_calls) {
        for (const std::string_view text : {std::string_view(call.name), std::string_view(call.arguments)}) {
            const ContentWords said = engine::content_words(text, left);
            left -= std::min(left, text.size());
            answered.words.insert(answered.words.end(), said.words.begin(), said.words.end());
        }
    }
    now.measure(asked, answered, states_goal);
    return now.state;
}

const GoalState& GoalTracker::state() const noexcept {
    return tracking_->state;
}

}  // namespace sluice

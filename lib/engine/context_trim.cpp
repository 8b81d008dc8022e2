#include <sluice/context.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace sluice {
namespace {

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

bool has_result(const Message& message) {
    return std::any_of(message.parts.begin(), message.parts.end(),
                       [](const Part& part) { return std::holds_alternative<ToolResultPart>(part); });
}

// Results in a user's message, as some clients send them, are still results.
bool opens_turn(const Message& message) {
    return message.role == Role::user && !has_result(message);
}
bool joins_step(const Message& message) {
    return message.role == Role::tool || (message.role == Role::user && has_result(message));
}

// What stays or goes as a whole: a user's message, or one of the assistant with the results of its calls.
struct Step {
    std::size_t turn = 0;
    std::vector<std::size_t> messages;
    Tokens size = 0;
    bool opens = false;
    bool is_kept = true;
};

class Trimming {
  public:
    Trimming(std::vector<Message> messages, const TrimOptions& options)
        : options_(options), messages_(std::move(messages)), step_of_(messages_.size(), kNone) {
        size_ = options.fixed;
        divide();
        before_ = size_;
        if (!options.notice.empty()) weigh_notice();
    }

    Trimmed run() {
        drop_illegal();
        const std::size_t pinned = options_.keep_message ? step_of_[*options_.keep_message] : kNone;
        const std::size_t kept_from = turns_ - std::min(turns_, options_.keep_last_turns);
        for (std::size_t step = 0; step < steps_.size() && !fits();) {
            const std::size_t next = end_of_turn(step);
            if (steps_[step].turn < kept_from)
                drop_turn(step, next, pinned);
            else
                drop_steps(step, next, pinned);
            step = next;
        }
        return result();
    }

  private:
    void divide() {
        for (std::size_t at = 0; at < messages_.size(); ++at) {
            const Message& message = messages_[at];
            const Tokens size = estimate_tokens(message, options_.dialect);
            size_ += size;
            if (message.role == Role::system) continue;
            if (opens_turn(message)) {
                ++turns_;
                steps_.emplace_back().opens = true;
            } else if (steps_.empty() || steps_.back().opens || !joins_step(message)) {
                steps_.emplace_back();
            }
            Step& step = steps_.back();
            step.turn = turns_ - 1;  // kNone before the first user's message
            step.messages.push_back(at);
            step.size += size;
            step_of_[at] = steps_.size() - 1;
        }
    }

    // It costs nothing where it stands already.
    void weigh_notice() {
        const Message notice(Role::system, options_.notice);
        const auto says_it = [this](const Message& message) {
            if (message.role != Role::system || message.parts.size() != 1) return false;
            const auto* text = std::get_if<TextPart>(&message.parts.front());
            return text && text->text == options_.notice;
        };
        if (std::none_of(messages_.begin(), messages_.end(), says_it))
            notice_ = estimate_tokens(notice, options_.dialect);
    }

    bool fits() const { return size_ + (dropped_ > 0 ? notice_ : 0) <= options_.budget; }

    void drop(Step& step) {
        if (!step.is_kept) return;
        step.is_kept = false;
        size_ -= step.size;
        dropped_ += step.messages.size();
    }

    // Every call of a step has its result and the other way round. At the very end of a conversation results
    // may be missing.
    bool is_legal(const Step& step, bool is_last) const {
        if (step.turn == kNone) return false;
        if (step.opens) return true;
        std::vector<std::string_view> calls;
        std::vector<std::string_view> results;
        for (const std::size_t at : step.messages) {
            const std::size_t known = results.size();
            for (const Part& part : messages_[at].parts) {
                if (const auto* call = std::get_if<ToolCallPart>(&part)) calls.push_back(call->id);
                if (const auto* result = std::get_if<ToolResultPart>(&part))
                    results.push_back(result->tool_call_id);
            }
            if (messages_[at].role == Role::tool && results.size() == known) return false;
        }
        if (messages_[step.messages.front()].role != Role::assistant) return false;
        std::sort(calls.begin(), calls.end());
        std::sort(results.begin(), results.end());
        return is_last ? std::includes(calls.begin(), calls.end(), results.begin(), results.end())
                       : calls == results;
    }

    void drop_illegal() {
        for (Step& step : steps_)
            if (!is_legal(step, &step == &steps_.back())) drop(step);
    }

    std::size_t end_of_turn(std::size_t step) const {
        const std::size_t turn = steps_[step].turn;
        while (step < steps_.size() && steps_[step].turn == turn)
            ++step;
        return step;
    }

    void drop_turn(std::size_t from, std::size_t to, std::size_t pinned) {
        const bool has_pinned = pinned >= from && pinned < to && steps_[pinned].is_kept;
        const std::size_t before = dropped_;
        for (std::size_t at = from; at < to; ++at)
            if (!has_pinned || (at != pinned && at != from)) drop(steps_[at]);
        if (dropped_ != before) ++dropped_turns_;
    }

    // The last step stays: in the last turn it is what the model goes on from.
    void drop_steps(std::size_t from, std::size_t to, std::size_t pinned) {
        std::size_t last = to - 1;
        while (last > from && !steps_[last].is_kept)
            --last;
        for (std::size_t at = from + 1; at < last && !fits(); ++at)
            if (at != pinned) drop(steps_[at]);
    }

    Trimmed result() {
        Trimmed out;
        out.before = before_;
        out.dropped_messages = dropped_;
        out.dropped_turns = dropped_turns_;
        out.fits = fits();
        out.after = size_;
        const bool is_noticed = dropped_ > 0 && notice_ > 0;
        if (is_noticed) out.after += notice_;
        out.messages.reserve(messages_.size() - dropped_ + 1);
        std::size_t head = 0;
        while (head < messages_.size() && messages_[head].role == Role::system)
            ++head;
        for (std::size_t at = 0; at <= messages_.size(); ++at) {
            if (at == head && is_noticed) out.messages.emplace_back(Role::system, options_.notice);
            if (at == messages_.size()) break;
            if (step_of_[at] != kNone && !steps_[step_of_[at]].is_kept) continue;
            if (options_.keep_message == at) out.kept_message = out.messages.size();
            out.messages.push_back(std::move(messages_[at]));
        }
        return out;
    }

    const TrimOptions& options_;
    std::vector<Message> messages_;
    std::vector<Step> steps_;
    std::vector<std::size_t> step_of_;  // of each message; kNone of the system's
    std::size_t turns_ = 0;
    Tokens size_ = 0;
    Tokens before_ = 0;
    Tokens notice_ = 0;
    std::size_t dropped_ = 0;
    std::size_t dropped_turns_ = 0;
};

}  // namespace

Trimmed trim(std::vector<Message> messages, const TrimOptions& options) {
    if (options.keep_last_turns == 0)
        throw std::invalid_argument("keep_last_turns: must be at least 1, the turn that is to be answered");
    if (options.keep_message && *options.keep_message >= messages.size())
        throw std::invalid_argument("keep_message: " + std::to_string(*options.keep_message) +
                                    " is no place in a conversation of " + std::to_string(messages.size()) +
                                    " messages");
    return Trimming(std::move(messages), options).run();
}

}  // namespace sluice

#include <sluice/explain.hpp>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <limits>
#include <utility>
#include <vector>

namespace sluice {
namespace {

using Limit = std::optional<Duration>;  // absent: there is none

// Sums of limits saturate at what a Duration can hold, which is longer than anybody waits.
Duration plus(Duration a, Duration b) {
    return b > Duration::max() - a ? Duration::max() : a + b;
}
Limit plus(const Limit& a, const Limit& b) {
    return a && b ? Limit(plus(*a, *b)) : std::nullopt;
}
Limit times(const Limit& a, std::uint64_t n) {
    if (!a) return a;
    const auto most = static_cast<std::uint64_t>(Duration::max().count());
    const auto count = static_cast<std::uint64_t>(a->count());
    return count != 0 && n > most / count ? Duration::max() : *a * static_cast<Duration::rep>(n);
}
Limit longer(const Limit& a, const Limit& b) {
    return a && b ? Limit(std::max(*a, *b)) : std::nullopt;
}
Limit shorter(const Limit& a, const Limit& b) {
    if (!a || !b) return a ? a : b;
    return std::min(*a, *b);
}
std::uint64_t plus(std::uint64_t a, std::uint64_t b) {
    return b > std::numeric_limits<std::uint64_t>::max() - a ? std::numeric_limits<std::uint64_t>::max()
                                                             : a + b;
}
std::uint64_t times(std::uint64_t a, std::uint64_t b) {
    return a != 0 && b > std::numeric_limits<std::uint64_t>::max() / a
               ? std::numeric_limits<std::uint64_t>::max()
               : a * b;
}

// What a model can come to when it is a part of another one.
struct Bound {
    std::uint64_t attempts = 1;
    std::uint64_t beside = 0;  // attempts that no limit counts: mirrored ones
    Limit failure;             // until it has given up, so that another one can be asked
    Limit end;                 // until the terminal event of an answer
    std::optional<PicoUsd> cost;
    std::optional<PicoUsd> cost_beside = PicoUsd(0);
    std::optional<PicoUsd> dearest;  // of one attempt
};

// Which limits hold already, because the caller or a model further out has set them: an inner one is not
// asked.
struct Outer {
    bool total = false;
    bool attempts = false;
};

std::optional<PicoUsd> plus(const std::optional<PicoUsd>& a, const std::optional<PicoUsd>& b) {
    return a && b ? std::optional<PicoUsd>(*a + *b) : std::nullopt;
}
std::optional<PicoUsd> dearer(const std::optional<PicoUsd>& a, const std::optional<PicoUsd>& b) {
    return a && b ? std::optional<PicoUsd>(std::max(*a, *b)) : std::nullopt;
}

Bound of_leaf(const ModelSpec& spec, const Composition& leaf, const Needs& needs) {
    Bound bound;
    bound.failure = shorter(leaf.first_event, leaf.total);
    bound.end = leaf.total;
    bound.cost = bound.dearest = estimated_cost(spec, needs);
    return bound;
}

Bound of_one(const Composition& made, const Bound& part) {
    const Limit waits = made.waits;
    const Limit failure = made.holds_answers ? longer(part.failure, part.end) : part.failure;
    Bound bound;
    bound.attempts = times(part.attempts, made.tries);
    bound.failure = plus(times(failure, made.tries), waits);
    bound.end = plus(plus(times(failure, made.tries - 1), waits), part.end);
    bound.beside = times(part.beside, made.tries);
    bound.cost = part.cost;
    bound.cost_beside = part.cost_beside;
    for (std::uint32_t i = 1; i < made.tries; ++i) {
        bound.cost = plus(bound.cost, part.cost);
        bound.cost_beside = plus(bound.cost_beside, part.cost_beside);
    }
    bound.dearest = part.dearest;
    return bound;
}

// Of parts in turn, the worst choice: the `tries` worst ones, and the worst one again where it may be drawn
// again.
Bound of_turns(const Composition& made, std::vector<Bound> parts) {
    const std::size_t tries = made.max_tries.value_or(static_cast<std::uint32_t>(parts.size()));
    for (Bound& part : parts)
        if (made.holds_answers) part.failure = longer(part.failure, part.end);
    // Draws `tries` times from the largest; an absent limit is larger than any.
    const auto worst = [&](auto value, auto less, auto zero, auto add) {
        std::vector<decltype(zero)> values;
        for (const Bound& part : parts)
            values.push_back(value(part));
        std::sort(values.begin(), values.end(), [&](const auto& a, const auto& b) { return less(b, a); });
        auto sum = zero;
        for (std::size_t i = 0; i < tries; ++i)
            sum = add(sum, i < values.size() ? values[i] : values.front());
        return sum;
    };
    const auto add = [](const auto& a, const auto& b) { return plus(a, b); };
    const auto less_limit = [](const Limit& a, const Limit& b) { return a && (!b || *a < *b); };
    const auto less_cost = [](const std::optional<PicoUsd>& a, const std::optional<PicoUsd>& b) {
        return a && (!b || *a < *b);
    };
    Bound bound;
    bound.attempts = worst([](const Bound& p) { return p.attempts; }, std::less<>(), std::uint64_t{0}, add);
    bound.failure = worst([](const Bound& p) { return p.failure; }, less_limit, Limit(Duration(0)), add);
    bound.beside = worst([](const Bound& p) { return p.beside; }, std::less<>(), std::uint64_t{0}, add);
    const std::optional<PicoUsd> free = PicoUsd(0);
    bound.cost = worst([](const Bound& p) { return p.cost; }, less_cost, free, add);
    bound.cost_beside = worst([](const Bound& p) { return p.cost_beside; }, less_cost, free, add);
    bound.dearest = PicoUsd(0);
    // The last try is the one that answers, at its own slowest.
    bound.end = Duration(0);
    for (const Bound& part : parts) {
        const bool is_known = bound.failure && part.failure;
        const Limit others =
            is_known ? Limit(*bound.failure - std::min(*bound.failure, *part.failure)) : Limit();
        bound.end = longer(bound.end, tries > 1 ? plus(others, part.end) : part.end);
        bound.dearest = dearer(bound.dearest, part.dearest);
    }
    bound.failure = plus(bound.failure, Limit(made.waits));
    bound.end = plus(bound.end, Limit(made.waits));
    return bound;
}

// The first part is the caller's; the others are asked beside it, and no limit of attempts counts them.
Bound of_all(const Composition& made, const std::vector<Bound>& parts) {
    Bound bound = parts.front();
    for (std::size_t i = 1; i < parts.size(); ++i) {
        const Bound& part = parts[i];
        bound.beside = plus(bound.beside, plus(part.attempts, part.beside));
        bound.cost_beside = plus(bound.cost_beside, plus(part.cost, part.cost_beside));
        bound.failure = longer(bound.failure, part.failure);
        bound.end = longer(bound.end, part.end);
    }
    bound.failure = plus(bound.failure, Limit(made.waits));
    bound.end = plus(bound.end, Limit(made.waits));
    return bound;
}

Bound limited(Bound bound, const Limit& total, const std::optional<std::uint32_t>& attempts) {
    bound.failure = shorter(bound.failure, total);
    bound.end = shorter(bound.end, total);
    if (attempts && *attempts < bound.attempts) {
        bound.attempts = *attempts;
        if (bound.cost && bound.dearest)
            bound.cost = std::min(*bound.cost, *bound.dearest * Tokens(*attempts));
    }
    return bound;
}

// "4 min 10.5 s", "90 s", "500 ms"
std::string in_words(Duration time) {
    using namespace std::chrono;
    const auto ms = ceil<milliseconds>(time).count();
    if (ms < 1000) return std::to_string(ms) + " ms";
    const auto in_seconds = [](std::int64_t part) {
        char text[32];
        std::snprintf(text, sizeof text, "%lld.%03lld", static_cast<long long>(part / 1000),
                      static_cast<long long>(part % 1000));
        std::string number(text);
        while (number.back() == '0')
            number.pop_back();
        if (number.back() == '.') number.pop_back();
        return number + " s";
    };
    if (ms < 120'000) return in_seconds(ms);
    std::string words = std::to_string(ms / 60'000) + " min";
    if (ms % 60'000 != 0) words += " " + in_seconds(ms % 60'000);
    return words;
}

std::string within(const Limit& limit, const char* what) {
    return limit ? in_words(*limit) + " until " + what : std::string("no limit of the time until ") + what;
}

class Walk {
  public:
    explicit Walk(const Needs& needs) : needs_(needs) {}

    Bound visit(const BoundModel& model, std::size_t depth, Outer outer) {
        const Composition made = model.target()->composition();
        text_.append(2 * depth, ' ');
        if (made.order == Composition::Order::leaf) {
            const Bound leaf = of_leaf(model.spec(), made, needs_);
            text_ += model.spec().provider_id + "/" + model.spec().id + ": ";
            text_ += made.first_event ? "first event within " + in_words(*made.first_event)
                                      : "first event at any time";
            text_ += made.total ? ", whole within " + in_words(*made.total) : ", of any length";
            text_ += leaf.cost ? ", " + to_string(*leaf.cost) : ", price unknown";
            text_ += "\n";
            return leaf;
        }
        text_ += made.kind + (made.settings.empty() ? "" : ": " + made.settings) + "\n";
        const Limit total = outer.total ? Limit() : made.total;
        const std::optional<std::uint32_t> attempts = outer.attempts ? std::nullopt : made.max_total_attempts;
        Outer inner{outer.total || total, outer.attempts || attempts};
        std::vector<Bound> parts;
        for (const BoundModel& part : made.parts) {
            parts.push_back(visit(part, depth + 1, inner));
            if (made.order == Composition::Order::together) inner.attempts = false;
        }
        return limited(combined(made, std::move(parts)), total, attempts);
    }
    const std::string& text() const noexcept { return text_; }

  private:
    static Bound combined(const Composition& made, std::vector<Bound> parts) {
        if (parts.empty()) return Bound();
        switch (made.order) {
            case Composition::Order::one:
                return of_one(made, parts.front());
            case Composition::Order::in_turn:
                return of_turns(made, std::move(parts));
            case Composition::Order::together:
                return of_all(made, parts);
            case Composition::Order::leaf:
                break;
        }
        return Bound();
    }

    const Needs& needs_;
    std::string text_;
};

}  // namespace

Explanation explain(const BoundModel& model, const Request& request, const CallOptions& options) {
    const Needs needs = needs_of(request);
    Walk walk(needs);
    const Limit total =
        options.total() && options.total()->count() > 0 ? Limit(*options.total()) : std::nullopt;
    const Outer caller{options.total().has_value(), options.max_total_attempts().has_value()};
    const Bound bound = limited(walk.visit(model, 0, caller), total, options.max_total_attempts());

    Explanation explanation;
    WorstCase& worst = explanation.worst;
    worst.attempts = plus(bound.attempts, bound.beside);
    worst.first_event = bound.failure;
    worst.end = longer(bound.failure, bound.end);
    worst.cost = plus(bound.cost, bound.cost_beside);
    explanation.text =
        "at most " + std::to_string(worst.attempts) + (worst.attempts == 1 ? " attempt, " : " attempts, ") +
        within(worst.first_event, "the first event or the error") + ", " + within(worst.end, "the end") +
        ", " + (worst.cost ? to_string(*worst.cost) : std::string("price unknown")) + "\n" + walk.text();
    return explanation;
}

}  // namespace sluice

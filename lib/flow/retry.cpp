#include "flow/retry.hpp"

#include <sluice/attempt.hpp>

#include <algorithm>
#include <cmath>

#include "flow/dice.hpp"

namespace sluice::flow {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLongestHint = std::chrono::hours(24);

struct Verdict {
    bool may_pass = false;
    std::optional<milliseconds> told;  // never ask earlier
};

// Whoever let a whole deadline pass in silence would most likely take as long again, of a budget that others
// could use. Only that a connection or the sending took too long may be an accident on the way.
bool was_silent(const ErrorInfo& error) noexcept {
    return error.kind == ErrorKind::provider_timeout && error.phase != Phase::connect &&
           error.phase != Phase::send;
}

Verdict judge(const ErrorInfo& error, const RetryRules& rules) noexcept {
    Verdict verdict;
    if (error.kind == ErrorKind::all_providers_failed) {
        // A chain is worth another round when one of its models is.
        if (!error.attempts) return verdict;
        for (const Attempt& attempt : *error.attempts) {
            if (attempt.outcome != Attempt::Outcome::failed) continue;
            const Verdict one = judge(attempt.error, rules);
            if (!one.may_pass) continue;
            verdict.may_pass = true;
            if (one.told && (!verdict.told || *one.told < *verdict.told)) verdict.told = one.told;
        }
        return verdict;
    }
    const bool refused = error.kind == ErrorKind::no_provider_available;
    verdict.may_pass =
        can_retry_same_target(error) && !was_silent(error) && (!refused || rules.wait_when_refused);
    if (error.retry_after) verdict.told = std::min(*error.retry_after, kLongestHint);
    return verdict;
}

}  // namespace

Duration backoff_step(const RetryRules& rules, std::uint32_t next) noexcept {
    const double grown = static_cast<double>(rules.base.count()) * std::pow(rules.factor, double(next) - 2);
    // Compared as doubles: what has grown out of range is not converted.
    return grown < static_cast<double>(rules.cap.count()) ? Duration(static_cast<Duration::rep>(grown))
                                                          : rules.cap;
}

Duration longest_waits(const RetryRules& rules) noexcept {
    double sum = 0;
    std::uint32_t next = 2;
    for (; next <= rules.attempts; ++next) {
        const Duration step = backoff_step(rules, next);
        if (step == rules.cap) break;  // and so are all that follow
        sum += static_cast<double>(std::max(step, rules.max_retry_after).count());
    }
    const double left = next <= rules.attempts ? double(rules.attempts - next) + 1 : 0;
    sum += left * static_cast<double>(std::max(rules.cap, rules.max_retry_after).count());
    return sum < 0x1p62 ? Duration(static_cast<Duration::rep>(sum)) : Duration::max();
}

std::optional<Duration> RetryMachine::on_failed(const ErrorInfo& error, TimePoint now, TimePoint limit,
                                                std::uint64_t dice) noexcept {
    const Verdict verdict = judge(error, rules_);
    if (!verdict.may_pass || tries_ >= rules_.attempts) return std::nullopt;
    if (verdict.told && *verdict.told > rules_.max_retry_after) return std::nullopt;

    const Duration step = backoff_step(rules_, tries_ + 1);
    Duration wait = step;
    if (rules_.jitter)
        wait = Duration(static_cast<Duration::rep>(fraction(dice) * static_cast<double>(step.count())));
    if (verdict.told) wait = std::max<Duration>(wait, *verdict.told);
    if (wait >= limit - now) return std::nullopt;
    ++tries_;
    return wait;
}

}  // namespace sluice::flow

// RetryBoundModel: asks one model again after a failure that may pass, with a growing, random pause in
// between.
//
//   sluice::RetryBoundModel model{openai.model("gpt-5"), {.attempts = 3}};
//   sluice::FallbackBoundModel chain{{model, anthropic.model("claude-opus-4-8")}};
//
// Only what fails before its first answer is asked again; after that the stream is the caller's. It never
// waits past the request's deadline, never asks earlier than the provider said, and never repeats what cannot
// help: a quota, a bad key, a bad request, silence. docs/retry.md has the whole table.
#pragma once

#include <sluice/attempt_event.hpp>
#include <sluice/bound_model.hpp>
#include <sluice/runtime.hpp>

#include <chrono>
#include <cstdint>

namespace sluice {

struct RetryOptions {
    /// How often the model is asked in all, from 1 (never again) to 1000.
    std::uint32_t attempts = 2;
    /// The longest pause before the second try. Zero: the next try is made at once, however often.
    std::chrono::milliseconds base = std::chrono::milliseconds(500);
    /// By which each further pause is longer; at least 1.
    double factor = 2.0;
    /// The pauses grow up to this one; at least `base`.
    std::chrono::milliseconds cap = std::chrono::seconds(8);
    /// Each pause is drawn between zero and its full length, so that clients that failed together do not come
    /// back together. False: always the full length.
    bool jitter = true;
    /// A provider that asks for a longer wait than this is not asked again, so that others are; a shorter
    /// wait is kept to. Zero: whoever asks for a wait is not asked again.
    std::chrono::milliseconds max_retry_after = std::chrono::seconds(30);
    /// Whether to wait for a model that was not even asked, because its breaker is open or it is known to be
    /// down, until it may be. False: give up at once, so that others are asked. True is for a model that has
    /// no fallback.
    bool wait_when_refused = false;
    /// Hears of each pause (BackingOff), and of all attempts, unless the call or a model around this one has
    /// a listener.
    AttemptEvents events = {};
    Runtime runtime = {};
};

class RetryBoundModel : public BoundModel {
  public:
    /// Throws std::invalid_argument for options that make no sense.
    explicit RetryBoundModel(BoundModel model, RetryOptions options = {});
};

}  // namespace sluice

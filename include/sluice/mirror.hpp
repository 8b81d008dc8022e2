// MirrorBoundModel: a sampled share of requests goes to a second model too, and the two answers are compared:
// how good is the candidate, before it serves anybody?
//
//   sluice::MirrorBoundModel model{openai.model("gpt-5"), candidate.model("gpt-6"),
//                                  {.sample_rate = 0.05, .on_mirrored = record}};
//   ...
//   co_await model.stop();      // before the io_context goes: mirrors outlive their requests
//
// The caller gets the primary's own stream, as soon as it answers; the secondary is read beside it, and never
// waited for. Only when the primary fails before its first answer does the secondary serve, if it can.
// docs/mirror.md has the rules, and says what mirroring costs.
#pragma once

#include <sluice/attempt_event.hpp>
#include <sluice/bound_model.hpp>
#include <sluice/runtime.hpp>

#include <asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice {

/// What one of the two said, as far as it is compared: the first choice's text and tool calls.
struct MirrorAnswer {
    MirrorAnswer() = default;
    struct ToolCall {
        ToolCall() = default;
        std::string name;
        std::string arguments;  ///< JSON text.
    };
    std::string text;
    std::vector<ToolCall> tool_calls;
};

/// How one of the two got on.
struct MirrorSide {
    MirrorSide() = default;
    ModelSpec model;  ///< That was asked; of a combinator, its primary's.
    /// Whole if `finished` and not `cut`; else what had come.
    MirrorAnswer answer;
    bool finished = false;  ///< It ended well.
    bool cut = false;       ///< It was longer than max_compared_bytes.
    /// Why it failed. Absent when it finished, and when it was given up: by the caller, by stop(), or because
    /// the primary was.
    std::optional<ErrorInfo> error;
    std::optional<Usage> usage;
    std::chrono::nanoseconds duration{0};  ///< From the request's start to this side's end.
};

/// One mirrored request, when both sides have ended. The only place where the texts are: the library logs
/// none.
struct MirrorReport {
    MirrorReport() = default;
    MirrorSide primary;
    MirrorSide secondary;
    /// Absent unless both finished, uncut.
    std::optional<bool> agree;
    bool served_by_secondary = false;
};

/// Whether two answers say the same.
using MirrorComparator = std::function<bool(const MirrorAnswer& primary, const MirrorAnswer& secondary)>;

namespace compare {
// Each of these wants the same tools to be called in the same order, too, with arguments that are the same
// JSON.

/// Equal byte for byte.
bool exact_text(const MirrorAnswer& primary, const MirrorAnswer& secondary);
/// Equal but for the amount of white space between words and at the ends.
bool same_words(const MirrorAnswer& primary, const MirrorAnswer& secondary);
/// The same JSON value: the order of keys, white space, escapes and the way numbers are written do not
/// matter. Texts that are no JSON are equal byte for byte or not at all.
bool same_json(const MirrorAnswer& primary, const MirrorAnswer& secondary);
}  // namespace compare

struct MirrorOptions {
    /// Share of requests that go to the secondary too, from 0 (none) to 1 (all). Drawn from the runtime's
    /// entropy.
    double sample_rate = 1.0;
    /// When the secondary must be over, from the request's start; above zero. While it may still have to
    /// serve, the caller's own limit holds too.
    std::chrono::milliseconds secondary_total = std::chrono::minutes(2);
    /// Mirrors that run at once, on all threads together; at least 1. Beyond it requests are not mirrored.
    std::size_t max_running = 64;
    /// Text and tool calls that are kept of each side. A longer answer is not compared.
    std::size_t max_compared_bytes = std::size_t{1} << 20;
    /// One of `compare`, or a function of your own. Runs on the request's thread when both sides have ended,
    /// and must not block; what it throws is logged, and leaves `agree` absent.
    MirrorComparator comparator = compare::exact_text;
    /// Called once for each mirrored request, on its thread, when both sides have ended; must not block, nor
    /// touch the stream. What it throws is logged and swallowed.
    std::function<void(const MirrorReport&)> on_mirrored = {};
    /// When the primary fails before its first answer: give the caller the secondary's answer, if that one is
    /// being mirrored and does better.
    bool serve_from_secondary = true;
    /// When the caller cancels or drops the primary's stream: stop the secondary too. False: it runs to its
    /// end, at its cost, and is reported.
    bool cancel_with_primary = true;
    /// Limit for the whole request when CallOptions sets none; zero is none.
    std::chrono::milliseconds total = std::chrono::minutes(15);
    /// Fits the request to each of the two, unless the call has a hook of its own.
    TransformContext transform_context = {};
    /// Who hears what happens to the attempts, when neither the call nor an outer model has a listener.
    AttemptEvents events = {};
    Runtime runtime = {};
};

class MirrorBoundModel : public BoundModel {
  public:
    /// Throws std::invalid_argument for options that make no sense. A mirror runs on its caller's executor,
    /// which must be one thread or a strand. When the last copy of this model is gone, the mirrors that still
    /// run are cancelled.
    MirrorBoundModel(BoundModel primary, BoundModel secondary, MirrorOptions options = {});

    /// Mirrors that run now, on all threads. Any thread.
    std::size_t running() const;
    /// Completes when none runs. Any executor. Cancelling it throws operation_aborted, and stops no mirror.
    asio::awaitable<void> wait() const;
    /// From now on nothing is mirrored, and requests go to the primary alone; cancels the mirrors that run,
    /// and completes when they have ended. Any executor. Cancelling it throws operation_aborted.
    asio::awaitable<void> stop() const;

  private:
    struct Shared;
    explicit MirrorBoundModel(std::shared_ptr<Shared> shared);
    std::shared_ptr<Shared> shared_;
};

}  // namespace sluice

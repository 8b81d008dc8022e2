// A provider that does what a script says: events, errors, delays, hangs. No network, no parsing: for tests
// of everything above a provider.
//
//   sluice::testing::ScriptedProvider provider("primary", runtime);
//   provider.script("m", sluice::testing::Script().text("Hello").text(" world").finish());
//   provider.script("bad", sluice::testing::Script().fail_open(sluice::ErrorKind::rate_limited));
//   sluice::BoundModel model = provider.model("m");
#pragma once

#include <sluice/bound_model.hpp>
#include <sluice/runtime.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice::testing {

/// What one call of one model does, step by step. A script that runs out without a terminal event ends as a
/// cut stream. Nothing may follow finish(), fail() or fail_open(), but batch(): std::invalid_argument.
class Script {
  public:
    Script();
    Script& text(std::string what);
    Script& reasoning(std::string what);
    Script& tool_call(std::string id, std::string name, std::string arguments);
    Script& extension(std::string name, std::string json);
    Script& finish(StopReason reason = StopReason::stop, std::optional<Usage> usage = std::nullopt);
    /// The stream fails here; as the first step: a first-event error.
    Script& fail(ErrorKind kind, std::string message = "scripted failure");
    Script& fail(ErrorInfo error);
    /// Opening the stream fails. Delays and hangs before it happen while it opens; events before it:
    /// std::invalid_argument. In every other script opening is instant, and delays and hangs happen in the
    /// stream.
    Script& fail_open(ErrorKind kind, std::string message = "scripted failure");
    Script& fail_open(ErrorInfo error);
    Script& delay(Duration how_long);
    /// Waits until it is cancelled or dropped; no deadline ends it.
    Script& hang();
    /// The events so far (after the last batch(), delay() or hang()) form one batch; the next ones come with
    /// the next read. Without it each event is its own batch.
    Script& batch();
    /// `what` as `times` text events in batches of `per_batch`, for measurements: reading them allocates
    /// nothing.
    Script& repeat_text(std::string what, std::size_t times, std::size_t per_batch);

    struct Step;
    const std::vector<std::shared_ptr<const Step>>& steps() const noexcept { return steps_; }

  private:
    Script& add(Step step);
    std::vector<std::shared_ptr<const Step>> steps_;
    std::uint32_t tool_calls_ = 0;
};

/// A model without a script fails with ModelNotFound. Errors get the provider's and the model's id filled in.
class ScriptedProvider {
  public:
    ScriptedProvider(std::string id, Runtime runtime);

    /// What model `id` does from now on. Several scripts for one model are used one call each, the last one
    /// for ever.
    ScriptedProvider& script(std::string id, Script script);
    BoundModel model(std::string id) const;
    BoundModel model(ModelSpec spec) const;

    const Provider& provider() const noexcept;

    std::size_t calls() const noexcept;  ///< Streams asked for so far.
    /// Opens in flight, and streams that were neither closed nor dropped: zero after a test.
    std::size_t running() const noexcept;
    std::size_t max_running() const noexcept;                 ///< The most that ever ran together.
    const std::vector<std::string>& called() const noexcept;  ///< Model ids, in order of the calls.
    /// The absolute deadline that each call was given, in order of the calls.
    const std::vector<TimePoint>& deadlines() const noexcept;
    /// What each call was asked, as transform_context left it, in order; without the calls whose hook threw.
    const std::vector<Request>& requests() const noexcept;

  private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace sluice::testing

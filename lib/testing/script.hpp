// What a Script is made of, and the form in which it is performed.
//
// A script is compiled once for each provider and model it is given to. Performing it then hands out spans of
// ready events: no allocation a read, so that a measurement of what stands above a provider sees nothing of
// the provider.
#pragma once

#include <sluice/testing/scripted_provider.hpp>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sluice::testing {

struct Script::Step {
    struct Fail {
        ErrorInfo error;
        bool open = false;  ///< Opening fails, not the stream.
    };
    struct Delay {
        Duration how_long{};
    };
    struct Hang {};
    struct Batch {};
    struct Repeat {
        OwnedEvent event;
        std::size_t times = 0;
        std::size_t per_batch = 1;
    };
    using What = std::variant<OwnedEvent, Fail, Delay, Hang, Batch, Repeat>;

    explicit Step(What step) : what(std::move(step)) {}
    What what;

    template <typename T>
    const T* as() const noexcept {
        return std::get_if<T>(&what);
    }
    bool is_terminal() const noexcept;
};

/// A script ready to be performed. Immutable and shared by all calls that perform it.
class Performance {
  public:
    /// One thing that happens: a wait, or a batch of events that is handed out `rounds` times.
    struct Act {
        enum class Kind : unsigned char { events, delay, hang };
        Kind kind = Kind::events;
        Duration delay{};
        std::vector<StreamEvent> events;  ///< Views of the script's own events.
        std::size_t rounds = 1;
    };

    Performance(const Script& script, std::string_view provider, std::string_view model);

    std::span<const Act> acts() const noexcept { return acts_; }
    /// Opening fails with it, after all acts (which are waits).
    const std::optional<ErrorInfo>& open_error() const noexcept { return open_error_; }

  private:
    void add_events(std::vector<StreamEvent> events, std::size_t rounds = 1);

    std::vector<std::shared_ptr<const Script::Step>> steps_;  // owners of what the events view
    std::vector<std::unique_ptr<const ErrorInfo>> errors_;
    std::vector<Act> acts_;
    std::optional<ErrorInfo> open_error_;
};

}  // namespace sluice::testing

#include <sluice/event.hpp>

#include <array>
#include <cstring>

namespace sluice {
namespace {

constexpr std::array<std::string_view, 7> kStopReasons{"stop",   "length", "tool_calls", "content_filter",
                                                       "paused", "error",  "unknown"};
static_assert(kStopReasons.size() == std::size_t(StopReason::unknown) + 1);

// The views each alternative holds: the one place that knows, for copying an event with its text.
struct Views {
    template <typename F>
    static void each(TextDelta& event, F use) {
        use(event.text);
        use(event.signature);
    }
    template <typename F>
    static void each(ReasoningDelta& event, F use) {
        use(event.text);
        use(event.signature);
        use(event.id);
    }
    template <typename F>
    static void each(RefusalDelta& event, F use) {
        use(event.text);
    }
    template <typename F>
    static void each(ToolCallStart& event, F use) {
        use(event.id);
        use(event.name);
        use(event.signature);
    }
    template <typename F>
    static void each(ToolCallDelta& event, F use) {
        use(event.arguments);
    }
    template <typename F>
    static void each(ToolCallEnd&, F) {}
    template <typename F>
    static void each(Extension& event, F use) {
        use(event.name);
        use(event.json);
    }
    template <typename F>
    static void each(Finish& event, F use) {
        use(event.raw_reason);
    }
    template <typename F>
    static void each(Failure&, F) {}
};

}  // namespace

std::string_view to_string(StopReason reason) noexcept {
    return kStopReasons[static_cast<std::size_t>(reason)];
}

OwnedEvent::OwnedEvent(const StreamEvent& event) : event_(event) {
    const auto each_view = [this](auto use) {
        use(event_.raw_);
        std::visit([&](auto& alternative) { Views::each(alternative, use); }, event_.what_);
    };
    each_view([this](std::string_view view) { text_size_ += view.size(); });
    if (text_size_ > 0) {
        text_ = std::make_unique<char[]>(text_size_);
        char* at = text_.get();
        each_view([&at](std::string_view& view) {
            if (view.empty()) {
                view = {};
                return;
            }
            std::memcpy(at, view.data(), view.size());
            view = {at, view.size()};
            at += view.size();
        });
    }
    if (const Failure* failure = event.as<Failure>()) {
        error_ = std::make_shared<const ErrorInfo>(failure->error());
        event_.what_ = Failure{error_.get()};
    }
}

std::size_t OwnedEvent::size() const noexcept {
    return sizeof(*this) + text_size_;
}

}  // namespace sluice

// What a stream is made of: a small closed set of events, the same for every provider.
//
//   while (const sluice::StreamEvent* event = co_await stream.next()) {
//       if (auto* delta = event->as<sluice::TextDelta>()) std::cout << delta->text;
//       if (auto* end = event->as<sluice::Finish>()) bill(end->usage);
//       if (auto* failure = event->as<sluice::Failure>()) report(failure->error());
//   }
//
// Every string_view here points into the stream's buffers and is valid until the next call on that stream;
// `OwnedEvent` keeps a copy. Metadata (ids, roles, pings, comments) is not an event, but its bytes are in
// raw().
#pragma once

#include <sluice/error.hpp>
#include <sluice/usage.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

namespace sluice {

namespace adapters {
class EventBatch;
}

/// Why the model stopped, in one vocabulary (PROTOCOLS section 8).
enum class StopReason : std::uint8_t { stop, length, tool_calls, content_filter, paused, error, unknown };
/// "stop", "length", "tool_calls", ...: the enumerator's name.
std::string_view to_string(StopReason reason) noexcept;

struct TextDelta {
    std::string_view text;  ///< May be empty, may split a grapheme cluster; always valid UTF-8.
    /// Opaque proof that Gemini hangs on a piece of text and wants back with it; mostly empty.
    std::string_view signature = {};
};
struct ReasoningDelta {
    std::string_view text;  ///< Empty for a delta that only brings the signature.
    /// Opaque proof that some providers want back unchanged with the next turn: Anthropic's signature or
    /// redacted data, Responses' encrypted_content. It closes its part: what follows is another one. Mostly
    /// empty.
    std::string_view signature = {};
    std::string_view id = {};  ///< The item it belongs to, where the dialect names one (Responses "rs_...").
    bool redacted = false;     ///< The provider hides the text; `signature` is all there is (Anthropic).
};
struct RefusalDelta {
    std::string_view text;
};
struct ToolCallStart {
    std::uint32_t index = 0;  ///< Ours: 0, 1, 2 ... in order of appearance within the choice.
    std::string_view id;      ///< The provider's, or one of ours when it gave none. Never empty.
    std::string_view name;
    /// Opaque proof that Gemini hangs on a call and wants back with it; mostly empty.
    std::string_view signature = {};
};
struct ToolCallDelta {
    std::uint32_t index = 0;
    std::string_view arguments;  ///< A fragment of JSON text, cut anywhere.
};
struct ToolCallEnd {
    std::uint32_t index = 0;
    /// False when the arguments, delivered as they came, are not one JSON value (cut by max_tokens, or a slip
    /// of the model). No arguments at all stand for {} and are fine.
    bool arguments_are_json = true;
};
/// Anything the dialect has and this vocabulary does not model. Passed on, never dropped.
struct Extension {
    std::string_view name;  ///< The field or event type it came from, such as "delta.audio".
    std::string_view json;  ///< Its value as JSON text, as it was on the wire.
};
/// The one good end. Always the last event.
struct Finish {
    StopReason reason = StopReason::unknown;
    std::string_view raw_reason;  ///< The provider's own word; empty when it gave none.
    std::optional<Usage> usage;   ///< Absent when the provider reported none.
};
/// The one bad end. Always the last event.
struct Failure {
    const ErrorInfo* info = nullptr;  ///< Never null in an event from a stream.
    const ErrorInfo& error() const noexcept { return *info; }
};

class StreamEvent {
  public:
    using Variant = std::variant<TextDelta, ReasoningDelta, RefusalDelta, ToolCallStart, ToolCallDelta,
                                 ToolCallEnd, Extension, Finish, Failure>;

    template <typename T, typename = std::enable_if_t<std::is_constructible_v<Variant, T>>>
    StreamEvent(T what, std::string_view raw = {}, std::uint32_t choice = 0) noexcept
        : what_(what), raw_(raw), choice_(choice) {}

    /// The event as T, or nullptr when it is another.
    template <typename T>
    const T* as() const noexcept {
        return std::get_if<T>(&what_);
    }
    template <typename T>
    bool is() const noexcept {
        return std::holds_alternative<T>(what_);
    }
    const Variant& what() const noexcept { return what_; }

    /// The exact upstream bytes this event came from, with the metadata frames that preceded it. Concatenated
    /// over a whole stream they are the body, byte for byte: when one frame makes several events, the first
    /// has the bytes and the others have none. Of an answer that is one document (Answerer::form), the first
    /// event has all of it, as it is after its Content-Encoding. Empty for events that no bytes belong to (a
    /// timeout).
    std::string_view raw() const noexcept { return raw_; }
    /// A hint for whoever rewrites frames: this one is the frame of the event before it again, byte for byte
    /// but for the text and padding. False says nothing.
    bool repeats_frame() const noexcept { return repeats_frame_; }
    /// Which of n > 1 alternatives this belongs to (OpenAI `choices[].index`). 0 for everything else.
    std::uint32_t choice() const noexcept { return choice_; }

    /// Finish or Failure: nothing follows.
    bool is_terminal() const noexcept { return is<Finish>() || is<Failure>(); }
    /// Whether a gate may decide on it: everything but an Extension.
    bool carries_answer() const noexcept { return !is<Extension>(); }

  private:
    friend class OwnedEvent;
    friend class adapters::EventBatch;
    Variant what_;
    std::string_view raw_;
    std::uint32_t choice_ = 0;
    bool repeats_frame_ = false;
};

static_assert(std::is_trivially_copyable_v<StreamEvent>,
              "events are copied by the batch and must cost nothing to destroy");

/// A StreamEvent that owns its text. Costs one or two allocations; for events that must outlive the stream's
/// next call.
class OwnedEvent {
  public:
    explicit OwnedEvent(const StreamEvent& event);
    OwnedEvent(OwnedEvent&&) noexcept = default;
    OwnedEvent& operator=(OwnedEvent&&) noexcept = default;

    /// Views into this object; survives moves of it.
    const StreamEvent& view() const noexcept { return event_; }
    operator const StreamEvent&() const noexcept { return event_; }
    /// Bytes held.
    std::size_t size() const noexcept;

  private:
    StreamEvent event_;
    std::unique_ptr<char[]> text_;
    std::size_t text_size_ = 0;
    std::shared_ptr<const ErrorInfo> error_;
};

}  // namespace sluice

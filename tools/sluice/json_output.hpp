// Events, usage and errors as the JSON that `decode` and `ask --json` print; docs/cli.md is the reference.
#pragma once

#include <sluice/attempt.hpp>
#include <sluice/event.hpp>
#include <sluice/usage.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::wire {
struct SseFrame;
}

namespace sluice::cli {

/// Each of these appends one JSON object on one line, the line end included.
void append_event(std::string& out, const StreamEvent& event);
void append_failure(std::string& out, const ErrorInfo& error);
void append_frame(std::string& out, const wire::SseFrame& frame);
void append_attempt(std::string& out, const Attempt& attempt);

/// The one object of `decode --summary`: an answer put together from its events. Of several choices, the
/// first.
class Summary {
  public:
    void add(const StreamEvent& event);
    /// `usage` is what the provider reported, whether or not the answer ended well.
    void append(std::string& out, std::string_view model, std::string_view response_id,
                const std::optional<Usage>& usage) const;

  private:
    struct ToolCall {
        std::uint32_t index = 0;
        std::string id;
        std::string name;
        std::string arguments;
    };

    std::string text_;
    std::string reasoning_;
    std::string refusal_;
    std::vector<ToolCall> tool_calls_;
    std::optional<StopReason> stop_reason_;  // absent: no Finish
    std::string raw_stop_reason_;
    std::optional<ErrorInfo> error_;
};

}  // namespace sluice::cli

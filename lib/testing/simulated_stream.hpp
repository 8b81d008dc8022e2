// The bytes of one answer as OpenAI Chat Completions writes them: the frames of a stream, or one JSON object.
#pragma once

#include <sluice/testing/simulator.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "testing/simulated_request.hpp"

namespace sluice::testing {

/// The frames of one stream, made one by one: open(), then each content chunk, then finish().
class SimulatedStream {
  public:
    /// `answer` must outlive this. `number` makes the ids.
    SimulatedStream(const SimulatedAnswer& answer, const SimulatedRequest& request, std::size_t number);

    /// What comes before the content: the role-only chunk, an error.
    void open(std::string& out) const;
    /// Content chunks: reasoning, text, pieces of tool calls.
    std::size_t chunks() const noexcept;
    void chunk(std::size_t index, std::string& out) const;
    /// Finish reason, usage, marker.
    void finish(std::string& out) const;

    /// The same answer to a request without "stream".
    std::string as_one_object() const;

  private:
    void delta(std::size_t index, std::string& out) const;
    void frame(std::string_view delta, std::string_view finish_reason, std::string& out) const;
    void usage(std::string& out, bool zero) const;
    void end_frame(std::string& out) const;
    void done(std::string& out) const;

    const SimulatedAnswer& answer_;
    std::string model_;
    std::string id_;
    std::size_t created_;
    std::size_t prompt_tokens_;
    bool include_usage_;
    std::string prefix_;  // of every chunk, up to its choices
    std::string comment_;
    std::vector<std::string> tool_deltas_;
};

/// {"error": {...}} as OpenAI writes it in the body of an HTTP error. Empty `param` and `code` are null.
std::string error_body(std::string_view message, std::string_view type, std::string_view param,
                       std::string_view code);
/// The object inside, on one line, as it appears in a stream.
std::string error_object(std::string_view message, std::string_view type, std::string_view code);

}  // namespace sluice::testing

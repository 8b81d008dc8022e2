// The bytes of one answer in the dialect of its request: the frames of a stream, or one JSON object. What
// goes well is written by the dialect's encoder; what goes wrong is done to its frames here.
#pragma once

#include <sluice/event.hpp>
#include <sluice/message.hpp>
#include <sluice/testing/simulator.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/dialect.hpp"
#include "testing/simulated_error.hpp"
#include "testing/simulated_request.hpp"

namespace sluice::testing {

/// The frames of one stream, made one by one and in order: open(), then each content chunk, then finish() or
/// fail().
class SimulatedStream {
  public:
    /// `answer` and `request` must outlive this. `number` makes the ids.
    SimulatedStream(const SimulatedAnswer& answer, const SimulatedRequest& request, std::size_t number);

    std::string_view content_type() const noexcept;
    /// Content chunks: reasoning, text, refusal, pieces of tool calls.
    std::size_t chunks() const noexcept;
    /// What comes before the content.
    void open(std::string& out);
    void chunk(std::size_t index, std::string& out);
    /// Finish reason, usage, marker.
    void finish(std::string& out);
    /// `stream_error`, as the end.
    void fail(std::string& out);

    /// The same answer to a request that wants no stream.
    std::string as_one_object() const;

  private:
    /// What a frame at the end of a stream brings. Responses has the finish and the marker in one.
    enum class FrameKind : unsigned char { content, finish, marker, all_in_one };

    std::vector<StreamEvent> events_of(std::size_t index) const;
    StreamEvent finish_event() const;
    StreamFacts stream_facts() const;
    void append_gemini_metadata(std::string& out) const;
    FrameKind kind_of(std::string_view frame) const noexcept;
    /// Appends complete frames, with the line ends and in the framing that the answer wants.
    void deliver(std::string_view frames, std::string& out);
    /// A comment or an event without content, where the answer has such before each chunk.
    void sign_of_life(std::string& out);
    void end_array(std::string& out);

    const SimulatedAnswer& answer_;
    const SimulatedRequest& request_;
    adapters::AnswerFacts facts_;
    std::unique_ptr<adapters::StreamEncoder> encoder_;
    std::vector<std::vector<StreamEvent>> tool_chunks_;  // views of the answer's calls
    std::string frames_;                                 // of one step
    std::size_t delivered_ = 0;                          // frames
};

/// The canned answer's time: a later second for each answer, so that the same run makes the same bytes.
std::size_t simulated_time(std::size_t number) noexcept;

}  // namespace sluice::testing

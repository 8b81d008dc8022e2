// Errors as the providers of each dialect write them: as an HTTP answer, and inside a stream (PROTOCOLS
// sections 3.5, 3.6, 4.5, 5.5, 6.6 and 10.3). Not our encoders': these must be met as they are in the wild.
#pragma once

#include <sluice/testing/simulator.hpp>

#include <cstddef>
#include <string>
#include <string_view>

#include "testing/simulated_request.hpp"

namespace sluice::testing {

/// Makes `answer` the HTTP answer that `error` is in the dialect of `request`. Gemini has none for a prompt
/// that a policy refuses: there `answer` stays a 200 (see prompt_block()).
void write_error_answer(const SimulatedError& error, const SimulatedRequest& request,
                        SimulatedAnswer& answer);

/// What of a stream its errors speak of.
struct StreamFacts {
    StreamFacts(const SimulatedRequest& asked, std::string_view response_id, std::size_t created_at)
        : request(asked), id(response_id), created(created_at) {}
    const SimulatedRequest& request;
    std::string_view id;
    std::size_t created;
    std::size_t frames = 0;   ///< Before it: Responses numbers its events.
    bool usage = true;        ///< Whether Chat's usage of zeros follows...
    bool done_marker = true;  ///< ...and its [DONE].
};
/// Appends the frames with which a stream of that dialect ends in `error`.
void append_stream_error(const SimulatedError& error, const StreamFacts& facts, std::string& out);

/// Whether `error` is a prompt that Gemini blocks: a 200 without candidates.
bool is_prompt_block(const SimulatedError& error, Protocol protocol) noexcept;
/// That answer, one JSON object.
std::string prompt_block(const StreamFacts& facts);

/// What such a status mostly means.
ErrorKind kind_of_status(int status) noexcept;

}  // namespace sluice::testing

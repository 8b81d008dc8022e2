// What the simulator reads of a chat completion request.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::testing {

struct SimulatedRequest {
    SimulatedRequest() = default;
    std::string model;
    bool stream = false;
    bool include_usage = false;
    std::string last_user_text;     ///< Of the last message with role "user"; its text parts joined.
    std::size_t prompt_tokens = 0;  ///< A rough count: what the usage reports.

    /// Reads `body`; returns what is wrong with it, in OpenAI's manner, or an empty string.
    std::string parse(std::string_view body);
};

}  // namespace sluice::testing

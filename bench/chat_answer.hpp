// What the gateway benchmark asks for, and what it must get. The model's name says it all, so that whoever
// stands between the two programs needs to know nothing: "bench-50-10" is 50 tokens, 10 to a write.
#pragma once

#include "stream_server.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

struct ChatAnswer {
    std::vector<std::string> writes;  ///< The whole HTTP answer, cut as it is written.
    Transcript expected;
};

/// "bench-<tokens>-<tokens a write>"; with "-dated" behind it the answer calls its model by a longer name
/// than it was asked by, as OpenAI does. Absent for any other name. `usage`: with the chunk that has the
/// usage.
std::optional<ChatAnswer> chat_answer(std::string_view model, bool usage);

}  // namespace bench

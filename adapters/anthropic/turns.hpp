// The conversation as Anthropic takes it: user and assistant in turn, each message a list of blocks.
#pragma once

#include <sluice/request.hpp>

#include <functional>
#include <vector>

namespace sluice::adapters::anthropic {

struct Turn {
    Role role = Role::user;  ///< user, assistant, or system where the API version takes one mid-conversation.
    std::vector<const Part*> parts;
};

struct Conversation {
    std::vector<const Part*> system;  ///< Of the `system` field.
    std::vector<Turn> turns;
    bool moved_system = false;  ///< A later system message is in `system` now: the order changed.
};

/// Adjacent messages of one side become one turn, a tool's results the first parts of a user's. Parts that
/// `is_carried` refuses and empty texts are left out, and so are messages without parts. `system_in_place`:
/// later system messages stay where they are. Views into `messages`.
Conversation arrange(const std::vector<Message>& messages, bool system_in_place,
                     const std::function<bool(const Part&)>& is_carried);

}  // namespace sluice::adapters::anthropic

// Events of a gateway as lines for people. docs/events-log.md has the fields they come from.
#pragma once

#include <string>
#include <string_view>

namespace sluice::cli {

/// "[time] REQUEST id=... policy=... action=... result=... model=... tokens=... latency=...ms ...", with its
/// line end. What an event does not tell is "-".
std::string event_line(std::string_view event);
/// The same, and a line for each attempt and policy below it.
std::string event_details(std::string_view event);

}  // namespace sluice::cli

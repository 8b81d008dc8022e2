// One text for all ways to write the same JSON value.
#pragma once

#include <string>
#include <string_view>

namespace sluice::wire {

/// `json` without white space, with the members of every object in the order of their keys' bytes and with
/// strings and numbers in one spelling (1.0 is 1). Blank text is "{}", as arguments of a tool are.
/// What is no JSON, or has numbers beyond 64 bits, is returned as it is, without the white space around it.
std::string canonical_json(std::string_view json);

}  // namespace sluice::wire

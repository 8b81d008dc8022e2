// Reading JSON is simdjson On-Demand in place, one parser a thread. What of JSON needs no parser is in
// json_text.hpp, because simdjson's header takes two seconds to compile.
#pragma once

#include <simdjson.h>

#include <string_view>

#include "wire/json_text.hpp"

namespace sluice::wire {

namespace json = simdjson::ondemand;

/// This thread's parser. Nothing of a document may be kept over a suspension or the next document on this
/// thread.
json::parser& thread_parser();

/// A string value's source between its quotes, without unescaping. False when `value` is not a string.
bool string_source(json::value& value, std::string_view& escaped);

}  // namespace sluice::wire

// What a stream and a whole answer of this dialect have in common.
#pragma once

#include "adapters/dialect.hpp"
#include "wire/json_writer.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace sluice::adapters::anthropic {

/// The answer's id, made up where there is none.
std::string message_id(const AnswerFacts& facts);
/// The fields of a usage object. Clients' types demand numbers, so what is unknown but mandatory becomes 0.
void write_usage(wire::JsonWriter& json, const std::optional<Usage>& usage);
/// A tool's input, an object: {} for none, and {"INVALID_JSON": "..."} with the result false for what is
/// none.
bool write_input(wire::JsonWriter& json, std::string_view arguments);
/// {"type":"error","error":{...}}: of an error answer, and of the event that ends a stream.
void write_error(wire::JsonWriter& json, const ErrorInfo& error);

}  // namespace sluice::adapters::anthropic

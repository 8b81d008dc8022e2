// JSON text within a Gemini body: objects for arguments, results and schemas.
#pragma once

#include <string>
#include <string_view>

namespace sluice::adapters::gemini {

/// The text in the one form that reading it and writing it again does not change; as it is when simdjson
/// cannot read it (numbers beyond 64 bits), and empty when it is not JSON at all.
std::string normal_json(std::string_view json);

/// A schema of Google's (types in capitals, `nullable`) as a JSON schema. Every other word is kept.
std::string json_schema(std::string_view google_schema);

}  // namespace sluice::adapters::gemini

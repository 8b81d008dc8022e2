// What both directions of a request must agree on.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::adapters::openai_responses {

/// `include` as we send it unless told otherwise.
inline constexpr std::string_view kEncryptedReasoning = R"(["reasoning.encrypted_content"])";

/// Body fields that make an answer depend on what the provider keeps, or keep it there.
bool is_state_field(std::string_view name) noexcept;

/// Whether a native part belongs into the content of a message ("input_file", ...) rather than among the
/// input items ("web_search_call", ...). `json` is valid.
bool is_content_part(std::string_view json);
/// The same by the part's `type`.
bool is_content_type(std::string_view type) noexcept;

/// The name in {"type":"custom","name":...}: a tool that takes free text. Empty for another tool.
std::string custom_tool_name(std::string_view json);

/// The longest id, in bytes, that the API takes.
inline constexpr std::size_t kLongestCallId = 64;
/// `id` where the API takes it, else a shorter one that is always the same for it.
std::string wire_call_id(std::string_view id);

}  // namespace sluice::adapters::openai_responses

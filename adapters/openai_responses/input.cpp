#include "adapters/openai_responses/input.hpp"

#include "wire/json_dom.hpp"

#include <cstdint>

namespace sluice::adapters::openai_responses {
namespace {}  // namespace

bool is_state_field(std::string_view name) noexcept {
    return name == "previous_response_id" || name == "conversation" || name == "background";
}

bool is_content_type(std::string_view type) noexcept {
    return type.starts_with("input_") || type.starts_with("output_") || type == "refusal";
}

bool is_content_part(std::string_view json) {
    simdjson::dom::parser parser;
    wire::dom::Element part;
    if (parser.parse(json.data(), json.size()).get(part) != simdjson::SUCCESS) return false;
    return is_content_type(wire::dom::string_at(part, "type").value_or(""));
}

std::string custom_tool_name(std::string_view json) {
    simdjson::dom::parser parser;
    wire::dom::Element tool;
    if (parser.parse(json.data(), json.size()).get(tool) != simdjson::SUCCESS) return {};
    if (wire::dom::string_at(tool, "type") != "custom") return {};
    return std::string(wire::dom::string_at(tool, "name").value_or(""));
}

std::string wire_call_id(std::string_view id) {
    if (id.size() <= kLongestCallId) return std::string(id);
    std::uint64_t hash = 14695981039346656037U;  // FNV-1a
    for (char c : id)
        hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
    std::string digits(16, '0');
    for (std::size_t i = digits.size(); i-- > 0; hash >>= 4)
        digits[i] = "0123456789abcdef"[hash & 15U];
    return "call_" + digits;
}

}  // namespace sluice::adapters::openai_responses

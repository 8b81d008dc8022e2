#include "adapters/gemini/call_ids.hpp"

#include "adapters/ascii.hpp"

#include <algorithm>
#include <array>

namespace sluice::adapters::gemini {
namespace {

constexpr std::string_view kMadeHere = "call_sluice_";

}  // namespace

std::string make_call_id(std::string_view response_id, std::uint32_t choice, std::uint32_t index) {
    constexpr std::size_t kLongest = 32;  // of the answer's id: OpenAI takes 64 characters in all
    std::string id(kMadeHere);
    for (char c : response_id.substr(0, kLongest))
        id += is_alnum(c) || c == '-' ? c : '_';
    if (!response_id.empty()) id += '_';
    if (choice != 0) id.append(std::to_string(choice)).append("_");
    return id.append(std::to_string(index));
}

bool is_gemini_call_id(std::string_view id) noexcept {
    // OpenAI and its clones, and ours; Anthropic; Responses; vLLM.
    static constexpr std::array<std::string_view, 4> kForeign = {"call_", "toolu_", "fc_", "chatcmpl-tool-"};
    return !id.empty() && std::none_of(kForeign.begin(), kForeign.end(),
                                       [&](std::string_view prefix) { return id.starts_with(prefix); });
}

}  // namespace sluice::adapters::gemini

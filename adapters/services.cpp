#include "adapters/services.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace sluice::adapters {
namespace {

constexpr std::array kServices{
    Service{"openai", "openai_chat", "https://api.openai.com/v1", Auth::bearer, ""},
    Service{"azure", "openai_chat", "", Auth::api_key, ""},
    Service{"anthropic", "anthropic", "https://api.anthropic.com/v1", Auth::x_api_key, "anthropic"},
    Service{"gemini", "gemini", "https://generativelanguage.googleapis.com/v1beta", Auth::x_goog_api_key,
            "google"},
    Service{"gemini-openai", "openai_chat", "https://generativelanguage.googleapis.com/v1beta/openai",
            Auth::bearer, "google"},  // section 6.1: its key goes as a bearer token there
    Service{"vertex", "gemini", "", Auth::bearer, "google"},
    Service{"deepseek", "openai_chat", "https://api.deepseek.com", Auth::bearer, ""},
    Service{"qwen", "openai_chat", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1", Auth::bearer,
            ""},
    Service{"xai", "openai_chat", "https://api.x.ai/v1", Auth::bearer, ""},
    Service{"groq", "openai_chat", "https://api.groq.com/openai/v1", Auth::bearer, ""},
    Service{"mistral", "openai_chat", "https://api.mistral.ai/v1", Auth::bearer, ""},
    Service{"openrouter", "openai_chat", "https://openrouter.ai/api/v1", Auth::bearer, "openrouter"},
    Service{"ollama", "openai_chat", "http://localhost:11434/v1", Auth::none, ""},
    Service{"vllm", "openai_chat", "http://localhost:8000/v1", Auth::none, ""},
    Service{"llamacpp", "openai_chat", "http://localhost:8080/v1", Auth::none, ""},
    Service{"perplexity", "openai_chat", "https://api.perplexity.ai", Auth::bearer, ""},
    Service{"cerebras", "openai_chat", "https://api.cerebras.ai/v1", Auth::bearer, ""},
    Service{"zai", "openai_chat", "https://api.z.ai/api/paas/v4", Auth::bearer, ""},
    Service{"databricks", "openai_chat", "", Auth::bearer, ""},
    Service{"gpustack", "openai_chat", "", Auth::bearer, ""},
    Service{"local", "openai_chat", "", Auth::none, ""},
};

// What else people call them.
constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kAliases{
    {{"claude", "anthropic"}, {"google", "gemini"}, {"dashscope", "qwen"}}};

struct QuirkLine {
    std::string_view service;
    Quirk quirk;
};

// One line a quirk, each with where it is known from.
constexpr std::array kQuirks{
    QuirkLine{"openai",
              Quirk::max_completion_tokens},  // section 3: max_tokens is refused by reasoning models
    QuirkLine{"azure", Quirk::max_completion_tokens},
    QuirkLine{"gemini-openai", Quirk::thought_signature_in_extra_content},
    QuirkLine{"mistral", Quirk::tool_choice_any},
    QuirkLine{"mistral", Quirk::nine_letter_tool_ids},
    QuirkLine{"mistral", Quirk::thinking_parts_back},
    QuirkLine{"deepseek", Quirk::reasoning_content_back},  // within a tool loop, else a 400
    QuirkLine{"qwen", Quirk::enable_thinking_flag},
    QuirkLine{"openrouter", Quirk::reasoning_details_back},
    QuirkLine{"openrouter", Quirk::reasoning_effort_object},
};

}  // namespace

const Service* find_service(std::string_view name) noexcept {
    for (const auto& [alias, meant] : kAliases)
        if (alias == name) name = meant;
    const auto* found = std::find_if(kServices.begin(), kServices.end(),
                                     [&](const Service& service) { return service.name == name; });
    return found == kServices.end() ? nullptr : found;
}

std::span<const Service> services() noexcept {
    return kServices;
}

QuirkSet quirks_of(std::string_view service) noexcept {
    QuirkSet quirks;
    for (const QuirkLine& line : kQuirks)
        if (line.service == service) quirks.add(line.quirk);
    return quirks;
}

}  // namespace sluice::adapters

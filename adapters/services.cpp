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

// One line a quirk, each with where it is known from: a section of PROTOCOLS, or the service's own manual.
// Azure's deployment_in_path is not here: it comes with an api-version, not with the service.
constexpr std::array kQuirks{
    QuirkLine{"openai", Quirk::max_completion_tokens},  // 3: reasoning models refuse max_tokens
    QuirkLine{"openai", Quirk::hidden_reasoning},       // 3.4: reasoning is never streamed, only counted
    QuirkLine{"azure", Quirk::max_completion_tokens},   // 7: OpenAI's models
    QuirkLine{"azure", Quirk::hidden_reasoning},
    QuirkLine{"vertex", Quirk::no_model_list},  // its manual: a project's path has none, only the publisher's
    QuirkLine{"gemini-openai", Quirk::thought_signature_in_extra_content},  // 6.1
    QuirkLine{"deepseek", Quirk::reasoning_content_back},  // 7: within a tool loop, else a 400
    QuirkLine{"qwen", Quirk::enable_thinking_flag},        // 7
    QuirkLine{"qwen", Quirk::takes_top_k},                 // DashScope's manual
    QuirkLine{"groq", Quirk::reasoning_format},            // 7
    QuirkLine{"mistral", Quirk::tool_choice_any},          // 7
    QuirkLine{"mistral", Quirk::nine_letter_tool_ids},     // 7
    QuirkLine{"mistral", Quirk::thinking_parts_back},      // 7: content becomes an array
    QuirkLine{"mistral", Quirk::no_stream_options},  // 7: usage on the finish chunk, 422 for unknown fields
    QuirkLine{"mistral", Quirk::random_seed},        // Mistral's manual
    QuirkLine{"openrouter", Quirk::reasoning_details_back},  // 7: echo details back
    QuirkLine{"openrouter", Quirk::reasoning_object},        // OpenRouter's manual
    QuirkLine{"openrouter", Quirk::cache_control_parts},     // OpenRouter's manual
    QuirkLine{"openrouter", Quirk::takes_top_k},             // OpenRouter's manual
    QuirkLine{"vllm", Quirk::takes_top_k},                   // vLLM's manual
    QuirkLine{"llamacpp", Quirk::takes_top_k},               // llama.cpp's manual
    QuirkLine{"gpustack", Quirk::takes_top_k},               // llama-box and vLLM behind it
    QuirkLine{"local", Quirk::takes_top_k},                  // mostly one of the three before
    QuirkLine{"perplexity", Quirk::takes_top_k},             // Perplexity's manual
    QuirkLine{"perplexity", Quirk::no_stream_options},       // 7: usage on every chunk
    QuirkLine{"databricks", Quirk::no_stream_options},       // 7: usage on every chunk
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

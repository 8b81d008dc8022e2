// How the services differ that speak one of our dialects (PROTOCOLS section 7): two tables, one line a
// service and one line a quirk. The dialects ask for a quirk where it matters and know no service by name.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

namespace sluice::adapters {

/// One way in which a service differs from its dialect's plain form.
enum class Quirk : std::uint8_t {
    max_completion_tokens,   ///< Knows the new name of max_tokens, and insists on it for reasoning models.
    no_stream_options,       ///< Refuses or ignores stream_options; usage comes by itself.
    hidden_reasoning,        ///< Never streams its reasoning, only counts it.
    reasoning_content_back,  ///< Wants earlier reasoning back as `reasoning_content`, within a tool loop.
    reasoning_details_back,  ///< Wants `reasoning_details` back with their signatures.
    thinking_parts_back,     ///< Takes earlier reasoning as content parts of type "thinking".
    thought_signature_in_extra_content,  ///< tool_calls[].extra_content.google.thought_signature
    reasoning_object,                    ///< `reasoning: {"effort", "max_tokens", "exclude"}`.
    reasoning_format,                    ///< `reasoning_format: "parsed"|"hidden"`.
    enable_thinking_flag,                ///< `enable_thinking: true|false` and `thinking_budget`.
    cache_control_parts,                 ///< Takes Anthropic's `cache_control` on text, images and tools.
    takes_top_k,                         ///< Knows `top_k`, to which OpenAI answers 400.
    random_seed,                         ///< Calls `seed` so.
    tool_choice_any,                     ///< "any" instead of "required".
    nine_letter_tool_ids,                ///< Tool call ids are exactly nine letters or digits.
    deployment_in_path,  ///< /deployments/<model>/chat/completions (Azure with an api-version).
    no_model_list,       ///< Has no list of models beside its other paths.
};

class QuirkSet {
  public:
    constexpr QuirkSet() = default;
    constexpr QuirkSet(std::initializer_list<Quirk> quirks) {
        for (Quirk quirk : quirks)
            add(quirk);
    }
    constexpr void add(Quirk quirk) { bits_ |= std::uint32_t{1} << static_cast<unsigned>(quirk); }
    constexpr bool has(Quirk quirk) const noexcept {
        return ((bits_ >> static_cast<unsigned>(quirk)) & 1U) != 0;
    }
    friend constexpr bool operator==(QuirkSet, QuirkSet) = default;

  private:
    std::uint32_t bits_ = 0;
};

/// How a service wants its key.
enum class Auth : std::uint8_t {
    none,            ///< A key is not needed; one that is given is sent as a bearer token.
    bearer,          ///< Authorization: Bearer
    x_api_key,       ///< Anthropic
    x_goog_api_key,  ///< Gemini
    api_key,         ///< Azure
};

struct Service {
    std::string_view name;
    std::string_view dialect;   ///< What it speaks unless told otherwise.
    std::string_view base_url;  ///< Empty: part of the account, the user must give it.
    Auth auth;
    /// Who else can read its signatures. Empty: nobody but the provider itself, by its id.
    std::string_view trust_domain;
};

/// By name or alias ("claude", "google"). Nullptr for a name that is not in the table.
const Service* find_service(std::string_view name) noexcept;
std::span<const Service> services() noexcept;
QuirkSet quirks_of(std::string_view service) noexcept;

}  // namespace sluice::adapters

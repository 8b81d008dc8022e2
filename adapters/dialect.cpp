#include "adapters/dialect.hpp"

#include "adapters/anthropic/dialect.hpp"
#include "adapters/gemini/dialect.hpp"
#include "adapters/openai_chat/dialect.hpp"
#include "adapters/openai_responses/dialect.hpp"

#include <algorithm>
#include <array>

namespace sluice::adapters {

std::span<const Dialect* const> dialects() noexcept {
    static const std::array all = {
#ifdef SLUICE_WITH_OPENAI_CHAT
        &openai_chat::dialect(),
#endif
#ifdef SLUICE_WITH_OPENAI_RESPONSES
        &openai_responses::dialect(),
#endif
#ifdef SLUICE_WITH_ANTHROPIC
        &anthropic::dialect(),
#endif
#ifdef SLUICE_WITH_GEMINI
        &gemini::dialect(),
#endif
    };
    return all;
}

std::optional<EncodedRequest> Dialect::splice(const ClientBody&, const Target&) const {
    return std::nullopt;
}

const Dialect* find_dialect(std::string_view name) noexcept {
    for (const Dialect* dialect : dialects())
        if (dialect->name() == name) return dialect;
    return nullptr;
}

std::string_view request_id_of(const wire::HeaderList& headers) noexcept {
    // The provider's own name first: gateways in between add an x-request-id of theirs.
    static constexpr std::array<std::string_view, 8> kNames = {
        "request-id",       "apim-request-id",  "x-generation-id",   "x-kong-request-id",
        "x-amzn-requestid", "x-amz-request-id", "x-groq-request-id", "x-request-id"};
    std::string_view id;
    auto best = kNames.end();
    for (const auto& [name, value] : headers.all()) {
        if (!name.ends_with("id")) continue;  // as all of them do
        const auto known = std::find(kNames.begin(), best, name);
        if (known == best) continue;
        best = known;
        id = value;
    }
    return id;
}

}  // namespace sluice::adapters

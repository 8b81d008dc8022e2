// Gemini signs texts and calls, and refuses a later turn whose call has lost its signature (PROTOCOLS section
// 6.1). Messages has a place for signatures of thinking only. So a client is given such a proof as a
// redacted_thinking block of its own, which it hands back as it is: behind its text, or before its call. The
// mark at the end of the wrapped origin tells them from thinking.
#pragma once

#include "adapters/anthropic/dialect.hpp"
#include "adapters/origin.hpp"

#include <string>
#include <string_view>

namespace sluice::adapters::anthropic {

inline constexpr std::string_view kTextMark = "#text";
inline constexpr std::string_view kCallMark = "#call";

/// The `data` of the block that carries `signature`, which `origin` hung on a text or a call.
inline std::string proof_for_client(std::string_view signature, std::string_view origin,
                                    std::string_view mark) {
    std::string marked(origin);
    return signature_for_client(signature, marked.append(mark), kName);
}

/// Whether `signature`, as a client gave it back, has that mark; takes the mark away.
inline bool take_mark(Signature& signature, std::string_view mark) {
    if (!signature.origin.ends_with(mark)) return false;
    signature.origin.resize(signature.origin.size() - mark.size());
    return true;
}

}  // namespace sluice::adapters::anthropic

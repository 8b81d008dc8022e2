#include "adapters/origin.hpp"

#include "wire/base64.hpp"

namespace sluice::adapters {
namespace {

constexpr std::string_view kMark = "sluice:1:";
constexpr std::string_view kEncodedMark = "c2x1aWNlOjE6";  // nine bytes are twelve letters, whatever follows

}  // namespace

std::string make_origin(std::string_view dialect, std::string_view trust_domain) {
    std::string origin(dialect);
    return origin.append("@").append(trust_domain);
}

std::string_view dialect_of(std::string_view origin) noexcept {
    return origin.substr(0, origin.find('@'));
}

bool may_return(const Signature& signature, std::string_view target) noexcept {
    if (signature.empty() || signature.origin.empty()) return false;
    if (signature.origin == target) return true;
    return signature.origin.ends_with("@*") && dialect_of(signature.origin) == dialect_of(target);
}

std::string signature_for_client(std::string_view value, std::string_view origin,
                                 std::string_view client_dialect) {
    if (value.empty() || dialect_of(origin) == client_dialect) return std::string(value);
    std::string wrapped(kMark);
    wrapped.append(origin).append(":").append(value);
    return wire::to_base64(wrapped);
}

bool is_wrapped_signature(std::string_view text) noexcept {
    return text.starts_with(kEncodedMark);
}

Signature signature_from_client(std::string_view text, std::string_view client_dialect) {
    if (is_wrapped_signature(text)) {
        if (const std::optional<std::string> wrapped = wire::from_base64(text)) {
            const std::string_view rest = std::string_view(*wrapped).substr(kMark.size());
            const std::size_t colon = rest.find(':');
            if (colon != std::string_view::npos)
                return Signature(std::string(rest.substr(colon + 1)), std::string(rest.substr(0, colon)));
        }
    }
    return Signature(std::string(text), make_origin(client_dialect, "*"));
}

}  // namespace sluice::adapters

#include "adapters/splice.hpp"

#include "adapters/anthropic/dialect.hpp"
#include "adapters/anthropic/tool_id.hpp"

namespace sluice::adapters::anthropic {
namespace {

/// False for what only encode() can put right: ids of calls that Anthropic does not take, and thinking
/// without a signature, which another provider did.
bool admits(std::string_view key, std::string_view value) {
    if (value.front() != '"') return true;
    const std::string_view text = value.substr(1, value.size() - 2);
    if (key == "tool_use_id") return tool_id(text) == text;
    return key != "signature" || !text.empty();
}

}  // namespace

std::optional<EncodedRequest> splice(const ClientBody& body, const Target& target) {
    BodySplice splice;
    if (!splice.read(body.json, admits) || !splice.set_stream(body.stream)) return std::nullopt;
    splice.set_string("model", target.model.id);
    EncodedRequest request;
    request.path = kPath;
    request.headers.emplace_back("anthropic-version", version_of(target));
    request.body = splice.take();
    return request;
}

}  // namespace sluice::adapters::anthropic

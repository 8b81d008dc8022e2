#include "adapters/splice.hpp"

#include "adapters/openai_responses/dialect.hpp"
#include "adapters/openai_responses/input.hpp"

namespace sluice::adapters::openai_responses {
namespace {

/// What a string says, where nothing in it is escaped; of another value, nothing.
std::string_view plain(std::string_view value) noexcept {
    return value.size() < 2 || value.front() != '"' ? std::string_view() : value.substr(1, value.size() - 2);
}

/// False for what only encode() can put right: ids longer than OpenAI takes, and reasoning that we told this
/// client for another provider. Its id is ours ("rs_<answer>_<position>", where OpenAI's have one
/// underscore), and OpenAI would look for it among its own and find none.
bool admits(std::string_view key, std::string_view value) {
    const std::string_view id = key == "id" || key == "call_id" ? plain(value) : std::string_view();
    if (id.size() > kLongestCallId) return false;
    constexpr std::string_view kReasoning = "rs_";
    return !id.starts_with(kReasoning) || id.find('_', kReasoning.size()) == std::string_view::npos;
}

}  // namespace

std::optional<EncodedRequest> splice(const ClientBody& body, const Target& target) {
    BodySplice splice;
    if (!splice.read(body.json, admits) || !splice.set_stream(body.stream)) return std::nullopt;
    splice.set_string("model", target.model.id);
    EncodedRequest request;
    request.path = kPath;
    request.body = splice.take();
    return request;
}

}  // namespace sluice::adapters::openai_responses

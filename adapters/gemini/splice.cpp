// Gemini's body names neither model nor form of the answer: both are in the path.
#include "adapters/splice.hpp"

#include "adapters/ascii.hpp"
#include "adapters/gemini/call_ids.hpp"
#include "adapters/gemini/dialect.hpp"
#include "adapters/gemini/model_path.hpp"

#include <algorithm>
#include <set>

namespace sluice::adapters::gemini {
namespace {

/// False for the id of a call that Google did not make: Vertex refuses some, and none is needed.
bool admits(std::string_view key, std::string_view value) {
    if (key != "id" || value.front() != '"') return true;
    return is_gemini_call_id(value.substr(1, value.size() - 2));
}

/// "systemInstruction" and "system_instruction" are one field to Google.
std::string normal(std::string_view key) {
    std::string name = lower(key);
    std::erase(name, '_');
    return name;
}

/// No field stands there under two spellings, and none names a model beside the path's.
bool has_clear_fields(std::span<const wire::JsonMember> members) {
    std::set<std::string> seen;
    return std::all_of(members.begin(), members.end(), [&](const wire::JsonMember& member) {
        const auto [name, is_new] = seen.insert(normal(member.key));
        return is_new && *name != "model";
    });
}

}  // namespace

std::optional<EncodedRequest> splice(const ClientBody& body, const Target& target) {
    BodySplice splice;
    if (!splice.read(body.json, admits) || !has_clear_fields(splice.members())) return std::nullopt;
    EncodedRequest request;
    request.path = path_of(target.model.id, body.stream);
    request.body = splice.take();
    return request;
}

}  // namespace sluice::adapters::gemini

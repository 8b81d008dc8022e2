// Any bytes as a client's own body, for a target of each dialect. What is spliced is JSON again if it was,
// and says what it said, but for the model, the form of the answer and the name of the limit. The first byte
// chooses the form.
#include "adapters/dialect.hpp"
#include "wire/json_dom.hpp"

#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

using namespace sluice;

namespace {

constexpr std::string_view kModel = "m\"1";

void require(bool condition) {
    if (!condition) std::abort();
}

using Members = std::map<std::string, std::string>;

/// By another parser. False for what it does not read (integers beyond 64 bits).
bool read(std::string_view json, Members& members) {
    simdjson::dom::parser parser;
    wire::dom::Object object;
    if (parser.parse(simdjson::padded_string(json)).get(object) != simdjson::SUCCESS) return false;
    for (auto [key, value] : object)
        require(members.emplace(key, wire::dom::json_text(value)).second);  // no key stands twice
    return true;
}

std::string take(Members& members, const std::string& name) {
    const auto found = members.find(name);
    if (found == members.end() || found->second == "null") return "";
    std::string value = found->second;
    members.erase(found);
    return value;
}

void drop(Members& members, const std::string& name) {
    members.erase(name);
}

void check(const adapters::Dialect& dialect, std::string_view service, std::string_view json, bool stream) {
    const ModelSpec spec("acme", std::string(kModel));
    adapters::Target target(spec);
    target.quirks = adapters::quirks_of(service);
    adapters::ClientBody body;
    body.json = json;
    body.stream = stream;
    const auto spliced = dialect.splice(body, target);
    if (!spliced || !wire::is_json(json)) return;
    require(wire::is_json(spliced->body));
    if (dialect.name() == "gemini") return require(spliced->body == json);

    Members before, after;
    if (!read(json, before) || !read(spliced->body, after)) return;
    require(take(after, "model") == R"("m\"1")");
    drop(before, "model");
    require((take(after, "stream") == "true") == stream);
    drop(before, "stream");
    drop(after, "stream");
    if (dialect.name() == "openai_chat") {
        const bool asks = stream && !target.quirks.has(adapters::Quirk::no_stream_options);
        Members options;
        require(!asks || (read(after["stream_options"], options) && options["include_usage"] == "true"));
        drop(before, "stream_options");
        drop(after, "stream_options");
        // One of the two is left, or none.
        std::string limit = take(before, "max_tokens");
        limit += take(before, "max_completion_tokens");
        std::string named = take(after, "max_tokens");
        named += take(after, "max_completion_tokens");
        require(limit == named);
    }
    require(before == after);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const bool stream = data[0] % 2 == 0;
    // A copy of just its size, so that a look beyond it is found.
    const std::string json(reinterpret_cast<const char*>(data) + 1, size - 1);
    for (const adapters::Dialect* dialect : adapters::dialects())
        for (const std::string_view service : {"openai", "vllm", "openrouter", "databricks"})
            check(*dialect, service, json, stream);
    return 0;
}

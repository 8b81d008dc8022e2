// Real traffic, fed whole, byte by byte and in random pieces, against what the providers' own SDKs made of
// it.
#include "support/recordings.hpp"
#include "support/decode.hpp"

#include <simdjson.h>
#include <boost/test/unit_test.hpp>

#include <map>
#include <random>
#include <set>

namespace {

namespace fs = std::filesystem;
namespace dom = simdjson::dom;
using namespace sluice;
using test::Decoded;

std::string string_at(dom::element element, const char* key) {
    std::string_view text;
    return element[key].get_string().get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

/// The same JSON value, whatever the spacing; no arguments are an empty object.
std::string canonical(std::string_view json) {
    dom::parser parser;
    std::string text = simdjson::minify(parser.parse(std::string(json.empty() ? "{}" : json)));
    return text;
}

/// Arguments as the dialect has them: JSON text, or (Gemini) the object itself.
std::string arguments_of(dom::element tool) {
    dom::element arguments;
    if (tool["arguments"].get(arguments) == simdjson::SUCCESS && arguments.is_object())
        return simdjson::minify(arguments);
    return string_at(tool, "arguments");
}

/// The counts of a provider's own usage object, by the rules of PROTOCOLS section 9.
class Reported {
  public:
    explicit Reported(dom::element usage) : usage_(usage) {}

    Usage chat() const {
        Usage all;
        all.input = count("/prompt_tokens");
        // Reasoning is within the total whoever counts; all recordings report a total.
        all.output = *count("/total_tokens") - *all.input;
        all.reasoning = count("/completion_tokens_details/reasoning_tokens");
        if (!all.reasoning) all.reasoning = count("/reasoning_tokens");
        all.cached_input = count("/prompt_tokens_details/cached_tokens");
        if (!all.cached_input) all.cached_input = count("/prompt_cache_hit_tokens");
        return all;
    }
    Usage responses() const {
        Usage all;
        all.input = count("/input_tokens");
        all.cached_input = count("/input_tokens_details/cached_tokens");
        all.cache_write = count("/input_tokens_details/cache_write_tokens");
        all.output = count("/output_tokens");
        all.reasoning = count("/output_tokens_details/reasoning_tokens");
        return all;
    }
    Usage anthropic() const {
        Usage all;
        all.cached_input = count("/cache_read_input_tokens");
        all.cache_write = count("/cache_creation_input_tokens");
        all.input = *count("/input_tokens") + all.cached_input.value_or(0) + all.cache_write.value_or(0);
        all.output = count("/output_tokens");
        all.reasoning = count("/output_tokens_details/thinking_tokens");
        return all;
    }
    Usage gemini() const {
        Usage all;
        all.input = *count("/promptTokenCount") + count("/toolUsePromptTokenCount").value_or(0);
        all.cached_input = count("/cachedContentTokenCount");
        all.output = *count("/totalTokenCount") - *all.input;
        all.reasoning = count("/thoughtsTokenCount");
        return all;
    }

  private:
    std::optional<Tokens> count(const char* path) const {
        std::uint64_t value = 0;
        return usage_.at_pointer(path).get_uint64().get(value) == simdjson::SUCCESS
                   ? std::optional<Tokens>(value)
                   : std::nullopt;
    }
    dom::element usage_;
};

/// One protocol of the recordings, as `expected` names it.
struct Protocol {
    const char* name;
    const char* dialect;
    Usage (Reported::*usage)() const;
    bool has_call_ids;  // else they are made up by whoever reads the stream
};
constexpr Protocol kProtocols[] = {
    {"chat", "openai_chat", &Reported::chat, true},
    {"responses", "openai_responses", &Reported::responses, true},
    {"anthropic", "anthropic", &Reported::anthropic, true},
    {"gemini", "gemini", &Reported::gemini, false},
};

const Protocol& protocol_of(dom::element expected) {
    const std::string name = string_at(expected, "protocol");
    for (const Protocol& protocol : kProtocols)
        if (name == protocol.name) return protocol;
    throw std::runtime_error("a recording of protocol " + name + " is none that we know");
}

void check_usage(const std::optional<Usage>& usage, dom::element reported, const Protocol& protocol) {
    if (reported.is_null()) {
        BOOST_TEST(!usage.has_value());
        return;
    }
    BOOST_REQUIRE(usage.has_value());
    const Usage want = (Reported(reported).*protocol.usage)();
    BOOST_TEST((usage->input == want.input));
    BOOST_TEST((usage->output == want.output));
    BOOST_TEST((usage->reasoning == want.reasoning));
    BOOST_TEST((usage->cached_input == want.cached_input));
    if (want.cache_write) BOOST_TEST((usage->cache_write == want.cache_write));
}

void check_against(const Decoded& got, dom::element expected, const Protocol& protocol) {
    BOOST_TEST(got.text == string_at(expected, "text"));
    BOOST_TEST(got.reasoning == string_at(expected, "reasoning"));
    BOOST_TEST(got.terminals == 1u);
    BOOST_TEST(!got.after_terminal);

    dom::array tools = expected["tool_calls"];
    BOOST_REQUIRE_EQUAL(got.tools.size(), tools.size());
    std::size_t i = 0;
    for (dom::element tool : tools) {
        BOOST_TEST(got.tools[i].name == string_at(tool, "name"));
        if (protocol.has_call_ids) BOOST_TEST(got.tools[i].id == string_at(tool, "id"));
        BOOST_TEST(canonical(got.tools[i].arguments) == canonical(arguments_of(tool)));
        ++i;
    }

    bool complete = expected["complete"];
    BOOST_TEST(got.stop.has_value() == complete);
    if (complete) {
        std::string finish = string_at(expected, "finish");
        BOOST_TEST((finish == got.raw_stop || finish == to_string(*got.stop)));
        check_usage(got.usage, expected["usage_reported"], protocol);
    } else {
        BOOST_REQUIRE(got.error.has_value());
        dom::element error;
        if (expected["error_in_stream"].get(error) == simdjson::SUCCESS && !error.is_null()) {
            BOOST_TEST(got.error->code == string_at(error, "code"));
            BOOST_TEST(got.error->provider_message.substr(0, 200) ==
                       string_at(error, "message").substr(0, 200));
        } else {
            BOOST_TEST((got.error->kind == ErrorKind::stream_truncated));
        }
    }
}

/// All of them where they take seconds; some under sanitizers, which are there to find bad reads.
int random_splits() {
#ifdef NDEBUG
    return 1000;
#else
    return 40;
#endif
}

void check_stream(const fs::path& path) {
    const std::string body = test::read_file(path);
    fs::path expected_path = path;
    dom::parser parser;
    dom::element expected = parser.load(expected_path.replace_extension(".expected.json").string());
    const Protocol& protocol = protocol_of(expected);
    const adapters::Dialect& dialect = *adapters::find_dialect(protocol.dialect);

    BOOST_TEST_CONTEXT(path.filename().string()) {
        const Decoded whole = test::decode(dialect, body);
        check_against(whole, expected, protocol);
        // Every byte belongs to an event, up to the terminal one, and none twice.
        BOOST_TEST(body.starts_with(whole.raw));
        if (whole.stop)
            BOOST_TEST(body.substr(whole.raw.size()).find_first_not_of("\r\n") == std::string::npos);

        BOOST_TEST((test::decode_bytewise(dialect, body).trace == whole.trace));
        std::mt19937 random(20261120);
        for (int round = 0; round < random_splits(); ++round) {
            // Pieces from a few bytes to a few kilobytes.
            std::size_t largest = std::size_t{1} << (2 + random() % 11);
            Decoded split = test::decode(dialect, body, [&](std::size_t) { return 1 + random() % largest; });
            BOOST_REQUIRE_EQUAL(split.trace, whole.trace);
            BOOST_REQUIRE(body.starts_with(split.raw));
        }
        const auto all_at_once = [](std::size_t left) { return left; };
        BOOST_TEST((test::decode(dialect, body, all_at_once, test::facts_for_tests(), {}, false).trace ==
                    whole.trace));
    }
}

const std::map<std::string, ErrorKind> kKinds = {
    {"auth", ErrorKind::provider_auth_failed},
    {"permission", ErrorKind::provider_auth_failed},
    {"not_found", ErrorKind::model_not_found},
    {"context_length", ErrorKind::context_length_exceeded},
    {"quota_exhausted", ErrorKind::quota_exhausted},
    {"rate_limit", ErrorKind::rate_limited},
    {"overloaded", ErrorKind::provider_overloaded},
    {"server_error", ErrorKind::provider_unavailable},
    {"timeout", ErrorKind::provider_timeout},
    {"content_policy", ErrorKind::content_filtered},
    {"payload_too_large", ErrorKind::provider_bad_request},
    {"bad_request", ErrorKind::provider_bad_request},
    {"rate_limit_request_too_big", ErrorKind::rate_limited},
    {"rate_limit_daily", ErrorKind::quota_exhausted},
};

void check_error(const fs::path& path) {
    dom::parser parser;
    dom::element recorded = parser.load(path.string());
    wire::HeaderList headers;
    dom::object fields;
    if (recorded["headers"].get_object().get(fields) == simdjson::SUCCESS)
        for (auto [name, value] : fields)
            if (value.is_string()) headers.add(name, std::string_view(value));
    std::string body;
    if (std::string_view text; recorded["body"].get_string().get(text) == simdjson::SUCCESS)
        body = text;
    else
        body = simdjson::minify(recorded["body"]);

    adapters::ExchangeFacts facts = test::facts_for_tests();
    facts.status = static_cast<int>(std::int64_t(recorded["status"]));
    const ErrorInfo error = adapters::openai_chat::dialect().classify(facts, headers, body);

    BOOST_TEST_CONTEXT(path.parent_path().filename().string() + "/" + path.filename().string()) {
        const std::string category = string_at(recorded["expected"], "category");
        BOOST_REQUIRE(kKinds.count(category) == 1u);
        BOOST_TEST(class_name(error.kind) == class_name(kKinds.at(category)));
        BOOST_TEST(error.status == facts.status);
        BOOST_TEST(error.never_retry_here == (category == "rate_limit_request_too_big"));
        BOOST_TEST(error.provider_message.size() <= ErrorInfo::kMaxExcerpt);
        BOOST_TEST(!error.message.empty());
        BOOST_TEST(error.provider_message.empty() == body.empty());
    }
}

void for_each_file(const char* folder, const char* extension, void (*check)(const fs::path&)) {
    std::optional<fs::path> root = test::recordings();
    if (!root) return;
    std::set<fs::path> paths;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(*root / folder))
        if (entry.path().extension() == extension) paths.insert(entry.path());
    BOOST_TEST(!paths.empty());
    for (const fs::path& path : paths)
        check(path);
}

BOOST_AUTO_TEST_SUITE(recordings)

BOOST_AUTO_TEST_CASE(openai_chat_streams) {
    for_each_file("streams/openai_chat", ".sse", check_stream);
}
BOOST_AUTO_TEST_CASE(compatible_streams) {
    for_each_file("streams/compat", ".sse", check_stream);
}
BOOST_AUTO_TEST_CASE(openai_responses_streams) {
    for_each_file("streams/openai_responses", ".sse", check_stream);
}
BOOST_AUTO_TEST_CASE(anthropic_streams) {
    for_each_file("streams/anthropic", ".sse", check_stream);
}
BOOST_AUTO_TEST_CASE(gemini_streams) {
    for_each_file("streams/gemini", ".sse", check_stream);
}
BOOST_AUTO_TEST_CASE(errors) {
    for_each_file("errors", ".json", check_error);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace

// Every dialect in, every dialect out: what was decoded and is encoded again says the same, in its own
// dialect to the last event, in another one but for what the tables here list (docs/dialects.md has the same
// list). The same for requests and errors.
#include "support/decode.hpp"
#include "support/recordings.hpp"

#include "adapters/origin.hpp"

#include <simdjson.h>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <set>

namespace {

using namespace sluice;
using adapters::Dialect;
using test::Decoded;

/// What an answer may lose in a dialect that is not its own.
enum class Aspect {
    refusal,           // becomes text
    hidden_reasoning,  // left out
    broken_arguments,  // become {"INVALID_JSON": "..."}
    cache_write,       // of the usage
    unknown_counts,    // become 0
    finish,            // becomes another reason, or a failure
};

struct Loss {
    std::string_view dialect;
    Aspect aspect;
    std::string_view reason;
    StopReason stop = StopReason::stop;  // for Aspect::finish: which one
};

constexpr Loss kLosses[] = {
    {"openai_chat", Aspect::finish, "no such finish_reason: stop", StopReason::paused},
    {"openai_chat", Aspect::finish, "no such finish_reason: stop", StopReason::unknown},
    {"openai_responses", Aspect::finish, "incomplete for a reason of ours: unknown", StopReason::paused},
    {"openai_responses", Aspect::finish, "no such status: completed", StopReason::unknown},
    {"openai_responses", Aspect::finish, "response.failed, which is a failure", StopReason::error},
    {"anthropic", Aspect::refusal, "has no such block; the stop reason tells"},
    {"anthropic", Aspect::unknown_counts, "its SDKs demand numbers"},
    {"gemini", Aspect::refusal, "has no such part; the finish reason tells"},
    {"gemini", Aspect::hidden_reasoning, "would come back without its mark"},
    {"gemini", Aspect::broken_arguments, "args are an object"},
    {"gemini", Aspect::cache_write, "has no such count"},
    {"gemini", Aspect::finish, "OTHER, which is unknown", StopReason::error},
};

bool loses(std::string_view dialect, Aspect aspect, StopReason stop = StopReason::stop) {
    return std::any_of(std::begin(kLosses), std::end(kLosses), [&](const Loss& loss) {
        return loss.dialect == dialect && loss.aspect == aspect && loss.stop == stop;
    });
}

/// The same JSON value, whatever the spacing; text that is none stays what it is.
std::string canonical(std::string_view json) {
    simdjson::dom::parser parser;
    simdjson::dom::element value;
    const std::string text(json.empty() ? "{}" : json);
    return parser.parse(text).get(value) == simdjson::SUCCESS ? std::string(simdjson::minify(value)) : text;
}

std::vector<OwnedEvent> events_of(const Dialect& dialect, std::string_view body) {
    auto decoder = dialect.make_decoder(test::facts_for_tests());
    adapters::BodyReader reader(*decoder, {});
    adapters::EventBatch batch;
    std::string window(body);
    window.resize(body.size() + wire::kPadding);
    reader.finish(std::string_view(window).substr(0, body.size()), window.size(), batch);
    return {batch.events().begin(), batch.events().end()};
}

std::string encode(const Dialect& dialect, const std::vector<OwnedEvent>& events, std::string origin) {
    adapters::AnswerFacts facts;
    facts.model = "m-1";
    facts.created = 1700000000;
    facts.origin = std::move(origin);
    auto encoder = dialect.make_encoder(std::move(facts));
    std::string out;
    for (const OwnedEvent& event : events)
        encoder->encode(event, out);
    return out;
}

std::string origin_of(const Dialect& dialect) {
    return adapters::make_origin(dialect.name(), "acme");
}

Decoded sum(const std::vector<OwnedEvent>& events) {
    Decoded all;
    for (const OwnedEvent& event : events)
        all.add(event);
    return all;
}

void check_usage(std::optional<Usage> was, const std::optional<Usage>& is, std::string_view through) {
    if (was && loses(through, Aspect::cache_write)) was->cache_write.reset();
    if (loses(through, Aspect::unknown_counts)) {
        if (!was) was.emplace();
        const Tokens cached = was->cached_input.value_or(0) + was->cache_write.value_or(0);
        was->input = std::max(was->input.value_or(0), cached);  // of which they are a part there
        if (!was->output) was->output = 0;
    }
    BOOST_REQUIRE_EQUAL(is.has_value(), was.has_value());
    const Usage want = was.value_or(Usage()), got = is.value_or(Usage());
    BOOST_TEST((got.input == want.input));
    BOOST_TEST((got.cached_input == want.cached_input));
    BOOST_TEST((got.cache_write == want.cache_write));
    BOOST_TEST((got.output == want.output));
    BOOST_TEST((got.reasoning == want.reasoning));
}

/// The signatures of an answer as far as `through` carries them.
std::vector<std::string> signatures(const std::vector<OwnedEvent>& events, std::string_view through) {
    std::vector<std::string> values;
    for (const StreamEvent& event : events) {
        std::string_view value;
        if (const auto* delta = event.as<ReasoningDelta>();
            delta && !(delta->redacted && loses(through, Aspect::hidden_reasoning)))
            value = delta->signature;
        if (const auto* text = event.as<TextDelta>(); text) value = text->signature;
        if (const auto* call = event.as<ToolCallStart>(); call) value = call->signature;
        if (!value.empty()) values.emplace_back(value);
    }
    return values;
}

/// As a client gives them back.
std::vector<std::string> unwrapped(const std::vector<std::string>& told, std::string_view dialect) {
    std::vector<std::string> values;
    for (const std::string& one : told)
        values.push_back(adapters::signature_from_client(one, dialect).value);
    return values;
}

/// What went through a dialect that is not its own.
void check_same(const std::vector<OwnedEvent>& events, const Decoded& is, std::string_view through) {
    const Decoded was = sum(events);
    if (loses(through, Aspect::finish, *was.stop)) {
        BOOST_TEST((!is.stop || *is.stop != *was.stop));
    } else {
        BOOST_REQUIRE(is.stop.has_value());
        BOOST_TEST(to_string(*is.stop) == to_string(*was.stop));
    }
    const bool refuses = !loses(through, Aspect::refusal);
    BOOST_TEST(is.text == was.text + (refuses ? "" : was.refusal));
    BOOST_TEST(is.refusal == (refuses ? was.refusal : ""));
    BOOST_TEST(is.reasoning == was.reasoning);
    BOOST_TEST(unwrapped(is.signatures, through) == signatures(events, through),
               boost::test_tools::per_element());
    check_usage(was.usage, is.usage, through);
    BOOST_REQUIRE_EQUAL(is.tools.size(), was.tools.size());
    for (std::size_t i = 0; i < was.tools.size(); ++i) {
        BOOST_TEST(is.tools[i].name == was.tools[i].name);
        BOOST_TEST(is.tools[i].id == was.tools[i].id);
        if (was.tools[i].arguments_are_json || !loses(through, Aspect::broken_arguments))
            BOOST_TEST(canonical(is.tools[i].arguments) == canonical(was.tools[i].arguments));
    }
}

/// One delta for the arguments of each call: Gemini's calls are mostly whole.
std::string trace_of_whole_calls(const std::vector<OwnedEvent>& events) {
    Decoded all;
    for (std::size_t i = 0; i < events.size(); ++i) {
        const auto* delta = events[i].view().as<ToolCallDelta>();
        if (!delta) {
            all.add(events[i]);
            continue;
        }
        std::string arguments(delta->arguments);
        while (i + 1 < events.size() && events[i + 1].view().is<ToolCallDelta>())
            arguments += events[++i].view().as<ToolCallDelta>()->arguments;
        all.add(StreamEvent(ToolCallDelta{delta->index, arguments}, {}, events[i].view().choice()));
    }
    return all.trace;
}

/// `events` came from `dialect`: through it and back, and through every other one.
void check_round_trips(const Dialect& dialect, const std::vector<OwnedEvent>& events) {
    for (const Dialect* other : adapters::dialects()) {
        BOOST_TEST_CONTEXT("through " << other->name()) {
            const std::string stream = encode(*other, events, origin_of(dialect));
            const Decoded is = test::decode(*other, stream);
            BOOST_TEST(is.terminals == 1u);
            BOOST_TEST(test::decode_bytewise(*other, stream).trace == is.trace);
            if (other != &dialect) {
                check_same(events, is, other->name());
                continue;
            }
            const Decoded was = sum(events);
            if (dialect.name() == "gemini")
                BOOST_TEST(trace_of_whole_calls(events_of(dialect, stream)) == trace_of_whole_calls(events));
            else
                BOOST_TEST(is.trace == was.trace);
            BOOST_TEST((is.usage == was.usage));
        }
    }
}

BOOST_AUTO_TEST_SUITE(round_trips)

struct Recorded {
    const char* folder;
    const char* dialect;
};

BOOST_AUTO_TEST_CASE(recordings) {
    const std::optional<std::filesystem::path> root = test::recordings();
    if (!root) return;
    std::set<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(*root / "streams"))
        if (entry.path().extension() == ".sse") paths.insert(entry.path());
    BOOST_TEST(!paths.empty());
    for (std::filesystem::path path : paths) {
        const std::string body = test::read_file(path);
        simdjson::dom::parser parser;
        const std::string protocol(
            std::string_view(parser.load(path.replace_extension(".expected.json").string())["protocol"]));
        const std::string name = protocol == "chat"        ? "openai_chat"
                                 : protocol == "responses" ? "openai_responses"
                                                           : protocol;
        const Dialect& dialect = *adapters::find_dialect(name);
        const std::vector<OwnedEvent> events = events_of(dialect, body);
        BOOST_TEST_CONTEXT(path.parent_path().filename().string() << "/" << path.stem().string())
        if (events.back().view().is<Finish>()) check_round_trips(dialect, events);
    }
}

struct Script {
    const char* what;
    std::vector<StreamEvent> events;
};

Usage full_usage() {
    Usage usage;
    usage.input = 100;
    usage.cached_input = 40;
    usage.output = 20;
    usage.reasoning = 5;
    return usage;
}

Usage plain_usage() {
    Usage usage;
    usage.input = 1;
    usage.output = 0;
    return usage;
}

StreamEvent ends(StopReason reason, std::optional<Usage> usage = std::nullopt) {
    return StreamEvent(Finish{reason, {}, usage});
}

std::vector<Script> scripts() {
    std::vector<Script> all = {
        {"text", {TextDelta{"a"}, TextDelta{" \"b\"\n"}, TextDelta{"\xE4\xB8\xAD"}, ends(StopReason::stop)}},
        {"an answer without a word", {ends(StopReason::stop, plain_usage())}},
        {"signed reasoning",
         {ReasoningDelta{"h"}, ReasoningDelta{"m"}, ReasoningDelta{"", "proof"}, TextDelta{"yes"},
          ends(StopReason::stop, full_usage())}},
        {"two pieces of signed reasoning around a call",
         {ReasoningDelta{"one"}, ReasoningDelta{"", "proof 1"}, ReasoningDelta{"two"},
          ReasoningDelta{"", "proof 2"}, ToolCallStart{0, "call_1", "f"}, ToolCallDelta{0, "{}"},
          ToolCallEnd{0}, ends(StopReason::tool_calls)}},
        {"hidden reasoning",
         {ReasoningDelta{"", "proof", {}, true}, TextDelta{"yes"}, ends(StopReason::stop)}},
        {"signatures of a text and a call",
         {TextDelta{"yes", "proof 1"}, ToolCallStart{0, "call_1", "f", "proof 2"}, ToolCallDelta{0, "{}"},
          ToolCallEnd{0}, ends(StopReason::tool_calls)}},
        {"refusal", {RefusalDelta{"I "}, RefusalDelta{"won't"}, ends(StopReason::content_filter)}},
        {"parallel calls",
         {TextDelta{"so"}, ToolCallStart{0, "call_1", "f"}, ToolCallDelta{0, "{\"a\""},
          ToolCallDelta{0, ":[1,\"x\"]}"}, ToolCallEnd{0}, ToolCallStart{1, "call_2", "f"},
          ToolCallDelta{1, "{\"b\":2}"}, ToolCallEnd{1}, ends(StopReason::tool_calls, plain_usage())}},
        {"interleaved calls",
         {ToolCallStart{0, "call_1", "f"}, ToolCallStart{1, "call_2", "g"}, ToolCallDelta{1, "{\"b\":"},
          ToolCallDelta{0, "{\"a\":"}, ToolCallDelta{1, "2}"}, ToolCallDelta{0, "1}"}, ToolCallEnd{0},
          ToolCallEnd{1}, ends(StopReason::tool_calls)}},
        {"a call without arguments",
         {ToolCallStart{0, "call_1", "f"}, ToolCallEnd{0}, ends(StopReason::tool_calls)}},
        {"a call whose arguments were cut",
         {ToolCallStart{0, "call_1", "f"}, ToolCallDelta{0, "{\"a\":"}, ToolCallEnd{0, false},
          ends(StopReason::length)}},
    };
    for (StopReason reason : {StopReason::stop, StopReason::length, StopReason::content_filter,
                              StopReason::paused, StopReason::error, StopReason::unknown})
        all.push_back({"a finish", {TextDelta{"a"}, ends(reason)}});
    return all;
}

BOOST_AUTO_TEST_CASE(hand_written_streams) {
    const Script* seen = nullptr;
    for (const Script& script : scripts()) {
        const std::vector<OwnedEvent> events(script.events.begin(), script.events.end());
        const Decoded was = sum(events);
        seen = &script;
        for (const Dialect* dialect : adapters::dialects()) {
            BOOST_TEST_CONTEXT(seen->what << ", " << to_string(*was.stop) << ", to " << dialect->name()) {
                // From somewhere else; then on from there, as that dialect's own answer.
                const std::string stream = encode(*dialect, events, "elsewhere@acme");
                check_same(events, test::decode(*dialect, stream), dialect->name());
                const std::vector<OwnedEvent> own = events_of(*dialect, stream);
                if (own.back().view().is<Finish>()) check_round_trips(*dialect, own);
            }
        }
    }
}

// --- errors ---

constexpr ErrorKind kKinds[] = {
    ErrorKind::provider_error,       ErrorKind::rate_limited,         ErrorKind::quota_exhausted,
    ErrorKind::provider_unavailable, ErrorKind::provider_overloaded,  ErrorKind::provider_timeout,
    ErrorKind::stream_truncated,     ErrorKind::all_providers_failed, ErrorKind::context_length_exceeded,
    ErrorKind::provider_auth_failed, ErrorKind::provider_bad_request, ErrorKind::model_not_found,
    ErrorKind::content_filtered,
};

/// These have no word on any wire.
bool becomes_unavailable(std::string_view dialect, ErrorKind kind) {
    if (kind == ErrorKind::provider_error || kind == ErrorKind::all_providers_failed) return true;
    return kind == ErrorKind::stream_truncated && (dialect == "openai_responses" || dialect == "gemini");
}

BOOST_AUTO_TEST_CASE(errors_of_every_kind) {
    for (const Dialect* dialect : adapters::dialects()) {
        for (ErrorKind kind : kKinds) {
            BOOST_TEST_CONTEXT(dialect->name() << " " << class_name(kind)) {
                ErrorInfo error(kind, Phase::stream, "our words");
                const ErrorKind expected =
                    becomes_unavailable(dialect->name(), kind) ? ErrorKind::provider_unavailable : kind;
                const adapters::EncodedError answer = dialect->encode_error(error);
                adapters::ExchangeFacts facts = test::facts_for_tests();
                facts.status = answer.status;
                const ErrorInfo back = dialect->classify(facts, {}, answer.body);
                BOOST_TEST(class_name(back.kind) == class_name(expected));

                std::vector<OwnedEvent> events;
                events.emplace_back(StreamEvent(TextDelta{"a"}));
                events.emplace_back(StreamEvent(Failure{&error}));
                const Decoded got = test::decode(*dialect, encode(*dialect, events, "elsewhere@acme"));
                BOOST_TEST(got.text == "a");
                BOOST_TEST(got.terminals == 1u);
                BOOST_REQUIRE(got.error.has_value());
                BOOST_TEST(class_name(got.error->kind) == class_name(expected));
            }
        }
    }
}

// --- requests ---

/// A line for each thing a request says. Calls are named by their order: Gemini's requests carry no ids.
std::vector<std::string> lines_of(const Request& request) {
    std::vector<std::string> lines, ids;
    auto name_of_call = [&](const std::string& id) {
        const auto known = std::find(ids.begin(), ids.end(), id);
        const auto order = known - ids.begin();
        if (known == ids.end()) ids.push_back(id);
        return std::to_string(order);
    };
    for (const Message& message : request.messages()) {
        for (const Part& part : message.parts) {
            const std::string who(to_string(message.role));
            if (const auto* text = std::get_if<TextPart>(&part)) {
                lines.push_back(who + ": " + text->text);
                if (!text->signature.empty()) lines.push_back("text signature " + text->signature.value);
                if (text->cache) lines.push_back("text cache " + text->cache->ttl);
            } else if (const auto* image = std::get_if<ImagePart>(&part)) {
                lines.push_back("image " + (image->url.empty() ? image->media_type : image->url) + " " +
                                image->data);
                if (!image->detail.empty()) lines.push_back("image detail " + image->detail);
            } else if (const auto* thought = std::get_if<ReasoningPart>(&part)) {
                lines.push_back((thought->redacted ? "hidden reasoning " : "reasoning ") + thought->text +
                                " " + thought->signature.value);
            } else if (const auto* refusal = std::get_if<RefusalPart>(&part)) {
                lines.push_back("refusal " + refusal->text);
            } else if (const auto* call = std::get_if<ToolCallPart>(&part)) {
                lines.push_back("call " + name_of_call(call->id) + " " + call->name + " " +
                                canonical(call->arguments));
                if (!call->signature.empty()) lines.push_back("call signature " + call->signature.value);
            } else if (const auto* result = std::get_if<ToolResultPart>(&part)) {
                lines.push_back("result " + name_of_call(result->tool_call_id) + " " + result->content);
                if (result->is_error) lines.push_back("error result");
                for (const ImagePart& shown : result->images)
                    lines.push_back("result image " + shown.data);
            }
        }
    }
    for (const Tool& tool : request.tools()) {
        lines.push_back("tool " + tool.name + " " + tool.description + " " + canonical(tool.parameters_json));
        if (tool.strict) lines.push_back(*tool.strict ? "strict tool" : "lax tool");
        if (tool.cache) lines.push_back("tool cache");
    }
    const Request::Options& options = request.options();
    auto option = [&](const char* name, const auto& value) {
        if (value) lines.push_back(std::string(name) + " " + std::to_string(*value));
    };
    if (const auto& choice = options.tool_choice)
        lines.push_back("tool_choice " + std::to_string(static_cast<int>(choice->mode)) + choice->name);
    option("parallel_tool_calls", options.parallel_tool_calls);
    option("max_tokens", options.max_tokens);
    option("temperature", options.temperature);
    option("top_p", options.top_p);
    option("top_k", options.top_k);
    option("frequency_penalty", options.frequency_penalty);
    option("presence_penalty", options.presence_penalty);
    option("seed", options.seed);
    for (const std::string& sequence : options.stop)
        lines.push_back("stop " + sequence);
    option("choices", options.choices);
    if (options.response_format)
        lines.push_back("response_format " + canonical(options.response_format->schema_json));
    if (options.reasoning_effort) lines.push_back("reasoning_effort " + *options.reasoning_effort);
    option("reasoning_budget", options.reasoning_budget);
    option("show_reasoning", options.show_reasoning);
    if (options.end_user) lines.push_back("end_user " + *options.end_user);
    return lines;
}

/// Everything that a request of ours can say, with signatures that `origin` made.
Request rich(const std::string& origin) {
    ToolCallPart call("call_1", "f", R"({"a":1})");
    call.signature = Signature("Y2FsbA==", origin);
    TextPart said("so");
    said.signature = Signature("dGV4dA==", origin);
    TextPart cached("see");
    cached.cache = CacheControl("1h");
    ImagePart image = ImagePart::from_url("https://x/y.png");
    image.detail = "low";
    ReasoningPart thought("hm", Signature("c2ln", origin));
    Tool tool("f", "does", R"({"type":"object","properties":{"a":{"type":"integer"}}})");
    tool.strict = true;
    tool.cache = CacheControl();
    ToolResultPart bad("call_2", "no such file");
    bad.is_error = true;
    return Request()
        .system("Be brief.")
        .user(std::vector<Part>{cached, image, ImagePart::from_base64("image/png", "QUJD")})
        .message(Message(Role::assistant,
                         std::vector<Part>{thought, said, call, ToolCallPart("call_2", "g", "{}")}))
        .message(Message(Role::tool, std::vector<Part>{ToolResultPart("call_1", "42"), bad}))
        .message(Message(Role::assistant, std::vector<Part>{RefusalPart("no")}))
        .user("and?")
        .tool(tool)
        .tool(Tool("g", "more", R"({"type":"object","properties":{}})"))
        .tool_choice(ToolChoice::named("f"))
        .parallel_tool_calls(false)
        .max_tokens(4096)
        .temperature(0.5)
        .top_p(0.25)
        .top_k(7)
        .frequency_penalty(-1.5)
        .presence_penalty(2)
        .seed(7)
        .stop("a")
        .stop("b")
        .choices(2)
        .response_format(ResponseFormat("s", R"({"type":"object"})"))
        .reasoning_effort("low")
        .end_user("u");
}

struct Encoded {
    std::string path, body;
};

std::optional<Encoded> encode_request(const Dialect& dialect, const Request& request) {
    const ModelSpec spec("acme", "m-1");
    const std::string origin = origin_of(dialect);
    adapters::Target target(spec);
    target.origin = origin;
    auto encoded = dialect.encode(request, target);
    BOOST_TEST(encoded.has_value(), (encoded.has_value() ? std::string() : encoded.error().message));
    if (!encoded) return std::nullopt;
    return Encoded{encoded->path, encoded->body};
}

std::optional<Request> parse_request(const Dialect& dialect, const Encoded& encoded) {
    const std::string path = encoded.path.substr(0, encoded.path.find('?'));
    auto parsed = dialect.parse_request(adapters::ClientRequest(path, encoded.body));
    BOOST_TEST(parsed.has_value(), (parsed.has_value() ? std::string() : parsed.error().message));
    if (!parsed) return std::nullopt;
    BOOST_TEST(parsed->model == "m-1");
    return std::move(parsed->request);
}

struct RequestLoss {
    std::string_view dialect;
    std::string_view line;  // how what is lost begins
    std::string_view reason;
};

// What a request cannot say in a dialect. All but the caches is told by a warning.
constexpr RequestLoss kRequestLosses[] = {
    {"openai_chat", "text signature", "no service without a quirk takes it"},
    {"openai_chat", "call signature", "no service without a quirk takes it"},
    {"openai_chat", "reasoning ", "no service without a quirk takes it"},
    {"openai_chat", "text cache", "OpenAI caches by itself"},
    {"openai_chat", "tool cache", "OpenAI caches by itself"},
    {"openai_chat", "error result", "no such mark"},
    {"openai_chat", "top_k", "no service without a quirk takes it"},
    {"openai_responses", "text signature", "only reasoning has one"},
    {"openai_responses", "call signature", "only reasoning has one"},
    {"openai_responses", "text cache", "OpenAI caches by itself"},
    {"openai_responses", "tool cache", "OpenAI caches by itself"},
    {"openai_responses", "error result", "no such mark"},
    {"openai_responses", "top_k", "no such field"},
    {"openai_responses", "frequency_penalty", "no such field"},
    {"openai_responses", "presence_penalty", "no such field"},
    {"openai_responses", "seed", "no such field"},
    {"openai_responses", "stop", "no such field"},
    {"openai_responses", "choices", "no such field"},
    {"anthropic", "text signature", "only thinking has one"},
    {"anthropic", "call signature", "only thinking has one"},
    {"anthropic", "image detail", "no such field"},
    {"anthropic", "frequency_penalty", "no such field"},
    {"anthropic", "presence_penalty", "no such field"},
    {"anthropic", "seed", "no such field"},
    {"anthropic", "choices", "no such field"},
    {"gemini", "text cache", "Gemini caches by itself, or by name"},
    {"gemini", "tool cache", "Gemini caches by itself, or by name"},
    {"gemini", "image detail", "no such field"},
    {"gemini", "strict tool", "no such field"},
    {"gemini", "parallel_tool_calls", "no such field"},
    {"gemini", "end_user", "no such field"},
};

const std::string kRefused = "refusal no", kRefusedInText = "assistant: no";

bool can_say(std::string_view dialect, const std::string& line) {
    return std::none_of(std::begin(kRequestLosses), std::end(kRequestLosses), [&](const RequestLoss& loss) {
        return loss.dialect == dialect && line.starts_with(loss.line);
    });
}

std::vector<std::string> sayable(std::vector<std::string> lines, std::string_view dialect) {
    std::erase_if(lines, [&](const std::string& line) { return !can_say(dialect, line); });
    if (loses(dialect, Aspect::refusal)) std::replace(lines.begin(), lines.end(), kRefused, kRefusedInText);
    return lines;
}

void check_lines(const std::vector<std::string>& got, const std::vector<std::string>& expected) {
    for (const std::string& line : expected)
        if (std::find(got.begin(), got.end(), line) == got.end()) BOOST_ERROR("lost: " + line);
    for (const std::string& line : got)
        if (std::find(expected.begin(), expected.end(), line) == expected.end())
            BOOST_ERROR("made up: " + line);
    if (std::is_permutation(got.begin(), got.end(), expected.begin(), expected.end()))
        BOOST_TEST(got == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(requests) {
    for (const Dialect* first : adapters::dialects()) {
        BOOST_TEST_CONTEXT("in " << first->name()) {
            const Request request = rich(origin_of(*first));
            const auto encoded = encode_request(*first, request);
            BOOST_REQUIRE(encoded.has_value());
            const auto parsed = parse_request(*first, *encoded);
            BOOST_REQUIRE(parsed.has_value());
            check_lines(lines_of(*parsed), sayable(lines_of(request), first->name()));
            const auto again = encode_request(*first, *parsed);
            BOOST_REQUIRE(again.has_value());
            BOOST_TEST(again->body == encoded->body);

            for (const Dialect* second : adapters::dialects()) {
                if (second == first) continue;
                BOOST_TEST_CONTEXT("then in " << second->name()) {
                    const auto there = encode_request(*second, *parsed);
                    BOOST_REQUIRE(there.has_value());
                    const auto back = parse_request(*second, *there);
                    BOOST_REQUIRE(back.has_value());
                    std::vector<std::string> expected = sayable(lines_of(*parsed), second->name());
                    // Signatures are for who made them only, and reasoning goes with its signature.
                    std::erase_if(expected, [](const std::string& line) {
                        return line.starts_with("reasoning ") || line.find(" signature ") != line.npos;
                    });
                    check_lines(lines_of(*back), expected);
                }
            }
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace

// A provider's bytes on their way to a client of its own dialect.
#include "gateway/pass_through.hpp"

#include "support/decode.hpp"
#include "support/recordings.hpp"

#include <boost/test/unit_test.hpp>

#include <random>
#include <set>

namespace {

namespace fs = std::filesystem;
using namespace sluice;
using gateway::PassThroughOptions;
using gateway::StreamPassThrough;

const std::string kMetadata = R"("sluice_metadata":{"model_id":"m}-1","attempts":[]})";

struct Passed {
    std::string out;
    std::string model;  // the provider's
    bool finished = false;
};

/// `body` through the decoder and the pass-through as the gateway does it, read in pieces of `piece` bytes.
Passed pass(std::string_view dialect, const std::string& body, PassThroughOptions options,
            const std::string& metadata = "", std::size_t piece = SIZE_MAX) {
    options.dialect = dialect;
    options.has_metadata = !metadata.empty();
    auto decoder = adapters::find_dialect(dialect)->make_decoder(test::facts_for_tests());
    adapters::BodyReader reader(*decoder);
    adapters::EventBatch batch;
    std::optional<StreamPassThrough> through;
    Passed passed;
    const auto deliver = [&] {
        std::span<const StreamEvent> events(batch.events());
        if (events.empty()) return;
        if (!through) {
            passed.model = decoder->info().response_model_id;
            if (options.upstream_model.empty()) options.upstream_model = passed.model;
            through.emplace(options);
        }
        const StreamEvent& last = events.back();
        if (last.is_terminal()) events = events.first(events.size() - 1);
        through->add(events, passed.out);
        if (last.is<Failure>()) {
            through->flush(passed.out);
        } else if (last.is<Finish>()) {
            through->finish(last, metadata, passed.out);
            passed.finished = true;
        }
    };
    std::size_t consumed = 0, end = 0;
    while (end < body.size()) {
        end += std::min(piece, body.size() - end);
        batch.clear();
        consumed += reader.feed(std::string_view(body).substr(consumed, end - consumed), 0, batch);
        deliver();
    }
    batch.clear();
    reader.finish(std::string_view(body).substr(consumed), 0, batch);
    deliver();
    return passed;
}

PassThroughOptions shown_as(std::string model, std::string upstream = "") {
    PassThroughOptions options;
    options.shown_model = std::move(model);
    options.upstream_model = std::move(upstream);
    return options;
}

/// `text` with every `from` replaced.
std::string replaced(std::string text, const std::string& from, const std::string& to) {
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
    return text;
}

std::size_t count(std::string_view text, std::string_view part) {
    std::size_t found = 0;
    for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1))
        ++found;
    return found;
}

/// A body of frames, and what the client gets.
std::string frames(std::initializer_list<std::string_view> payloads) {
    return test::sse(payloads);
}

BOOST_AUTO_TEST_SUITE(pass_through)

const std::string kChunk =
    R"({"id":"c","model":"up-1","choices":[{"index":0,"delta":{"content":"\"model\":\"up-1\""}}]})";
const std::string kEnd =
    R"({"id":"c","model":"up-1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})";
const std::string kUsage =
    R"({"id":"c","model":"up-1","choices": [ ],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}})";

BOOST_AUTO_TEST_CASE(bytes_are_passed_on_as_they_are) {
    const std::string body =
        ": comment\n\nretry: 5\n" + frames({kChunk, R"( {"choices":[],"x":1} )", kEnd, kUsage, "[DONE]"});
    for (std::size_t piece : {std::size_t{1}, std::size_t{7}, body.size()}) {
        BOOST_TEST(pass("openai_chat", body, shown_as("up-1"), "", piece).out == body);
        BOOST_TEST(pass("openai_chat", body, shown_as("other", "not-told"), "", piece).out == body);
    }
}

BOOST_AUTO_TEST_CASE(the_model_is_replaced_where_the_dialect_tells_it) {
    const std::string body = frames({kChunk, kEnd, kUsage, "[DONE]"});
    const std::string shown = R"("model":"a\"b/é")";
    const std::string expected = frames({replaced(kChunk, R"("model":"up-1",)", shown + ","),
                                         replaced(kEnd, R"("model":"up-1")", shown),
                                         replaced(kUsage, R"("model":"up-1")", shown), "[DONE]"});
    for (std::size_t piece : {std::size_t{1}, body.size()})
        BOOST_TEST(pass("openai_chat", body, shown_as("a\"b/é"), "", piece).out == expected);
}

// A string's quotes are escaped, so its bytes never are a member; members of the same name further inside are
// not the answer's own.
BOOST_AUTO_TEST_CASE(nothing_but_the_answers_own_member_is_replaced) {
    struct Case {
        std::string_view dialect;
        std::string before, after;  // payloads
    };
    const Case cases[] = {
        {"openai_chat", R"({"choices":[{"delta":{"content":"a"},"x":{"model":"up"}}],"model": "up"})",
         R"({"choices":[{"delta":{"content":"a"},"x":{"model":"up"}}],"model": "new"})"},
        {"openai_chat", R"({"choices":[{"delta":{"content":"{\"model\":\"up\"} \\"}}],"model" :"up"})",
         R"({"choices":[{"delta":{"content":"{\"model\":\"up\"} \\"}}],"model" :"up"})"},
        {"openai_chat", R"({"\"model":"up","choices":[{"delta":{"content":"a"}}],"model":"up"})",
         R"({"\"model":"up","choices":[{"delta":{"content":"a"}}],"model":"new"})"},
        {"openai_chat", R"({"choices":[{"delta":{"content":"a"}}],"model":"up-2"})",
         R"({"choices":[{"delta":{"content":"a"}}],"model":"up-2"})"},
        {"openai_chat", R"({"choices":[{"delta":{"content":"a"}}],"model":"\u0075p"})",
         R"({"choices":[{"delta":{"content":"a"}}],"model":"new"})"},
        {"gemini",
         R"({"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{"modelVersion":"up"}}}]}}],"modelVersion":"up"})",
         R"({"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{"modelVersion":"up"}}}]}}],"modelVersion":"new"})"},
        {"openai_responses",
         R"({"type":"response.completed","response":{"metadata":{"model":"up"},"model":"up","tools":[{"model":"up"}]},"model":"up"})",
         R"({"type":"response.completed","response":{"metadata":{"model":"up"},"model":"new","tools":[{"model":"up"}]},"model":"up"})"},
        {"anthropic", R"({"type":"message_start","message":{"x":{"model":"up"},"model":"up"}})",
         R"({"type":"message_start","message":{"x":{"model":"up"},"model":"new"}})"},
        {"anthropic",
         R"({"type":"content_block_start","content_block":{"type":"tool_use","input":{"model":"up"}}})",
         R"({"type":"content_block_start","content_block":{"type":"tool_use","input":{"model":"up"}}})"},
        {"anthropic", R"([{"model":"up"}])", R"([{"model":"up"}])"},
        {"anthropic", R"({"message":{"model":"up")", R"({"message":{"model":"new")"},
        {"anthropic", R"({"message":{"model":"up)", R"({"message":{"model":"up)"},
        {"none", R"({"model":"up"})", R"({"model":"up"})"},
    };
    for (const Case& one : cases) {
        PassThroughOptions options = shown_as("new", "up");
        options.dialect = one.dialect;
        options.has_metadata = false;
        StreamPassThrough through(options);
        const std::string raw = "event: model\ndata: " + one.before + "\n\n: \"model\":\"up\"\n\n";
        std::string out;
        through.add(StreamEvent(TextDelta{}, raw), out);
        BOOST_TEST(out == "event: model\ndata: " + one.after + "\n\n: \"model\":\"up\"\n\n");
    }
}

BOOST_AUTO_TEST_CASE(a_usage_chunk_that_nobody_asked_for_is_left_out) {
    PassThroughOptions options = shown_as("up-1");
    options.hide_usage = true;
    const std::string filter = R"({"choices":[],"prompt_filter_results":[{"usage":0}]})";
    const std::string with_content =
        R"({"choices":[{"delta":{"content":"b"}}],"usage":{"prompt_tokens":1,"completion_tokens":1}})";
    const std::string body = frames({filter, kChunk, with_content, kEnd, kUsage, "[DONE]"});
    for (std::size_t piece : {std::size_t{1}, body.size()}) {
        BOOST_TEST(pass("openai_chat", body, options, "", piece).out ==
                   frames({filter, kChunk, with_content, kEnd, "[DONE]"}));
        // What comes with the last chunk goes to the one before.
        const std::string end = kEnd.substr(0, kEnd.size() - 1) + "," + kMetadata + "}";
        BOOST_TEST(pass("openai_chat", body, options, kMetadata, piece).out ==
                   frames({filter, kChunk, with_content, end, "[DONE]"}));
    }
    BOOST_TEST(pass("openai_chat", body, shown_as("up-1")).out == body);
}

BOOST_AUTO_TEST_CASE(what_tells_a_usage_chunk_is_outermost) {
    PassThroughOptions options = shown_as("up-1");
    options.hide_usage = true;
    const std::string count = R"({"prompt_tokens":1,"completion_tokens":1})";
    const auto is_hidden = [&](const std::string& chunk) {
        const std::string out = pass("openai_chat", frames({kChunk, kEnd, chunk, "[DONE]"}), options, "").out;
        return out == frames({kChunk, kEnd, "[DONE]"});
    };
    BOOST_TEST(is_hidden(R"({"choices":[],"usage":)" + count + "}"));
    BOOST_TEST(is_hidden(R"({ "usage" : )" + count + R"( , "choices" : [ ] })"));
    BOOST_TEST(is_hidden(R"({"note":{"choices":[1],"usage":null},"choices":[],"usage":)" + count + "}"));
    BOOST_TEST(is_hidden(R"({"note":"a \\\" \"choices\":[1]","choices":[],"usage":)" + count + "}"));
    BOOST_TEST(!is_hidden(R"({"choices":[],"usage":null})"));
    BOOST_TEST(!is_hidden(R"({"choices":[],"note":{"usage":)" + count + "}}"));
    BOOST_TEST(!is_hidden(R"({"note":{"choices":[]},"usage":)" + count + "}"));
}

BOOST_AUTO_TEST_CASE(metadata_goes_into_the_last_object) {
    const auto with = [](const std::string& json) {
        return json.substr(0, json.size() - 1) + "," + kMetadata + "}";
    };
    const std::string body = frames({kChunk, kEnd, kUsage, "[DONE]"});
    BOOST_TEST(pass("openai_chat", body, shown_as("up-1"), kMetadata).out ==
               frames({kChunk, kEnd, with(kUsage), "[DONE]"}));
    // The finish reason comes with the last text: that chunk waits for the end.
    const std::string last =
        R"({"model":"up-1","choices":[{"delta":{"content":"b"},"finish_reason": "stop"}]})";
    for (std::size_t piece : {std::size_t{1}, std::size_t{1000}})
        BOOST_TEST(
            pass("openai_chat", frames({kChunk, last, "[DONE]"}), shown_as("up-1"), kMetadata, piece).out ==
            frames({kChunk, with(last), "[DONE]"}));
    // Gemini has no marker at the end.
    const std::string gemini =
        R"({"candidates":[{"content":{"parts":[{"text":"b"}]},"finishReason":"STOP"}],"modelVersion":"up-1"})";
    BOOST_TEST(pass("gemini", "data: " + gemini + "\r\n\r\n", shown_as("up-1"), kMetadata).out ==
               "data: " + with(gemini) + "\r\n\r\n");
    // An object may be empty, or spread over lines of which none is one.
    StreamPassThrough through(shown_as(""));
    std::string out;
    through.finish(StreamEvent(Finish{}, "data: { }\n\ndata: x\n\n"), kMetadata, out);
    BOOST_TEST(out == "data: { " + kMetadata + "}\n\ndata: x\n\n");
    out.clear();
    through.finish(StreamEvent(Finish{}, "data: {\ndata: }\n\n"), kMetadata, out);
    BOOST_TEST(out == "data: {\ndata: }\n\n");
}

BOOST_AUTO_TEST_CASE(what_waits_is_given_out_when_the_stream_goes_on_or_fails) {
    PassThroughOptions options = shown_as("");
    options.dialect = "openai_chat";
    options.has_metadata = true;
    StreamPassThrough through(options);
    std::string out;
    const std::string last = frames({R"({"choices":[{"finish_reason":"stop"}]})"});
    through.add(StreamEvent(TextDelta{"a"}, last), out);
    BOOST_TEST(out.empty());
    through.add(StreamEvent(TextDelta{"b"}), out);  // of the same frame
    BOOST_TEST(out.empty());
    through.add(StreamEvent(TextDelta{"c"}, "data: {}\n\n"), out);
    BOOST_TEST(out == last + "data: {}\n\n");
    through.add(StreamEvent(TextDelta{"a"}, last), out);
    through.flush(out);
    through.flush(out);
    BOOST_TEST(out == last + "data: {}\n\n" + last);
}

BOOST_AUTO_TEST_CASE(a_missing_end_is_added) {
    struct Case {
        std::string_view dialect;
        std::string body, expected;
    };
    const std::string stop =
        "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":"
        "\"end_turn\"},\"usage\":{\"output_tokens\":1}}\n\n";
    const std::string start =
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\","
        "\"model\":\"up-1\",\"usage\":{\"input_tokens\":1}}}\n\n";
    const std::string last = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
    const std::string spaced = "event: message_stop\ndata: { \"type\" : \"message_stop\" }\n\n";
    const Case cases[] = {
        {"openai_chat", frames({kChunk, kEnd}), frames({kChunk, kEnd, "[DONE]"})},
        {"openai_chat", frames({R"({"choices":[{"delta":{"content":"[DONE]"},"finish_reason":"stop"}]})"}),
         frames({R"({"choices":[{"delta":{"content":"[DONE]"},"finish_reason":"stop"}]})", "[DONE]"})},
        {"openai_chat", "data: " + kChunk + "\n\ndata: " + kEnd, frames({kChunk, kEnd, "[DONE]"})},
        {"openai_chat", "data: " + kChunk + "\n\ndata: " + kEnd + "\n", frames({kChunk, kEnd, "[DONE]"})},
        {"openai_chat", "data: " + kChunk + "\r\n\r\ndata: " + kEnd + "\r\n\r\n",
         "data: " + kChunk + "\r\n\r\ndata: " + kEnd + "\r\n\r\ndata: [DONE]\r\n\r\n"},
        {"openai_chat", frames({kChunk, kEnd}) + "data:[DONE]\n\n",
         frames({kChunk, kEnd}) + "data:[DONE]\n\n"},
        {"anthropic", start + stop, start + stop + last},
        {"anthropic", start + stop + last, start + stop + last},
        {"anthropic", start + stop + spaced, start + stop + spaced},
    };
    for (const Case& one : cases) {
        const Passed passed = pass(one.dialect, one.body, shown_as("up-1"));
        BOOST_TEST(passed.finished);
        BOOST_TEST(passed.out == one.expected);
    }
}

BOOST_AUTO_TEST_CASE(documents) {
    PassThroughOptions options = shown_as("new", "up");
    const auto passed = [&](std::string_view dialect, std::string_view body,
                            const std::string& metadata = "") {
        options.dialect = dialect;
        return gateway::pass_document(body, options, metadata);
    };
    BOOST_TEST(passed("openai_chat", R"({"id":"c", "model" : "up" ,"choices":[{"model":"up"}]})") ==
               R"({"id":"c", "model" : "new" ,"choices":[{"model":"up"}]})");
    BOOST_TEST(passed("anthropic",
                      R"({"content":[{"type":"tool_use","input":{"model":"up","Model":1}}],"model":"up"})") ==
               R"({"content":[{"type":"tool_use","input":{"model":"up","Model":1}}],"model":"new"})");
    BOOST_TEST(passed("openai_responses", R"({"model":"up","tools":[]})") == R"({"model":"new","tools":[]})");
    BOOST_TEST(passed("gemini", "{\r\n  \"modelVersion\": \"up\",\n  \"model\": \"up\"\n}\n") ==
               "{\r\n  \"modelVersion\": \"new\",\n  \"model\": \"up\"\n}\n");
    BOOST_TEST(passed("openai_chat", R"({"model":"up-2"})") == R"({"model":"up-2"})");
    BOOST_TEST(passed("openai_chat", " {\"a\":{}}\n", kMetadata) == " {\"a\":{}," + kMetadata + "}\n");
    BOOST_TEST(passed("openai_chat", "{ }", kMetadata) == "{ " + kMetadata + "}");
    for (const char* body : {"", "[{}]", "{\"model\":\"up\"", "text"})
        BOOST_TEST(passed("openai_chat", body, kMetadata) == body);
    options.shown_model = "up";
    BOOST_TEST(passed("openai_chat", R"({"model":"up"})") == R"({"model":"up"})");
}

// --- real traffic ---

void check(std::string_view dialect, const fs::path& path) {
    const std::string body = test::read_file(path);
    const adapters::Dialect& by = *adapters::find_dialect(dialect);
    const test::Decoded before = test::decode(by, body);
    std::mt19937 random(static_cast<unsigned>(body.size()));
    BOOST_TEST_CONTEXT(path.filename().string()) {
        for (int round = 0; round < 4; ++round) {
            const std::size_t piece = round == 0 ? body.size() : 1 + random() % 3000;
            // Nothing to change: byte for byte, but for a marker that was not there.
            const Passed same = pass(dialect, body, shown_as(before.info.response_model_id), "", piece);
            BOOST_TEST(same.finished == before.stop.has_value());
            const std::string added =
                same.out.size() > before.raw.size() ? same.out.substr(before.raw.size()) : "";
            BOOST_TEST((same.out.substr(0, before.raw.size()) == before.raw.substr(0, same.out.size())));
            BOOST_TEST((added.empty() || added == "data: [DONE]\n\n" || added == "data: [DONE]\r\n\r\n"));
            if (same.finished) BOOST_TEST(same.out.size() - added.size() == before.raw.size());
            // Another model's name: the same events, and the same bytes but for it.
            const std::string shown = "shown \"by\" us", quoted = R"("shown \"by\" us")";
            const Passed renamed = pass(dialect, body, shown_as(shown), "", piece);
            const test::Decoded after = test::decode(by, renamed.out);
            if (same.finished) BOOST_TEST(after.trace == before.trace);
            BOOST_TEST(after.info.response_model_id == (before.info.response_model_id.empty() ? "" : shown));
            BOOST_TEST(
                (replaced(renamed.out, quoted, "\"" + before.info.response_model_id + "\"") == same.out));
            // Metadata: one member more, in an object that is still one.
            if (!same.finished) continue;
            const Passed told =
                pass(dialect, body, shown_as(before.info.response_model_id), kMetadata, piece);
            BOOST_TEST(count(told.out, kMetadata) == 1u);
            BOOST_TEST((replaced(told.out, "," + kMetadata, "") == same.out));
            const test::Decoded with = test::decode(by, told.out);
            BOOST_TEST(with.text == before.text);
            BOOST_TEST(with.raw_stop == before.raw_stop);
            BOOST_TEST((with.stop == before.stop));
        }
    }
}

BOOST_AUTO_TEST_CASE(recordings) {
    const auto root = test::recordings();
    if (!root) return;
    const std::pair<const char*, const char*> folders[] = {{"openai_chat", "openai_chat"},
                                                           {"compat", "openai_chat"},
                                                           {"openai_responses", "openai_responses"},
                                                           {"anthropic", "anthropic"},
                                                           {"gemini", "gemini"}};
    for (const auto& [folder, dialect] : folders) {
        std::size_t found = 0;
        for (const fs::directory_entry& entry :
             fs::recursive_directory_iterator(*root / "streams" / folder)) {
            if (entry.path().extension() != ".sse") continue;
            ++found;
            check(dialect, entry.path());
        }
        BOOST_TEST(found > 0u, folder);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace

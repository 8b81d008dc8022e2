// The simulator in every dialect, heard through the whole client stack over the in-memory network in virtual
// time: the same events whoever speaks, and each fault as its typed error.
#include <sluice/api_provider.hpp>
#include <sluice/fallback.hpp>
#include <sluice/testing/memory_network.hpp>
#include <sluice/testing/simulator.hpp>
#include <sluice/testing/virtual_clock.hpp>

#include "adapters/dialect.hpp"
#include "net/pool.hpp"
#include "support/run.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

const std::vector<std::string> kDialects{"openai_chat", "openai_responses", "anthropic", "gemini"};
constexpr std::size_t kChat = 0, kResponses = 1, kAnthropic = 2, kGemini = 3;

struct World {
    asio::io_context context{1};
    std::shared_ptr<testing::VirtualClock> clock = std::make_shared<testing::VirtualClock>();
    std::shared_ptr<testing::MemoryNetwork> network = std::make_shared<testing::MemoryNetwork>();
    Runtime runtime{clock, network, seeded_entropy(1)};
    testing::Simulator simulator{context.get_executor(), runtime};

    World() { simulator.listen(*network, Origin(false, "sim.test", 80)); }

    ApiProviderOptions options(const std::string& dialect) {
        ApiProviderOptions options;
        options.service = dialect.starts_with("openai") ? "openai" : dialect;
        options.dialect = dialect;
        options.id = dialect;
        options.base_url = simulator.base_url(dialect);
        options.runtime = runtime;
        return options;
    }
    BoundModel model(const std::string& dialect, std::string id) {
        return ApiProvider(options(dialect)).model(std::move(id));
    }
    template <typename T>
    T run(asio::awaitable<T> work) {
        return test::run(context, *clock, std::move(work));
    }
};

/// What came of one answer.
struct Heard {
    std::string text, reasoning, signature, refusal;
    std::vector<ToolCallPart> calls;
    StopReason reason = StopReason::unknown;
    std::string raw_reason;
    std::optional<Usage> usage;
    std::optional<ErrorInfo> failure;
    std::size_t events = 0;
    std::size_t terminals = 0;
    std::string provider;

    void add(const StreamEvent& event) {
        ++events;
        terminals += event.is_terminal();
        if (const auto* delta = event.as<TextDelta>()) text += delta->text;
        if (const auto* delta = event.as<RefusalDelta>()) refusal += delta->text;
        if (const auto* delta = event.as<ReasoningDelta>()) {
            reasoning += delta->text;
            signature += delta->signature;
        }
        if (const auto* call = event.as<ToolCallStart>()) {
            calls.emplace_back(std::string(call->id), std::string(call->name), "");
            signature += call->signature;
        }
        if (const auto* call = event.as<ToolCallDelta>()) calls.at(call->index).arguments += call->arguments;
        if (const auto* end = event.as<Finish>()) {
            reason = end->reason;
            raw_reason = end->raw_reason;
            usage = end->usage;
        }
        if (const auto* bad = event.as<Failure>()) failure = bad->error();
    }
};

asio::awaitable<Heard> consume(BoundModel model) {
    Heard heard;
    Result<TokenStream> opened = co_await model.try_stream("Capital of Mongolia?");
    if (!opened) {
        heard.failure = opened.error();
        heard.terminals = 1;
        co_return heard;
    }
    TokenStream stream = std::move(opened).value();
    while (const StreamEvent* event = co_await stream.next())
        heard.add(*event);
    heard.provider = stream.answerer().provider_id;
    co_return heard;
}

Heard hear(const std::string& dialect, const std::string& model) {
    World world;
    Heard heard = world.run(consume(world.model(dialect, model)));
    BOOST_TEST(heard.terminals == 1U);
    BOOST_TEST(world.clock->armed() == 0U);
    BOOST_TEST(net::Pool::of(world.context.get_executor())->stats().leased == 0U);
    return heard;
}

const std::string kText = "The capital of Mongolia is Ulaanbaatar.";
const std::string kThought = "The user asks for a capital.";

}  // namespace

BOOST_AUTO_TEST_SUITE(simulator_dialects)

BOOST_AUTO_TEST_CASE(good_answers_are_the_same_in_every_dialect) {
    struct Case {
        const char* model;
        std::string text = kText;
        Tokens output = 9;
        StopReason reason = StopReason::stop;
    };
    const std::vector<Case> cases{
        {"gpt-or-claude"},
        {"sim-ok"},
        {"sim-echo", "Capital of Mongolia?", 3},
        {"sim-slow-first"},
        {"sim-slow-head"},
        {"sim-slow-tokens"},
        {"sim-byte-writes"},
        {"sim-one-write"},
        {"sim-crlf"},
        {"sim-comments"},
        {"sim-pings"},
        {"sim-huge-event", std::string(1 << 20, 'x'), 1},
        {"sim-content-filter-finish", "The capital of", 3, StopReason::content_filter},
        {"sim:tokens=3", " t0 t1 t2", 3},
        {"sim:text=two words", "two words", 1},
        {"sim:finish=length", kText, 9, StopReason::length},
    };
    for (const std::string& dialect : kDialects) {
        for (const Case& test : cases) {
            BOOST_TEST_CONTEXT(dialect << " " << test.model) {
                const Heard heard = hear(dialect, test.model);
                BOOST_REQUIRE(!heard.failure.has_value());
                BOOST_TEST((heard.text == test.text));
                BOOST_TEST(to_string(heard.reason) == to_string(test.reason));
                BOOST_REQUIRE(heard.usage.has_value());
                BOOST_TEST((heard.usage->input == Tokens{9}));
                BOOST_TEST((heard.usage->output == test.output));
                BOOST_TEST(heard.refusal.empty());
                BOOST_TEST(heard.provider == dialect);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(reasoning_comes_with_its_signature) {
    for (const std::string& dialect : kDialects) {
        BOOST_TEST_CONTEXT(dialect) {
            const Heard heard = hear(dialect, "sim-reasoning");
            BOOST_REQUIRE(!heard.failure.has_value());
            BOOST_TEST(heard.reasoning == kThought);
            BOOST_TEST(heard.signature == "c2ltLXNpZ25hdHVyZQ==");
            BOOST_TEST(heard.text == kText);
            BOOST_REQUIRE(heard.usage.has_value());
            BOOST_TEST((heard.usage->output == Tokens{16}));
        }
    }
}

BOOST_AUTO_TEST_CASE(tools_are_called_in_parallel) {
    for (const std::string& dialect : kDialects) {
        BOOST_TEST_CONTEXT(dialect) {
            const Heard heard = hear(dialect, "sim-tools");
            BOOST_REQUIRE(!heard.failure.has_value());
            BOOST_REQUIRE(heard.calls.size() == 2U);
            BOOST_TEST(heard.calls[0].id == "call_sim0");
            BOOST_TEST(heard.calls[0].name == "get_weather");
            BOOST_TEST(heard.calls[0].arguments == R"({"city":"Ulaanbaatar"})");
            BOOST_TEST(heard.calls[1].id == "call_sim1");
            BOOST_TEST(heard.calls[1].name == "get_time");
            BOOST_TEST(heard.calls[1].arguments == R"({"zone":"Asia/Ulaanbaatar"})");
            BOOST_TEST(to_string(heard.reason) == "tool_calls");
            if (dialect == "gemini") BOOST_TEST(heard.signature == "c2ltLWNhbGwtc2lnbmF0dXJl");
        }
    }
}

BOOST_AUTO_TEST_CASE(a_refusal_is_one) {
    for (const std::string& dialect : kDialects) {
        BOOST_TEST_CONTEXT(dialect) {
            const Heard heard = hear(dialect, "sim-refusal");
            BOOST_REQUIRE(!heard.failure.has_value());
            BOOST_TEST(heard.refusal + heard.text == "I cannot help with that.");
            BOOST_TEST(heard.refusal.empty() ==
                       !dialect.starts_with("openai"));  // the others have no such part
            BOOST_TEST(to_string(heard.reason) == "content_filter");
        }
    }
}

BOOST_AUTO_TEST_CASE(gemini_blocks_a_prompt_with_an_answer) {
    const Heard heard = hear("gemini", "sim-content-filter");
    BOOST_REQUIRE(!heard.failure.has_value());
    BOOST_TEST(heard.text.empty());
    BOOST_TEST(to_string(heard.reason) == "content_filter");
    BOOST_TEST(heard.raw_reason == "PROHIBITED_CONTENT");
    BOOST_REQUIRE(heard.usage.has_value());
    BOOST_TEST((heard.usage->input == Tokens{9}));
}

BOOST_AUTO_TEST_CASE(every_fault_is_its_typed_error_in_every_dialect) {
    using enum ErrorKind;
    struct Expected {
        std::optional<ErrorKind> kind;  // none: nothing fails
        std::optional<Phase> phase;
        std::optional<int> status;
    };
    struct Case {
        const char* model;
        Expected all;
        std::map<std::size_t, Expected> others = {};  // dialects that differ
    };
    const std::vector<Case> cases{
        {"sim-400", {provider_bad_request, Phase::headers, 400}},
        {"sim-401",
         {provider_auth_failed, Phase::headers, 401},
         {{kGemini, {provider_auth_failed, {}, 400}}}},
        {"sim-403", {provider_auth_failed, Phase::headers, 403}},
        {"sim-404", {model_not_found, Phase::headers, 404}, {{kResponses, {model_not_found, {}, 400}}}},
        {"sim-no-such", {model_not_found, Phase::headers, {}}},
        {"sim-429", {rate_limited, Phase::headers, 429}},
        {"sim-429-retry-after", {rate_limited, Phase::headers, 429}},
        {"sim-429-text", {rate_limited, Phase::headers, 429}},
        {"sim-429-quota",
         {quota_exhausted, Phase::headers, 429},
         {{kAnthropic, {quota_exhausted, {}, 400}}, {kGemini, {quota_exhausted, {}, 402}}}},
        {"sim-500", {provider_unavailable, Phase::headers, 500}},
        {"sim-500-once", {provider_unavailable, Phase::headers, 500}},
        {"sim-503", {provider_overloaded, Phase::headers, 503}},
        {"sim-529", {provider_overloaded, Phase::headers, 529}},
        {"sim-gzip-error", {provider_overloaded, Phase::headers, 503}},
        {"sim-html-error", {provider_unavailable, Phase::headers, 502}},
        {"sim-json-200", {provider_overloaded, Phase::first_event, 200}},
        {"sim-context-length", {context_length_exceeded, Phase::headers, 400}},
        {"sim-content-filter", {content_filtered, Phase::headers, 400}, {{kGemini, {}}}},
        {"sim:status=504", {provider_timeout, Phase::headers, 504}},
        {"sim:status=418", {provider_bad_request, Phase::headers, 418}},
        {"sim:status=502", {provider_unavailable, Phase::headers, 502}},
        {"sim-reset", {provider_unavailable, Phase::headers, 0}},
        {"sim-silent", {provider_timeout, Phase::headers, 0}},
        {"sim-error-first", {provider_unavailable, Phase::first_event, 200}},
        {"sim-metadata-then-error", {provider_unavailable, Phase::first_event, 200}},
        {"sim-overloaded-first", {provider_overloaded, Phase::first_event, 200}},
        {"sim-quota-in-stream", {quota_exhausted, Phase::first_event, 200}},
        {"sim:error=rate_limited", {rate_limited, Phase::first_event, 200}},
        {"sim:error=context_length", {context_length_exceeded, Phase::first_event, 200}},
        {"sim-error-midstream", {provider_overloaded, Phase::stream, 200}},
        {"sim:reasoning,error=unavailable,error_after=3", {provider_unavailable, Phase::stream, 200}},
        {"sim:tools,tokens=0,error=overloaded,error_after=3",
         {provider_overloaded, Phase::stream, 200},
         {{kGemini, {provider_overloaded, Phase::first_event, 200}}}},  // its calls come whole
        {"sim:error=overloaded,error_after=99", {provider_overloaded, Phase::stream, 200}},
        {"sim-cut", {stream_truncated, Phase::stream, 200}},
        {"sim-stall", {provider_timeout, Phase::idle, 200}},
        {"sim-malformed", {provider_unavailable, Phase::stream, 200}},
        {"sim-no-finish", {stream_truncated, Phase::stream, 200}},
        {"sim-empty", {stream_truncated, Phase::first_event, 200}},
        // Where the last word says why the answer ended, an answer without it is cut.
        {"sim-no-done", {}, {{kResponses, {stream_truncated, Phase::stream, 200}}}},
    };
    for (std::size_t i = 0; i < kDialects.size(); ++i) {
        for (const Case& test : cases) {
            BOOST_TEST_CONTEXT(kDialects[i] << " " << test.model) {
                const auto other = test.others.find(i);
                const Expected& expected = other != test.others.end() ? other->second : test.all;
                const Heard heard = hear(kDialects[i], test.model);
                BOOST_REQUIRE(heard.failure.has_value() == expected.kind.has_value());
                if (!expected.kind) continue;
                const ErrorInfo& error = *heard.failure;
                BOOST_TEST(class_name(error.kind) == class_name(*expected.kind));
                BOOST_TEST(error.provider == kDialects[i]);
                BOOST_TEST(error.model == test.model);
                BOOST_TEST(!error.message.empty());
                if (expected.phase) BOOST_TEST(to_string(error.phase) == to_string(*expected.phase));
                if (expected.status) BOOST_TEST(error.status == *expected.status);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(an_error_inside_a_stream_may_have_any_shape) {
    struct Case {
        std::size_t dialect;
        const char* shape;
    };
    for (const Case& test : std::vector<Case>{{kChat, "in_chunk"},
                                              {kChat, "named_event"},
                                              {kChat, "field_line"},
                                              {kResponses, "flat"},
                                              {kResponses, "failed_only"},
                                              {kGemini, "framed"}}) {
        for (const std::string where : {"metadata=0", "metadata=1", "error_after=4"}) {
            BOOST_TEST_CONTEXT(test.shape << " " << where) {
                const Heard heard =
                    hear(kDialects[test.dialect],
                         "sim:error=overloaded,error_shape=" + std::string(test.shape) + "," + where);
                BOOST_REQUIRE(heard.failure.has_value());
                BOOST_TEST(class_name(heard.failure->kind) == "ProviderOverloaded");
                const bool first = where != "error_after=4";
                BOOST_TEST(to_string(heard.failure->phase) == (first ? "first_event" : "stream"));
                BOOST_TEST(heard.text == (first ? "" : "The capital of Mongolia"));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(an_error_after_the_finish_reason_is_still_one) {
    for (const std::string& dialect : kDialects) {
        BOOST_TEST_CONTEXT(dialect) {
            const Heard heard = hear(dialect, "sim-error-after-finish");
            BOOST_TEST(heard.text == kText);
            BOOST_REQUIRE(heard.failure.has_value());
            BOOST_TEST(class_name(heard.failure->kind) == "ProviderOverloaded");
            BOOST_TEST(to_string(heard.failure->phase) == "stream");
        }
    }
}

BOOST_AUTO_TEST_CASE(hints_and_numbers_are_read) {
    const std::vector<std::chrono::milliseconds> from_text{1574ms, 1574ms, 2000ms, 1574ms};
    for (std::size_t i = 0; i < kDialects.size(); ++i) {
        BOOST_TEST_CONTEXT(kDialects[i]) {
            BOOST_TEST(!hear(kDialects[i], "sim-429").failure->retry_after.has_value());
            BOOST_TEST((hear(kDialects[i], "sim-429-retry-after").failure->retry_after == 2000ms));
            BOOST_TEST((hear(kDialects[i], "sim-429-text").failure->retry_after == from_text[i]));
            const ErrorInfo too_long = hear(kDialects[i], "sim-context-length").failure.value();
            if (i == kResponses) continue;  // its words tell no numbers
            BOOST_TEST((too_long.tokens_in == Tokens{9001}));
            BOOST_TEST((too_long.context_window == Tokens{8192}));
        }
    }
}

BOOST_AUTO_TEST_CASE(keys_are_read_where_the_dialect_has_them) {
    for (const std::string& dialect : kDialects) {
        BOOST_TEST_CONTEXT(dialect) {
            World world;
            world.simulator.require_key("the-right-key");
            for (const std::string key : {"the-right-key", "a-wrong-key-0123456789", "bad-key"}) {
                ApiProviderOptions options = world.options(dialect);
                options.api_key = key;
                const Heard heard = world.run(consume(ApiProvider(options).model("sim-ok")));
                BOOST_TEST(world.simulator.requests().back().key == key);
                BOOST_TEST(world.simulator.requests().back().dialect == dialect);
                BOOST_REQUIRE(heard.failure.has_value() == (key != "the-right-key"));
                if (!heard.failure) continue;
                BOOST_TEST(class_name(heard.failure->kind) == "ProviderAuthFailed");
                BOOST_TEST(describe(*heard.failure).find(key) == std::string::npos);
                BOOST_TEST(heard.failure->provider_message.find(key) == std::string::npos);
            }
            const Heard without = world.run(consume(world.model(dialect, "sim-ok")));
            BOOST_REQUIRE(without.failure.has_value());
            BOOST_TEST(class_name(without.failure->kind) == "ProviderAuthFailed");
        }
    }
}

BOOST_AUTO_TEST_CASE(a_chain_moves_from_any_dialect_to_any_other) {
    for (const std::string& from : kDialects) {
        for (const std::string& to : kDialects) {
            for (const std::string primary :
                 {"sim-error-first", "sim-metadata-then-error", "sim-overloaded-first", "sim-quota-in-stream",
                  "sim-empty", "sim-json-200", "sim-503", "sim-429"}) {
                BOOST_TEST_CONTEXT(from << " " << primary << " to " << to) {
                    World world;
                    FallbackOptions options;
                    options.runtime = world.runtime;
                    std::size_t failovers = 0;
                    options.on_failover = [&](const Failover&) { ++failovers; };
                    ApiProviderOptions second = world.options(to);
                    second.id = "second";
                    const FallbackBoundModel chain(
                        {world.model(from, primary), ApiProvider(second).model("sim-reasoning")}, options);
                    const Heard heard = world.run(consume(chain));
                    BOOST_REQUIRE(!heard.failure.has_value());
                    BOOST_TEST(heard.provider == "second");
                    BOOST_TEST(heard.reasoning == kThought);
                    BOOST_TEST(heard.text == kText);
                    BOOST_TEST(failovers == 1U);
                    BOOST_TEST(world.clock->armed() == 0U);
                }
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(reads_of_any_size_tell_the_same) {
    for (const std::string& dialect : kDialects) {
        for (const std::string model : {"sim-reasoning", "sim-tools", "sim-pings", "sim-error-midstream"}) {
            BOOST_TEST_CONTEXT(dialect << " " << model) {
                const Heard whole = hear(dialect, model);
                World world;
                testing::NetworkFaults faults;
                faults.max_read = 1;
                world.network->set_faults(faults);
                const Heard pieces = world.run(consume(world.model(dialect, model)));
                BOOST_TEST(pieces.events == whole.events);
                BOOST_TEST(pieces.text == whole.text);
                BOOST_TEST(pieces.reasoning == whole.reasoning);
                BOOST_TEST(pieces.calls.size() == whole.calls.size());
                BOOST_TEST(pieces.failure.has_value() == whole.failure.has_value());
            }
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

#include <sluice/testing/scripted_provider.hpp>
#include <sluice/testing/virtual_clock.hpp>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/system_error.hpp>
#include <boost/test/unit_test.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using sluice::ErrorKind;
using sluice::StreamEvent;
using sluice::testing::Script;
using sluice::testing::ScriptedProvider;
using sluice::testing::VirtualClock;

namespace {

std::string describe_event(const StreamEvent& event) {
    if (const auto* text = event.as<sluice::TextDelta>()) return "text:" + std::string(text->text);
    if (const auto* thought = event.as<sluice::ReasoningDelta>())
        return "thought:" + std::string(thought->text);
    if (const auto* call = event.as<sluice::ToolCallStart>()) {
        return "call" + std::to_string(call->index) + ":" + std::string(call->id) + "/" +
               std::string(call->name);
    }
    if (const auto* part = event.as<sluice::ToolCallDelta>()) {
        return "args" + std::to_string(part->index) + ":" + std::string(part->arguments);
    }
    if (const auto* end = event.as<sluice::ToolCallEnd>()) return "end" + std::to_string(end->index);
    if (const auto* other = event.as<sluice::Extension>()) {
        return "other:" + std::string(other->name) + "=" + std::string(other->json);
    }
    if (const auto* finish = event.as<sluice::Finish>()) return "finish:" + std::string(finish->raw_reason);
    const sluice::ErrorInfo& error = event.as<sluice::Failure>()->error();
    return "failure:" + sluice::describe(error);
}

/// What one call did: its batches, one string each ("a b" for two events), or how it ended otherwise.
struct Seen {
    std::vector<std::string> batches;
    std::vector<sluice::Duration> times;  // of the batches, from the start of the test
    std::optional<sluice::ErrorInfo> open_error;
    std::string response_id_at_open;
    std::string response_id;
    bool cancelled = false;
    bool over = false;
};

asio::awaitable<void> consume(std::shared_ptr<const sluice::ModelTarget> target, sluice::Clock& clock,
                              Seen& seen) {
    const sluice::TimePoint start = clock.now();
    const sluice::Request request("hi");
    const sluice::CallContext context;
    sluice::Result<sluice::TokenStream> opened = co_await target->open(request, context);
    if (!opened) {
        seen.open_error = opened.error();
        co_return;
    }
    sluice::TokenStream stream = std::move(opened).value();
    seen.response_id_at_open = stream.answerer().response_id;
    for (;;) {
        const std::span<const StreamEvent> batch = co_await stream.next_batch();
        if (batch.empty()) break;
        std::string line;
        for (const StreamEvent& event : batch)
            line += (line.empty() ? "" : " ") + describe_event(event);
        seen.batches.push_back(line);
        seen.times.push_back(clock.now() - start);
    }
    seen.response_id = stream.answerer().response_id;
}

struct Fixture {
    asio::io_context context;
    std::shared_ptr<VirtualClock> clock = std::make_shared<VirtualClock>();
    ScriptedProvider provider{"primary", sluice::Runtime(clock, nullptr, nullptr)};
    asio::cancellation_signal cancel;

    void start(Seen& seen, const std::string& model = "m") {
        asio::co_spawn(context, consume(provider.model(model).target(), *clock, seen),
                       asio::bind_cancellation_slot(cancel.slot(), [&seen](std::exception_ptr error) {
                           seen.over = true;
                           try {
                               if (error) std::rethrow_exception(error);
                           } catch (const asio::system_error& thrown) {
                               seen.cancelled = thrown.code() == asio::error::operation_aborted;
                           }
                       }));
    }
    Seen run(Script script) {
        provider.script("m", std::move(script));
        Seen seen;
        start(seen);
        clock->run(context);
        BOOST_TEST(seen.over);
        BOOST_TEST(provider.running() == 0U);
        return seen;
    }
};

using Lines = std::vector<std::string>;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(scripted_provider, Fixture)

BOOST_AUTO_TEST_CASE(performs_every_kind_of_event_one_a_batch) {
    const Seen seen = run(Script()
                              .reasoning("hm")
                              .text("Hello")
                              .tool_call("c1", "clock", "{}")
                              .tool_call("c2", "noop", "")
                              .extension("delta.audio", "7")
                              .finish(sluice::StopReason::tool_calls));
    const Lines expected{"thought:hm",    "text:Hello", "call0:c1/clock",      "args0:{}",         "end0",
                         "call1:c2/noop", "end1",       "other:delta.audio=7", "finish:tool_calls"};
    BOOST_TEST(seen.batches == expected, boost::test_tools::per_element());
    BOOST_TEST(seen.response_id_at_open.empty());
    BOOST_TEST(seen.response_id == "primary-1");
}

BOOST_AUTO_TEST_CASE(batch_joins_what_came_before_it) {
    const Seen seen =
        run(Script().text("a").text("b").batch().text("c").delay(1s).text("d").text("e").finish().batch());
    const Lines expected{"text:a text:b", "text:c", "text:d text:e finish:stop"};
    BOOST_TEST(seen.batches == expected, boost::test_tools::per_element());
    const std::vector<sluice::Duration> times{0s, 0s, 1s};
    BOOST_TEST((seen.times == times));
}

BOOST_AUTO_TEST_CASE(repeats_text_in_batches) {
    const Seen seen = run(Script().repeat_text("x", 5, 2).finish());
    const Lines expected{"text:x text:x", "text:x text:x", "text:x", "finish:stop"};
    BOOST_TEST(seen.batches == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(fails_to_open_with_the_error_and_who_it_was) {
    const Seen seen = run(Script().delay(3s).fail_open(ErrorKind::rate_limited, "slow down"));
    BOOST_REQUIRE(seen.open_error);
    BOOST_TEST((seen.open_error->kind == ErrorKind::rate_limited));
    BOOST_TEST(seen.open_error->provider == "primary");
    BOOST_TEST(seen.open_error->model == "m");
    BOOST_TEST(seen.open_error->message == "slow down");
    BOOST_TEST((clock->now().time_since_epoch() == 1h + 3s));
}

BOOST_AUTO_TEST_CASE(fails_in_the_stream_with_the_phase_it_is_in) {
    provider.script("m", Script().fail(ErrorKind::provider_overloaded))
        .script("m", Script().text("a").fail(ErrorKind::provider_unavailable));
    for (const std::string phase : {"first_event", "stream"}) {
        Seen seen;
        start(seen);
        clock->run(context);
        BOOST_REQUIRE(!seen.batches.empty());
        BOOST_TEST(seen.batches.back().find("failure:primary/m: ") == 0U);
        BOOST_TEST(seen.batches.back().find(" in " + phase) != std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(a_script_without_an_end_is_a_cut_stream) {
    const Seen seen = run(Script().text("a"));
    BOOST_REQUIRE(seen.batches.size() == 2U);
    BOOST_TEST(seen.batches[1].find("StreamTruncated") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(scripts_are_used_one_call_each_and_the_last_for_ever) {
    provider.script("m", Script().fail_open(ErrorKind::provider_unavailable))
        .script("m", Script().text("well").finish());
    for (int call = 0; call < 3; ++call) {
        Seen seen;
        start(seen);
        clock->run(context);
        BOOST_TEST(seen.open_error.has_value() == (call == 0));
    }
    Seen unknown;
    start(unknown, "other");
    clock->run(context);
    BOOST_REQUIRE(unknown.open_error);
    BOOST_TEST((unknown.open_error->kind == ErrorKind::model_not_found));
    BOOST_TEST(provider.calls() == 4U);
    const Lines called{"m", "m", "m", "other"};
    BOOST_TEST(provider.called() == called, boost::test_tools::per_element());
    BOOST_TEST((provider.deadlines() == std::vector<sluice::TimePoint>(4, sluice::kNever)));
}

BOOST_AUTO_TEST_CASE(a_hang_ends_by_cancellation_only) {
    const std::vector<Script> scripts{Script().hang().fail_open(ErrorKind::rate_limited), Script().hang(),
                                      Script().text("a").hang(), Script().delay(1h).finish()};
    for (const Script& script : scripts) {
        provider.script("m", script);
    }
    for (std::size_t i = 0; i < scripts.size(); ++i) {
        Seen seen;
        start(seen);
        clock->advance(context, 30min);
        BOOST_TEST(!seen.over);
        BOOST_TEST(provider.running() == 1U);
        cancel.emit(asio::cancellation_type::terminal);
        context.restart();
        context.poll();
        BOOST_TEST(seen.cancelled);
        BOOST_TEST(provider.running() == 0U);
    }
    BOOST_TEST(clock->armed() == 0U);
    BOOST_TEST(provider.max_running() == 1U);
}

BOOST_AUTO_TEST_CASE(counts_what_runs_together_and_what_is_merely_kept) {
    provider.script("m", Script().hang());
    {
        asio::io_context other;
        Seen first;
        Seen second;
        asio::co_spawn(other, consume(provider.model("m").target(), *clock, first),
                       [](std::exception_ptr) {});
        asio::co_spawn(other, consume(provider.model("m").target(), *clock, second),
                       [](std::exception_ptr) {});
        other.poll();
        BOOST_TEST(provider.running() == 2U);
    }  // dropped with its context
    BOOST_TEST(provider.running() == 0U);
    BOOST_TEST(provider.max_running() == 2U);
}

BOOST_AUTO_TEST_CASE(a_script_that_makes_no_sense_is_refused) {
    BOOST_CHECK_THROW(Script().finish().text("more"), std::invalid_argument);
    BOOST_CHECK_THROW(Script().fail(ErrorKind::rate_limited).finish(), std::invalid_argument);
    BOOST_CHECK_THROW(Script().text("a").fail_open(ErrorKind::rate_limited), std::invalid_argument);
    BOOST_CHECK_THROW(Script().repeat_text("x", 1, 0), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(is_a_provider_like_any_other) {
    const sluice::BoundModel model = provider.model(sluice::ModelSpec("ignored", "m"));
    BOOST_TEST(model.provider().id() == "primary");
    BOOST_TEST(&model.provider() == &provider.provider());
    BOOST_TEST(model.spec().id == "m");
    BOOST_TEST(model.spec().provider_id == "primary");
}

BOOST_AUTO_TEST_SUITE_END()

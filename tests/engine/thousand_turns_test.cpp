// A session of a thousand turns, with failovers at random over all four dialects, says the same as one
// without a single failure: the same canonical messages. Everything in it is the real thing but the network
// and the clock.
#include <sluice/engine.hpp>
#include <sluice/testing/memory_network.hpp>
#include <sluice/testing/simulator.hpp>
#include <sluice/testing/virtual_clock.hpp>

#include "support/run.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

using namespace sluice;
using namespace std::chrono_literals;
using sluice::testing::SimulatedAnswer;

namespace {

#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__)
constexpr std::size_t kTurns = 1'000;
#else
constexpr std::size_t kTurns = 120;
#endif

constexpr std::array<const char*, 4> kDialects{"openai_chat", "anthropic", "openai_responses", "gemini"};

std::uint64_t mixed(std::uint64_t x) {  // splitmix64
    x += 0x9e3779b97f4a7c15ULL;
    x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27U)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31U);
}

std::size_t number_after(std::string_view text, std::string_view word) {
    const std::size_t at = text.rfind(word);
    if (at == std::string_view::npos) return SIZE_MAX;
    std::size_t number = 0;
    for (std::size_t i = at + word.size(); i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i)
        number = 10 * number + static_cast<std::size_t>(text[i] - '0');
    return number;
}

/// What every model answers to a conversation, whoever it is: every third question takes a tool, and every
/// ninth two at once.
SimulatedAnswer answer_to(std::string_view body) {
    const std::size_t turn = number_after(body, "question #");
    SimulatedAnswer answer;
    if (turn % 3 == 0 && number_after(body, "found #") != turn) {
        for (std::size_t call = 0; call < (turn % 9 == 0 ? 2U : 1U); ++call)
            answer.tool_calls.emplace_back("call_" + std::to_string(turn) + "_" + std::to_string(call),
                                           "look_up", "{\"n\":" + std::to_string(turn) + "}");
        answer.finish_reason = "tool_calls";
        return answer;
    }
    answer.tokens = {"Answer ", "number ", std::to_string(turn), "."};
    return answer;
}

/// One of the ways in which providers fail, before the first event or in the middle.
void spoil(SimulatedAnswer& answer, std::uint64_t dice, bool also_in_the_middle) {
    switch (dice % (also_in_the_middle ? 9 : 5)) {
        case 0:
            answer.error = testing::SimulatedError(ErrorKind::provider_unavailable);
            return;
        case 1:
            answer.error = testing::SimulatedError(ErrorKind::provider_overloaded);
            return;
        case 2:
            answer.reset_before_headers = true;
            return;
        case 3:
            answer.silent = true;  // until its deadline
            return;
        case 4:
            answer.stream_error = testing::SimulatedError(ErrorKind::provider_overloaded);  // first in a 200
            return;
        case 5:
            answer.cut_after = 1;
            return;
        case 6:
            answer.stall_after = 1;
            return;
        case 7:
            answer.malformed_at = 0;
            return;
        default:
            answer.stream_error = testing::SimulatedError(ErrorKind::provider_unavailable);
            answer.error_after = 1;
            return;
    }
}

/// Calls are named differently by different providers; what matters is which result belongs to which call.
std::vector<std::string> canonical(const std::vector<Message>& messages) {
    std::map<std::string, std::size_t> calls;
    std::size_t named = 0;
    std::vector<std::string> lines;
    for (const Message& message : messages) {
        std::string& line = lines.emplace_back(std::string(to_string(message.role)) + ":");
        for (const Part& part : message.parts) {
            if (const auto* text = std::get_if<TextPart>(&part)) {
                line += " text " + text->text;
            } else if (const auto* call = std::get_if<ToolCallPart>(&part)) {
                calls[call->id] = named++;
                line += " call " + std::to_string(calls[call->id]) + " " + call->name + call->arguments;
            } else if (const auto* result = std::get_if<ToolResultPart>(&part)) {
                line += " result " + std::to_string(calls.at(result->tool_call_id)) + " " + result->content;
            } else {
                line += " something else";
            }
        }
    }
    return lines;
}

struct Told {
    std::vector<std::string> history;
    std::vector<std::string> contents;
    SessionStats stats;
    std::map<std::string, std::size_t> answered_by;
    std::size_t failed_attempts = 0;
};

enum class Faults { none, before_the_first_event, anywhere };

asio::awaitable<void> converse(Session& session, Told& told) {
    for (std::size_t turn = 1; turn <= kTurns; ++turn) {
        const std::string number = std::to_string(turn);
        const std::string prompt =
            turn % 5 == 0 ? "Explain step by step, question #" + number : "Where is question #" + number;
        const Reply reply = co_await session.run(prompt);
        told.contents.push_back(reply.content);
        ++told.answered_by[reply.metadata.provider];
        for (const TurnAttempt& attempt : reply.metadata.attempts)
            told.failed_attempts += attempt.outcome == TurnAttempt::Outcome::failed;
    }
    SessionStats stats = co_await session.close();
    told.stats = std::move(stats);
}

Told converse_with(Faults faults, std::uint64_t seed) {
    asio::io_context context{1};
    auto clock = std::make_shared<testing::VirtualClock>();
    auto network = std::make_shared<testing::MemoryNetwork>();
    const Runtime runtime(clock, network, seeded_entropy(seed));
    testing::Simulator simulator(context.get_executor(), runtime);
    simulator.listen(*network, Origin(false, "sim.test", 80));

    EngineOptions options;
    for (std::size_t place = 0; place < kDialects.size(); ++place) {
        const std::string dialect = kDialects[place];
        const std::string model = "m-" + dialect;
        simulator.on_model(model, [faults, seed, place](std::size_t, std::string_view body) {
            SimulatedAnswer answer = answer_to(body);
            // In each turn one of the four always works, and each of the others fails more often than not.
            const std::uint64_t dice =
                mixed(seed ^ (number_after(body, "question #") * 8 + answer.tool_calls.size()));
            const std::uint64_t own = mixed(dice + place);
            if (faults != Faults::none && dice % kDialects.size() != place && own % 10 < 7)
                spoil(answer, own / 10, faults == Faults::anywhere);
            return answer;
        });
        EngineProvider provider;
        provider.service = "local";
        provider.base_url = simulator.base_url(dialect);
        provider.dialect = dialect;
        provider.models = {model};
        provider.deadlines.first_event = 5s;
        provider.deadlines.headers = 5s;
        provider.deadlines.idle = 5s;
        options.providers.emplace_back("at-" + dialect, std::move(provider));
    }
    options.worker_model = "m-openai_chat";
    options.orchestrator_model = "m-gemini";
    options.fallback_models = {"m-anthropic", "m-openai_responses", "m-gemini", "m-openai_chat"};
    options.commit_on = faults == Faults::anywhere ? CommitOn::complete : CommitOn::first_event;
    options.retry.attempts = 1;
    options.breaker.failures = 1'000'000;  // each turn is to find out for itself
    options.breaker.failure_ratio = 0;
    options.runtime = runtime;
    const Engine engine(std::move(options));
    AgentOptions agent;
    agent.name = "thousand";
    agent.system_prompt = "Be exact.";
    agent.tools = {AgentTool(Tool("look_up", "Looks a number up.", R"({"type":"object"})"),
                             [](const ToolCallPart& call) { return "found #" + call.arguments.substr(5); })};
    Session session = engine.create_agent(agent).start_session();

    Told told;
    test::run(context, *clock, converse(session, told));
    told.history = canonical(session.history());
    return told;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(thousand_turns)

BOOST_AUTO_TEST_CASE(failovers_leave_no_trace_in_the_history) {
    const Told quiet = converse_with(Faults::none, 1);
    BOOST_TEST(quiet.stats.turns == kTurns);
    BOOST_TEST(quiet.stats.failovers == 0U);
    BOOST_TEST(quiet.failed_attempts == 0U);
    BOOST_TEST(quiet.contents.back() == "Answer number " + std::to_string(kTurns) + ".");
    BOOST_TEST(quiet.history.size() == 2 * kTurns + 2 * (kTurns / 3));

    for (const Faults faults : {Faults::before_the_first_event, Faults::anywhere}) {
        BOOST_TEST_CONTEXT("faults: " << static_cast<int>(faults)) {
            const Told rough = converse_with(faults, 7);
            BOOST_TEST(rough.stats.turns == kTurns);
            BOOST_TEST(rough.stats.failed_turns == 0U);
            BOOST_TEST(rough.stats.failovers > kTurns / 3);
            BOOST_TEST(rough.failed_attempts > kTurns / 2);
            BOOST_TEST(rough.answered_by.size() == kDialects.size());  // each has had its turns
            BOOST_TEST(rough.contents == quiet.contents);
            BOOST_TEST((rough.history == quiet.history));
            BOOST_TEST(rough.stats.dual_process.system2_count == quiet.stats.dual_process.system2_count);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

// Every way in which the simulator can fail, as the primary of a gateway with a good backup, for clients of
// every dialect: the client gets the whole right answer, or one clear error; never a piece that looks like a
// whole.
#include "faults_world.hpp"

namespace sluice::testing {
namespace {

using namespace std::chrono_literals;

/// What becomes of a request.
enum class End : unsigned char {
    primary,  ///< Its answer.
    backup,   ///< The backup's: nothing of the primary's had been seen.
    broken,   ///< A stream that has begun ends with an error; an answer that is held is the backup's.
    refused,  ///< The provider's own refusal: neither asked again nor elsewhere.
};

struct Fault {
    std::string_view model;
    End end;
    std::size_t most_asked;           // of the primary
    std::string_view text = kAnswer;  // empty: another one
};

/// What is worth another try at the same provider is tried twice.
constexpr std::array kFaults{
    Fault{"sim-ok", End::primary, 1},
    Fault{"sim-echo", End::primary, 1, "Capital of Mongolia?"},
    Fault{"sim-slow-first", End::primary, 1},
    Fault{"sim-slow-head", End::primary, 1},
    Fault{"sim-slow-tokens", End::primary, 1},
    Fault{"sim-reasoning", End::primary, 1},
    Fault{"sim-tools", End::primary, 1, ""},
    Fault{"sim-refusal", End::primary, 1, ""},
    Fault{"sim-content-filter-finish", End::primary, 1, ""},
    Fault{"sim-no-done", End::primary, 1},
    Fault{"sim-byte-writes", End::primary, 1},
    Fault{"sim-one-write", End::primary, 1},
    Fault{"sim-huge-event", End::primary, 1, ""},
    Fault{"sim-crlf", End::primary, 1},
    Fault{"sim-pings", End::primary, 1},
    Fault{"sim-comments", End::primary, 1},
    Fault{"sim-500-once", End::primary, 2},
    Fault{"sim-400", End::refused, 1},
    Fault{"sim-content-filter", End::refused, 1},
    Fault{"sim-context-length", End::backup, 1},
    Fault{"sim-401", End::backup, 1},
    Fault{"sim-403", End::backup, 1},
    Fault{"sim-404", End::backup, 1},
    Fault{"sim-429", End::backup, 2},
    Fault{"sim-429-retry-after", End::backup, 2},
    Fault{"sim-429-text", End::backup, 2},
    Fault{"sim-429-quota", End::backup, 1},
    Fault{"sim-500", End::backup, 2},
    Fault{"sim-503", End::backup, 2},
    Fault{"sim-529", End::backup, 2},
    Fault{"sim-gzip-error", End::backup, 2},
    Fault{"sim-html-error", End::backup, 2},
    Fault{"sim-json-200", End::backup, 2},
    Fault{"sim-reset", End::backup, 2},
    Fault{"sim-silent", End::backup, 1},
    Fault{"sim-error-first", End::backup, 2},
    Fault{"sim-metadata-then-error", End::backup, 2},
    Fault{"sim-overloaded-first", End::backup, 2},
    Fault{"sim-quota-in-stream", End::backup, 1},
    Fault{"sim-empty", End::backup, 2},
    Fault{"sim-error-midstream", End::broken, 2},
    Fault{"sim-error-after-finish", End::broken, 2},
    Fault{"sim-cut", End::broken, 2},
    Fault{"sim-stall", End::broken, 2},
    Fault{"sim-malformed", End::broken, 2},
    Fault{"sim-no-finish", End::broken, 2},
};

enum class Deliver : unsigned char { stream, held_stream, whole };

/// What it comes to, as this provider's dialect says it.
Fault in(Fault fault, std::string_view dialect, Deliver deliver) {
    // The last word of Responses brings the finish with it: without it the answer is cut.
    if (fault.model == "sim-no-done" && dialect == "openai_responses" && deliver != Deliver::whole)
        fault.end = End::broken;
    // Gemini says it in a good answer, as its reason to end.
    if (fault.model == "sim-content-filter" && dialect == "gemini") {
        fault.end = End::primary;
        fault.text = {};
    }
    if (fault.end == End::broken && deliver != Deliver::stream) fault.end = End::backup;
    return fault;
}

void check(const Fault& one, const std::string& dialect, const std::string& backup, Deliver deliver) {
    const Fault fault = in(one, dialect, deliver);
    const End end = fault.end;
    FaultsWorld world(dialect, backup);
    world.start();
    GatewayWorld::Fields fields;
    if (deliver == Deliver::held_stream) fields.emplace_back("x-sluice-deliver", "complete");
    const bool stream = deliver != Deliver::whole;
    const std::string model(fault.model);
    const HttpReply reply = world.send(dialect, model, stream, fields);
    const Told what = told(dialect, reply, stream);
    BOOST_TEST(reply.complete);
    BOOST_TEST((reply.took < 30s));
    BOOST_TEST(world.asked("primary", model) >= 1U);
    BOOST_TEST(world.asked("primary", model) <= fault.most_asked);
    const std::size_t backups = world.simulator("backup").requests().size();
    switch (end) {
        case End::primary:
        case End::backup:
            BOOST_TEST(reply.status == 200, reply.body);
            BOOST_TEST(what.finished, reply.body);
            BOOST_TEST(!what.error.has_value(), reply.body);
            BOOST_TEST(backups == (end == End::backup ? 1U : 0U));
            BOOST_TEST(reply.header("x-sluice-target") == (end == End::backup ? "backup" : "primary"));
            // The client sees who answers, and what that one counted.
            BOOST_TEST(what.model == (end == End::backup ? kBackupModel : std::string_view(model)));
            if (end == End::backup || !fault.text.empty())
                BOOST_TEST(what.text == (end == End::backup ? kAnswer : fault.text));
            if (end == End::backup && dialect != "openai_chat") BOOST_TEST(what.usage.has_value());
            break;
        case End::broken:
            BOOST_TEST(reply.status == 200);
            BOOST_TEST(!what.finished, reply.body);
            BOOST_TEST(what.error.has_value(), reply.body);
            BOOST_TEST(kAnswer.starts_with(what.text));
            if (fault.model != "sim-error-after-finish") BOOST_TEST(!what.has_marker, reply.body);
            BOOST_TEST(backups == 0U);
            break;
        case End::refused:
            BOOST_TEST(reply.status == 400, reply.body);
            BOOST_REQUIRE(what.error.has_value());
            BOOST_TEST((is_a(what.error->kind, ErrorKind::provider_bad_request)));
            BOOST_TEST(backups == 0U);
            break;
    }
    // The next request is served at once, whatever was learnt about the primary.
    const HttpReply next = world.send(dialect, "good", stream);
    BOOST_TEST(next.status == 200, next.body);
    BOOST_TEST(told(dialect, next, stream).text == kAnswer);
    BOOST_TEST((next.took < 1s));
    world.check_nothing_is_left();
}

void check_all(const std::string& dialect, const std::string& backup) {
    for (const Fault& fault : kFaults)
        for (const Deliver deliver : {Deliver::stream, Deliver::held_stream, Deliver::whole})
            BOOST_TEST_CONTEXT(fault.model << " " << dialect << " then " << backup << ", delivery "
                                           << static_cast<int>(deliver)) {
                check(fault, dialect, backup, deliver);
            }
}

BOOST_AUTO_TEST_SUITE(gateway_faults)

BOOST_AUTO_TEST_CASE(every_fault_of_the_simulator_is_here) {
    for (const auto& [model, what] : Simulator::built_in_models())
        BOOST_TEST(std::any_of(kFaults.begin(), kFaults.end(),
                               [&](const Fault& fault) { return fault.model == model; }),
                   model);
}

BOOST_AUTO_TEST_CASE(chat_client) {
    check_all("openai_chat", "openai_chat");
}
BOOST_AUTO_TEST_CASE(chat_client_whose_backup_is_another) {
    check_all("openai_chat", "anthropic");
}
BOOST_AUTO_TEST_CASE(anthropic_client) {
    check_all("anthropic", "openai_chat");
}
BOOST_AUTO_TEST_CASE(responses_client) {
    check_all("openai_responses", "gemini");
}
BOOST_AUTO_TEST_CASE(gemini_client) {
    check_all("gemini", "gemini");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace sluice::testing

// The three kinds of probes against the simulator, in every dialect, over the in-memory network in virtual
// time.
#include <sluice/api_provider.hpp>
#include <sluice/testing/simulator.hpp>

#include "model/health_world.hpp"

#include "adapters/dialect.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace sluice;
using namespace std::chrono_literals;
using test::list;
using testing::SimulatedAnswer;

namespace {

const std::vector<std::string> kDialects{"openai_chat", "openai_responses", "anthropic", "gemini"};

struct World : test::HealthWorld {
    const Origin origin{false, "sim.test", 80};
    testing::Simulator simulator{context.get_executor(), runtime};

    World() {
        simulator.listen(*network, origin);
        simulator.require_key("right");
    }

    ApiProviderOptions provider(const std::string& dialect) {
        ApiProviderOptions options;
        options.service = dialect.starts_with("openai") ? "openai" : dialect;
        options.dialect = dialect;
        options.id = dialect;
        options.api_key = "right";
        options.base_url = simulator.base_url(dialect);
        options.runtime = runtime;
        return options;
    }
    BoundModel model(const std::string& dialect, std::string id = "sim-ok") {
        return ApiProvider(provider(dialect)).model(std::move(id));
    }
    /// One probe with a deadline 5 s from now. `took` is the time until it was over.
    Result<void> probe(const BoundModel& model, ProbeKind kind, Duration* took = nullptr) {
        const TimePoint begun = clock->now();
        std::optional<Result<void>> outcome;
        TimePoint over;
        const AttemptEvents nobody;
        asio::co_spawn(context, model.target()->probe(kind, begun + 5s, nobody),
                       [&](std::exception_ptr error, Result<void> value) {
                           BOOST_TEST((error == nullptr));
                           outcome = std::move(value);
                           over = clock->now();
                       });
        pass(6s);
        BOOST_REQUIRE(outcome.has_value());
        if (took) *took = over - begun;
        return std::move(*outcome);
    }
    std::string outcome(const BoundModel& model, ProbeKind kind) {
        const Result<void> probed = probe(model, kind);
        if (probed) return "well";
        BOOST_TEST(probed.error().provider == model.spec().provider_id);
        BOOST_TEST(probed.error().model == model.spec().id);
        return std::string(class_name(probed.error().kind));
    }
};

SimulatedAnswer status(int code, std::string body = "{}") {
    SimulatedAnswer answer;
    answer.status = code;
    answer.body = std::move(body);
    return answer;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(health_probes)

BOOST_AUTO_TEST_CASE(the_list_of_models_is_asked_for_with_the_key_in_every_dialect) {
    const std::vector<std::string> targets{"/v1/models", "/v1/models", "/v1/models?limit=1",
                                           "/v1beta/models?pageSize=1"};
    for (std::size_t i = 0; i < kDialects.size(); ++i) {
        BOOST_TEST_CONTEXT(kDialects[i]) {
            World world;
            const BoundModel model = world.model(kDialects[i]);
            BOOST_TEST(world.outcome(model, ProbeKind::models) == "well");
            BOOST_TEST(world.outcome(model, ProbeKind::models) == "well");
            BOOST_REQUIRE(world.simulator.requests().size() == 2U);
            const auto& seen = world.simulator.requests().front();
            BOOST_TEST(seen.path + (seen.query.empty() ? "" : "?" + seen.query) == targets[i]);
            BOOST_TEST(seen.key == "right");
            BOOST_TEST(seen.body.empty());
            BOOST_TEST(seen.dialect == (i == 1 ? "openai_chat" : kDialects[i]));
            BOOST_TEST(world.simulator.connections() == 1U);  // kept for the next one
        }
    }
}

BOOST_AUTO_TEST_CASE(a_bad_key_fails_the_list_in_every_dialect) {
    for (const std::string& dialect : kDialects) {
        BOOST_TEST_CONTEXT(dialect) {
            World world;
            ApiProviderOptions options = world.provider(dialect);
            options.api_key = "wrong";
            const BoundModel model = ApiProvider(options).model("sim-ok");
            BOOST_TEST(world.outcome(model, ProbeKind::models) == "ProviderAuthFailed");
            BOOST_TEST(world.outcome(model, ProbeKind::completion) == "ProviderAuthFailed");
            BOOST_TEST(world.outcome(model, ProbeKind::tcp) == "well");  // it proves no key
        }
    }
}

struct ListCase {
    const char* what;
    SimulatedAnswer answer;
    const char* outcome;
};

BOOST_AUTO_TEST_CASE(what_an_answer_to_the_list_means) {
    SimulatedAnswer slow;
    slow.delay_head = 4s;
    SimulatedAnswer silent;
    silent.silent = true;
    SimulatedAnswer reset;
    reset.reset_before_headers = true;
    SimulatedAnswer stalled_error = status(500, std::string(100, ' '));
    stalled_error.delay_first = 1h;
    SimulatedAnswer stalled_list;
    stalled_list.delay_first = 1h;
    SimulatedAnswer limited;
    limited.error = ErrorKind::rate_limited;
    const std::vector<ListCase> cases{
        {"a list that is slow", slow, "well"},
        {"a head in time says enough", stalled_list, "well"},
        {"204", status(204), "well"},
        {"no such path: it has no list, and works", status(404, "not found"), "well"},
        {"no such method", status(405, "<html>"), "well"},
        {"not implemented", status(501), "well"},
        {"rate limited: so would a request be", limited, "RateLimited"},
        {"401", status(401), "ProviderAuthFailed"},
        {"403", status(403), "ProviderAuthFailed"},
        {"500", status(500), "ProviderUnavailable"},
        {"503", status(503), "ProviderOverloaded"},
        {"no answer", silent, "ProviderTimeout"},
        {"half an answer", stalled_error, "ProviderTimeout"},
        {"a reset connection", reset, "ProviderUnavailable"},
    };
    for (const ListCase& test : cases) {
        BOOST_TEST_CONTEXT(test.what) {
            World world;
            world.simulator.on_models_list([&](std::size_t) { return test.answer; });
            BOOST_TEST(world.outcome(world.model("openai_chat"), ProbeKind::models) == test.outcome);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_probe_is_over_by_its_deadline) {
    World world;
    world.simulator.on_models_list([](std::size_t) {
        SimulatedAnswer silent;
        silent.silent = true;
        return silent;
    });
    const BoundModel model = world.model("openai_chat", "sim-silent");
    Duration took{};
    for (const ProbeKind kind : {ProbeKind::models, ProbeKind::completion}) {
        BOOST_TEST_CONTEXT(to_string(kind)) {
            const Result<void> probed = world.probe(model, kind, &took);
            BOOST_TEST((probed.error().kind == ErrorKind::provider_timeout));
            BOOST_TEST((took == 5s));
        }
    }
    testing::NetworkFaults faults;
    faults.stall_open = true;
    world.network->set_faults(faults);
    for (const ProbeKind kind : {ProbeKind::models, ProbeKind::tcp}) {
        BOOST_TEST_CONTEXT(to_string(kind)) {
            const Result<void> probed = world.probe(model, kind, &took);
            BOOST_TEST((probed.error().kind == ErrorKind::provider_timeout));
            BOOST_TEST((took == 5s));
        }
    }
    BOOST_TEST(world.clock->armed() == 0U);
    BOOST_TEST(world.network->stats().alive == 0U);
}

BOOST_AUTO_TEST_CASE(a_connection_is_made_and_closed_and_nothing_is_sent) {
    World world;
    const BoundModel model = world.model("openai_chat");
    BOOST_TEST(world.outcome(model, ProbeKind::tcp) == "well");
    BOOST_TEST(world.network->stats().opened == 1U);
    BOOST_TEST(world.network->stats().alive == 0U);
    BOOST_TEST(world.simulator.requests().empty());
    world.network->unlisten(world.origin);
    BOOST_TEST(world.outcome(model, ProbeKind::tcp) == "ProviderUnavailable");
}

BOOST_AUTO_TEST_CASE(a_completion_takes_the_least_that_the_dialect_allows) {
    const std::vector<std::string> limits{R"("max_completion_tokens":1,)", R"("max_output_tokens":16)",
                                          R"("max_tokens":1,)", R"("maxOutputTokens":1)"};
    for (std::size_t i = 0; i < kDialects.size(); ++i) {
        BOOST_TEST_CONTEXT(kDialects[i]) {
            World world;
            BOOST_TEST(world.outcome(world.model(kDialects[i]), ProbeKind::completion) == "well");
            const std::string& body = world.simulator.requests().front().body;
            BOOST_TEST(body.find(limits[i]) != std::string::npos, body);
            BOOST_TEST(world.outcome(world.model(kDialects[i], "sim-503"), ProbeKind::completion) ==
                       "ProviderOverloaded");
            BOOST_TEST(world.outcome(world.model(kDialects[i], "sim-404"), ProbeKind::completion) ==
                       "ModelNotFound");
        }
    }
}

BOOST_AUTO_TEST_CASE(who_has_no_list_of_models) {
    World world;
    const auto can = [&](const char* service, const char* base_url, const char* version = "") {
        ApiProviderOptions options;
        options.service = service;
        options.base_url = base_url;
        options.api_version = version;
        options.runtime = world.runtime;
        return ApiProvider(options).model("m").target()->can_probe(ProbeKind::models);
    };
    BOOST_TEST(can("openai", "https://api.test/v1"));
    BOOST_TEST(can("azure", "https://h.test"));
    BOOST_TEST(can("azure", "https://h.test", "2024-10-21"));
    BOOST_TEST(!can("azure", "https://h.test/openai/deployments/d", "2024-10-21"));
    const std::string vertex = world.simulator.base_url("vertex");
    BOOST_TEST(!can("vertex", vertex.c_str()));

    ApiProviderOptions options = world.provider("gemini");
    options.service = "vertex";
    options.base_url = vertex;
    const BoundModel model = ApiProvider(options).model("sim-ok");
    BOOST_CHECK_THROW(world.probe(model, ProbeKind::models), std::logic_error);
    BOOST_TEST(world.outcome(model, ProbeKind::completion) == "well");
    BOOST_TEST(world.outcome(model, ProbeKind::tcp) == "well");
}

BOOST_AUTO_TEST_CASE(azure_has_its_list_beside_its_deployments) {
    World world;
    ApiProviderOptions options = world.provider("openai_chat");
    options.service = "azure";
    options.base_url = "http://sim.test:80";
    options.api_version = "2024-10-21";
    BOOST_TEST(world.outcome(ApiProvider(options).model("sim-ok"), ProbeKind::models) == "well");
    BOOST_TEST(world.simulator.requests().front().path == "/openai/models");
    BOOST_TEST(world.simulator.requests().front().query == "api-version=2024-10-21");
    options.api_version.clear();
    BOOST_TEST(world.outcome(ApiProvider(options).model("sim-ok"), ProbeKind::models) == "well");
    BOOST_TEST(world.simulator.requests().back().path == "/openai/v1/models");
}

BOOST_AUTO_TEST_CASE(probes_run_no_hook_of_requests_and_need_a_good_token) {
    World world;
    ApiProviderOptions options = world.provider("openai_chat");
    options.api_key.clear();
    options.access_token = []() -> std::string { throw std::runtime_error("no token today"); };
    const BoundModel model = ApiProvider(options).model("sim-ok");
    BOOST_TEST(world.outcome(model, ProbeKind::models) == "ProviderAuthFailed");
    BOOST_TEST(world.simulator.requests().empty());
}

// E17: a probe that proved no key would call this target healthy.
BOOST_AUTO_TEST_CASE(a_bad_key_is_unhealthy_after_three_probes) {
    for (const std::string& dialect : kDialects) {
        BOOST_TEST_CONTEXT(dialect) {
            World world;
            ApiProviderOptions bad = world.provider(dialect);
            bad.api_key = "sk-invalid-key-for-testing";
            HealthChecks checks(world.context.get_executor(), world.options(ProbeKind::models));
            checks.watch(ApiProvider(bad).model("sim-ok"));
            checks.start();
            world.pass(30s);
            BOOST_TEST(checks.status().at(0).healthy);
            world.pass(30s);
            BOOST_TEST(!checks.status().at(0).healthy);
            BOOST_TEST(world.heard == list({"target_down " + dialect + "/sim-ok ProviderAuthFailed 3"}),
                       boost::test_tools::per_element());
            const std::optional<ErrorInfo> error = checks.status().at(0).last_error;
            BOOST_REQUIRE(error.has_value());
            BOOST_TEST(describe(*error).find("sk-invalid") == std::string::npos);
            BOOST_TEST(error->provider_message.find("sk-invalid") == std::string::npos);
            world.stop(checks);
        }
    }
}

BOOST_AUTO_TEST_CASE(an_outage_and_its_end_by_each_kind_of_probe) {
    for (const ProbeKind kind : {ProbeKind::models, ProbeKind::completion, ProbeKind::tcp}) {
        BOOST_TEST_CONTEXT(to_string(kind)) {
            World world;
            HealthChecks checks(world.context.get_executor(), world.options(kind));
            FallbackOptions options;
            options.runtime = world.runtime;
            const FallbackBoundModel model({HealthCheckedBoundModel(world.model("anthropic"), checks),
                                            HealthCheckedBoundModel(world.model("gemini"), checks)},
                                           options);
            checks.start();
            world.pass(1s);
            BOOST_TEST(world.ask(model) == "anthropic/sim-ok");

            const auto set_down = [&](bool down) {
                if (kind == ProbeKind::tcp) {
                    if (down)
                        world.network->unlisten(world.origin);
                    else
                        world.simulator.listen(*world.network, world.origin);
                }
                world.simulator.set_down(down);
            };
            set_down(true);
            world.pass(2min);
            BOOST_TEST(!checks.status().at(0).healthy);
            BOOST_TEST(!checks.status().at(1).healthy);
            BOOST_TEST(world.ask(model) == "AllProvidersFailed");  // asked all the same, as the last resort
            set_down(false);
            world.pass(1min);  // healthy_threshold intervals
            BOOST_TEST(world.ask(model) == "anthropic/sim-ok");
            world.stop(checks);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_probe_of_the_list_is_no_attempt_and_a_completion_has_its_cost) {
    World world;
    HealthChecks checks(world.context.get_executor(), world.options(ProbeKind::models));
    checks.watch(world.model("openai_chat"));
    checks.watch(world.model("anthropic"), test::HealthWorld::exact(ProbeKind::completion));
    checks.start();
    world.pass(1s);
    BOOST_TEST(world.heard == list({"attempt_started anthropic/sim-ok", "first_event anthropic/sim-ok",
                                    "attempt_succeeded anthropic/sim-ok"}),
               boost::test_tools::per_element());
    BOOST_REQUIRE(world.figures.size() == 1U);
    BOOST_REQUIRE(world.figures.front().usage.has_value());  // the answer was read to its end
    BOOST_TEST(world.figures.front().usage->output.value_or(0) > 0U);
    world.stop(checks);
}

BOOST_AUTO_TEST_CASE(stopping_while_probes_hang_on_the_network_is_prompt) {
    for (const ProbeKind kind : {ProbeKind::models, ProbeKind::completion, ProbeKind::tcp}) {
        BOOST_TEST_CONTEXT(to_string(kind)) {
            World world;
            if (kind == ProbeKind::tcp) {
                testing::NetworkFaults faults;
                faults.stall_open = true;
                world.network->set_faults(faults);
            }
            world.simulator.on_models_list([](std::size_t) {
                SimulatedAnswer silent;
                silent.silent = true;
                return silent;
            });
            HealthChecks checks(world.context.get_executor(), world.options(kind));
            checks.watch(world.model("openai_chat", "sim-silent"));
            checks.start();
            world.pass(1s);
            BOOST_TEST(world.network->stats().alive == 1U);
            world.stop(checks);
            BOOST_TEST((world.elapsed() == 1s));
            BOOST_TEST(world.network->stats().alive == 0U);
            BOOST_TEST(world.clock->armed() == 0U);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

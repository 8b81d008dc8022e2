// The hook that fits a request to the model that is about to get it: where it runs, how often, whose it is.
#include <sluice/fallback.hpp>
#include <sluice/testing/memory_network.hpp>
#include <sluice/testing/scripted_provider.hpp>
#include <sluice/testing/virtual_clock.hpp>

#include "support/run.hpp"

#include <boost/test/unit_test.hpp>

#include <stdexcept>
#include <string>
#include <vector>

using namespace sluice;
using testing::Script;
using testing::ScriptedProvider;

namespace {

struct World {
    asio::io_context context{1};
    std::shared_ptr<testing::VirtualClock> clock = std::make_shared<testing::VirtualClock>();
    Runtime runtime{clock, std::make_shared<testing::MemoryNetwork>(), seeded_entropy(1)};
    ScriptedProvider alpha{"alpha", runtime};
    ScriptedProvider beta{"beta", runtime};

    World() {
        alpha.script("m", Script().fail_open(ErrorKind::rate_limited));
        alpha.script("n", Script().fail(ErrorKind::provider_overloaded));
        beta.script("m", Script().text("Ulaanbaatar").finish());
    }
    FallbackOptions options(TransformContext hook = {}) {
        FallbackOptions options;
        options.runtime = runtime;
        options.transform_context = std::move(hook);
        return options;
    }
    AssistantMessage ask(BoundModel model, CallOptions call = {}) {
        return test::run(context, *clock, model.generate("Capital of Mongolia?", std::move(call)));
    }
};

/// Adds a system message that says who is asked, and for whom the hook is.
TransformContext add_name(std::string hook) {
    return [hook](const ModelSpec& target, Request request) {
        request.system(hook + ": " + target.provider_id + "/" + target.id);
        return request;
    };
}

/// The text of each message that the provider got in that call.
std::vector<std::string> texts(const ScriptedProvider& provider, std::size_t call) {
    std::vector<std::string> all;
    for (const Message& message : provider.requests().at(call).messages())
        all.push_back(std::get<TextPart>(message.parts.at(0)).text);
    return all;
}

using Texts = std::vector<std::string>;

}  // namespace

BOOST_AUTO_TEST_SUITE(transform_context)

BOOST_AUTO_TEST_CASE(it_runs_once_for_each_attempt_with_that_legs_spec) {
    World world;
    const FallbackBoundModel model({world.alpha.model("m"), world.alpha.model("n"), world.beta.model("m")},
                                   world.options(add_name("chain")));
    BOOST_TEST(world.ask(model).text() == "Ulaanbaatar");
    // Each leg starts from the caller's request, not from what the hook made for the leg before.
    BOOST_TEST(texts(world.alpha, 0) == (Texts{"Capital of Mongolia?", "chain: alpha/m"}));
    BOOST_TEST(texts(world.alpha, 1) == (Texts{"Capital of Mongolia?", "chain: alpha/n"}));
    BOOST_TEST(texts(world.beta, 0) == (Texts{"Capital of Mongolia?", "chain: beta/m"}));
}

BOOST_AUTO_TEST_CASE(a_calls_own_wins_and_an_outer_chains_over_an_inner_ones) {
    World world;
    const FallbackBoundModel inner({world.alpha.model("m"), world.beta.model("m")},
                                   world.options(add_name("inner")));
    const FallbackBoundModel outer({world.alpha.model("n"), inner}, world.options(add_name("outer")));
    const FallbackBoundModel plain({world.alpha.model("n"), inner}, world.options());

    world.ask(outer);
    BOOST_TEST(texts(world.beta, 0) == (Texts{"Capital of Mongolia?", "outer: beta/m"}));
    world.ask(plain);
    BOOST_TEST(texts(world.beta, 1) == (Texts{"Capital of Mongolia?", "inner: beta/m"}));
    BOOST_TEST(texts(world.alpha, 2) == (Texts{"Capital of Mongolia?"}));  // a leg outside of `inner`
    world.ask(outer, CallOptions().transform_context(add_name("call")));
    BOOST_TEST(texts(world.beta, 2) == (Texts{"Capital of Mongolia?", "call: beta/m"}));
}

BOOST_AUTO_TEST_CASE(a_model_without_a_chain_has_the_calls_hook) {
    World world;
    world.ask(world.beta.model("m"), CallOptions().transform_context(add_name("call")));
    BOOST_TEST(texts(world.beta, 0) == (Texts{"Capital of Mongolia?", "call: beta/m"}));
}

BOOST_AUTO_TEST_CASE(what_it_throws_is_a_bad_request_of_that_leg) {
    for (const bool is_exception : {true, false}) {
        World world;
        const TransformContext thrower = [is_exception](const ModelSpec& target, Request request) -> Request {
            if (target.provider_id != "alpha") return request;
            if (is_exception) throw std::runtime_error("no images for alpha");
            throw 42;
        };
        // No trigger: it would be thrown, and later legs are not asked.
        const FallbackBoundModel strict({world.alpha.model("m"), world.beta.model("m")},
                                        world.options(thrower));
        try {
            world.ask(strict);
            BOOST_ERROR("the call must throw");
        } catch (const ProviderBadRequest& error) {
            BOOST_TEST((error.info().phase == Phase::prepare));
            BOOST_TEST(error.info().provider == "alpha");
            BOOST_TEST(error.info().model == "m");
            BOOST_TEST(error.info().message.find("transform_context threw") != std::string::npos);
            BOOST_TEST((error.info().message.find("no images for alpha") != std::string::npos) ==
                       is_exception);
        }
        BOOST_TEST(world.beta.calls() == 0U);
        BOOST_TEST(world.alpha.requests().empty());

        FallbackOptions lenient = world.options(thrower);
        lenient.trigger_errors = triggers::any_error();
        const FallbackBoundModel model({world.alpha.model("m"), world.beta.model("m")}, lenient);
        const AssistantMessage answer = world.ask(model);
        BOOST_TEST(answer.provider_id == "beta");
    }
}

BOOST_AUTO_TEST_SUITE_END()

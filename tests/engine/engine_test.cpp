// Engines: what construction refuses, which provider serves a model, which chains a role gets (rows A01-A09,
// A33, B01-B10, B20, decisions 9 and 10).
#include "engine_world.hpp"

#include <sluice/log.hpp>

#include <stdexcept>

using namespace sluice;
using namespace sluice::test;

namespace {

EngineOptions keyed(std::vector<std::string> names) {
    EngineOptions options;
    for (std::string& name : names) {
        EngineProvider provider;
        provider.api_key = "sk-test-1234567890";
        if (name == "local" || name == "azure" || name == "mine") provider.base_url = "http://localhost:1/v1";
        options.providers.emplace_back(std::move(name), std::move(provider));
    }
    options.orchestrator_model = "gpt-4o";
    options.worker_model = "gpt-4o-mini";
    return options;
}

std::vector<std::string> chain_of(const Engine& engine, System system) {
    std::vector<std::string> names;
    for (const ModelSpec& spec : engine.effective_chain(system).models)
        names.push_back(spec.provider_id + "/" + spec.id);
    return names;
}

template <typename Change>
std::string refusal(std::vector<std::string> names, Change change) {
    EngineOptions options = keyed(std::move(names));
    change(options);
    try {
        const Engine engine(std::move(options));
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return {};
}

bool holds(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(engine)

// A01, A02
BOOST_AUTO_TEST_CASE(construction_fails_fast_for_what_can_never_work_and_names_it) {
    using Options = EngineOptions;
    BOOST_TEST(holds(refusal({}, [](Options&) {}), "register at least one"));
    BOOST_TEST(holds(refusal({"openai", "openai"}, [](Options&) {}), "\"openai\" is registered twice"));
    BOOST_TEST(holds(refusal({"openai", ""}, [](Options&) {}), "needs a name"));
    BOOST_TEST(
        holds(refusal({"openai"}, [](Options& o) { o.worker_model = ""; }), "worker_model: it names no"));
    BOOST_TEST(
        holds(refusal({"openai"}, [](Options& o) { o.orchestrator_model = ""; }), "orchestrator_model: it"));
    BOOST_TEST(
        holds(refusal({"openai"}, [](Options& o) { o.fallback_models = {""}; }), "fallback_models: it"));
    const std::string nobody = refusal({"openai", "gemini"}, [](Options& o) { o.worker_model = "claude-x"; });
    BOOST_TEST(holds(nobody, "\"claude-x\""));
    BOOST_TEST(holds(nobody, "there are openai, gemini"));
    const std::string unknown =
        refusal({"openai"}, [](Options& o) { o.providers.emplace_back("acme", EngineProvider()); });
    BOOST_TEST(holds(unknown, "provider \"acme\""));
    BOOST_TEST(holds(unknown, "base_url"));
    BOOST_TEST(holds(refusal({"openai"},
                             [](Options& o) {
                                 o.model_providers = {{"m", "nobody"}};
                             }),
                     "\"nobody\""));
    BOOST_TEST(
        holds(refusal({"openai"}, [](Options& o) { o.context.max_messages = 1; }), "context.max_messages"));
    BOOST_TEST(
        holds(refusal({"openai"}, [](Options& o) { o.context.keep_last_turns = 0; }), "keep_last_turns"));
    BOOST_TEST(holds(refusal({"openai"}, [](Options& o) { o.routing.thresholds.novelty = 2; }), "novelty"));
    BOOST_TEST(holds(refusal({"openai"},
                             [](Options& o) {
                                 o.routing.worst_case_loss = {{"claude-x", 1}};
                             }),
                     "claude-x"));
    BOOST_TEST(holds(refusal({"openai"}, [](Options& o) { o.breaker.probes = 0; }), "probes"));
    // Errors name no key.
    for (const std::string& text : {nobody, unknown})
        BOOST_TEST(!holds(text, "sk-test"));
    BOOST_TEST(refusal({"openai"}, [](Options& o) { o.providers[0].second.api_key = "sk-..."; }) ==
               "");  // A03
}

// B04, B20, C24, D10: who serves a model
BOOST_AUTO_TEST_CASE(a_model_is_resolved_by_the_first_rule_that_knows_it) {
    EngineOptions options = keyed({"openai", "gemini", "anthropic", "local", "mine"});
    options.providers[4].second.models = {"meta-llama/Llama-3.1-8B-Instruct", "qwen3"};
    options.providers[4].second.default_model = "mine-7b";
    options.model_providers = {{"gpt-4o-mini", "mine"}};
    const Engine engine(options);
    const std::pair<const char*, const char*> rows[]{
        {"gpt-4o", "openai/gpt-4o"},
        {"gpt-4", "openai/gpt-4"},
        {"gpt-5", "openai/gpt-5"},
        {"gemini-3-flash-preview", "gemini/gemini-3-flash-preview"},
        {"gemini-2.5-flash", "gemini/gemini-2.5-flash"},
        {"claude-opus-4-6", "anthropic/claude-opus-4-6"},
        {"claude-opus-4-8", "anthropic/claude-opus-4-8"},
        {"claude-3-sonnet-20240229", "anthropic/claude-3-sonnet-20240229"},
        {"llama3.1:8b", "local/llama3.1:8b"},
        {"gpt-99", "openai/gpt-99"},  // by what it is called like
        {"o3", "openai/o3"},
        {"qwen3", "mine/qwen3"},  // by who lists it
        {"mine-7b", "mine/mine-7b"},
        {"meta-llama/Llama-3.1-8B-Instruct", "mine/meta-llama/Llama-3.1-8B-Instruct"},
        {"meta-llama/other", "local/meta-llama/other"},  // nobody: whoever is local
        {"who-knows", "local/who-knows"},
        {"mine/gpt-4o", "mine/gpt-4o"},  // said outright
        {"local/a/b:c", "local/a/b:c"},
        {"gpt-4o-mini", "mine/gpt-4o-mini"},  // EngineOptions::model_providers
    };
    for (const auto& [id, place] : rows) {
        BOOST_TEST_CONTEXT(id) {
            const BoundModel model = engine.model(id);
            const ModelSpec& spec = model.spec();
            BOOST_TEST(spec.provider_id + "/" + spec.id == place);
        }
    }
    BOOST_TEST((engine.model("gpt-4o").spec().context_window == Tokens{128'000}));  // A34
}

BOOST_AUTO_TEST_CASE(a_provider_may_have_another_name_than_its_service) {
    const std::pair<const char*, const char*> rows[]{{"azure", "gpt-4o"},
                                                     {"google", "gemini-2.5-flash"},
                                                     {"claude", "claude-opus-4-6"},
                                                     {"ollama", "llama3.1:8b"},
                                                     {"vllm", "anything"}};
    for (const auto& [name, model] : rows) {
        BOOST_TEST_CONTEXT(name) {
            EngineOptions options = keyed({name});
            options.orchestrator_model = options.worker_model = model;
            const Engine engine(std::move(options));
            BOOST_TEST(engine.model(model).spec().provider_id == name);
        }
    }
    // The one that is called so comes first.
    EngineOptions options = keyed({"azure", "openai"});
    BOOST_TEST(Engine(std::move(options)).model("gpt-4o").spec().provider_id == "openai");
}

BOOST_AUTO_TEST_CASE(a_model_that_nobody_serves_is_a_typed_error_that_lists_who_there_is) {
    const Engine engine(keyed({"openai", "gemini"}));
    try {
        engine.model("claude-opus-4-6");
        BOOST_ERROR("it was served");
    } catch (const ModelNotFound& error) {
        BOOST_TEST(error.info().model == "claude-opus-4-6");
        BOOST_TEST(holds(error.info().message, "openai, gemini"));
    }
    BOOST_CHECK_THROW(engine.model(""), ModelNotFound);
}

// A05-A08
BOOST_AUTO_TEST_CASE(a_role_begins_with_its_own_model_and_no_target_stands_twice) {
    EngineOptions options = keyed({"openai", "gemini"});
    options.worker_model = "gemini-3-flash-preview";
    options.fallback_models = {"gpt-4o", "gemini-3-flash-preview", "gemini/gemini-3-flash-preview",
                               "gpt-4o-mini"};
    const Engine engine(std::move(options));
    BOOST_TEST(chain_of(engine, System::system2) ==
                   list({"openai/gpt-4o", "gemini/gemini-3-flash-preview", "openai/gpt-4o-mini"}),
               boost::test_tools::per_element());
    BOOST_TEST(chain_of(engine, System::system1) ==
                   list({"gemini/gemini-3-flash-preview", "openai/gpt-4o", "openai/gpt-4o-mini"}),
               boost::test_tools::per_element());
    BOOST_TEST(engine.effective_chain(System::system1).configured == 3U);
    BOOST_TEST((engine.chain(System::system2).spec().id == "gpt-4o"));
}

// B10, decision 9
BOOST_AUTO_TEST_CASE(a_chain_of_one_gets_implicit_candidates_unless_they_are_switched_off) {
    EngineOptions options = keyed({"openai", "gemini", "anthropic", "local"});
    options.worker_model = "gemini-3-flash-preview";
    options.providers[1].second.default_model = "gemini-2.5-flash";
    options.providers[2].second.models = {"claude-opus-4-6", "claude-opus-4-8"};
    const Engine engine(options);
    BOOST_TEST(
        chain_of(engine, System::system1) == list({"gemini/gemini-3-flash-preview", "openai/gpt-4o",
                                                   "gemini/gemini-2.5-flash", "anthropic/claude-opus-4-6"}),
        boost::test_tools::per_element());
    BOOST_TEST(
        chain_of(engine, System::system2) == list({"openai/gpt-4o", "gemini/gemini-3-flash-preview",
                                                   "gemini/gemini-2.5-flash", "anthropic/claude-opus-4-6"}),
        boost::test_tools::per_element());
    BOOST_TEST(engine.effective_chain(System::system1).configured == 1U);

    options.implicit_failover = false;
    BOOST_TEST(chain_of(Engine(options), System::system1) == list({"gemini/gemini-3-flash-preview"}),
               boost::test_tools::per_element());

    options.implicit_failover = true;
    options.fallback_models = {"claude-opus-4-8"};
    BOOST_TEST(chain_of(Engine(options), System::system1) ==
                   list({"gemini/gemini-3-flash-preview", "anthropic/claude-opus-4-8"}),
               boost::test_tools::per_element());
}

// B09: nobody stands in for a role who may not
BOOST_AUTO_TEST_CASE(an_implicit_candidate_has_the_tags_of_its_role_and_so_has_its_own_model) {
    EngineOptions options = keyed({"openai", "local"});
    options.worker_model = "llama3.1:8b";
    options.worker.residency = {"local"};
    options.providers[1].second.tags = {"local"};
    BOOST_TEST(chain_of(Engine(options), System::system1) == list({"local/llama3.1:8b"}),
               boost::test_tools::per_element());
    BOOST_TEST(chain_of(Engine(options), System::system2) == list({"openai/gpt-4o", "local/llama3.1:8b"}),
               boost::test_tools::per_element());
    options.providers[1].second.tags = {};
    try {
        const Engine engine(options);
        BOOST_ERROR("a model outside its own residency was taken");
    } catch (const std::invalid_argument& error) {
        BOOST_TEST(holds(error.what(), "worker.residency: local/llama3.1:8b"));
    }
}

BOOST_AUTO_TEST_CASE(a_model_that_nobody_names_is_asked_at_home_with_a_warning) {
    std::vector<std::string> log;
    set_log_sink([&log](LogLevel level, std::string_view line) {
        if (level == LogLevel::warning) log.emplace_back(line);
    });
    EngineOptions options = keyed({"openai", "local"});
    options.worker_model = "gtp-4o-mini";
    const Engine engine(options);
    options.worker_model = "llama3.1:8b";  // known to be one for home
    const Engine quiet(options);
    set_log_sink({});
    BOOST_REQUIRE(!log.empty());
    BOOST_TEST(holds(log[0], "worker_model: no provider names \"gtp-4o-mini\", so it is asked at local"));
    for (const std::string& line : log)
        BOOST_TEST(!holds(line, "llama"));
}

// B06-B08: each preset names what it must
BOOST_AUTO_TEST_CASE(the_presets_resolve) {
    const auto chains = [](const char* orchestrator, const char* worker) {
        EngineOptions options = keyed({"openai", "gemini", "anthropic", "local"});
        options.orchestrator_model = orchestrator;
        options.worker_model = worker;
        options.implicit_failover = false;
        const Engine engine(std::move(options));
        return chain_of(engine, System::system2).front() + " " + chain_of(engine, System::system1).front();
    };
    BOOST_TEST(chains("gpt-4o", "gemini-2.5-flash") == "openai/gpt-4o gemini/gemini-2.5-flash");
    BOOST_TEST(chains("gemini-2.5-flash", "gemini-2.5-flash") ==
               "gemini/gemini-2.5-flash gemini/gemini-2.5-flash");
    BOOST_TEST(chains("claude-opus-4-6", "gemini-3-flash-preview") ==
               "anthropic/claude-opus-4-6 gemini/gemini-3-flash-preview");
    BOOST_TEST(chains("gpt-4o", "llama3.1:8b") == "openai/gpt-4o local/llama3.1:8b");
}

// A33
BOOST_AUTO_TEST_CASE(explain_shows_both_chains_made_of_the_combinators) {
    EngineOptions options = keyed({"openai", "gemini"});
    options.worker_model = "gemini-3-flash-preview";
    const std::string text = Engine(std::move(options)).explain();
    BOOST_TEST(
        holds(text, "System 1 (worker): gemini/gemini-3-flash-preview, then openai/gpt-4o (implicit)\n"));
    BOOST_TEST(holds(
        text, "System 2 (orchestrator): openai/gpt-4o, then gemini/gemini-3-flash-preview (implicit)\n"));
    for (const char* part : {"fallback: commits", "retry: 2 tries", "breaker", "openai/gpt-4o"})
        BOOST_TEST(holds(text, part), text);
    BOOST_TEST(!holds(text, "sk-test"));
}

BOOST_AUTO_TEST_CASE(an_agent_that_makes_no_sense_is_refused) {
    const Engine engine(keyed({"openai"}));
    const auto why = [&engine](auto change) -> std::string {
        AgentOptions options;
        options.name = "demo";
        change(options);
        try {
            engine.create_agent(std::move(options));
        } catch (const std::invalid_argument& error) {
            return error.what();
        }
        return {};
    };
    BOOST_TEST(why([](AgentOptions&) {}) == "");
    BOOST_TEST(holds(why([](AgentOptions& o) { o.name = ""; }), "needs a name"));
    BOOST_TEST(holds(why([](AgentOptions& o) {
                         o.tools = {AgentTool(Tool("a", "", "")), AgentTool(Tool("a", "", ""))};
                     }),
                     "two tools \"a\""));
    BOOST_TEST(
        holds(why([](AgentOptions& o) { o.tools = {AgentTool(Tool("", "", ""))}; }), "a tool needs a name"));
    BOOST_TEST(holds(why([](AgentOptions& o) { o.tool_limits.max_rounds = 0; }), "max_rounds"));
    BOOST_TEST(holds(why([](AgentOptions& o) { o.tool_limits.max_calls = 0; }), "max_calls"));
    BOOST_TEST(holds(why([](AgentOptions& o) { o.tool_limits.max_result = 0; }), "max_result"));
    BOOST_TEST(holds(why([](AgentOptions& o) { o.tool_limits.call_time = std::chrono::milliseconds(0); }),
                     "call_time"));
    BOOST_TEST(holds(why([](AgentOptions& o) { o.goal.repeats = 0; }), "repeats"));
}

BOOST_AUTO_TEST_SUITE_END()

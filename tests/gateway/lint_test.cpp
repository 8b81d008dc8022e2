// Every code that lint can find, with its path and its place.
#include "gateway/config_files.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

namespace sluice::gateway {
namespace {

using namespace test;

struct Row {
    const char* yaml;     ///< Begins on line 2.
    const char* outline;  ///< All findings, without the line break at the end.
    const char* says;     ///< Part of their descriptions.
};

void check(const std::vector<Row>& rows) {
    const Environment environment = environment_of({{"A", "key-a"}, {"BAD", "two\nlines"}, {"EMPTY", ""}});
    for (const Row& row : rows) {
        const ConfigDocument document =
            parse_gateway_config(std::string("version: '1'\n") + row.yaml, environment);
        std::string found = outline(document.findings);
        if (!found.empty()) found.pop_back();
        BOOST_TEST_CONTEXT(row.yaml) {
            BOOST_TEST(found == row.outline);
            BOOST_TEST(described(document.findings).find(row.says) != std::string::npos,
                       described(document.findings));
        }
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lint_suite)

BOOST_AUTO_TEST_CASE(targets) {
    check({
        {"providers: []", "E020 providers 2:12", "there is no target"},
        {"providers: [{id: a, provider: ollama}, {id: a, provider: vllm}]", "E021 providers[1].id 2:45",
         "the id \"a\" is providers[0]'s already"},
        {"providers: [{id: a, provider: ollama}, {id: b, provider: anthropc}]",
         "E023 providers[1].provider 2:58", "did you mean anthropic?"},
        {"providers: [{id: a, provider: ollama}, {id: b, provider: databricks}]",
         "E023 providers[1] 2:40\nW020 providers[1].secret_key_ref 2:40", "needs a base_url"},
        {"providers: [{id: a, provider: ollama}, {id: b, provider: ollama, base_url: example.test}]",
         "E024 providers[1].base_url 2:76", "http"},
        {"providers: [{id: a, provider: ollama}, {id: b, provider: ollama, dialect: openai_chta}]",
         "E024 providers[1].dialect 2:75", "did you mean openai_chat?"},
        {"providers: [{id: a, provider: ollama}, {id: b, provider: ollama, api_version: '1'}]",
         "E024 providers[1].api_version 2:79", "only Azure and Anthropic"},
        {"providers: [{id: a, provider: ollama}, {id: b, provider: ollama, headers: {'a b': c}}]",
         "E024 providers[1].headers 2:75", "not an HTTP token"},
        {"providers: [{id: a, provider: ollama}, {id: b, provider: ollama, retry: {base: 9s}}]",
         "E029 providers[1].retry 2:73", "cap must be at least base"},
        {"breaker: {failures: 0, failure_ratio: 0}\nproviders: [{id: a, provider: ollama}, {id: b, provider: "
         "ollama, breaker: {enabled: false}}]",
         "E029 providers[0].breaker 3:13", "never open"},
        {"providers: [{id: a, provider: ollama}, {id: b, provider: ollama, breaker: {open_for: 1h}}]",
         "E029 providers[1].breaker 2:75", "max_open_for"},
        {"providers: [{id: a, provider: ollama}, {id: b, provider: vertex, base_url: 'https://x.test', "
         "models: [llama3], health_check: {probe: models}}]\naliases: {q: llama3}",
         "W020 providers[1].secret_key_ref 2:40\nE029 providers[1].health_check 2:126", "no list of models"},
    });
}

BOOST_AUTO_TEST_CASE(secrets) {
    check({
        {"providers:\n- {id: a, provider: openai, secret_key_ref: {env: A}}\n- {id: b, provider: openai, "
         "secret_key_ref: {env: NONE}}",
         "W020 providers[1].secret_key_ref 4:45",
         "warning[W020] providers[1].secret_key_ref, line 4, column 45: environment variable NONE is not "
         "set: the "
         "target \"b\" is unavailable\n"},
        {"providers:\n- {id: a, provider: openai, secret_key_ref: {env: EMPTY}}\n- {id: b, provider: openai, "
         "secret_key_ref: {file: /no/such/file}}",
         "W021 providers 3:1\nW020 providers[0].secret_key_ref 3:45\nW020 providers[1].secret_key_ref 4:45",
         "secret file /no/such/file cannot be read: No such file"},
        {"providers:\n- {id: a, provider: openai, secret_key_ref: {env: A}}\n- {id: b, provider: openai, "
         "secret_key_ref: {env: BAD}}",
         "W020 providers[1].secret_key_ref 4:45", "holds a line break"},
        {"providers:\n- {id: a, provider: openai, secret_key_ref: {env: A}}\n- {id: b, provider: my, "
         "secret_key_ref: {env: A}, base_url: 'http://10.0.0.1/v1'}",
         "W027 providers[1].base_url 4:61", "use https://"},
        {"providers:\n- {id: a, provider: openai, secret_key_ref: {env: A}}\n- {id: b, provider: my, "
         "secret_key_ref: {env: A}, base_url: 'http://[::1]:80/v1'}",
         "", ""},
    });
}

BOOST_AUTO_TEST_CASE(health_and_timeouts) {
    check({
        {"health_check: {enabled: false}\nproviders: [{id: a, provider: ollama}, {id: b, provider: ollama}]",
         "N001 providers[0].health_check 3:13", "off for all targets"},
        {"providers: [{id: a, provider: ollama}, {id: b, provider: ollama, health_check: {enabled: false}}]",
         "N001 providers[1].health_check 2:80", "off for b"},
        {"timeouts: {total: 20s}\nfailover: {timeout_seconds: 30}\nproviders: [{id: a, provider: ollama}, "
         "{id: b, provider: ollama, timeouts: {first_event: 9s}}]",
         "W028 providers[0].timeouts 4:13", "longer than total"},
        {"providers: [{id: a, provider: ollama}, {id: b, provider: ollama, timeouts: {leg: 1m, idle: 70s}}]",
         "W028 providers[1].timeouts 2:76", "idle is longer than leg"},
    });
}

BOOST_AUTO_TEST_CASE(routes) {
    const char* const kTwo =
        "providers: [{id: a, provider: ollama, tags: [eu]}, {id: b, provider: ollama}]\n";
    const auto row = [&](std::string yaml, const char* expected, const char* says) {
        yaml.insert(0, kTwo);
        check({Row{yaml.c_str(), expected, says}});
    };
    row("routes: [{models: [m], targets: [a, c]}]", "N003 routes[0] 3:10\nE022 routes[0].targets[1] 3:37",
        "no target \"c\"; the targets are: a, b");
    row("routes: [{models: [m], mirror: {target: c}}]", "E022 routes[0].mirror.target 3:41", "no target");
    row("routes: [{models: [m], targets: [a, b, a]}]", "E021 routes[0].targets[2] 3:40", "stands twice");
    row("routes: [{models: [m], targets: [a, b, {target: a, model: n}]}]", "", "");
    row("routes: [{name: x, models: [m]}, {name: x, models: [n]}]", "E021 routes[1].name 3:41", "already");
    row("routes: [{models: []}]", "E006 routes[0].models 3:19", "at least one");
    row("routes: [{models: ['m*']}, {models: [mini, 'mm*'], name: x}]", "W023 routes[1] 3:28",
        "such as \"m*\"");
    row("routes: [{models: ['m*']}, {models: [mini, other], name: x}]", "", "");
    row("routes: [{models: ['*'], targets: [a]}]", "W022 providers[1] 2:52\nN003 routes[0] 3:10",
        "none has this target");
    row("routes: [{models: ['*'], targets: [a], mirror: {target: b}}]", "N003 routes[0] 3:10", "");
    row("routes: [{models: [m], residency: [eu]}]", "N003 routes[0] 3:10", "one target");
    row("routes: [{models: [m], residency: [us]}]", "E030 routes[0].residency 3:35", "all of these tags");
    row("routes: [{models: [m], residency: [eu], mirror: {target: b}}]",
        "N003 routes[0] 3:10\nE030 routes[0].mirror.target 3:58", "residency \"eu\"");
    row("routes: [{models: [m], targets: [a], hedge: {}}]", "N003 routes[0] 3:10\nW032 routes[0].hedge 3:45",
        "two targets");
    row("failover: {max_fallbacks: 0}", "W022 providers[1] 2:52", "max_fallbacks, retry.max_attempts");
    row("failover: {max_fallbacks: 0, strategy: weighted}", "", "");
    row("failover: {max_fallbacks: 0}\nroutes: [{models: [m], targets: [b, a]}]", "", "");
    row("failover: {enabled: false}", "N004 failover.enabled 3:21", "only the first target");
}

BOOST_AUTO_TEST_CASE(models) {
    const char* const kTwo =
        "providers:\n- {id: a, provider: openai, secret_key_ref: {env: A}}\n"
        "- {id: b, provider: anthropic, secret_key_ref: {env: A}}\n";
    const auto row = [&](std::string yaml, const char* expected, const char* says) {
        yaml.insert(0, kTwo);
        check({Row{yaml.c_str(), expected, says}});
    };
    row("", "W030 providers[1] 4:3", "passed over for OpenAI's models");
    row("failover: {pass_through_unmapped: true}", "", "");
    row("failover: {model_mapping: {gpt-4o: claude-opus-4-8}}", "", "");
    row("failover: {model_mapping: {gpt-4o: claude-opus-4-8, gpt-5: gpt-5-mini}}", "W030 providers[1] 4:3",
        "passed over for gpt-5: it does not serve it");
    row("failover: {model_mapping: {gpt-4o: claude-opus-4-8}}\naliases: {x: gpt-5}", "W030 providers[1] 4:3",
        "add failover.model_mapping: {gpt-5: <a model of b>}");
    row("failover: {model_mapping: {gpt-4o: claude-opus-4-8}}\naliases: {x: gemini-3-flash}",
        "W031 aliases.x 6:14", "no target has the model \"gemini-3-flash\"");
    row("failover: {model_mapping: {gpt-4o: claude-opus-4-8}}\nroutes: [{models: [gpt-4o, gpt-5], targets: "
        "[a, {target: b, model: claude-opus-4-8}]}]",
        "", "");
    // A route may name an alias, and then serves it.
    row("failover: {model_mapping: {gpt-4o: claude-opus-4-8}}\naliases: {x: gpt-5}\nroutes: [{models: [x], "
        "targets: [a]}]",
        "N003 routes[0] 7:10", "");
    row("aliases: {x: y, y: x}", "E025 aliases.x 5:14\nE025 aliases.y 5:20", "leads back to itself");
    row("failover: {model_mapping: {gpt-4o: claude-opus-4-8}}\naliases: {gpt-4o: claude-opus-4-8}",
        "W030 providers[0] 3:3\nW026 aliases.gpt-4o 6:19", "hides the entry of model_mapping");
}

BOOST_AUTO_TEST_CASE(what_a_fallback_lacks) {
    check({
        {"failover: {model_mapping: {big: small}}\nproviders:\n"
         "- {id: a, provider: ollama, models: [{id: big, context_window: 200000}]}\n"
         "- {id: b, provider: ollama, models: [{id: small, context_window: 8192, capabilities: {vision: "
         "false, tools: false}}]}",
         "W030 providers[0] 4:3\nW024 providers[1].models[0] 5:38\nW025 providers[1].models[0] 5:38",
         "b/small stands in for a/big, but lacks tools, vision"},
        {"failover: {model_mapping: {big: small}}\nproviders:\n"
         "- {id: a, provider: ollama, models: [{id: big}, small]}\n"
         "- {id: b, provider: ollama, models: [small]}",
         "", ""},
        {"aliases: {big: small}\nproviders:\n- {id: a, provider: ollama, models: [big, small]}\n- {id: b, "
         "provider: ollama, models: [small]}",
         "W026 aliases.big 2:16", "hides the model of the same name at \"a\""},
    });
}

BOOST_AUTO_TEST_CASE(the_gateways_own_side) {
    const char* const kTwo = "providers: [{id: a, provider: ollama}, {id: b, provider: ollama}]\n";
    const std::string hash(64, 'a');
    const auto row = [&](std::string yaml, const char* expected, const char* says) {
        yaml.insert(0, kTwo);
        check({Row{yaml.c_str(), expected, says}});
    };
    row("server: {bind: 0.0.0.0}", "E026 server.bind 3:16", "there are no client keys");
    row("server: {bind: '::'}", "E026 server.bind 3:16", "keys:");
    row("server: {bind: '::1'}", "", "");
    row("server: {bind: '0.0.0.0'}\nkeys: [{name: k, sha256: " + hash + "}]", "", "");
    row("server: {bind: example.test}", "E032 server.bind 3:16", "not an IP address");
    row("keys: [{name: k}]", "E028 keys[0] 3:8", "sluice gateway key");
    row("keys: [{name: k, secret_key_ref: {env: NONE}}]", "W020 keys[0].secret_key_ref 3:34", "cannot start");
    row("keys: [{name: k, sha256: " + hash + "}, {name: k, sha256: " + hash + "}]", "E021 keys[1].name 3:100",
        "already");
    row("policies: [{name: p, type: content_filtr, config: {categories: [hate]}}]",
        "E027 policies[0].type 3:28", "did you mean content_filter?");
    row("policies: [{name: p, config: {categories: [hate, violense]}}]",
        "E027 policies[0].config.categories[1] 3:50", "did you mean violence?");
    row("policies: [{name: p, config: {categories: [mine], words: {mine: [foo]}}}]", "", "");
    row("policies: [{name: p, config: {words: {mine: []}}}]", "E027 policies[0].config.words.mine 3:45",
        "no word");
    row("policies: [{name: p, config: {words: {mine: ['" + std::string(1000, 'x') + "']}}}]",
        "E027 policies[0].config 3:30", "longer");
    row("policies: [{name: p}]", "E027 policies[0] 3:12", "looks for nothing");
    row("policies: [{name: p, config: {categories: [hate]}}, {name: p, config: {categories: [hate]}}]",
        "E021 policies[1].name 3:60", "already");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::gateway

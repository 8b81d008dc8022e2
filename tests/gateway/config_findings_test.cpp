// Every code that loading can find, with its path and its place.
#include "gateway/config_files.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

namespace sluice::gateway {
namespace {

using namespace test;

/// Line 1 is the version, line 2 the providers; what is tested begins on line 3.
constexpr std::string_view kStart =
    "version: '1'\nproviders: [{id: a, provider: ollama}, {id: b, provider: ollama}]\n";

struct Row {
    const char* yaml;     ///< Begins on line 3.
    const char* outline;  ///< Of the errors, without the line break at the end.
    const char* says;     ///< Part of the description of the first.
};

std::string errors_of(const ConfigDocument& document) {
    std::vector<ConfigFinding> errors = document.findings;
    std::erase_if(errors, [](const ConfigFinding& one) { return one.level != ConfigFinding::Level::error; });
    std::string text = outline(errors);
    if (!text.empty()) text.pop_back();
    return text;
}

void check(const std::vector<Row>& rows, std::string_view start) {
    for (const Row& row : rows) {
        const ConfigDocument document = parse_gateway_config(std::string(start) + row.yaml, with_keys());
        BOOST_TEST_CONTEXT(row.yaml) {
            BOOST_TEST(errors_of(document) == row.outline);
            BOOST_TEST(document.config.has_value() == std::string_view(row.outline).empty());
            BOOST_TEST(described(document.findings).find(row.says) != std::string::npos,
                       described(document.findings));
        }
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(config_findings)

BOOST_AUTO_TEST_CASE(keys) {
    check(
        {
            {"failovr: {}", "E002 failovr 3:1",
             "error[E002] failovr, line 3, column 1: unknown key; did you mean failover?\n"},
            {"failover:\n  stratgy: priority", "E002 failover.stratgy 4:3", "did you mean strategy?"},
            {"failover: {Strategy: priority}", "E002 failover.Strategy 3:12", "did you mean strategy?"},
            {"failover: {completely-different: 1}", "E002 failover.completely-different 3:12",
             "valid keys: enabled, strategy, model_mapping, max_fallbacks"},
            {"retry: {max_attempts: 2}", "E002 retry.max_attempts 3:9", "number of further targets"},
            {"failover: {retry: {attempts_per_target: 2}}", "E002 failover.retry.attempts_per_target 3:20",
             "block retry at the top level"},
            {"server: {port: 1, bind: 127.0.0.1, port: 2}", "E003 server.port 3:36",
             "the first is at line 3, column 10"},
            {"events:\n  recent: 1\nevents:\n  recent: 2", "E003 events 5:1", "twice"},
            {"providers: []", "E003 providers 3:1", "line 2, column 1"},
            {"policies: [{action: flag, config: {categories: [hate]}}]", "E006 policies[0] 3:12",
             "the key name is missing"},
            {"health_check: {interval: 1s, interval_seconds: 1}", "E011 health_check 3:15",
             "keep one of them"},
            {"failover: {max_fallbacks: 1, retry: {max_attempts: 2}}",
             "E011 failover.retry.max_attempts 3:52", "say the same thing"},
            {"failover: {timeout_seconds: 1, retry: {timeout_seconds: 2}}",
             "E011 failover.retry.timeout_seconds 3:57", "keep one"},
            {"timeouts: {total: 1s}\nroutes: [{models: ['*'], total: 1}]", "E004 routes[0].total 4:33",
             "give the unit: 1s or 1ms"},
        },
        kStart);
}

BOOST_AUTO_TEST_CASE(values) {
    check(
        {
            {"failover: priority", "E004 failover 3:11", "expected a map of keys, found a single value"},
            {"failover: {enabled: yes}", "E004 failover.enabled 3:21", "found \"yes\"; write true"},
            {"failover: {enabled: off}", "E004 failover.enabled 3:21", "write false"},
            {"failover: {enabled: 'true'}", "E004 failover.enabled 3:21", "write true"},
            {"failover: {enabled: }", "E004 failover.enabled 3:21", "found nothing"},
            {"failover: {strategy: weigthed}", "E005 failover.strategy 3:22", "did you mean weighted?"},
            {"failover: {max_fallbacks: -1}", "E005 failover.max_fallbacks 3:27", "from 0 to 1000"},
            {"failover: {max_fallbacks: 1.5}", "E004 failover.max_fallbacks 3:27", "whole number"},
            {"failover: {max_fallbacks: '1'}", "E004 failover.max_fallbacks 3:27", "without quotes"},
            {"server: {port: 65536}", "E005 server.port 3:16", "from 0 to 65535"},
            {"server: {max_body: 32MB}", "E004 server.max_body 3:20", "KiB, MiB or GiB"},
            {"server: {max_body: 1}", "E005 server.max_body 3:20", "out of range"},
            {"server: {body_timeout: 30}", "E004 server.body_timeout 3:24", "30s or 30ms"},
            {"server: {body_timeout: soon}", "E004 server.body_timeout 3:24", "ms, s, m, h or d"},
            {"server: {body_timeout: 8d}", "E005 server.body_timeout 3:24", "to 168h"},
            {"server: {bind: true}", "E004 server.bind 3:16", "without quotes; write 'true'"},
            {"events: {file: ''}", "E005 events.file 3:16", "the text is empty"},
            {"events: {file: [a]}", "E004 events.file 3:16", "found a list"},
            {"health_check: {interval_seconds: 0}", "E005 health_check.interval_seconds 3:34", "from 0.001"},
            {"health_check: {probe: ping}", "E005 health_check.probe 3:23",
             "valid values: models, completion, tcp"},
            {"breaker: {failure_ratio: .inf}", "E004 breaker.failure_ratio 3:26", "a number"},
            {"breaker: {failure_ratio: 1.5}", "E005 breaker.failure_ratio 3:26", "from 0 to 1"},
            {"aliases: [a, b]", "E004 aliases 3:10", "a map of texts"},
            {"aliases: {a: {b: c}}", "E004 aliases.a 3:14", "found a map"},
            {"aliases: {gpt-4.1: 7}", "E004 aliases[\"gpt-4.1\"] 3:20", "write '7'"},
            {"policies: [{name: p, config: {categories: hate}}]", "E004 policies[0].config.categories 3:43",
             "write it as [a, b]"},
            {"policies: [{name: p, config: {categories: [hate, [x]]}}]",
             "E004 policies[0].config.categories[1] 3:50", "found a list"},
            {"policies: [{name: p, action: stop, config: {categories: [hate]}}]",
             "E005 policies[0].action 3:30", "valid values: flag, log, block"},
            {"keys: [{name: k, sha256: abc}]", "E005 keys[0].sha256 3:26", "sluice gateway key"},
            {"routes: [{models: [m], hedge: {live_quantile: 1}}]", "E005 routes[0].hedge.live_quantile 3:47",
             "0.999"},
            {"routes: [{models: [m], deliver: whole}]", "E005 routes[0].deliver 3:33", "streaming, complete"},
            {"server: {bind: '${NO_SUCH}'}", "E007 server.bind 3:16",
             "environment variable NO_SUCH is not set"},
            {"server: {bind: '${NO SUCH}'}", "E007 server.bind 3:16", "${NAME:-default}"},
            {"server: {bind: '${OPEN'}", "E007 server.bind 3:16", "$${"},
            {"server: {port: '${OPENAI_API_KEY}'}", "E004 server.port 3:16", "found \"${OPENAI_API_KEY}\""},
        },
        kStart);
}

BOOST_AUTO_TEST_CASE(targets_and_their_secrets) {
    check(
        {
            {"- {id: a}", "E006 providers[0] 3:3", "the key provider is missing"},
            {"- {id: a, provider: openai, providr: x}", "E002 providers[0].providr 3:29",
             "did you mean provider?"},
            {"- {id: a, provider: openai, name: x}", "E002 providers[0].name 3:29", "use id"},
            {"- {id: a, provider: openai, timeouts: {total: 1s}}", "E002 providers[0].timeouts.total 3:40",
             "timeouts.total at the top level"},
            {"- {id: a, provider: openai, weight: 0}", "E005 providers[0].weight 3:37", "out of range"},
            {"- {id: a, provider: openai, api_key: sk-0123456789abcdefgh}", "E008 providers[0].api_key 3:29",
             "use secret_key_ref: {env: NAME} or {file: PATH}"},
            {"- {id: a, provider: openai, secret_key_ref: sk-0123456789abcdefgh}",
             "E008 providers[0].secret_key_ref 3:45", "{env: NAME}"},
            {"- {id: a, provider: openai, secret_key_ref: {env: sk-0123456789abcdefgh}}",
             "E008 providers[0].secret_key_ref.env 3:51", "has the look of a key"},
            {"- {id: a, provider: openai, secret_key_ref: {env: '${OPENAI_API_KEY}'}}",
             "E008 providers[0].secret_key_ref.env 3:51", "write the bare name"},
            {"- {id: a, provider: openai, secret_key_ref: {}}", "E006 providers[0].secret_key_ref 3:45",
             "neither env nor file"},
            {"- {id: a, provider: openai, secret_key_ref: {env: A, file: b}}",
             "E011 providers[0].secret_key_ref 3:45", "keep one"},
            {"- {id: a, provider: openai, secret_key_ref: {store: A}}",
             "E006 providers[0].secret_key_ref 3:45\nE002 providers[0].secret_key_ref.store 3:46",
             "use env or file"},
            {"- {id: a, provider: openai, headers: {X-Key: 'Bearer abcdefghijklmnop'}}",
             "E008 providers[0].headers.X-Key 3:46", "secret_key_ref"},
            {"- {id: a, provider: openai, models: [{upstream: x}]}", "E006 providers[0].models[0] 3:38",
             "the key id is missing"},
            {"- {id: a, provider: openai, models: [{id: x, price: {input: cheap}}]}",
             "E005 providers[0].models[0].price.input 3:61", "such as 2.50"},
            {"- {id: a, provider: openai, models: [{id: x, context_window: 0}]}",
             "E005 providers[0].models[0].context_window 3:62", "from 1 to"},
        },
        "version: '1'\nproviders:\n");
}

BOOST_AUTO_TEST_CASE(the_file_as_a_whole) {
    const auto row = [](const char* yaml, const char* expected, const char* says) {
        check({Row{yaml, expected, says}}, "");
    };
    row("", "E001  0:0", "the file is empty");
    row("# nothing\n", "E001  0:0", "the file is empty");
    row("version: [", "E001  1:1", "not valid YAML");
    row("a: b: c", "E001  1:5", "not valid YAML");
    row("version: '1'\n\xff: x", "E001  0:0", "UTF-8");
    row("version: '1'\n\x01: x", "E001  0:0", "UTF-8");
    row("- a", "E004  1:1", "expected a map of keys, found a list");
    row("version: '1'", "E006  1:1", "the key providers is missing");
    row("version: '2'\nproviders: [{id: a, provider: ollama}]", "E010 version 1:10", "write version: '1'");
    row("version: 1.0\nproviders: [{id: a, provider: ollama}]", "E010 version 1:10", "version");
    row("providers: [{id: a, provider: ollama}]", "", "note[N002]");
    row("version: '1'\nproviders: {}", "E006 providers 2:12", "the key targets is missing");
    row("version: '1'\nproviders: {failover: {}, targets: [{id: a, provider: ollama}]}\nfailover: {}",
        "E011 providers.failover 2:23", "at the top level as well");
    row("a: &x {b: 1}\nc: {<<: *x}", "E013 c 2:5", "merge keys");
    row("a: !ruby/object {}", "E013 a 1:4", "the tag");
    row("a: &x [*x]", "E013 a[0] 1:8", "alias inside");
    row("a: *x", "E001  1:4", "not valid YAML");
    row("version: '1'\n---\nversion: '1'", "E013  3:1", "more than one document");
    row("? [a]\n: b", "E004  1:3", "a key must be a plain text");
    row("a: [[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]",
        "E012 a[0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0] 1:27", "deeper than 24");
    const std::string bomb =
        "a: &a [x, x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\n"
        "c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]\nd: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]\n"
        "e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]\nf: [*e, *e, *e, *e, *e, *e, *e, *e, *e, *e]\n";
    BOOST_TEST(errors_of(parse_gateway_config(bomb)).starts_with("E012 "));
    BOOST_TEST(errors_of(parse_gateway_config(std::string((1U << 20U) + 1, '#'))) == "E012  0:0");
    std::string many(kStart);
    for (int i = 0; i < 300; ++i)
        many += "k" + std::to_string(i) + ": 1\n";
    const ConfigDocument document = parse_gateway_config(many);
    BOOST_TEST(document.findings.size() == 101U);
    BOOST_TEST(document.findings.back().code == "E014");
    BOOST_TEST(document.findings.back().message == "200 more findings are not shown");
    BOOST_TEST(errors_of(load_gateway_config("/nonexistent/policy-config.yaml")) == "E001  0:0");
    BOOST_TEST(errors_of(load_gateway_config("/")) == "E001  0:0");
}

BOOST_AUTO_TEST_CASE(no_secret_is_ever_quoted) {
    const std::string secret = "sk-proj-0123456789abcdef";
    const Environment environment = environment_of({{"SECRET", secret}});
    for (const std::string& yaml :
         std::vector<std::string>{"api_key: " + secret,
                                  "secret_key_ref: " + secret,
                                  "secret_key_ref: {env: " + secret + "}",
                                  "secret_key_ref: {" + secret + ": x}",
                                  "weight: " + secret,
                                  "models: " + secret,
                                  "models: [{id: x, price: {input: " + secret + "}}]",
                                  "priority: ${SECRET}",
                                  "tags: {" + secret + ": 1}",
                                  "health_check: {probe: '${SECRET}'}",
                                  "timeouts: {idle: '${SECRET}'}",
                                  "forward_trace: '${SECRET}'",
                                  "base_url: '${SECRET}'",
                                  "dialect: '${SECRET}'",
                                  "tags: ['${SECRET}']",
                                  "tags: ['a-${SECRET}-b']",
                                  "model_mapping: {a: '${SECRET}'}",
                                  "model_mapping: {" + secret + ": a}",
                                  "model_mapping: {a: [" + secret + "]}",
                                  "headers: {X: " + secret + "}",
                                  secret + ": 1",
                                  "health_check: {enabled: " + secret + "}"}) {
        const ConfigDocument document = parse_gateway_config(
            "version: '1'\nproviders:\n  - {id: a, provider: openai, " + yaml + "}\n", environment);
        BOOST_TEST(!document.config.has_value(), yaml);
        BOOST_TEST(described(document.findings).find(secret) == std::string::npos,
                   described(document.findings));
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::gateway

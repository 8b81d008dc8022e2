#include "command_line.hpp"

#include "commands.hpp"
#include "providers.hpp"
#include "terminal.hpp"

#include <sluice/config.hpp>

#include <CLI/CLI.hpp>

#include <unistd.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sluice::cli {
namespace {

const std::map<std::string, std::optional<LogLevel>>& log_levels() {
    static const std::map<std::string, std::optional<LogLevel>> levels{{"debug", LogLevel::debug},
                                                                       {"info", LogLevel::info},
                                                                       {"warning", LogLevel::warning},
                                                                       {"error", LogLevel::error},
                                                                       {"off", std::nullopt}};
    return levels;
}

struct Command {
    CLI::App* app;  // owned by its parent
    std::function<int()> run;
};

std::string dialect_names() {
    std::string names;
    for (const std::string& name : known_dialects())
        names.append(names.empty() ? "" : ", ").append(name);
    return names;
}

Command add_demo(CLI::App& parent) {
    auto options = std::make_shared<DemoOptions>();
    CLI::App* app =
        parent.add_subcommand("demo", "Show a failover live, on the built-in simulator over real sockets");
    app->add_option("--prompt", options->prompt, "What to ask")->capture_default_str()->type_name("TEXT");
    app->add_flag("--fast", options->fast, "Do not pace the tokens for human eyes");
    app->footer(
        "Needs no key and no network, and takes a few seconds. Exit code 0 when every act went as it "
        "should.\n\n"
        "Example:\n"
        "  sluice demo --prompt 'Why do rivers meander?'");
    return {app, [options] { return run_demo(*options); }};
}

Command add_ask(CLI::App& parent) {
    auto options = std::make_shared<AskOptions>();
    CLI::App* app = parent.add_subcommand("ask", "Ask a chain of providers and stream the first good answer");
    app->add_option("prompt", options->prompt, "What to ask; - or nothing: standard input")
        ->type_name("PROMPT");
    app->add_option("-m,--model", options->models,
                    "A leg of the chain, such as openai/gpt-5; repeat for more")
        ->required()
        ->allow_extra_args(false)
        ->type_name("PROVIDER/MODEL");
    app->add_option("--system", options->system, "The system prompt")->type_name("TEXT");
    app->add_option("--max-tokens", options->max_tokens, "Longest answer, in tokens")
        ->check(CLI::PositiveNumber)
        ->type_name("N");
    app->add_option("--temperature", options->temperature, "Sampling temperature")->type_name("X");
    app->add_option("--timeout", options->timeout, "Limit for everything, all legs together, in seconds")
        ->check(CLI::Range(0.001, 86400.0))
        ->type_name("SECONDS");
    app->add_option("--trigger", options->trigger,
                    "Which errors move on to the next leg: standard, with-auth, any")
        ->check(CLI::IsMember({"standard", "with-auth", "any"}))
        ->capture_default_str()
        ->option_text("SET");
    app->add_option("--base-url", options->base_urls, "Where a provider is; repeat for more")
        ->allow_extra_args(false)
        ->type_name("PROVIDER=URL");
    app->add_option("--key", options->keys, "Which variable holds a provider's key; repeat for more")
        ->allow_extra_args(false)
        ->type_name("PROVIDER=env:NAME");
    app->add_option(
           "--dialect", options->dialects,
           "What a provider is spoken to in, if not its usual one: " + dialect_names() + "; repeat for more")
        ->allow_extra_args(false)
        ->type_name("PROVIDER=NAME");
    app->add_flag("--json", options->json, "Print attempts and events as JSON lines");
    app->add_flag("-q,--quiet", options->quiet, "No line about tokens and times on stderr");
    app->add_flag("--trace", options->trace, "Tell every event of every attempt on stderr");
    app->add_flag("--explain", options->explain,
                  "Ask nobody: print the most attempts, time and money that this can come to");
    app->footer(
        "Keys come from OPENAI_API_KEY, ANTHROPIC_API_KEY and so on, base URLs from OPENAI_BASE_URL and so "
        "on.\n"
        "Known providers: " +
        Providers::known_ids() +
        ".\n"
        "Any other OpenAI-compatible server works by --base-url; sim is a simulator inside this process.\n\n"
        "Example:\n"
        "  sluice ask --model anthropic/claude-opus-4-8 --model gemini/gemini-3-flash 'Capital of "
        "Mongolia?'");
    return {app, [options] { return run_ask(*options); }};
}

Command add_chat(CLI::App& parent) {
    auto options = std::make_shared<ChatOptions>();
    CLI::App* app = parent.add_subcommand(
        "chat", "Talk to a fast and a slow model: each turn chooses one, and fails over when it must");
    app->add_option("prompt", options->prompts, "One turn each; none: one a line from standard input")
        ->type_name("PROMPT");
    app->add_option("--orchestrator", options->orchestrator, "The slow model, for what is hard: gpt-4o")
        ->type_name("MODEL");
    app->add_option("--worker", options->worker, "The fast model, for the rest: gemini-3-flash-preview")
        ->type_name("MODEL");
    app->add_option("--fallback", options->fallbacks,
                    "Asked when the model of a turn cannot answer; repeat for more")
        ->allow_extra_args(false)
        ->type_name("MODEL");
    CLI::Option* provider =
        app->add_option("--provider", options->providers,
                        "One more provider, and where it is if that is not known; repeat for more")
            ->allow_extra_args(false)
            ->type_name("NAME[=URL]");
    app->add_option("--system", options->system, "The system prompt")->type_name("TEXT");
    app->add_option(
           "--goal", options->goal,
           "What the conversation is for: progress and drift are told, and drift asks the slow model")
        ->type_name("TEXT");
    app->add_flag("--sim", options->sim, "Simulate all providers: no keys, no network")->excludes(provider);
    app->add_flag("--no-stream", options->no_stream, "Whole answers only: one that is cut fails over too");
    app->add_flag("--json", options->json, "Print one JSON object a turn, and one of the session last");
    app->add_flag("--explain", options->explain,
                  "Ask nobody: print whom each role asks in which order, and what that can come to");
    app->footer(
        "Registered are the services whose key or base URL is in the environment (OPENAI_API_KEY, "
        "GEMINI_API_KEY,\nOLLAMA_BASE_URL, ...) and those of --provider. A model is found by its id, or as "
        "PROVIDER/MODEL.\n\n"
        "Example:\n"
        "  sluice chat --orchestrator gpt-4o --worker gemini-3-flash-preview --fallback claude-opus-4-8\n"
        "  sluice chat --sim --orchestrator openai/sim-503 --fallback claude-opus-4-8 'What is 2 + 2?' "
        "'Explain step by step why.'");
    return {app, [options] { return run_chat(*options); }};
}

Command add_sim(CLI::App& parent) {
    auto options = std::make_shared<SimOptions>();
    CLI::App* app = parent.add_subcommand("sim", "Serve the simulator: a provider that fails on demand");
    app->add_option("--listen", options->listen, "host:port to listen on; port 0 takes a free one")
        ->capture_default_str()
        ->type_name("HOST:PORT");
    app->add_option("--key", options->key, "Answer 401 to every other bearer token")->type_name("KEY");
    app->add_flag("--list", options->list, "Print the models and what each one does, and exit");
    app->footer(
        "The first line on stdout is the base URL. Ends on SIGINT or SIGTERM.\n\n"
        "Example:\n"
        "  sluice sim --listen 127.0.0.1:8091 &\n"
        "  sluice ask --base-url sim=http://127.0.0.1:8091/v1 --model sim/sim-503 --model sim/sim-ok "
        "'Hello?'");
    return {app, [options] { return run_sim(*options); }};
}

Command add_sim_test(CLI::App& parent) {
    auto options = std::make_shared<SimTestOptions>();
    CLI::App* app = parent.add_subcommand(
        "sim-test", "Check the library's promises in simulated worlds, in virtual time");
    app->add_option("--seeds", options->seeds, "How many worlds, one a seed")
        ->check(CLI::PositiveNumber)
        ->capture_default_str()
        ->type_name("N");
    app->add_option("--first", options->first, "The first seed")->capture_default_str()->type_name("S");
    app->add_option("--seed", options->seed, "Only this one, and print everything that happens in it")
        ->type_name("S");
    app->add_flag("--trace", options->trace, "Print everything that happens in every world");
    app->footer(
        "The same seed is the same world, so a failure can be replayed as often as it takes. Exit code 1 "
        "when\n"
        "a promise was broken; the seed and the command that replays it are printed.\n\n"
        "Example:\n"
        "  sluice sim-test --seeds 10000");
    return {app, [options] { return run_sim_test(*options); }};
}

Command add_decode(CLI::App& parent) {
    auto options = std::make_shared<DecodeOptions>();
    CLI::App* app = parent.add_subcommand("decode", "Decode a recorded response body into JSON lines");
    app->add_option("--dialect", options->dialect,
                    "The body's wire protocol: " + dialect_names() + ", or sse for bare frames")
        ->required()
        ->type_name("NAME");
    app->add_option("--status", options->status, "HTTP status the body came with")
        ->check(CLI::Range(100, 599))
        ->capture_default_str()
        ->type_name("N");
    app->add_option("--header", options->headers,
                    "A response header, such as 'retry-after: 2'; repeat for more")
        ->allow_extra_args(false)
        ->type_name("'NAME: VALUE'");
    app->add_flag("--summary", options->summary, "Print the assembled answer as one JSON object instead");
    app->add_option("file", options->file, "The body, or - for standard input")
        ->capture_default_str()
        ->type_name("FILE");
    app->footer(
        "Exit code 0 whenever the body was decoded, also when it tells of an error.\n\n"
        "Example:\n"
        "  curl -sN https://api.openai.com/v1/chat/completions ... | sluice decode --dialect openai_chat "
        "--summary");
    return {app, [options] { return run_decode(*options); }};
}

Command add_policy_lint(CLI::App& parent) {
    CLI::App* policy = parent.add_subcommand("policy", "Check the configuration of a gateway");
    policy->require_subcommand(0, 1);
    policy->fallthrough();
    auto options = std::make_shared<PolicyLintOptions>();
    CLI::App* app =
        policy->add_subcommand("lint", "Tell what is wrong with a configuration, and what it comes to");
    app->add_option("--file,--policy-config", options->file, "The configuration")
        ->required()
        ->type_name("FILE");
    app->add_flag("--json", options->json, "Print the result as one JSON object");
    app->footer(
        "Asks no provider. Exit code 0 when a gateway can run it, warnings or not, and 2 when it cannot.\n\n"
        "Example:\n"
        "  sluice policy lint --file policy-config.yaml");
    return {app, [options] { return run_policy_lint(*options); }};
}

/// Adds `gateway run`, `gateway key` and `gateway demo`.
std::vector<Command> add_gateway(CLI::App& parent) {
    CLI::App* gateway = parent.add_subcommand("gateway", "One endpoint in front of all providers");
    gateway->require_subcommand(1);
    gateway->fallthrough();

    auto run = std::make_shared<GatewayRunOptions>();
    CLI::App* run_app = gateway->add_subcommand("run", "Serve OpenAI, Anthropic and Gemini clients");
    run_app->add_option("--policy-config", run->policy_config, "The configuration")
        ->required()
        ->type_name("FILE");
    run_app->add_option("--listen", run->listen, "Where to listen instead of where the configuration says")
        ->type_name("HOST:PORT");
    run_app->add_option("--port", run->port, "The port to listen on; 0 takes a free one")->type_name("N");
    run_app
        ->add_option("--threads", run->threads,
                     "How many threads serve; as many as there are cores, if not told")
        ->check(CLI::Range(1, 1024))
        ->type_name("N");
    auto format = std::make_shared<std::string>("text");
    run_app->add_option("--log-format", *format, "How the log on stderr looks: text, json")
        ->check(CLI::IsMember({"text", "json"}))
        ->capture_default_str()
        ->option_text("FORMAT");
    run_app->footer(
        "The first line on stdout is its URL, once it listens. SIGTERM and SIGINT let what is under way "
        "finish "
        "and end it\nwith exit code 0; a second one ends it at once. SIGHUP reads the configuration again, "
        "SIGUSR1 "
        "reopens the event file.\n\n"
        "Example:\n"
        "  sluice gateway run --policy-config policy-config.yaml --port 41002");

    auto key = std::make_shared<GatewayKeyOptions>();
    CLI::App* key_app =
        gateway->add_subcommand("key", "Make a key for a client, and its hash for the configuration");
    key_app->add_option("--name", key->name, "What the client is called in events and metrics")
        ->capture_default_str()
        ->type_name("NAME");

    auto demo = std::make_shared<GatewayDemoOptions>();
    CLI::App* demo_app = gateway->add_subcommand("demo", "A gateway to try, in front of simulated providers");
    demo_app->add_flag("--once", demo->once, "Try everything now, show the answers, and end");
    demo_app->footer(
        "Needs no key and no network. The first provider fails, so that the second one answers. Prints what "
        "to try;\nexit code 0 when, with --once, all of it went as it should.\n\n"
        "Example:\n"
        "  sluice gateway demo --once");

    // The log's level is an option of `sluice` itself, and `error` by default; here it is `info`.
    run_app->callback([run, format, &parent] {
        run->json_log = *format == "json";
        const CLI::Option* level = parent.get_option("--log-level");
        if (level->count() > 0) run->log_level = log_levels().at(level->as<std::string>());
    });
    return {{run_app, [run] { return run_gateway(*run); }},
            {key_app, [key] { return run_gateway_key(*key); }},
            {demo_app, [demo] { return run_gateway_demo(*demo); }}};
}

Command add_events_tail(CLI::App& parent) {
    auto options = std::make_shared<EventsTailOptions>();
    CLI::App* events = parent.add_subcommand("events", "What a gateway has done");
    events->require_subcommand(1);
    events->fallthrough();
    CLI::App* app = events->add_subcommand("tail", "Print the newest events, or follow them as they happen");
    app->add_option("--last,--limit", options->last, "The newest N, and no following; as JSON one array")
        ->check(CLI::PositiveNumber)
        ->type_name("N");
    app->add_flag("-f,--follow", options->follow, "Follow, after the newest N of --last");
    app->add_option("--format", options->format, "json, text (default) or detailed")
        ->check(CLI::IsMember({"json", "text", "detailed"}))
        ->option_text("FORMAT");
    app->add_flag("--json", options->json, "The same as --format json");
    app->add_option("--since", options->since, "From then on: 2026-11-20T10:00:00Z, or 90s, 15m, 2h, 1d ago")
        ->type_name("TIME");
    app->add_option("--target", options->target, "Of a target: it answered, or was tried")->type_name("ID");
    app->add_option("--model", options->model, "Of a model: requested, or answering")->type_name("ID");
    app->add_option("--policy", options->policy, "That a policy looked at")->type_name("NAME");
    app->add_option("--outcome", options->outcome, "ok, error, interrupted, client_gone, ...")
        ->type_name("WORD");
    app->add_flag("--failover{true},--no-failover{false}", options->failover,
                  "Only those with a failover, or only those without");
    app->add_option("--gateway", options->gateway, "Where the gateway is")
        ->envname("SLUICE_GATEWAY")
        ->capture_default_str()
        ->type_name("URL");
    app->add_option("--key", options->key, "A client key of the gateway; better in the variable")
        ->envname("SLUICE_GATEWAY_KEY")
        ->type_name("KEY");
    app->add_option("--file", options->file, "Read the gateway's file of events instead")->type_name("PATH");
    app->footer(
        "Without --last it follows until it is interrupted. docs/events-log.md has the fields.\n\n"
        "Example:\n"
        "  sluice events tail --last 5 --format json | jq '.[] | {provider, latency_ms, failover}'");
    return {app, [options] { return run_events_tail(*options); }};
}

}  // namespace

CommandLine parse_command_line(int argc, char** argv) {
    CLI::App app("Streams LLM tokens from the first provider of a chain that answers.", "sluice");
    app.set_version_flag("--version", "sluice " SLUICE_VERSION);
    app.require_subcommand(0, 1);  // none is dealt with below: "required" would hide a misspelt one
    std::string level = "error";
    app.add_option("--log-level", level, "Log to stderr from: debug, info, warning, error (default), off")
        ->check(CLI::IsMember(log_levels()))
        ->option_text("LEVEL");
    app.footer(
        "Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.\n\n"
        "Examples:\n"
        "  sluice demo\n"
        "  sluice chat --sim\n"
        "  sluice ask --model openai/gpt-5 --model groq/llama-3.3-70b-versatile 'Capital of Mongolia?'");

    std::vector commands{add_demo(app),     add_ask(app),    add_chat(app),        add_sim(app),
                         add_sim_test(app), add_decode(app), add_policy_lint(app), add_events_tail(app)};
    const std::vector<Command> of_gateway = add_gateway(app);
    commands.insert(commands.end(), of_gateway.begin(), of_gateway.end());
    for (const Command& command : commands)
        command.app->fallthrough();  // so that --log-level may stand anywhere

    CommandLine result;
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        result.exit_code = app.exit(error) == 0 ? kOk : kUsage;
        return result;
    }
    result.log_level = log_levels().at(level);
    for (const Command& command : commands)
        if (command.app->parsed()) result.run = command.run;
    if (!result.run) {
        Terminal(STDERR_FILENO).write(app.help());
        result.exit_code = kUsage;
    }
    return result;
}

}  // namespace sluice::cli

// The subcommands of `sluice`: what each can be told, and the function that runs it and returns the exit
// code. How they are spelt is command_line.cpp's business. docs/cli.md documents all of it.
#pragma once

#include <sluice/log.hpp>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace sluice::cli {

/// What the process returns. An interrupted command returns 128 plus the signal's number.
inline constexpr int kOk = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;

/// The command line makes no sense, or a file it names cannot be read: main() prints it and returns kUsage.
class UsageError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

struct DemoOptions {
    std::string prompt = "What is a sluice?";
    bool fast = false;
};
/// The failover, live, on the built-in simulator.
int run_demo(const DemoOptions& options);

struct AskOptions {
    std::string prompt = "-";
    std::vector<std::string> models;
    std::string system;
    std::optional<std::uint32_t> max_tokens;
    std::optional<double> temperature;
    bool json = false;
    bool quiet = false;
    std::vector<std::string> base_urls;
    std::vector<std::string> keys;
    std::vector<std::string> dialects;
    std::optional<double> timeout;
    std::string trigger = "standard";
    bool explain = false;
    bool trace = false;
};
/// One prompt to a chain of providers, streamed to stdout.
int run_ask(const AskOptions& options);

struct ChatOptions {
    std::vector<std::string> prompts;  ///< One turn each; empty: the lines of standard input.
    std::string orchestrator;
    std::string worker;
    std::vector<std::string> fallbacks;
    std::vector<std::string> providers;  ///< "name" or "name=url"
    std::string system;
    std::string goal;
    bool sim = false;
    bool no_stream = false;
    bool json = false;
    bool explain = false;
};
/// A conversation with the engine, turn by turn.
int run_chat(const ChatOptions& options);

struct SimOptions {
    std::string listen = "127.0.0.1:0";
    std::string key;
    bool list = false;
};
/// The simulator as a server, until it is interrupted.
int run_sim(const SimOptions& options);

struct SimTestOptions {
    std::uint64_t seeds = 1000;
    std::uint64_t first = 1;
    std::optional<std::uint64_t> seed;
    bool trace = false;
};
/// Simulated worlds from seeds, with every promise checked; kFailed when one was broken.
int run_sim_test(const SimTestOptions& options);

struct DecodeOptions {
    std::string dialect;
    int status = 200;
    std::vector<std::string> headers;
    bool summary = false;
    std::string file = "-";
};
/// A recorded body as JSON lines, or as one summary.
int run_decode(const DecodeOptions& options);

struct PolicyLintOptions {
    std::string file;
    bool json = false;
};
/// What is wrong with a gateway's configuration, and what it comes to; kUsage for one that is not valid.
int run_policy_lint(const PolicyLintOptions& options);

struct GatewayRunOptions {
    std::string policy_config;
    std::string listen;                 ///< "host:port"; empty: as the configuration has it.
    std::optional<std::uint16_t> port;  ///< Wins over both.
    std::optional<std::uint32_t> threads;
    bool json_log = false;
    std::optional<LogLevel> log_level = LogLevel::info;  ///< Absent: no log at all.
};
/// The gateway, until it is told to end.
int run_gateway(const GatewayRunOptions& options);

struct GatewayKeyOptions {
    std::string name = "client";
};
/// A new key for a client, and what the configuration is to know of it.
int run_gateway_key(const GatewayKeyOptions& options);

struct EventsTailOptions {
    std::optional<std::uint64_t> last;
    bool follow = false;
    bool json = false;
    std::string format = "text";
    std::string since;
    std::string target;
    std::string model;
    std::string policy;
    std::string outcome;
    std::string failover;  ///< "true", "false", or nothing: either.
    std::string gateway = "http://127.0.0.1:41002";
    std::string key;
    std::string file;  ///< Read instead of asking the gateway.
};
/// Events of a running gateway, or of its file.
int run_events_tail(const EventsTailOptions& options);

struct GatewayDemoOptions {
    bool once = false;
};
/// A gateway before simulated providers, and what to try with it; `once`: tries it, and ends.
int run_gateway_demo(const GatewayDemoOptions& options);

/// The names that `decode --dialect` knows besides sse.
std::vector<std::string> known_dialects();

}  // namespace sluice::cli

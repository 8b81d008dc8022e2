// `sluice gateway run`: from the command line to a process that serves.
#include "commands.hpp"
#include "gateway_log.hpp"
#include "gateway_process.hpp"
#include "listen_address.hpp"
#include "terminal.hpp"

#include <unistd.h>

#include <algorithm>
#include <utility>

namespace sluice::cli {
namespace {

using Level = ConfigFinding::Level;

GatewayLog::Format format_of(const GatewayRunOptions& options) noexcept {
    return options.json_log ? GatewayLog::Format::json : GatewayLog::Format::text;
}

}  // namespace

ConfigDocument load_for_run(const GatewayRunOptions& options) {
    ConfigDocument document = load_gateway_config(options.policy_config);
    if (!document.config) return document;
    for (ConfigFinding& finding : lint(*document.config)) {
        const bool is_known = std::any_of(
            document.findings.begin(), document.findings.end(), [&finding](const ConfigFinding& known) {
                return known.code == finding.code && known.path == finding.path &&
                       known.message == finding.message;
            });
        if (!is_known) document.findings.push_back(std::move(finding));
    }
    for (const ConfigFinding& finding : document.findings) {
        if (finding.level == Level::error) {
            document.config.reset();
            return document;
        }
    }
    ServerConfig& server = document.config->server;
    if (!options.listen.empty()) {
        const ListenAddress address = parse_listen_address(options.listen);
        server.bind = address.host;
        server.port = address.port;
    }
    if (options.port) server.port = *options.port;
    if (options.threads) server.threads = *options.threads;
    return document;
}

int run_gateway(const GatewayRunOptions& options) {
    if (!options.listen.empty()) parse_listen_address(options.listen);  // before anything else is looked at
    ConfigDocument document = load_for_run(options);
    if (!document.config) {
        Terminal err(STDERR_FILENO);
        for (const ConfigFinding& finding : document.findings)
            if (finding.level != Level::note) err.write(describe(finding));
        throw UsageError(options.policy_config + " has errors; nothing is served");
    }
    const GatewayLog log_sink(format_of(options), options.log_level);
    for (const ConfigFinding& finding : document.findings)
        if (finding.level == Level::warning) log(LogLevel::warning, told(finding));
    return GatewayProcess(options, std::move(*document.config)).run();
}

}  // namespace sluice::cli

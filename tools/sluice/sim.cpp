// `sluice sim`: the simulator as a server, for trying things out and for tests in any language.
#include "commands.hpp"
#include "listen_address.hpp"
#include "terminal.hpp"

#include <sluice/testing/simulator.hpp>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace sluice::cli {
namespace {

void print_models(Terminal& out) {
    const auto models = testing::Simulator::built_in_models();
    std::size_t widest = 0;
    for (const auto& [name, meaning] : models)
        widest = std::max(widest, name.size());
    for (const auto& [name, meaning] : models)
        out.write(name + std::string(widest + 2 - name.size(), ' ') + meaning + "\n");
}

}  // namespace

int run_sim(const SimOptions& options) {
    Terminal out(STDOUT_FILENO);
    if (options.list) {
        print_models(out);
        return kOk;
    }
    const ListenAddress address = parse_listen_address(options.listen);
    asio::io_context context(1);
    testing::Simulator simulator(context.get_executor());
    simulator.allow_control();
    if (!options.key.empty()) simulator.require_key(options.key);

    asio::signal_set signals(context, SIGINT, SIGTERM);
    signals.async_wait([&](std::error_code, int) {
        asio::co_spawn(context, simulator.stop(), [&](std::exception_ptr) { context.stop(); });
    });
    try {
        out.write(simulator.listen(address.host, address.port) + "\n");  // OpenAI and Anthropic
        for (const std::string_view other : {"gemini", "vertex", "azure"})
            out.write(std::string(other) + " " + simulator.base_url(other) + "\n");
    } catch (const std::system_error& error) {
        throw std::runtime_error("cannot listen on " + options.listen + ": " + error.code().message());
    }
    context.run();
    return kOk;
}

}  // namespace sluice::cli

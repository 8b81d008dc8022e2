// `sluice sim`: the simulator as a server, for trying things out and for tests in any language.
#include "commands.hpp"
#include "terminal.hpp"

#include <sluice/testing/simulator.hpp>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/address.hpp>
#include <asio/signal_set.hpp>

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace sluice::cli {
namespace {

struct ListenAddress {
    std::string host;
    std::uint16_t port = 0;
};

/// "127.0.0.1:80", "[::1]:80", "localhost:80".
ListenAddress parse_listen_address(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    ListenAddress address;
    if (colon == std::string_view::npos || colon == 0)
        throw UsageError("--listen: expected host:port, got \"" + std::string(text) + "\"");
    std::string_view host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    address.host = host == "localhost" ? "127.0.0.1" : host;
    std::error_code not_numeric;
    asio::ip::make_address(address.host, not_numeric);
    if (not_numeric) throw UsageError("--listen: \"" + address.host + "\" is not an IP address");
    const std::string_view port = text.substr(colon + 1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
    if (error != std::errc() || end != port.data() + port.size())
        throw UsageError("--listen: \"" + std::string(port) + "\" is not a port");
    return address;
}

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

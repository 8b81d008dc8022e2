// The subcommands of `sluice`. Each lives in the file of its name, adds itself to the command line and says
// how it runs.
#pragma once

#include <functional>
#include <stdexcept>

namespace CLI {
class App;
}

namespace sluice::cli {

/// What the process returns; docs/cli.md documents them. An interrupted command returns 128 plus the signal's
/// number.
inline constexpr int kOk = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;

/// The command line makes no sense, or a file it names cannot be read: main() prints it and returns kUsage.
class UsageError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

struct Command {
    CLI::App* app;             ///< Owned by its parent.
    std::function<int()> run;  ///< To be called when `app` was parsed; returns the exit code.
};

Command add_demo(CLI::App& parent);
Command add_ask(CLI::App& parent);
Command add_sim(CLI::App& parent);
Command add_decode(CLI::App& parent);

}  // namespace sluice::cli

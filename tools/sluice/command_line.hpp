// What was asked for on the command line. In a file of its own because CLI11 is a large header, which only
// command_line.cpp includes.
#pragma once

#include <sluice/log.hpp>

#include <functional>
#include <optional>
#include <string>

namespace sluice::cli {

struct CommandLine {
    std::function<int()> run;  ///< The subcommand; empty when there is nothing to run.
    int exit_code = 0;         ///< When there is nothing to run: help or version was printed, or an error.
    std::optional<LogLevel> log_level;  ///< Log from this level on; absent: not at all.
};

CommandLine parse_command_line(int argc, char** argv);

}  // namespace sluice::cli

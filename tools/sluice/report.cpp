#include "report.hpp"

#include "terminal.hpp"

#include <fmt/format.h>

#include <chrono>

namespace sluice::cli {

std::string describe_for_people(const ErrorInfo& error) {
    std::string line(class_name(error.kind));
    if (error.status != 0)
        line += fmt::format(" ({}{}{})", error.status, error.code.empty() ? "" : " ", error.code);
    if (!error.message.empty()) line += ": " + error.message;
    if (!error.provider_message.empty()) line += ": " + error.provider_message;
    return one_line(line);
}

std::string format_duration(Duration duration) {
    const double seconds = std::chrono::duration<double>(duration).count();
    if (seconds < 1e-3) return fmt::format("{:.0f} us", seconds * 1e6);
    if (seconds < 1) return fmt::format("{:.1f} ms", seconds * 1e3);
    return fmt::format("{:.2f} s", seconds);
}

std::string format_tokens(const std::optional<Usage>& usage) {
    const auto count = [](const std::optional<Tokens>& tokens) {
        return tokens ? std::to_string(*tokens) : std::string("unknown");
    };
    if (!usage) return "unknown";
    return count(usage->input) + " in, " + count(usage->output) + " out";
}

}  // namespace sluice::cli

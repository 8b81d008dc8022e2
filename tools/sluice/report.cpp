#include "report.hpp"

#include "terminal.hpp"

#include <fmt/format.h>

#include <string_view>

namespace sluice::cli {

std::string cause_of(const ErrorInfo& error) {
    // The 200 of an error inside a stream tells nothing.
    const std::string status = error.status >= 300 ? std::to_string(error.status) : std::string();
    const std::string_view gap = status.empty() || error.code.empty() ? "" : " ";
    std::string cause(class_name(error.kind));
    if (!status.empty() || !error.code.empty()) cause += fmt::format(" ({}{}{})", status, gap, error.code);
    return one_line(cause);
}

std::string describe_for_people(const ErrorInfo& error) {
    std::string line = cause_of(error);
    if (!error.message.empty()) line += ": " + error.message;
    if (!error.provider_message.empty()) line += ": " + error.provider_message;
    return one_line(line);
}

std::string format_duration(std::chrono::nanoseconds duration) {
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

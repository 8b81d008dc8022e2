// What `ask` and `demo` tell people about errors, times and tokens, in the same words.
#pragma once

#include <sluice/error.hpp>
#include <sluice/usage.hpp>

#include <chrono>
#include <optional>
#include <string>

namespace sluice::cli {

/// "RateLimited (429 rate_limit_exceeded)".
std::string cause_of(const ErrorInfo& error);
/// cause_of(error), our words and the provider's, on one line and safe to print.
std::string describe_for_people(const ErrorInfo& error);
/// "870 us", "12.3 ms", "1.84 s".
std::string format_duration(std::chrono::nanoseconds duration);
/// "12 in, 34 out"; "unknown" where the provider reported nothing.
std::string format_tokens(const std::optional<Usage>& usage);

}  // namespace sluice::cli

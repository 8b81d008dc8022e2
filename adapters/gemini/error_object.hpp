// A google.rpc.Status in Gemini's form, for HTTP answers and inside streams (PROTOCOLS section 6.6).
#pragma once

#include <sluice/error.hpp>

#include <string>

namespace sluice::adapters::gemini {

/// {"error":{code, message, status, details}}, on one line.
std::string error_object(const ErrorInfo& error, int status);

}  // namespace sluice::adapters::gemini

#include <sluice/gemini.hpp>

#include "model/common_options.hpp"

namespace sluice {
namespace {

ApiProviderOptions to_api(GeminiOptions from) {
    ApiProviderOptions to = common_options("gemini", from);
    to.api_key = std::move(from.api_key);
    return to;
}

}  // namespace

Gemini::Gemini(GeminiOptions options) : ApiProvider(to_api(std::move(options))) {}

}  // namespace sluice

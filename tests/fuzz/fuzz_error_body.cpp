// Any bytes as an error answer: a typed error with a bounded excerpt in valid UTF-8, in which the key does
// not appear. The first byte picks the status.
#include "adapters/error_body.hpp"
#include "adapters/retry_hint.hpp"
#include "support/decode.hpp"

#include <simdjson.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace sluice;

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    constexpr std::array kStatuses = {200, 302, 400, 401, 402, 403, 404, 408, 413,
                                      422, 429, 498, 500, 502, 503, 524, 529};
    constexpr std::string_view kSecret = "KeY123";
    const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
    adapters::ExchangeFacts facts = test::facts_for_tests();
    facts.status = kStatuses[data[0] % kStatuses.size()];
    facts.secrets = {kSecret};
    wire::HeaderList headers;
    headers.add("date", "Sun, 06 Nov 1994 08:49:37 GMT");
    headers.add("retry-after", body.substr(0, 40));

    const ErrorInfo error = adapters::openai_chat::dialect().classify(facts, headers, body);
    require(error.kind != ErrorKind::provider_error && error.kind != ErrorKind::all_providers_failed);
    require(!error.message.empty());
    require(error.provider_message.size() <= ErrorInfo::kMaxExcerpt);
    require(simdjson::validate_utf8(error.provider_message));
    require(error.provider_message.find(kSecret) == std::string::npos);
    require(error.code.find(kSecret) == std::string::npos);
    for (auto hint :
         {error.retry_after, adapters::retry_hint_from_text(body), adapters::parse_duration(body)})
        require(!hint || (hint->count() >= 0 && *hint <= std::chrono::hours(24)));
    return 0;
}

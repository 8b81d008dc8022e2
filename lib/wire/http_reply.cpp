#include "wire/http_reply.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace sluice::wire {

std::string_view reason_phrase(int status) noexcept {
    constexpr std::array<std::pair<int, std::string_view>, 28> kPhrases{
        {{200, "OK"},
         {201, "Created"},
         {202, "Accepted"},
         {204, "No Content"},
         {304, "Not Modified"},
         {400, "Bad Request"},
         {401, "Unauthorized"},
         {402, "Payment Required"},
         {403, "Forbidden"},
         {404, "Not Found"},
         {405, "Method Not Allowed"},
         {406, "Not Acceptable"},
         {408, "Request Timeout"},
         {409, "Conflict"},
         {410, "Gone"},
         {411, "Length Required"},
         {413, "Content Too Large"},
         {415, "Unsupported Media Type"},
         {422, "Unprocessable Content"},
         {429, "Too Many Requests"},
         {431, "Request Header Fields Too Large"},
         {500, "Internal Server Error"},
         {501, "Not Implemented"},
         {502, "Bad Gateway"},
         {503, "Service Unavailable"},
         {504, "Gateway Timeout"},
         {505, "HTTP Version Not Supported"},
         {529, "Overloaded"}}};
    const auto* const found = std::find_if(kPhrases.begin(), kPhrases.end(),
                                           [status](const auto& row) { return row.first == status; });
    return found == kPhrases.end() ? std::string_view() : found->second;
}

void append_chunk_size(std::string& out, std::size_t size) {
    std::array<char, 16> digits{};
    char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), size, 16).ptr;
    out.append(digits.data(), end).append("\r\n");
}

}  // namespace sluice::wire

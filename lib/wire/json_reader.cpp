#include "wire/json_reader.hpp"

namespace sluice::wire {
namespace {

constexpr std::size_t kMaxDocument = std::size_t{16} << 20;
constexpr std::size_t kUsualDocument = std::size_t{16} << 10;

}  // namespace

json::parser& thread_parser() {
    // On-Demand grows to exactly the largest document so far, again and again: start where nearly all of them
    // fit. Should that fail, so will iterate(), which reports it.
    struct Prepared : json::parser {
        Prepared() : json::parser(kMaxDocument) {
            [[maybe_unused]] const auto failed = allocate(kUsualDocument);
        }
    };
    thread_local Prepared parser;
    return parser;
}

bool string_source(json::value& value, std::string_view& escaped) {
    std::string_view token = value.raw_json_token();  // up to the next token: white space may follow
    if (token.size() < 2 || token.front() != '"') return false;
    token.remove_suffix(token.size() - 1 - token.rfind('"'));
    if (token.size() < 2) return false;
    escaped = token.substr(1, token.size() - 2);
    return true;
}

}  // namespace sluice::wire

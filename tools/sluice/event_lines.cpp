#include "event_lines.hpp"

#include "terminal.hpp"

#include <simdjson.h>

#include <cmath>
#include <cstdint>

namespace sluice::cli {
namespace {

using Element = simdjson::dom::element;

// At a pointer, as text on one line; "-" for null and for what there is not.
std::string text_at(Element event, std::string_view pointer) {
    std::string_view text;
    if (event.at_pointer(pointer).get(text) == simdjson::SUCCESS && !text.empty()) return one_line(text);
    std::int64_t number = 0;
    if (event.at_pointer(pointer).get(number) == simdjson::SUCCESS) return std::to_string(number);
    bool truth = false;
    if (event.at_pointer(pointer).get(truth) == simdjson::SUCCESS) return truth ? "true" : "false";
    return "-";
}

std::string milliseconds_at(Element event, std::string_view pointer) {
    double time = 0;
    if (event.at_pointer(pointer).get(time) != simdjson::SUCCESS) return "-";
    return std::to_string(std::llround(time)) + "ms";
}

simdjson::dom::array array_at(Element event, std::string_view pointer) {
    simdjson::dom::array found;
    if (event.at_pointer(pointer).get(found) != simdjson::SUCCESS) return {};
    return found;
}

std::string tokens_of(Element event) {
    std::uint64_t input = 0;
    std::uint64_t output = 0;
    const bool has_input = event.at_pointer("/tokens/input").get(input) == simdjson::SUCCESS;
    const bool has_output = event.at_pointer("/tokens/output").get(output) == simdjson::SUCCESS;
    if (!has_input || !has_output) return "-";  // half of it would be read as all of it
    return std::to_string(input + output);
}

std::string categories_of(Element policy) {
    std::string names;
    for (const Element category : array_at(policy, "/categories")) {
        std::string_view name;
        if (category.get(name) == simdjson::SUCCESS) names.append(names.empty() ? "" : ",").append(name);
    }
    return names.empty() ? "-" : one_line(names);
}

// The one that a line has room for: the first that matched, else the first.
std::string policy_of(Element event) {
    Element told;
    bool any = false;
    for (const Element policy : array_at(event, "/policies")) {
        const bool matched = text_at(policy, "/result") == "match";
        if (!any || matched) told = policy;
        any = true;
        if (matched) break;
    }
    if (!any) return " policy=- action=- result=-";
    return " policy=" + text_at(told, "/name") + " action=" + text_at(told, "/action") +
           " result=" + text_at(told, "/result");
}

std::string line_of(Element event) {
    std::string line = "[" + text_at(event, "/timestamp") + "] REQUEST id=" + text_at(event, "/id");
    line += policy_of(event);
    line += " model=" + text_at(event, "/model");
    line += " tokens=" + tokens_of(event);
    line += " latency=" + milliseconds_at(event, "/latency_ms");
    line += " provider=" + text_at(event, "/provider");
    line += " status=" + text_at(event, "/status");
    line += " outcome=" + text_at(event, "/outcome");
    if (text_at(event, "/failover/triggered") == "true")
        line += " failover=" + text_at(event, "/failover/original_provider") + ":" +
                text_at(event, "/failover/reason");
    return line + "\n";
}

// Calls `tell` with the event, or gives back what is none.
template <typename Tell>
std::string with(std::string_view event, Tell&& tell) {
    simdjson::dom::parser parser;
    Element parsed;
    if (parser.parse(event.data(), event.size()).get(parsed) != simdjson::SUCCESS)
        return one_line(event) + "\n";
    return tell(parsed);
}

}  // namespace

std::string event_line(std::string_view event) {
    return with(event, line_of);
}

std::string event_details(std::string_view event) {
    return with(event, [](Element parsed) {
        std::string lines = line_of(parsed);
        lines += "  request=" + text_at(parsed, "/request_id") + " endpoint=" + text_at(parsed, "/endpoint") +
                 " stream=" + text_at(parsed, "/stream") +
                 " requested_model=" + text_at(parsed, "/requested_model") +
                 " error=" + text_at(parsed, "/error_type") + " ttft=" + milliseconds_at(parsed, "/ttft_ms") +
                 " cost=" + text_at(parsed, "/cost/amount") + " route=" + text_at(parsed, "/routing/route") +
                 " client=" + text_at(parsed, "/client") + "\n";
        std::size_t number = 0;
        for (const Element attempt : array_at(parsed, "/attempts"))
            lines += "  attempt " + std::to_string(++number) + ": " + text_at(attempt, "/provider") + "/" +
                     text_at(attempt, "/model") + " " + text_at(attempt, "/outcome") +
                     " error=" + text_at(attempt, "/error_type") +
                     " status=" + text_at(attempt, "/http_status") + " tokens=" + tokens_of(attempt) +
                     " cost=" + text_at(attempt, "/cost/amount") +
                     " latency=" + milliseconds_at(attempt, "/latency_ms") + "\n";
        for (const Element policy : array_at(parsed, "/policies"))
            lines += "  policy " + text_at(policy, "/name") + " on " + text_at(policy, "/direction") + ": " +
                     text_at(policy, "/result") + " action=" + text_at(policy, "/action") +
                     " categories=" + categories_of(policy) + "\n";
        return lines;
    });
}

}  // namespace sluice::cli

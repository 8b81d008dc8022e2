#include "wire/canonical_json.hpp"

#include <cmath>
#include <cstdint>

#include "wire/json_dom.hpp"
#include "wire/json_writer.hpp"

namespace sluice::wire {
namespace {

void write(dom::Element value, JsonWriter& json) {
    if (dom::Array array; value.get(array) == simdjson::SUCCESS) {
        json.begin_array();
        for (const dom::Element item : array)
            write(item, json);
        json.end_array();
        return;
    }
    if (dom::Object object; value.get(object) == simdjson::SUCCESS) {
        json.begin_object();
        for (const auto& [key, member] : dom::members_by_key(object)) {
            json.key(key);
            write(member, json);
        }
        json.end_object();
        return;
    }
    if (value.type() == simdjson::dom::element_type::DOUBLE) {
        constexpr double kExact = 9007199254740992;  // 2^53: below it every whole number is a double
        const double number = value.get_double().value();
        if (std::abs(number) < kExact && std::trunc(number) == number)
            json.number(static_cast<std::int64_t>(number));
        else
            json.number(number);
        return;
    }
    json.raw(dom::json_text(value));
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kSpace = " \t\r\n";
    const std::size_t from = text.find_first_not_of(kSpace);
    if (from == std::string_view::npos) return {};
    return text.substr(from, text.find_last_not_of(kSpace) + 1 - from);
}

}  // namespace

std::string canonical_json(std::string_view json) {
    json = trimmed(json);
    if (json.empty()) return "{}";
    simdjson::dom::parser parser;
    dom::Element value;
    if (parser.parse(json.data(), json.size()).get(value) != simdjson::SUCCESS) return std::string(json);
    std::string text;
    JsonWriter writer(text);
    write(value, writer);
    return text;
}

}  // namespace sluice::wire

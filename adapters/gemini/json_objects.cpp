#include "adapters/gemini/json_objects.hpp"

#include "adapters/ascii.hpp"
#include "wire/json_dom.hpp"
#include "wire/json_reader.hpp"
#include "wire/json_writer.hpp"

#include <algorithm>
#include <array>

namespace sluice::adapters::gemini {
namespace {

namespace dom = wire::dom;

/// Google's Type in lower case, or the word as it is.
std::string json_type(std::string_view type) {
    static constexpr std::array<std::string_view, 7> kTypes = {"STRING", "NUMBER", "INTEGER", "BOOLEAN",
                                                               "ARRAY",  "OBJECT", "NULL"};
    return std::find(kTypes.begin(), kTypes.end(), type) == kTypes.end() ? std::string(type) : lower(type);
}

/// Words whose value is data, not a schema.
bool holds_data(std::string_view word) noexcept {
    return word == "enum" || word == "default" || word == "example" || word == "const" || word == "examples";
}

void write_schema(dom::Element from, wire::JsonWriter& json) {
    dom::Array array;
    if (from.get_array().get(array) == simdjson::SUCCESS) {
        json.begin_array();
        for (dom::Element item : array)
            write_schema(item, json);
        json.end_array();
        return;
    }
    dom::Object object;
    if (from.get_object().get(object) != simdjson::SUCCESS) {
        json.raw(dom::json_text(from));
        return;
    }
    const bool nullable = dom::bool_at(from, "nullable").value_or(false) && dom::string_at(from, "type");
    json.begin_object();
    for (auto [key, value] : object) {
        std::string_view text;
        if (key == "nullable" && nullable) continue;
        json.key(key);
        if (key != "type" || value.get_string().get(text) != simdjson::SUCCESS) {
            if (holds_data(key))
                json.raw(dom::json_text(value));
            else
                write_schema(value, json);
        } else if (nullable) {
            json.begin_array().string(json_type(text)).string("null").end_array();
        } else {
            json.string(json_type(text));
        }
    }
    json.end_object();
}

}  // namespace

std::string normal_json(std::string_view json) {
    dom::Element value;
    simdjson::dom::parser parser;
    if (parser.parse(json.data(), json.size()).get(value) == simdjson::SUCCESS) return dom::json_text(value);
    return wire::is_json(json) ? std::string(json) : std::string();
}

std::string json_schema(std::string_view google_schema) {
    dom::Element schema;
    simdjson::dom::parser parser;
    if (parser.parse(google_schema.data(), google_schema.size()).get(schema) != simdjson::SUCCESS)
        return std::string(google_schema);
    std::string out;
    wire::JsonWriter json(out);
    write_schema(schema, json);
    return out;
}

}  // namespace sluice::adapters::gemini

// The syntax of PROTOCOLS section 4: one stream event, one output item, one response object as views, each
// read in one pass whatever the order of its fields. What they mean is the decoder's business.
#pragma once

#include "adapters/json_fields.hpp"

#include <sluice/usage.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace sluice::adapters::openai_responses {

/// JSON text inside a document whose bytes are readable beyond it, for a second look at an object.
struct JsonView {
    std::string_view text;  ///< Empty: the field is absent, or no object or array.
    std::size_t readable = 0;
};

/// A field we do not model, with its value as JSON text.
struct UnknownField {
    std::string_view name;
    std::string_view json;
};

/// A piece of `content` or `summary`.
struct ContentPart {
    std::string_view type;
    std::string_view text;  ///< `text` or `refusal`.
};

/// One stream event, or a whole body (which has no `type` but an `object`).
class EventView {
  public:
    /// Reads `json`, of which `readable` bytes are allocated (at least wire::kPadding more than its size).
    /// Views point into `json` or `arena`. An error for anything that is not one JSON object, checked to its
    /// end.
    fields::Error read(std::string_view json, std::size_t readable, wire::TextArena& arena);

    std::string_view type;
    std::string_view object;
    std::string_view item_id;
    std::optional<std::uint64_t> output_index;
    std::uint64_t part_index = 0;  ///< `content_index` or `summary_index`.
    std::string_view delta;        ///< When it is a string.
    std::string_view whole;        ///< `text`, `refusal`, `arguments` or `input`: what the deltas add up to.
    std::string_view name;
    std::string_view logprobs;  ///< As JSON, when there are some.
    JsonView item, part, response, error;
    bool has_message = false, has_code = false;  ///< A flat error has both.
};

/// One element of `output`.
struct ItemView {
    fields::Error read(JsonView json, wire::TextArena& arena);

    std::string_view type;
    std::string_view id;
    std::string_view call_id;
    std::string_view name;
    std::string_view arguments;  ///< Or a custom tool's `input`.
    std::string_view encrypted_content;
    std::vector<ContentPart> content;
    std::vector<ContentPart> summary;
    std::vector<UnknownField> unknown;
};

/// The response object of a lifecycle event, or a whole body.
struct ResponseView {
    fields::Error read(JsonView json, wire::TextArena& arena);

    std::string_view id;
    std::string_view model;
    std::string_view status;
    std::string_view incomplete_reason;
    std::string_view error;        ///< As JSON, when it says something.
    std::optional<Usage> usage;    ///< Inclusive counts, as PROTOCOLS section 9 wants them.
    std::vector<JsonView> output;  ///< Its elements, in order.
};

/// Reads one content part by itself.
fields::Error read_content_part(JsonView json, wire::TextArena& arena, ContentPart& part);

}  // namespace sluice::adapters::openai_responses

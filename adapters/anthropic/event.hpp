// The JSON objects of a Messages stream as views: the syntax of PROTOCOLS sections 5.1 to 5.4, each read in
// one pass whatever the order of its fields. What they mean for the stream is the decoder's business.
#pragma once

#include "wire/json_reader.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace sluice::adapters::anthropic {

/// Token counts as they are on the wire; a count that is absent, null or no number stays empty.
struct Counts {
    std::optional<std::uint64_t> input, cache_write, cache_read, output, thinking;

    /// Takes over every count that `later` has: counts are cumulative, the last one wins.
    void merge(const Counts& later) noexcept;
};

/// A field we do not model, under the name its Extension gets, with its value as JSON text.
struct Unknown {
    std::string_view name;
    std::string_view json;
};

/// Reused from event to event: no allocation in the steady state. Views point into `json` or the arena.
class Event {
  public:
    /// Reads `json`, of which `readable` bytes are allocated (at least wire::kPadding more than its size). An
    /// error for anything that is not one JSON object; what lies inside a field that we skip is not checked.
    simdjson::error_code read(std::string_view json, std::size_t readable, wire::TextArena& arena);

    std::string_view type;
    std::optional<std::uint64_t> index;
    std::string_view index_json;  ///< As on the wire: what an encoder replaces.
    std::string_view block;       ///< JSON of `content_block`.
    std::string_view message;     ///< JSON of `message`.
    std::string_view delta_type;
    std::string_view text, thinking, signature, partial_json;
    std::string_view stop_reason;
    Counts usage;
    bool has_usage = false;
    bool looks_like_error = false;  ///< No type, but fields that only errors have.
    /// Of a message_delta: "delta.stop_sequence", "usage.server_tool_use", "message_delta.container".
    std::vector<Unknown> unknown;

  private:
    void clear() noexcept;
    simdjson::error_code read_delta(wire::json::value value, const char* end, wire::TextArena& arena);
};

/// A `message`: of message_start, or a whole answer.
struct MessageObject {
    std::string_view id, model, stop_reason;
    std::vector<std::string_view> content;  ///< JSON of each block.
    Counts usage;
    bool has_usage = false;
    std::vector<Unknown> unknown;  ///< Named as if a message_delta had brought them.

    simdjson::error_code read(std::string_view json, std::size_t readable, wire::TextArena& arena);
};

/// One block of content, as it starts or as a whole.
struct Block {
    std::string_view type, id, name, text, thinking, signature, data;
    std::string_view input;                   ///< JSON of a tool's input; empty for {} and for none.
    std::vector<std::string_view> citations;  ///< JSON of each.
    std::vector<Unknown> unknown;             ///< "content_block.caller"

    simdjson::error_code read(std::string_view json, std::size_t readable, wire::TextArena& arena);
};

}  // namespace sluice::adapters::anthropic

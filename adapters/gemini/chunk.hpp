// One GenerateContentResponse as views, read in one pass whatever the order of its fields: the syntax of
// PROTOCOLS section 6. What the chunk means for the stream is the decoder's business.
#pragma once

#include "wire/json_reader.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace sluice::adapters::gemini {

/// Token counts as `usageMetadata` names them; a count that is absent or no number stays empty.
struct Counts {
    std::optional<std::uint64_t> prompt, tool_prompt, cached, candidates, thoughts, total;

    bool any() const noexcept;
    /// Takes over every count that `later` has: counts are cumulative, the last one wins.
    void merge(const Counts& later) noexcept;
};

/// What a candidate says, in order. Views are empty where the wire is silent.
struct Item {
    enum class Kind : unsigned char {
        text,       ///< text, signature
        thought,    ///< text, signature
        call,       ///< name, id, text: the args as JSON, signature, continues
        argument,   ///< of the call before: name: the JSON path, text: the value, is_string, continues, json
        extension,  ///< name, json
    };
    Kind kind = Kind::text;
    bool is_string = false;
    bool continues = false;
    std::string_view text;
    std::string_view signature;
    std::string_view name;
    std::string_view id;
    std::string_view json;
};

struct Candidate {
    std::uint32_t index = 0;
    std::vector<Item> items;
    std::string_view finish_reason;
    std::string_view finish_json;  ///< The same as on the wire, quotes included.
};

/// Reused from frame to frame: no allocation in the steady state.
class Chunk {
  public:
    /// Reads `json`, of which `readable` bytes are allocated (at least wire::kPadding more than its size).
    /// Views point into `json` or `arena`. An error for anything that is not one JSON object, checked to its
    /// end.
    simdjson::error_code read(std::string_view json, std::size_t readable, wire::TextArena& arena);

    std::string_view response_id;
    std::string_view model;
    std::string_view block_reason;  ///< Of `promptFeedback`.
    Counts usage;
    bool has_error =
        false;  ///< An `error` that says something, or no answer but fields that only errors have.
    std::vector<Item> rest;  ///< Fields beside the candidates: extensions.

    std::size_t candidate_count() const noexcept { return candidate_count_; }
    const Candidate& candidate(std::size_t i) const noexcept { return candidates_[i]; }

  private:
    using Error = simdjson::error_code;

    void clear() noexcept;
    Error read_candidate(wire::json::value from);
    Error read_content(wire::json::value content, std::vector<Item>& items);
    Error read_part(wire::json::value part, std::vector<Item>& items);
    Error read_call(wire::json::value from, Item& call);
    Error read_argument(wire::json::value from);
    Error read_feedback(const char* key, wire::json::value from);
    Error read_usage(wire::json::value from);
    Error keep(std::string_view prefix, const char* key, wire::json::value value, std::vector<Item>& out);

    std::vector<Candidate> candidates_;
    std::size_t candidate_count_ = 0;
    std::vector<Item> arguments_, extras_;  // of the part being read
    wire::TextArena* arena_ = nullptr;
    const char* end_ = nullptr;  // of the document
};

}  // namespace sluice::adapters::gemini

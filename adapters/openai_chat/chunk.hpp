// One `chat.completion.chunk` (or whole `chat.completion`) as views, read in one pass whatever the order of
// its fields: the syntax of PROTOCOLS sections 3.1 and 7. What the chunk means for the stream is the
// decoder's business.
#pragma once

#include "adapters/openai_chat/chunk_shape.hpp"
#include "wire/json_reader.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace sluice::adapters::openai_chat {

/// Token counts as the server named them; a count that is absent, null or no number stays empty.
struct Counts {
    std::optional<std::uint64_t> prompt, completion, total, cached, cache_write, reasoning;

    /// Takes over every count that `later` has: counts are cumulative, the last one wins.
    void merge(const Counts& later) noexcept;
};

/// A piece of text whose kind only its content part tells (Mistral, Databricks), or one of OpenRouter's
/// reasoning details.
struct Piece {
    enum class Kind : unsigned char { text, reasoning, refusal };
    Kind kind = Kind::text;
    std::string_view text;
    std::string_view signature;
    std::string_view id = {};
    bool redacted = false;  ///< reasoning.encrypted: the signature is all there is.
};

/// What one element of `tool_calls` says; views are empty where it is silent.
struct ToolFragment {
    std::optional<std::uint64_t> index;
    std::string_view id;
    std::string_view name;
    std::string_view arguments;
    std::string_view signature;   ///< Google's, in `extra_content`,
    std::string_view extra_json;  ///< and all of that field.
};

/// A field we do not model, with its value as JSON text.
struct Unknown {
    std::string_view name;
    std::string_view json;
};

struct Choice {
    std::uint32_t index = 0;
    std::string_view content;
    std::string_view reasoning;
    std::string_view refusal;
    std::string_view signature;  ///< Google's, of the text.
    std::string_view finish_reason;
    std::string_view finish_json;  ///< The same as on the wire, quotes included.
    bool has_delta = false;
    bool has_message = false;    ///< The text is from `message`: whole or cumulative, not a delta.
    std::vector<Piece> pieces;   ///< Of a content array, in order.
    std::vector<Piece> details;  ///< Of `reasoning_details`.
    std::vector<ToolFragment> tools;
    std::vector<Unknown> unknown;

    void clear_text() noexcept;
    void clear() noexcept;
};

/// Reused from frame to frame: no allocation in the steady state.
class Chunk {
  public:
    /// Reads `json`, of which `readable` bytes are allocated (at least wire::kPadding more than its size).
    /// Views point into `json` or `arena`. An error for anything that is not one JSON object, checked to its
    /// end.
    /// `id` and `model` may be left empty after the first chunk of a stream.
    simdjson::error_code read(std::string_view json, std::size_t readable, wire::TextArena& arena);

    std::string_view id;
    std::string_view model;
    Counts usage;
    bool has_usage = false;
    bool has_choices = false;
    bool has_error = false;  ///< A top-level `error` that says something.
    bool looks_like_error =
        false;  ///< No choices, but fields that only errors have (PROTOCOLS section 10.1).
    std::vector<Unknown> unknown;

    std::size_t choice_count() const noexcept { return choice_count_; }
    const Choice& choice(std::size_t i) const noexcept { return choices_[i]; }
    /// It is the last chunk again with another text: a piece of its one choice's content, and nothing else.
    bool repeats_content() const noexcept { return repeats_ && says_content_only(); }
    /// Whether it says a piece of its one choice's content, and nothing else.
    bool says_content_only() const noexcept {
        return shape_text_ != nullptr && shape_text_ == &choices_[0].content;
    }
    /// For frames that have such a chunk again between `head` and `tail`.
    const ChunkShape& shape_within(std::string_view head, std::string_view tail) {
        shape_.put_within(head, tail);
        return shape_;
    }

  private:
    using Error = simdjson::error_code;

    void clear() noexcept;
    Error parse(std::string_view json, std::size_t readable);
    std::string_view* only_text() noexcept;
    Error read_choices(wire::json::value value);
    Error read_choice(wire::json::object object, Choice& choice);
    Error read_delta(wire::json::value value, Choice& choice);
    Error read_content(wire::json::value value, Choice& choice);
    Error read_content_part(wire::json::value value, Choice& choice);
    Error read_reasoning_details(wire::json::value value, Choice& choice);
    Error read_extra_content(wire::json::value value, std::string_view& signature, std::string_view& raw);
    Error read_tool_calls(wire::json::value value, Choice& choice);
    Error read_tool_call(wire::json::object object, Choice& choice);
    Error read_function(wire::json::value value, ToolFragment& tool);
    Error read_usage(wire::json::value value);
    Error read_groq(wire::json::value value);
    Error read_text(wire::json::value value, std::string_view& out);
    Error read_pieces(wire::json::value value, Piece::Kind kind, std::vector<Piece>& out);
    Error keep_unknown(std::string_view prefix, wire::json::field field, std::vector<Unknown>& out);
    Error keep_unknown_value(std::string_view name, wire::json::value value, std::vector<Unknown>& out);

    std::vector<Choice> choices_;
    std::size_t choice_count_ = 0;
    ChunkShape shape_;
    std::string_view* shape_text_ = nullptr;  // where the shape's text goes: the one thing this chunk says
    bool repeats_ = false;
    wire::TextArena* arena_ = nullptr;
    const char* end_ = nullptr;  // of the document
};

}  // namespace sluice::adapters::openai_chat

// The pieces of a GenerateContentResponse, for a stream's chunks and for a whole answer alike.
#pragma once

#include <sluice/usage.hpp>

#include "adapters/dialect.hpp"
#include "wire/json_writer.hpp"

#include <string>
#include <string_view>

namespace sluice::adapters::gemini {

/// A tool call as the model made it.
struct WholeCall {
    std::string_view id, name, arguments, signature;
};

class AnswerWriter {
  public:
    AnswerWriter(AnswerFacts facts);

    /// Whether the answer came from Gemini too: its own words and fields are passed on.
    bool is_ours() const noexcept { return is_ours_; }

    void write_text(std::string_view text, std::string_view signature, bool is_thought,
                    wire::JsonWriter& json) const;
    void write_call(const WholeCall& call, wire::JsonWriter& json) const;
    void write_usage(const Usage& usage, wire::JsonWriter& json) const;
    /// usageMetadata where the client wants it, modelVersion and responseId: the end of a chunk.
    void write_tail(const std::optional<Usage>& usage, wire::JsonWriter& json) const;
    std::string_view finish_reason(StopReason reason, std::string_view raw_reason) const noexcept;

  private:
    void write_signature(std::string_view signature, wire::JsonWriter& json) const;

    AnswerFacts facts_;
    bool is_ours_;
};

/// The JSON text without line ends, which would cut an event in two. Valid JSON has them only between its
/// tokens.
std::string on_one_line(std::string_view json);

}  // namespace sluice::adapters::gemini

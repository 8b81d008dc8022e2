// Events as a Messages stream, for a client that speaks this dialect (PROTOCOLS section 5.1).
//
// One block is open at a time, as Anthropic does it: text and reasoning are closed when something else
// begins, a tool call when it ends. Only calls whose fragments come interleaved lie open side by side.
#pragma once

#include "adapters/anthropic/event.hpp"
#include "adapters/dialect.hpp"
#include "wire/json_check.hpp"
#include "wire/json_writer.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::adapters::anthropic {

class Encoder final : public StreamEncoder {
  public:
    explicit Encoder(AnswerFacts facts);

    void open(std::string& out) override;
    void encode(const StreamEvent& event, std::string& out) override;

  private:
    enum class Kind : unsigned char { none, text, thinking };
    struct Call {
        std::uint32_t index = 0;
        std::uint64_t block = 0;
        bool is_open = true;
        wire::JsonCheck arguments;
    };
    struct ReplayedBlock {
        std::uint64_t wire_index = 0;
        std::uint64_t block = 0;
    };
    struct Field {
        std::string name, json;
    };

    void write(const TextDelta& delta, std::string& out);
    void write(const RefusalDelta& delta, std::string& out);
    void write(const ReasoningDelta& delta, std::string& out);
    void write(const ToolCallStart& start, std::string& out);
    void write(const ToolCallDelta& delta, std::string& out);
    void write(const ToolCallEnd& end, std::string& out);
    void write(const Extension& extension, std::string& out);
    void write(const Finish& end, std::string& out);
    void write(const Failure& failure, std::string& out);

    void write_redacted(std::string_view data, std::string& out);
    void need(Kind kind, std::string& out);
    template <typename WriteFields>
    std::uint64_t start_block(std::string_view type, std::string& out, WriteFields write_fields);
    void write_delta(std::uint64_t block, std::string_view type, std::string_view name,
                     std::string_view value, std::string& out);
    void stop_block(std::uint64_t block, std::string& out);
    void close(std::string& out);
    void close_complete_calls(std::string& out);
    void replay(std::string_view json, std::string& out);
    bool starts_text();
    void write_event_at(std::string_view json, std::uint64_t block, std::string& out);
    void write_data(std::string_view json, std::string& out);
    void keep_field(const Extension& field);
    void write_fields(std::string_view prefix, wire::JsonWriter& json);
    Call* find_call(std::uint32_t index) noexcept;

    AnswerFacts facts_;
    bool is_own_;  // the events come from this dialect's decoder
    bool opened_ = false;
    bool ended_ = false;
    bool refused_ = false;
    Kind kind_ = Kind::none;   // of the open block, calls aside
    std::uint64_t block_ = 0;  // its index
    std::string item_;         // of the open reasoning
    std::uint64_t next_block_ = 0;
    std::vector<Call> calls_;
    std::vector<ReplayedBlock> replayed_;  // that are open
    std::vector<Field> fields_;            // for the next block, or for the message_delta
    Event event_;
    Block replayed_block_;
    std::string replay_;   // the Extension at work, padded
    std::string scratch_;  // JSON that is written in lines
    wire::TextArena arena_;
};

}  // namespace sluice::adapters::anthropic

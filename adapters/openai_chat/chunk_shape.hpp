// The shape of the last chunk: its bytes with a hole where its text was. Nearly every chunk of a stream
// differs from the one before only in that text, and then comparing bytes is several times cheaper than
// parsing JSON, and just as exact: the surrounding bytes were validated when the shape was learnt, and what
// fills the hole is checked to be a JSON string.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::adapters::openai_chat {

class ChunkShape {
  public:
    /// `json` is a valid chunk; `text` is a part of it, the whole inside of a string without escapes.
    void learn(std::string_view json, std::string_view text);
    void forget() noexcept {
        frame_.clear();
        head_ = tail_ = 0;
    }

    /// Whether `json` is the learnt chunk with another text, not empty, between the same quotes. `escaped` is
    /// then that text's source: without bare quotes or control characters and valid UTF-8, but its escapes
    /// are not checked yet.
    bool match(std::string_view json, std::string_view& escaped) const noexcept;
    /// What match_frame() is to find around the chunk; nothing until then.
    void put_within(std::string_view head, std::string_view tail);
    /// The same for the chunk and what is around it at the front of `bytes`: the length of all that, else 0.
    /// A text with escapes is none for this.
    std::size_t match_frame(std::string_view bytes, std::string_view& text) const noexcept;

  private:
    std::string_view chunk() const noexcept { return {frame_.data() + head_, frame_.size() - head_ - tail_}; }

    std::string frame_;  // the chunk with its head and tail
    std::size_t head_ = 0;
    std::size_t tail_ = 0;
    // Of the chunk.
    std::size_t text_begin_ = 0;
    std::size_t text_end_ = 0;
    // OpenAI and Mistral pad their chunks with random text of their own: a second hole.
    bool has_padding_ = false;
    std::size_t padding_begin_ = 0;
    std::size_t padding_end_ = 0;
};

}  // namespace sluice::adapters::openai_chat

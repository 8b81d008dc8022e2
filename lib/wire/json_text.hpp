// JSON as text: whether it is any, and what its strings say. No parser, and no header of one.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace sluice::wire {

/// Whether `text` is one complete, valid JSON value in valid UTF-8 (RFC 8259, checked to the last byte), at
/// most 1024 deep. Numbers of any size and lone surrogate escapes are JSON, although simdjson refuses to read
/// them.
bool is_json(std::string_view text);

/// Just behind the string whose opening quote is at `at` of JSON `text`; npos when none begins there, or it
/// does not end.
std::size_t end_of_string(std::string_view text, std::size_t at) noexcept;

/// Memory for unescaped strings that must live as long as a batch of events. Grows to what a batch needs,
/// then allocates no more.
class TextArena {
  public:
    /// `bytes` of storage, stable until reset().
    char* allocate(std::size_t bytes);
    /// Gives back what the last allocate() did not use.
    void shrink_last(std::size_t unused) noexcept;
    /// Everything handed out is gone; memory is kept, up to `keep` bytes.
    void reset(std::size_t keep = std::size_t{256} << 10) noexcept;
    std::size_t capacity() const noexcept;

  private:
    struct Block {
        std::unique_ptr<char[]> data;
        std::size_t size = 0;
        std::size_t used = 0;
    };
    std::vector<Block> blocks_;
    std::size_t current_ = 0;
};

/// The text of a JSON string whose source, quotes excluded, is `escaped`. A view of `escaped` itself when
/// nothing is escaped, else of `arena`. A lone surrogate becomes U+FFFD (tokens can split a pair). False for
/// an escape that JSON does not have.
bool unescape(std::string_view escaped, TextArena& arena, std::string_view& text);

}  // namespace sluice::wire

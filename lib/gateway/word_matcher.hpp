// Finds any of many words in one pass over a text, however many there are: an Aho-Corasick automaton over
// what TextSymbols makes of a text.
//
// Not RE2::Set, which was considered: it needs the whole text at once (an answer comes in pieces and may be
// long), its \b knows ASCII only, and it gives up when its own memory limit is reached.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/text_symbols.hpp"

namespace sluice::gateway {

/// Which lists a text has words of; bit by number of the list.
using ListSet = std::vector<bool>;

/// Immutable once it is finished; any thread.
class WordMatcher {
  public:
    static constexpr std::size_t kMaxWord = 256;                     ///< Bytes of one word or phrase.
    static constexpr std::size_t kMaxTable = std::size_t{64} << 20;  ///< Bytes of the automaton.

    /// A word or a phrase; a "*" at its end stands for any ending. Throws std::invalid_argument for one that
    /// is empty, too long or not UTF-8.
    void add(std::string_view word, std::uint32_t list);
    /// After the last add(). Throws std::invalid_argument when it would take more than kMaxTable.
    void finish();
    bool empty() const noexcept { return words_.empty() && next_.empty(); }

    /// Where in a text a reader is. Small, and fit for one text at a time.
    class Reader {
      public:
        Reader() = default;
        /// Calls found(list) for each list of each word that ends in this piece; often twice for the same.
        template <typename Found>
        void feed(const WordMatcher& matcher, std::string_view piece, Found&& found) {
            symbols_.feed(piece, [&](char symbol) { step(matcher, symbol, found); });
        }
        /// The text is over: a word may end with it. Then ready for another.
        template <typename Found>
        void end(const WordMatcher& matcher, Found&& found) {
            symbols_.end([&](char symbol) { step(matcher, symbol, found); });
            state_ = 0;
        }

      private:
        template <typename Found>
        void step(const WordMatcher& matcher, char symbol, Found& found) {
            const std::uint32_t column = matcher.column_[static_cast<unsigned char>(symbol)];
            const std::uint32_t to = matcher.next_[state_ + column];
            state_ = to & ~kMatch;
            if ((to & kMatch) == 0) return;
            for (const std::uint32_t list : matcher.found_[matcher.found_at_[state_ / matcher.columns_]])
                found(list);
        }

        wire::TextSymbols symbols_;
        std::uint32_t state_ = 0;  // where its row begins
    };

  private:
    static constexpr std::uint32_t kMatch = 0x8000'0000;

    std::vector<std::pair<std::string, std::uint32_t>> words_;  // as symbols; until finish()
    std::uint8_t column_[256] = {};
    std::uint32_t columns_ = 1;  // column 0: a byte that no word has
    std::vector<std::uint32_t> next_;
    std::vector<std::uint32_t> found_at_;            // of each state, into found_
    std::vector<std::vector<std::uint32_t>> found_;  // 0: nothing
};

}  // namespace sluice::gateway

#include "engine/prompt_reader.hpp"

#include <sluice/task_profile.hpp>

#include "engine/phrase_index.hpp"
#include "engine/prompt_bytes.hpp"

#include <algorithm>
#include <bitset>

namespace sluice::engine {
namespace {

constexpr PhraseIndex kIndex;

// How many different words there were: a set of their hashes. Two words with one hash count once, which
// happens to few texts and moves the complexity by a thousandth.
class UniqueWords {
  public:
    void add(std::uint32_t hash) noexcept {
        if (count_ == kMostUniqueWords) return;
        hash |= 1U;  // 0 is a free place
        std::size_t place = hash >> 24U;
        while (places_[place] != 0 && places_[place] != hash)
            place = (place + 1) % places_.size();
        count_ += places_[place] == 0;
        places_[place] = hash;
    }
    std::size_t count() const noexcept { return count_; }

  private:
    std::array<std::uint32_t, 256> places_{};
    std::size_t count_ = 0;
};

class Reader {
  public:
    void read(std::string_view text) noexcept {
        before_ = {};
        for (std::size_t at = 0; at < text.size();) {
            const std::uint8_t kind = kind_of(text[at]);
            if (kind <= kStop) {
                if (kind == kStop) before_ = {};
                ++at;
                continue;
            }
            if (const std::size_t gap = kind == kMark ? long_gap(text, at) : 0; gap != 0) {
                at += gap;
                continue;
            }
            at = read_word(text, at);
        }
    }

    std::size_t unique_words() const noexcept { return unique_.count(); }
    const std::array<std::uint8_t, kTopics>& hits() const noexcept { return hits_; }

  private:
    // The end of the word that begins there.
    std::size_t read_word(std::string_view text, std::size_t begin) noexcept {
        WordHash hash;
        std::size_t end = begin;
        while (end < text.size()) {
            const std::uint8_t kind = kind_of(text[end]);
            if (kind <= kStop || (kind == kMark && long_gap(text, end) != 0)) break;
            hash.add(kind);
            ++end;
        }
        on_word(hash.value(), text.substr(begin, end - begin));
        return end;
    }

    void on_word(std::uint32_t hash, std::string_view word) noexcept {
        unique_.add(hash);
        const WordId id = kIndex.find(hash, [word](std::string_view known) {
            return std::equal(known.begin(), known.end(), word.begin(), word.end(),
                              [](char a, char b) { return static_cast<unsigned char>(a) == kind_of(b); });
        });
        if (id != 0)
            kIndex.ending_with(id, before_, [this](std::size_t number, Topic topic) {
                if (found_[number]) return;
                found_[number] = true;
                ++hits_[static_cast<std::size_t>(topic)];
            });
        before_ = {id, before_[0], before_[1]};
    }

    UniqueWords unique_;
    std::array<WordId, kLongestPhrase - 1> before_{};  // what the last words were, the nearest first
    std::bitset<PhraseIndex::kPhrases> found_;
    std::array<std::uint8_t, kTopics> hits_{};
};

std::size_t count_characters(std::string_view text) noexcept {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char byte) {
        return (static_cast<unsigned char>(byte) & 0xc0U) != 0x80U;
    }));
}

bool is_in_word(char byte) noexcept {
    return kind_of(byte) > kStop;
}

}  // namespace

PromptCounts read_prompt(std::string_view prompt) noexcept {
    Reader reader;
    PromptCounts counts;
    if (prompt.size() <= kMaxClassified) {
        reader.read(prompt);
        counts.characters = count_characters(prompt);
    } else {
        constexpr std::size_t kHalf = kMaxClassified / 2;
        std::string_view head = prompt.substr(0, kHalf);
        std::string_view tail = prompt.substr(prompt.size() - kHalf);
        const std::size_t seen = count_characters(head) + count_characters(tail);
        counts.characters = static_cast<std::size_t>(double(prompt.size()) * double(seen) / kMaxClassified);
        // Half a word would be a word that is not there.
        if (is_in_word(prompt[kHalf]))
            while (!head.empty() && is_in_word(head.back()))
                head.remove_suffix(1);
        if (is_in_word(prompt[prompt.size() - kHalf - 1]))
            while (!tail.empty() && is_in_word(tail.front()))
                tail.remove_prefix(1);
        reader.read(head);
        reader.read(tail);
    }
    counts.unique_words = reader.unique_words();
    counts.hits = reader.hits();
    return counts;
}

}  // namespace sluice::engine

// All lexicons in one table, made when this is compiled: a word is looked up once, whatever lists it is in,
// and a phrase is found at its last word by looking back at the ones before.
#pragma once

#include "engine/lexicons.hpp"
#include "engine/prompt_bytes.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string_view>

namespace sluice::engine {

/// Of a word in the table. 0: in no lexicon.
using WordId = std::uint16_t;

constexpr std::size_t count_phrases() {
    std::size_t phrases = 0;
    for (const auto& words : kLexicons)
        phrases += words.size();
    return phrases;
}

class PhraseIndex {
  public:
    static constexpr std::size_t kPhrases = count_phrases();

    struct Phrase {
        Topic topic{};
        WordId last = 0;
        std::array<WordId, kLongestPhrase - 1> before{};  // nearest first; 0: none
        std::uint16_t next = kNone;                       // of those with the same last word
    };

    constexpr PhraseIndex() {
        std::size_t number = 0;
        for (std::size_t topic = 0; topic < kTopics; ++topic)
            for (const std::string_view text : kLexicons[topic])
                add(static_cast<Topic>(topic), text, static_cast<std::uint16_t>(number++));
    }

    /// `equals` tells whether the word that was hashed is that text.
    template <typename Equals>
    constexpr WordId find(std::uint32_t hash, Equals equals) const {
        for (std::size_t slot = hash >> kShift; slots_[slot] != 0; slot = (slot + 1) % kSlots) {
            const WordId id = slots_[slot];
            if (words_[id].hash == hash && equals(words_[id].text)) return id;
        }
        return 0;
    }

    /// Calls found(number, topic) for each phrase that ends with `last`, after the words `before`, nearest
    /// first.
    template <typename Found>
    void ending_with(WordId last, const std::array<WordId, kLongestPhrase - 1>& before, Found found) const {
        for (std::uint16_t number = words_[last].phrases; number != kNone; number = phrases_[number].next) {
            const Phrase& phrase = phrases_[number];
            bool matches = true;
            for (std::size_t i = 0; i < before.size(); ++i)
                matches &= phrase.before[i] == 0 || phrase.before[i] == before[i];
            if (matches) found(number, phrase.topic);
        }
    }

  private:
    static constexpr std::uint16_t kNone = 0xffff;
    static constexpr std::size_t kSlots = 1024;  // a power of two, far more than words
    static constexpr unsigned kShift = 22;       // of 32 bits of hash to a slot
    static constexpr std::size_t kMaxWords = 400;

    struct Word {
        std::string_view text;
        std::uint32_t hash = 0;
        std::uint16_t phrases = kNone;
    };

    constexpr WordId intern(std::string_view text) {
        WordHash hash;
        for (const char letter : text)
            hash.add(kind_of(letter));
        if (const WordId known = find(hash.value(), [&](std::string_view other) { return other == text; }))
            return known;
        const auto id = static_cast<WordId>(++last_word_);
        words_.at(id) = {text, hash.value(), kNone};
        std::size_t slot = hash.value() >> kShift;
        while (slots_[slot] != 0)
            slot = (slot + 1) % kSlots;
        slots_[slot] = id;
        return id;
    }

    // What throws here does not compile.
    constexpr void add(Topic topic, std::string_view text, std::uint16_t number) {
        Phrase& phrase = phrases_[number];
        phrase.topic = topic;
        std::array<WordId, kLongestPhrase> words{};
        std::size_t count = 0;
        for (std::size_t begin = 0; begin <= text.size();) {
            const std::size_t end = std::min(text.find(' ', begin), text.size());
            const std::string_view word = text.substr(begin, end - begin);
            if (word.empty()) throw std::invalid_argument("a phrase has two spaces in a row, or none at all");
            for (const char letter : word)
                if (kind_of(letter) != static_cast<unsigned char>(letter))
                    throw std::invalid_argument("a word of a lexicon is not what the reader makes of it");
            words.at(count++) = intern(word);
            begin = end + 1;
        }
        phrase.last = words[count - 1];
        for (std::size_t i = 1; i < count; ++i)
            phrase.before[i - 1] = words[count - 1 - i];
        phrase.next = words_[phrase.last].phrases;
        words_[phrase.last].phrases = number;
    }

    std::array<Phrase, kPhrases> phrases_{};
    std::array<Word, kMaxWords> words_{};
    std::array<WordId, kSlots> slots_{};
    std::size_t last_word_ = 0;
};

}  // namespace sluice::engine

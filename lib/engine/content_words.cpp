#include "engine/content_words.hpp"

#include <algorithm>
#include <functional>
#include <string>

#include "engine/stop_words.hpp"
#include "wire/text_symbols.hpp"
#include "wire/utf8.hpp"

namespace sluice::engine {
namespace {

using wire::CharClass;

Word hashed(std::string_view word) noexcept {
    return std::hash<std::string_view>()(word);
}

bool ends_with(std::string_view word, std::string_view ending, std::size_t stem) noexcept {
    return word.size() >= ending.size() + stem && word.ends_with(ending);
}

bool has_vowel(std::string_view stem) noexcept {
    return stem.find_first_of("aeiouy") != std::string_view::npos;
}

// "planned" and "plan", but "calls" and "call" too.
void single_end(std::string& word) {
    const char last = word.back();
    if (word[word.size() - 2] == last && last != 'l' && last != 's' && last != 'z') word.pop_back();
}

// English endings, lightly: what is left need not be a word, but the same for the forms of one.
void stem(std::string& word) {
    const auto cut = [&word](std::size_t bytes) { word.resize(word.size() - bytes); };
    if (ends_with(word, "ies", 2))
        cut(2), word.back() = 'y';
    else if (ends_with(word, "sses", 1) || ends_with(word, "shes", 1) || ends_with(word, "ches", 1) ||
             ends_with(word, "xes", 1))
        cut(2);
    else if (ends_with(word, "s", 3) && !word.ends_with("ss") && !word.ends_with("us") &&
             !word.ends_with("is"))
        cut(1);
    const auto is_verb = [&word](std::string_view ending) {
        return ends_with(word, ending, 3) &&
               has_vowel(std::string_view(word).substr(0, word.size() - ending.size()));
    };
    if (is_verb("ing"))
        cut(3), single_end(word);
    else if (is_verb("ed"))
        cut(2), single_end(word);
    else if (ends_with(word, "ly", 3))
        cut(2);
    if (ends_with(word, "ation", 4))
        cut(5);
    else if (ends_with(word, "ion", 4))
        cut(3);
    if (ends_with(word, "e", 3)) cut(1);
}

bool is_hiragana(std::string_view character) noexcept {
    const char32_t c = wire::utf8_front(character).character;
    return c >= 0x3041 && c <= 0x309F;
}

bool ends_clause(char c) noexcept {
    return c == '.' || c == ';' || c == '?' || c == '!' || c == '\n' || c == ',' || c == ':';
}

// Takes the symbols of a text.
class Reading {
  public:
    explicit Reading(ContentWords& out) : out_(out) {}

    void operator()(char symbol) {
        if (symbol != wire::kEdge) {
            piece_ += symbol;
            return;
        }
        end_piece();
    }
    void end() {
        end_piece();
        end_clause();
    }
    void end_clause() {
        pair_.clear();
        if (out_.words.size() > (out_.clauses.empty() ? 0 : out_.clauses.back()))
            out_.clauses.push_back(out_.words.size());
    }

  private:
    void end_piece() {
        if (piece_.empty()) return;
        const CharClass kind = wire::fold(wire::utf8_front(piece_).character).kind;
        if (kind == CharClass::between) {
            if (!pair_.empty() && !(is_hiragana(pair_) && is_hiragana(piece_)))
                out_.words.push_back(hashed(pair_ + piece_));
            pair_ = piece_;
        } else {
            pair_.clear();
            if (kind == CharClass::word)
                end_word();
            else if (std::any_of(piece_.begin(), piece_.end(), ends_clause) ||
                     piece_.find("\u3002") != std::string::npos || piece_.find("\u3001") != std::string::npos)
                end_clause();  // full-width marks, and the ideographic full stop and comma
        }
        piece_.clear();
    }

    void end_word() {
        const bool is_ascii = std::all_of(piece_.begin(), piece_.end(),
                                          [](char c) { return static_cast<unsigned char>(c) < 0x80; });
        // Short numbers count things and number lists; long ones name something.
        const bool is_number = piece_.size() < 3 && std::all_of(piece_.begin(), piece_.end(),
                                                                [](char c) { return c >= '0' && c <= '9'; });
        if ((is_ascii && piece_.size() < 2) || is_number || is_stop_word(piece_)) return;
        if (is_ascii && piece_.size() > 3) stem(piece_);
        out_.words.push_back(hashed(piece_));
    }

    ContentWords& out_;
    std::string piece_;
    std::string pair_;  // the character before, of a script without spaces
};

}  // namespace

ContentWords content_words(std::string_view text, std::size_t limit) {
    text = text.substr(0, limit);
    ContentWords all;
    Reading reading(all);
    wire::TextSymbols symbols;
    while (!text.empty()) {
        const auto* end = std::find_if(text.begin(), text.end(), ends_clause);
        const auto size = static_cast<std::size_t>(end - text.begin());
        symbols.feed(text.substr(0, size), reading);
        symbols.end(reading);
        reading.end();
        text.remove_prefix(std::min(size + 1, text.size()));
    }
    return all;
}

Word wording(std::string_view text, std::size_t limit) {
    std::string words;
    std::string piece;
    const auto step = [&](char symbol) {
        if (symbol != wire::kEdge) {
            piece += symbol;
            return;
        }
        const CharClass kind =
            piece.empty() ? CharClass::other : wire::fold(wire::utf8_front(piece).character).kind;
        if (kind == CharClass::word || kind == CharClass::between) (words += piece) += ' ';
        piece.clear();
    };
    wire::TextSymbols symbols;
    symbols.feed(text.substr(0, limit), step);
    symbols.end(step);
    if (words.empty()) return 0;
    if (text.size() > limit) words += std::to_string(text.size());
    return std::max<Word>(hashed(words), 1);
}

}  // namespace sluice::engine

#include "gateway/word_matcher.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <stdexcept>

#include "wire/json_writer.hpp"

namespace sluice::gateway {
namespace {

bool is_utf8(std::string_view text) {
    std::string valid;
    wire::append_valid_utf8(valid, text);
    return valid == text;
}

std::string_view trimmed(std::string_view text) {
    const auto is_space = [](char c) { return static_cast<unsigned char>(c) <= ' '; };
    while (!text.empty() && is_space(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && is_space(text.back()))
        text.remove_suffix(1);
    return text;
}

[[noreturn]] void bad_word(std::string_view word, const std::string& why) {
    throw std::invalid_argument("the word \"" + wire::excerpt(word, 64) + "\" of a filter " + why);
}

// While it is built: a tree of words, by maps, which are slow and small.
struct Tree {
    std::vector<std::map<std::uint8_t, std::uint32_t>> children{1};
    std::vector<std::vector<std::uint32_t>> lists{1};

    void add(std::string_view word, const std::uint8_t (&column)[256], std::uint32_t list) {
        std::uint32_t at = 0;
        for (const char symbol : word) {
            const auto [child, is_new] = children[at].try_emplace(
                column[static_cast<unsigned char>(symbol)], static_cast<std::uint32_t>(children.size()));
            at = child->second;
            if (is_new) {
                children.emplace_back();
                lists.emplace_back();
            }
        }
        lists[at].push_back(list);
    }
};

}  // namespace

void WordMatcher::add(std::string_view word, std::uint32_t list) {
    std::string_view body = trimmed(word);
    const bool any_ending = !body.empty() && body.back() == '*';
    if (any_ending) body.remove_suffix(1);
    if (body.empty()) bad_word(word, "is empty");
    if (body.size() > kMaxWord) bad_word(word, "is longer than " + std::to_string(kMaxWord) + " bytes");
    if (!is_utf8(body)) bad_word(word, "is not UTF-8");
    if (trimmed(body).size() != body.size()) bad_word(word, "has a space before its *");

    std::string symbols;
    wire::TextSymbols reader;
    const auto keep = [&](char symbol) { symbols += symbol; };
    reader.feed(body, keep);
    if (symbols.empty()) bad_word(word, "has nothing that can be seen");
    if (!any_ending) reader.end(keep);
    words_.emplace_back(std::move(symbols), list);
}

void WordMatcher::finish() {
    for (const auto& word : words_)
        for (const char symbol : word.first) {
            std::uint8_t& column = column_[static_cast<unsigned char>(symbol)];
            if (column == 0) column = static_cast<std::uint8_t>(columns_++);
        }
    Tree tree;
    for (const auto& [word, list] : words_) {
        tree.add(word, column_, list);
        const std::size_t bytes = tree.children.size() * columns_ * sizeof(std::uint32_t);
        if (bytes > kMaxTable)
            throw std::invalid_argument(
                "the filters' lists have too many words: their automaton would take "
                "more than " +
                std::to_string(kMaxTable >> 20) + " MiB");
    }
    words_ = {};

    // Breadth first, so that what a state falls back to is finished before it.
    const std::size_t states = tree.children.size();
    std::vector<std::uint32_t> fallback(states, 0);
    std::vector<std::uint32_t> order{0};
    next_.assign(states * columns_, 0);
    for (std::size_t done = 0; done < order.size(); ++done) {
        const std::uint32_t state = order[done];
        const std::uint32_t behind = fallback[state];
        std::vector<std::uint32_t>& lists = tree.lists[state];
        if (state != 0) {
            lists.insert(lists.end(), tree.lists[behind].begin(), tree.lists[behind].end());
            std::sort(lists.begin(), lists.end());
            lists.erase(std::unique(lists.begin(), lists.end()), lists.end());
            std::copy_n(next_.begin() + std::ptrdiff_t(behind * columns_), columns_,
                        next_.begin() + std::ptrdiff_t(state * columns_));
        }
        for (const auto& [column, child] : tree.children[state]) {
            std::uint32_t& to = next_[state * columns_ + column];
            fallback[child] = to;  // of the root: itself
            to = child;
            order.push_back(child);
        }
    }

    // Rows instead of states, and a mark where something is found.
    found_.assign(1, {});
    found_at_.assign(states, 0);
    std::map<std::vector<std::uint32_t>, std::uint32_t> known{{{}, 0}};
    for (std::size_t state = 0; state < states; ++state) {
        const auto [entry, is_new] =
            known.try_emplace(tree.lists[state], static_cast<std::uint32_t>(found_.size()));
        if (is_new) found_.push_back(tree.lists[state]);
        found_at_[state] = entry->second;
    }
    for (std::uint32_t& to : next_)
        to = to * columns_ | (found_at_[to] != 0 ? kMatch : 0);
}

}  // namespace sluice::gateway

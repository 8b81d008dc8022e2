// What read_prompt() counts, said once more in the simplest words: an oracle for tests and for the fuzzer.
#pragma once

#include <sluice/task_profile.hpp>

#include "engine/prompt_reader.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::test {

/// The words, in lower case. Where a sentence ends an empty one.
inline std::vector<std::string> naive_words(std::string_view text) {
    std::vector<std::string> words;
    std::string word;
    const auto finish = [&] {
        if (!word.empty()) words.push_back(word);
        word.clear();
    };
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = [&](std::size_t ahead) {
            return i + ahead < text.size() ? static_cast<unsigned char>(text[i + ahead]) : 0;
        };
        const auto continues = [&](std::size_t ahead) { return byte(ahead) >= 0x80 && byte(ahead) < 0xc0; };
        const char c = text[i];
        if (c >= 'A' && c <= 'Z') {
            word += static_cast<char>(c - 'A' + 'a');
        } else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_') {
            word += c;
        } else if (byte(0) < 0x80) {
            finish();
            if (std::string_view(".!?;:").find(c) != std::string_view::npos) words.emplace_back();
        } else if (byte(0) == 0xc2 && continues(1)) {
            finish();
            i += 1;
        } else if (byte(0) == 0xe2 && (byte(1) == 0x80 || byte(1) == 0x81) && continues(2)) {
            finish();
            i += 2;
        } else {
            word += c;
        }
    }
    finish();
    return words;
}

/// Of a prompt that is read whole.
inline engine::PromptCounts naive_counts(std::string_view prompt) {
    engine::PromptCounts counts;
    for (const char c : prompt)
        counts.characters += static_cast<unsigned char>(c) < 0x80 || static_cast<unsigned char>(c) >= 0xc0;
    const std::vector<std::string> words = naive_words(prompt);
    std::set<std::string> unique(words.begin(), words.end());
    unique.erase("");
    counts.unique_words = std::min(unique.size(), engine::kMostUniqueWords);
    for (std::size_t topic = 0; topic < engine::kTopics; ++topic)
        for (const std::string_view phrase : engine::kLexicons[topic]) {
            const std::vector<std::string> wanted = naive_words(phrase);
            counts.hits[topic] +=
                std::search(words.begin(), words.end(), wanted.begin(), wanted.end()) != words.end();
        }
    return counts;
}

}  // namespace sluice::test

#include "engine/token_scale.hpp"

#include <algorithm>

namespace sluice::engine {
namespace {

using Weights = std::array<std::uint32_t, kTraits>;

constexpr Weights kOpenAi{
    1000, 140,  400,                  // word, long_word, accented
    1000, 0,                          // digit_group, digit
    850,  150,                        // mark, more_marks
    1000, 100,  400,                  // line_break, break_after_mark, gap
    290,  390,  410,  320, 370, 480,  // cyrillic, greek, hebrew, arabic, indic, thai
    860,  800,  760,                  // kana, ideograph, hangul
    1000, 2000, 1000,                 // symbol, emoji, joiner
    600,  1000,                       // rare, malformed
};

constexpr Weights kAnthropic{
    1150, 200,  1500,                    // word, long_word, accented
    1000, 0,                             // digit_group, digit
    1000, 200,                           // mark, more_marks
    700,  450,  450,                     // line_break, break_after_mark, gap
    590,  1270, 1030, 1060, 1330, 1830,  // cyrillic, greek, hebrew, arabic, indic, thai
    1100, 1190, 1470,                    // kana, ideograph, hangul
    1500, 3000, 1500,                    // symbol, emoji, joiner
    800,  1000,                          // rare, malformed
};

constexpr Weights kGemini{
    1000, 100,  300,                 // word, long_word, accented
    0,    1000,                      // digit_group, digit
    1000, 150,                       // mark, more_marks
    1000, 1000, 900,                 // line_break, break_after_mark, gap
    270,  410,  460, 360, 470, 420,  // cyrillic, greek, hebrew, arabic, indic, thai
    580,  650,  890,                 // kana, ideograph, hangul
    1000, 1400, 700,                 // symbol, emoji, joiner
    600,  1000,                      // rare, malformed
};

constexpr TokenScale kOpenAiChat{.dialect = "openai_chat",
                                 .traits = kOpenAi,
                                 .message = 4,
                                 .call = 8,
                                 .request = 3,
                                 .tools = 12,
                                 .tool = 8,
                                 .schema = 20,
                                 .image = 765,
                                 .image_at_low = 85};

constexpr TokenScale under(std::string_view dialect, TokenScale scale) {
    scale.dialect = dialect;
    return scale;
}

constexpr std::array kScales{
    kOpenAiChat,
    under("openai_responses", kOpenAiChat),
    TokenScale{.dialect = "anthropic",
               .traits = kAnthropic,
               .message = 5,
               .call = 12,
               .request = 4,
               .tools = 346,
               .tool = 12,
               .schema = 40,
               .image = 1600,
               .image_at_low = 1600},
    TokenScale{.dialect = "gemini",
               .traits = kGemini,
               .message = 4,
               .call = 8,
               .request = 3,
               .tools = 12,
               .tool = 8,
               .schema = 20,
               .image = 1120,
               .image_at_low = 1120},
};

constexpr TokenScale kCautious = [] {
    TokenScale most = under("", kScales[0]);
    for (const TokenScale& scale : kScales) {
        for (std::size_t trait = 0; trait < kTraits; ++trait)
            most.traits[trait] = std::max(most.traits[trait], scale.traits[trait]);
        // A digit is not counted twice, in its group and by itself.
        most.traits[static_cast<std::size_t>(Trait::digit_group)] = 0;
        for (Tokens TokenScale::*field :
             {&TokenScale::message, &TokenScale::call, &TokenScale::request, &TokenScale::tools,
              &TokenScale::tool, &TokenScale::schema, &TokenScale::image, &TokenScale::image_at_low})
            most.*field = std::max(most.*field, scale.*field);
    }
    return most;
}();

}  // namespace

const TokenScale& token_scale(std::string_view dialect) noexcept {
    const auto* scale = std::find_if(kScales.begin(), kScales.end(),
                                     [&](const TokenScale& known) { return known.dialect == dialect; });
    return scale == kScales.end() ? kCautious : *scale;
}

std::uint64_t weigh(std::string_view text, const TokenScale& scale) noexcept {
    const TextMeasure traits = measure(text);
    std::uint64_t weight = 0;
    for (std::size_t trait = 0; trait < kTraits; ++trait)
        weight += traits[trait] * scale.traits[trait];
    return weight;
}

}  // namespace sluice::engine

// Any bytes as a prompt: what is counted in it must be what the naive reading counts, and a profile stays in
// its ranges.
#include <sluice/task_profile.hpp>

#include "engine/naive_prompt_reader.hpp"
#include "engine/prompt_reader.hpp"

#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view prompt(reinterpret_cast<const char*>(data), size);
    const sluice::TaskProfile profile = sluice::classify(prompt, {size % 40, size % 20});
    require(profile.complexity >= 0 && profile.complexity <= 1);
    require(profile.confidence >= 0 && profile.confidence <= 1);
    require(profile.latency_sensitivity >= 0 && profile.latency_sensitivity <= 1);
    if (size > sluice::kMaxClassified) return 0;

    const sluice::engine::PromptCounts counts = sluice::engine::read_prompt(prompt);
    const sluice::engine::PromptCounts expected = sluice::test::naive_counts(prompt);
    require(counts.characters == expected.characters);
    require(counts.hits == expected.hits);
    // Words that share a hash count once, and who looks for such words finds them.
    require(counts.unique_words <= expected.unique_words);
    require((counts.unique_words == 0) == (expected.unique_words == 0));
    return 0;
}

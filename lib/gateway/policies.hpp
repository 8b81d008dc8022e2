// Content filters, compiled: what they find in a prompt and in an answer as it streams. No I/O.
// docs/policies.md has the categories and says what word lists can and cannot do.
#pragma once

#include <sluice/gateway_config.hpp>

#include "gateway/record.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::gateway {

/// Immutable; any thread.
class Policies {
  public:
    /// Throws std::invalid_argument for an unknown type or category, naming what there is, for a list without
    /// words, and for words that cannot be matched.
    explicit Policies(std::vector<PolicyConfig> policies);
    ~Policies();

    bool on_input() const noexcept;   ///< Whether any policy looks at prompts...
    bool on_output() const noexcept;  ///< ...or at answers.
    std::size_t size() const noexcept;

    /// Every policy for input, evaluated once over all of `texts`.
    std::vector<PolicyRecord> check_input(std::span<const std::string_view> texts) const;

    /// Names of the built-in categories, each with one sentence.
    static std::vector<std::pair<std::string, std::string>> categories();

  private:
    friend class OutputWatch;
    struct Compiled;
    std::shared_ptr<const Compiled> compiled_;
};

/// The first record that a blocking policy matched, or null.
const PolicyRecord* blocking(std::span<const PolicyRecord> records) noexcept;
/// What the client is told of it.
ErrorInfo blocked_by(const PolicyRecord& policy);

/// Follows one answer as it streams. A match across pieces is found; memory is bounded whatever the length.
class OutputWatch {
  public:
    explicit OutputWatch(const Policies& policies);
    ~OutputWatch();

    /// The next piece of text (answer or refusal) of one of the answer's alternatives. False when a blocking
    /// policy has now matched: the piece must not be passed on. What was fed before it has been; a word is
    /// known to be whole with the first character after it.
    bool feed(std::string_view text, std::uint32_t choice = 0);
    /// The answer is over, which may end a word too. False as feed(): its end must not be passed on.
    bool end();
    /// One record for each output policy, as far as the text went.
    std::vector<PolicyRecord> records() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace sluice::gateway

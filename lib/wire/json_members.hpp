// The members of a JSON object as places in its text: for whoever changes a few of them and leaves every
// other byte as it is.
//
//   JsonMembers members;
//   if (!members.read(body)) ...                                  // not for this way
//   if (const JsonMember* model = members.find("model")) edits.replace(model->value, R"("gpt-5")");
//   std::string changed = edits.apply(body);
#pragma once

#include "wire/json_text.hpp"

#include <array>
#include <cstddef>
#include <functional>
#include <memory_resource>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::wire {

struct JsonMember {
    std::string_view key;       ///< Unescaped.
    std::string_view key_text;  ///< As it stands in the text, with its quotes.
    std::string_view value;     ///< As it stands in the text.
};

/// One pass, no tree, no copy. For text that is JSON: structure is checked, the inside of strings and numbers
/// is not, so text that is none may pass (is_json() tells).
class JsonMembers {
  public:
    static constexpr std::size_t kMaxDepth = 1024;
    /// Asked about each member of every object, however deep. `value` is the text of a string or another
    /// scalar; of a container, only its opening bracket.
    using Admit = std::function<bool(std::string_view key, std::string_view value)>;

    JsonMembers() = default;
    JsonMembers(const JsonMembers&) = delete;
    JsonMembers& operator=(const JsonMembers&) = delete;

    /// Reads `text`, which must outlive this. False when it is no object, is nested too deeply, or `admit`
    /// says no.
    bool read(std::string_view text, const Admit& admit = {});
    /// The same, and false when any object in it has a key twice: readers differ in which one they take, and
    /// some do not tell "model" from "Model", so two of them might understand two different requests.
    bool read_unambiguous(std::string_view text, const Admit& admit = {});

    /// The outermost ones, in their order.
    std::span<const JsonMember> all() const noexcept { return members_; }
    /// Null when there is none.
    const JsonMember* find(std::string_view key) const noexcept;
    /// Empty, just behind the opening brace: where one can be inserted.
    std::string_view front() const noexcept { return front_; }

  private:
    class Scanner;
    bool scan(std::string_view text, const Admit& admit, bool unambiguous);
    static constexpr std::size_t kUsualMembers = 16;  // need no allocation

    TextArena arena_;  // unescaped keys
    alignas(JsonMember) std::array<std::byte, kUsualMembers * sizeof(JsonMember)> usual_;
    std::pmr::monotonic_buffer_resource memory_{usual_.data(), usual_.size()};
    std::pmr::vector<JsonMember> members_{&memory_};
    std::string_view front_;
};

/// Replacements in a text, applied at once.
class TextEdits {
  public:
    /// `part` is a part of the text that apply() gets, maybe an empty one; parts must not overlap. Of several
    /// at one place, the first comes first.
    void replace(std::string_view part, std::string with);
    bool empty() const noexcept { return edits_.empty(); }
    std::string apply(std::string_view text);

  private:
    struct Edit {
        std::string_view part;
        std::string with;
    };
    std::vector<Edit> edits_;
};

}  // namespace sluice::wire

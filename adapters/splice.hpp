// What every dialect does to a client's own body on its way to a target of the same dialect: as little as can
// be. The model's id is set, the form of the answer is said, and the rest stays byte for byte what the client
// wrote (docs/native-body.md).
//
// A splice gives up (nullopt, and the request is encoded instead) rather than send what may be understood in
// another way than it was read here: a key that stands twice, a signature that another provider made.
#pragma once

#include "adapters/dialect.hpp"
#include "wire/json_members.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sluice::adapters {

class BodySplice {
  public:
    using Admit = wire::JsonMembers::Admit;

    /// Takes `json` apart; it must outlive this. False: give up. `admit` is what the dialect has to say about
    /// the members, at every depth.
    bool read(std::string_view json, const Admit& admit);

    /// Of the outermost member; empty when there is none or it is null.
    std::string_view value(std::string_view name) const noexcept;
    bool has(std::string_view name) const noexcept { return members_.find(name) != nullptr; }
    std::span<const wire::JsonMember> members() const noexcept { return members_.all(); }
    /// Sets the outermost member to that JSON text.
    void set(std::string_view name, std::string_view json);
    /// The same, for a string.
    void set_string(std::string_view name, std::string_view text);
    /// Makes `stream` say it. False: give up.
    bool set_stream(bool stream);
    /// Gives a member another name.
    void rename(std::string_view name, std::string_view to);

    std::string take();

  private:
    std::string_view json_;
    wire::JsonMembers members_;
    wire::TextEdits edits_;
    std::string inserted_;
};

}  // namespace sluice::adapters

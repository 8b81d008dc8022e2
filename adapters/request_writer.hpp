// What every dialect's request encoder does in the same way: the first thing that cannot be expressed ends
// it, losses become warnings, extras replace fields. A dialect adds where things go.
#pragma once

#include "adapters/dialect.hpp"
#include "wire/json_writer.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::adapters {

class RequestWriter {
  protected:
    /// `dialect` is the name of the target's dialect, `title` what to call it in warnings ("Chat
    /// Completions"). `fixed` are body fields that an extra must not replace.
    RequestWriter(const Request& request, const Target& target, std::string_view dialect,
                  std::string_view title, std::vector<std::string_view> fixed);
    RequestWriter(const RequestWriter&) = delete;
    RequestWriter& operator=(const RequestWriter&) = delete;

    void fail(std::string what);
    /// One sentence for each kind of loss, however often it happens.
    void warn(std::string what);
    /// "Chat Completions has no `what`; it was left out."
    void warn_lost(std::string_view what);

    /// Writes the key, unless an extra of that name replaces the field.
    bool field(std::string_view name);
    /// A number if it is set; fails for one that is not finite.
    void write_number(std::string_view name, std::optional<double> value);
    /// Takes an extra out of the list, for a dialect that merges it with a field of its own. Its JSON text is
    /// valid; empty when there is none.
    std::string_view take_extra(std::string_view name);
    /// The extras of this provider and this dialect. Last, before the body is closed.
    void write_extras();
    /// Native tools of this dialect, as elements of the array that is open.
    void write_native_tools();
    bool has_native_tools() const noexcept;
    /// Whether the part may be written as it is; warns when it is another dialect's.
    bool is_native(const NativePart& part);
    /// Whether the target may have the signature back; warns when there is one and it may not.
    bool may_return(const Signature& signature);
    /// Checks JSON text that goes out as it is; fails with `what` for none.
    void require_json(std::string_view json, std::string_view what);
    /// Of the call with that id earlier in the conversation, or "".
    std::string_view name_of_call(std::string_view tool_call_id) const noexcept;

    bool failed() const noexcept { return error_.has_value(); }
    /// What was written, or what went wrong.
    Result<EncodedRequest> take();

    const Request& request_;
    const Target& target_;
    EncodedRequest out_;
    wire::JsonWriter json_;

  private:
    void collect_extras();
    bool is_for_us(const Extra& extra);

    std::string_view dialect_;
    std::string_view title_;
    std::vector<std::string_view> fixed_;
    std::vector<const Extra*> extras_;
    std::optional<ErrorInfo> error_;
};

/// The part as T, or nullptr.
template <typename T>
const T* part_as(const Part& part) noexcept {
    return std::get_if<T>(&part);
}

}  // namespace sluice::adapters

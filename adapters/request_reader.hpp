// What every dialect's request parser does in the same way: the first thing that is wrong ends it, with a
// message that names the field; what the dialect has and the canonical request has not is kept for targets of
// the same dialect.
#pragma once

#include "adapters/body_parser.hpp"
#include "adapters/dialect.hpp"
#include "wire/json_dom.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace sluice::adapters {

class RequestReader {
  protected:
    RequestReader(const ClientRequest& from, std::string_view dialect) : from_(from), dialect_(dialect) {}
    RequestReader(const RequestReader&) = delete;
    RequestReader& operator=(const RequestReader&) = delete;

    /// Parses the body; nullopt, after fail(), when it is not a JSON object. Valid as long as this.
    std::optional<wire::dom::Object> read_body();
    /// `what` says which field and what it must be: "messages: expected an array".
    void fail(std::string what);
    void warn(std::string what);
    /// A field of the body that the canonical request has no place for.
    void keep_extra(std::string_view name, wire::dom::Element value);
    /// A part of a message likewise.
    Part native_part(wire::dom::Element part) const;
    void keep_native_tool(wire::dom::Element tool);
    /// Typed values of one field; fail() for another type than expected. `path` names the field.
    std::optional<std::string> text(std::string_view path, wire::dom::Element value);
    std::optional<double> number(std::string_view path, wire::dom::Element value);
    std::optional<std::uint32_t> count(std::string_view path, wire::dom::Element value);
    std::optional<bool> flag(std::string_view path, wire::dom::Element value);
    Signature signature(std::string_view from_client) const;

    bool failed() const noexcept { return error_.has_value(); }
    Result<ParsedRequest> take();

    ParsedRequest parsed_;

  private:
    const ClientRequest& from_;
    std::string_view dialect_;
    BodyParser parser_;
    std::optional<ErrorInfo> error_;
};

/// "messages[3]": where a message of fail() points.
inline std::string at(std::string_view list, std::size_t i) {
    return std::string(list).append("[").append(std::to_string(i)).append("]");
}

/// An image of "data:image/png;base64,..." or of a URL.
ImagePart image_from_url(std::string_view url);
/// The other way round, for dialects that take one string.
std::string image_as_url(const ImagePart& image);

}  // namespace sluice::adapters

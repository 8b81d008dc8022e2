#include "adapters/request_reader.hpp"

#include "adapters/ascii.hpp"
#include "adapters/origin.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace sluice::adapters {

std::optional<wire::dom::Object> RequestReader::read_body() {
    wire::dom::Element document;
    if (simdjson::error_code error = parser_.parse(from_.body, document)) {
        fail(std::string("the body is not valid JSON: ") + simdjson::error_message(error));
        return std::nullopt;
    }
    wire::dom::Object object;
    if (document.get_object().get(object) != simdjson::SUCCESS) {
        fail("the body is not a JSON object");
        return std::nullopt;
    }
    return object;
}

void RequestReader::fail(std::string what) {
    if (error_) return;
    error_.emplace(ErrorKind::provider_bad_request, Phase::prepare, std::move(what));
}

void RequestReader::warn(std::string what) {
    auto& warnings = parsed_.warnings;
    if (std::find(warnings.begin(), warnings.end(), what) == warnings.end())
        warnings.push_back(std::move(what));
}

void RequestReader::keep_extra(std::string_view name, wire::dom::Element value) {
    parsed_.request.dialect_extra(std::string(dialect_), std::string(name), wire::dom::json_text(value));
}

Part RequestReader::native_part(wire::dom::Element part) const {
    return NativePart(std::string(dialect_), wire::dom::json_text(part));
}

void RequestReader::keep_native_tool(wire::dom::Element tool) {
    parsed_.request.native_tool(std::string(dialect_), wire::dom::json_text(tool));
}

std::optional<std::string> RequestReader::text(std::string_view path, wire::dom::Element value) {
    if (auto read = wire::dom::as<std::string_view>(value)) return std::string(*read);
    fail(std::string(path) + ": expected a string");
    return std::nullopt;
}

std::optional<double> RequestReader::number(std::string_view path, wire::dom::Element value) {
    if (auto read = wire::dom::as<double>(value)) return read;
    fail(std::string(path) + ": expected a number");
    return std::nullopt;
}

std::optional<std::uint32_t> RequestReader::count(std::string_view path, wire::dom::Element value) {
    auto read = wire::dom::as<std::uint64_t>(value);
    if (read && *read <= std::numeric_limits<std::uint32_t>::max()) return static_cast<std::uint32_t>(*read);
    fail(std::string(path) + ": expected a whole number that is not negative");
    return std::nullopt;
}

std::optional<bool> RequestReader::flag(std::string_view path, wire::dom::Element value) {
    if (auto read = wire::dom::as<bool>(value)) return read;
    fail(std::string(path) + ": expected true or false");
    return std::nullopt;
}

Signature RequestReader::signature(std::string_view from_client) const {
    return signature_from_client(from_client, dialect_);
}

Result<ParsedRequest> RequestReader::take() {
    if (error_) return std::move(*error_);
    return std::move(parsed_);
}

ImagePart image_from_url(std::string_view url) {
    constexpr std::string_view kData = "data:", kBase64 = ";base64,";
    const std::size_t comma = url.find(kBase64);
    if (!lower(url.substr(0, kData.size())).starts_with(kData) || comma == std::string_view::npos)
        return ImagePart::from_url(std::string(url));
    return ImagePart::from_base64(std::string(url.substr(kData.size(), comma - kData.size())),
                                  std::string(url.substr(comma + kBase64.size())));
}

std::string image_as_url(const ImagePart& image) {
    return image.url.empty() ? "data:" + image.media_type + ";base64," + image.data : image.url;
}

}  // namespace sluice::adapters

#include <sluice/vertex.hpp>

#include "model/common_options.hpp"

#include <algorithm>

namespace sluice {
namespace {

/// Both become parts of the address. A project of a domain is "example.com:project".
void require_name(std::string_view option, std::string_view value, std::string_view punctuation) {
    const bool is_name = !value.empty() && std::all_of(value.begin(), value.end(), [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               punctuation.find(c) != std::string_view::npos;
    });
    if (!is_name)
        throw std::invalid_argument(std::string(option) + (value.empty() ? ": it is empty" : ": not a name"));
}

std::string google_address(const VertexOptions& from) {
    const std::string host =
        (from.location == "global" ? "" : from.location + "-") + "aiplatform.googleapis.com";
    return "https://" + host + "/v1beta1/projects/" + from.project + "/locations/" + from.location +
           "/publishers/google";
}

ApiProviderOptions to_api(VertexOptions from) {
    const bool is_google = from.base_url.empty();
    if (is_google) {
        require_name("project", from.project, "-.:");
        require_name("location", from.location, "-");
        from.base_url = google_address(from);
    }
    ApiProviderOptions to = common_options("vertex", from);
    to.access_token = std::move(from.access_token);
    if (is_google) to.trust_domain = "google";
    return to;
}

}  // namespace

Vertex::Vertex(VertexOptions options) : ApiProvider(to_api(std::move(options))) {}

}  // namespace sluice

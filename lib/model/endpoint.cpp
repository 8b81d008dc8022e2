#include "model/endpoint.hpp"

#include "adapters/ascii.hpp"
#include "adapters/services.hpp"

#include <algorithm>
#include <stdexcept>

namespace sluice {
namespace {

using adapters::Auth;
using adapters::Quirk;
using adapters::Service;

[[noreturn]] void refuse(std::string_view option, std::string_view why) {
    throw std::invalid_argument(std::string(option).append(": ").append(why));
}

bool is_openai(std::string_view dialect) {
    return dialect.starts_with("openai_");
}

/// OpenAI's two dialects share address, key and quirks; any other is another door of the house.
bool is_own_dialect(const Service& service, std::string_view dialect) {
    return service.dialect == dialect || (is_openai(service.dialect) && is_openai(dialect));
}

const adapters::Dialect& dialect_of(const Service* service, const std::string& chosen) {
    const std::string_view name = !chosen.empty() ? chosen : service ? service->dialect : "openai_chat";
    if (const adapters::Dialect* found = adapters::find_dialect(name)) return *found;
    std::string known;
    for (const adapters::Dialect* dialect : adapters::dialects())
        known.append(known.empty() ? "" : ", ").append(dialect->name());
    refuse("dialect",
           "\"" + std::string(name) + "\" is not known, or not part of this build; there are " + known);
}

/// Where the service wants it; where the user has chosen another dialect, or a server of their own, where
/// that dialect's home service wants it.
Auth auth_of(const Service* service, std::string_view dialect) {
    if (service && service->auth != Auth::none && is_own_dialect(*service, dialect)) return service->auth;
    if (dialect == "anthropic") return Auth::x_api_key;
    if (dialect == "gemini") return Auth::x_goog_api_key;
    return Auth::bearer;
}

Credential credential_of(Auth auth, std::string key, AccessToken token) {
    if (!key.empty() && !token.empty()) refuse("access_token", "give it or api_key, not both");
    Credential credential;
    const bool is_bearer = !token.empty() || auth == Auth::bearer || auth == Auth::none;
    credential.header = is_bearer                      ? "authorization"
                        : auth == Auth::x_api_key      ? "x-api-key"
                        : auth == Auth::x_goog_api_key ? "x-goog-api-key"
                                                       : "api-key";
    if (is_bearer) credential.prefix = "Bearer ";
    credential.secret = key.empty() ? std::move(token) : AccessToken(std::move(key));
    return credential;
}

std::string address_of(const ApiProviderOptions& from, const Service* service, std::string_view dialect) {
    if (from.base_url) {
        if (from.base_url->empty()) refuse("base_url", "it is empty");
        return *from.base_url;
    }
    if (!service)
        refuse("base_url", "the service \"" + from.service + "\" is not known, so that it is needed");
    if (service->base_url.empty()) refuse("base_url", "the service " + from.service + " needs one");
    if (!is_own_dialect(*service, dialect))
        refuse("base_url", "give the one at which " + from.service + " speaks " + std::string(dialect));
    return std::string(service->base_url);
}

/// People paste what the service's console or SDK calls the endpoint, with or without the version.
void complete_path(BaseUrl& base, std::string_view dialect) {
    if (dialect == "anthropic" && !base.path().ends_with("/v1")) base.append_path("/v1");
    if (dialect == "gemini" && base.path().empty()) base.append_path("/v1beta");
}

/// With an api-version the model is a deployment in the path, but at /openai/v1, which knows "preview".
void apply_azure(HttpProviderOptions& options, const std::string& api_version, std::string_view dialect) {
    BaseUrl& base = options.base;
    const bool is_url_safe = std::all_of(api_version.begin(), api_version.end(), [](char c) {
        return adapters::is_alnum(c) || c == '-' || c == '.';
    });
    if (!is_url_safe) refuse("api_version", "it holds a character it may not have");
    if (!api_version.empty() && base.has_query()) refuse("api_version", "the base_url has a query already");
    const bool is_versioned = !api_version.empty() || base.has_query();
    if (base.path().empty()) base.append_path("/openai");
    if (base.path() == "/openai" && !is_versioned) base.append_path("/v1");
    if (!api_version.empty()) base.append_query("api-version=" + api_version);
    if (is_versioned && dialect == "openai_chat" && !base.path().ends_with("/v1") &&
        !adapters::contains(base.path(), "/deployments/"))
        options.quirks.add(Quirk::deployment_in_path);
    if (adapters::contains(base.path(), "/deployments/")) options.quirks.add(Quirk::no_model_list);
}

}  // namespace

Endpoint make_endpoint(ApiProviderOptions from) {
    const Service* service = adapters::find_service(from.service);
    const adapters::Dialect& dialect = dialect_of(service, from.dialect);
    const std::string_view speaks = dialect.name();
    const bool is_azure = service && service->name == "azure" && is_openai(speaks);

    HttpProviderOptions options(BaseUrl(address_of(from, service, speaks)));
    options.id = from.id.empty() ? std::string(service ? service->name : from.service) : std::move(from.id);
    options.headers = std::move(from.headers);
    options.credential =
        credential_of(auth_of(service, speaks), std::move(from.api_key), std::move(from.access_token));
    if (service && is_own_dialect(*service, speaks)) options.quirks = adapters::quirks_of(service->name);
    // Another address may be another house: its signatures are its own until the user says otherwise.
    if (service && !service->base_url.empty() && options.base.origin == BaseUrl(service->base_url).origin)
        options.trust_domain = service->trust_domain;
    if (!from.trust_domain.empty()) options.trust_domain = std::move(from.trust_domain);

    complete_path(options.base, speaks);
    if (is_azure)
        apply_azure(options, from.api_version, speaks);
    else if (speaks == "anthropic")
        options.api_version = std::move(from.api_version);
    else if (!from.api_version.empty())
        refuse("api_version", "only Azure and Anthropic have one");

    options.forward_trace = from.forward_trace;
    options.deadlines = from.deadlines;
    options.limits = from.limits;
    options.pool = from.pool;
    options.runtime = std::move(from.runtime);
    return Endpoint{std::move(options), dialect};
}

}  // namespace sluice

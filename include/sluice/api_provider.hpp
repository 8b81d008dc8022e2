// Any provider: one of the known services by its name, or any server by its base URL. The classes OpenAI,
// AzureOpenAI, Anthropic, Gemini and Vertex are this with the options that users of that service expect.
//
//   sluice::ApiProvider mistral{{.service = "mistral", .api_key = key}};
//   sluice::ApiProvider mine{{.id = "gpu-1", .base_url = "http://gpu-1:8000/v1"}};   // no key: none is sent
//   sluice::ApiProvider deep{{.service = "deepseek", .api_key = key, .dialect = "openai_responses"}};
//   sluice::BoundModel model = mistral.model("mistral-large-latest");
//
// docs/providers.md lists the services and how they differ.
#pragma once

#include <sluice/access_token.hpp>
#include <sluice/bound_model.hpp>
#include <sluice/deadlines.hpp>
#include <sluice/limits.hpp>
#include <sluice/runtime.hpp>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

/// A line of the table of services.
struct ServiceInfo {
    std::string_view name;
    std::string_view dialect;   ///< What it speaks unless `ApiProviderOptions::dialect` says otherwise.
    std::string_view base_url;  ///< Empty: part of the account, the user gives it.
    bool needs_key = true;
};

struct ApiProviderOptions {
    /// A name of the table, which says where the service is, what it speaks, how it takes its key and in what
    /// it differs. Any other name is a server that speaks OpenAI's dialects, at `base_url`.
    std::string service = "local";
    /// The name in errors, attempts and bills. Empty: the service's name.
    std::string id = {};
    /// Sent as the service wants it, to this provider's base URL only. Empty: no key is sent.
    std::string api_key = {};
    /// Instead of a key: sent as "Authorization: Bearer".
    AccessToken access_token = {};
    /// With or without a trailing slash. Not set: the table's.
    std::optional<std::string> base_url = std::nullopt;
    /// "openai_chat", "openai_responses", "anthropic" or "gemini". Empty: the table's.
    std::string dialect = {};
    /// Azure's api-version, or Anthropic's date. Empty: Azure's /openai/v1, Anthropic's 2023-06-01.
    std::string api_version = {};
    /// Who else can read the signatures that come with its reasoning: providers of one dialect and one trust
    /// domain are given each other's. Empty: the table's at the table's base URL, elsewhere the id.
    std::string trust_domain = {};
    /// Sent with every request. A dialect's own header of the same name is replaced; those that the library
    /// needs for the connection, the framing and the credentials are refused.
    std::vector<std::pair<std::string, std::string>> headers = {};
    /// Whether the provider is told the trace of a request (CallOptions::trace). Not by default: it is
    /// nobody's business.
    bool forward_trace = false;
    Deadlines deadlines = {};
    Limits limits = {};
    PoolOptions pool = {};
    Runtime runtime = {};
};

/// Immutable, cheap to copy; copies and their models share connections.
class ApiProvider {
  public:
    /// No network I/O. Throws std::invalid_argument, naming the option and never quoting a secret: a service
    /// without a known base URL when none is given, an unusable base_url, an unknown dialect, a key and a
    /// token together, an api_version where there is none, a key or header HTTP does not allow.
    explicit ApiProvider(ApiProviderOptions options);
    /// Throws std::invalid_argument for an empty id.
    BoundModel model(std::string id) const;
    /// With window, price and capabilities; `spec.provider_id` is set to this provider's id.
    BoundModel model(ModelSpec spec) const;
    /// Valid as long as this, a copy of it or a model of it.
    const Provider& provider() const noexcept;

    static std::span<const ServiceInfo> services();

  private:
    class Impl;
    std::shared_ptr<const Impl> impl_;
};

}  // namespace sluice

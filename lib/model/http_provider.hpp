// A provider behind HTTP: one account at one base URL, spoken to in one dialect. What the public provider
// classes share.
#pragma once

#include <sluice/access_token.hpp>
#include <sluice/bound_model.hpp>
#include <sluice/deadlines.hpp>
#include <sluice/limits.hpp>
#include <sluice/runtime.hpp>

#include "adapters/dialect.hpp"
#include "model/base_url.hpp"
#include "wire/http_request.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

namespace net {
struct HttpCallOptions;
}

/// A key or token, and the header that carries it.
struct Credential {
    std::string header;  ///< "authorization", "x-api-key", ...
    std::string prefix;  ///< "Bearer " or nothing.
    AccessToken secret;  ///< Empty: nothing is sent.
};

struct HttpProviderOptions {
    explicit HttpProviderOptions(BaseUrl where) : base(std::move(where)) {}
    std::string id;
    BaseUrl base;
    /// Sent with each request, before what the dialect sends; credentials excluded.
    std::vector<std::pair<std::string, std::string>> headers;
    Credential credential;
    adapters::QuirkSet quirks;
    std::string trust_domain;
    std::string api_version;
    bool forward_trace = false;
    Deadlines deadlines;
    Limits limits;
    PoolOptions pool;
    Runtime runtime;
};

class HttpProvider : public Provider {
  public:
    /// Throws std::invalid_argument for an empty id, or a header or key that HTTP or this library does not
    /// allow; the message never holds a header's value. `dialect` must outlive the provider.
    HttpProvider(HttpProviderOptions options, const adapters::Dialect& dialect);

    std::string_view id() const noexcept override { return options_.id; }
    const Clock& clock() const noexcept override { return *options_.runtime.clock; }
    const HttpProviderOptions& options() const noexcept { return options_; }
    const adapters::Dialect& dialect() const noexcept { return dialect_; }
    /// Valid as long as the provider and `spec`.
    adapters::Target target(const ModelSpec& spec) const;
    /// "dialect@trust domain".
    const std::string& origin() const noexcept { return origin_; }
    const BaseUrl& base() const noexcept { return options_.base; }
    const std::shared_ptr<const net::HttpCallOptions>& call_options() const noexcept { return call_options_; }

    /// What goes out with the next request: the key, or the token of this moment. Null: nothing. An error
    /// when there is no token although there should be.
    Result<std::shared_ptr<const std::string>> secret() const;
    /// Whether a client behind us may set that header field of a request: not what frames the message or
    /// carries a credential.
    bool takes_from_client(std::string_view header) const;
    /// The head of a POST of `request`, ready to send. `secret` may be null.
    Result<std::string> request_head(const adapters::EncodedRequest& request,
                                     const std::string* secret) const;
    /// The same for a GET.
    Result<std::string> get_head(const adapters::EncodedRequest& request, const std::string* secret) const;

  private:
    void check_headers() const;
    wire::RequestFields own_fields(std::string_view accept) const;
    wire::RequestHead start_head(std::string_view method, const wire::RequestFields& own,
                                 const adapters::EncodedRequest& request, const std::string* secret) const;

    HttpProviderOptions options_;
    std::shared_ptr<const net::HttpCallOptions> call_options_;
    const adapters::Dialect& dialect_;
    std::string origin_;
    std::shared_ptr<const std::string> fixed_secret_;
    wire::RequestFields post_fields_;
};

/// A model of `provider`. Throws std::invalid_argument for an empty model id.
BoundModel bind_model(std::shared_ptr<const HttpProvider> provider, ModelSpec spec);

}  // namespace sluice

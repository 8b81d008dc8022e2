// A provider behind HTTP: one account at one base URL, spoken to in one dialect. What the public provider
// classes share.
#pragma once

#include <sluice/bound_model.hpp>
#include <sluice/deadlines.hpp>
#include <sluice/openai.hpp>
#include <sluice/runtime.hpp>

#include "adapters/dialect.hpp"
#include "model/base_url.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

struct HttpProviderOptions {
    std::string id;
    std::string base_url;
    /// Every header of each request besides those of the connection and the dialect, credentials included.
    std::vector<std::pair<std::string, std::string>> headers;
    /// What must never show up in an error: the key.
    std::string secret;
    adapters::QuirkSet quirks;
    std::string trust_domain;  ///< Empty: the id.
    std::string api_version;
    Deadlines deadlines;
    Limits limits;
    PoolOptions pool;
    Runtime runtime;
};

class HttpProvider : public Provider {
  public:
    /// Throws std::invalid_argument for an empty id, an unusable base_url, or a header HTTP does not allow;
    /// the message never holds a header's value. `dialect` must outlive the provider.
    HttpProvider(HttpProviderOptions options, const adapters::Dialect& dialect);

    std::string_view id() const noexcept override { return options_.id; }
    const HttpProviderOptions& options() const noexcept { return options_; }
    const adapters::Dialect& dialect() const noexcept { return dialect_; }
    /// Valid as long as the provider and `spec`.
    adapters::Target target(const ModelSpec& spec) const;
    /// "dialect@trust domain".
    const std::string& origin() const noexcept { return origin_; }
    const BaseUrl& base() const noexcept { return base_; }
    /// The head of a POST of `body_size` bytes, ready to send.
    Result<std::string> request_head(const adapters::EncodedRequest& request) const;

  private:
    HttpProviderOptions options_;
    const adapters::Dialect& dialect_;
    BaseUrl base_;
    std::string origin_;
};

/// A model of `provider`. Throws std::invalid_argument for an empty model id.
BoundModel bind_model(std::shared_ptr<const HttpProvider> provider, ModelSpec spec);

}  // namespace sluice

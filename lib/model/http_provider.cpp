#include "model/http_provider.hpp"

#include "adapters/origin.hpp"
#include "model/call_deadline.hpp"
#include "model/http_source.hpp"
#include "wire/http_request.hpp"

#include <stdexcept>

namespace sluice {
namespace {

class HttpModel final : public ModelTarget {
  public:
    HttpModel(std::shared_ptr<const HttpProvider> provider, ModelSpec spec)
        : provider_(std::move(provider)), spec_(std::move(spec)) {}

    const Provider& provider() const noexcept override { return *provider_; }
    const ModelSpec& spec() const noexcept override { return spec_; }
    asio::awaitable<Result<TokenStream>> open(const Request& request,
                                              const CallContext& context) const override {
        const HttpProviderOptions& options = provider_->options();
        const TimePoint deadline = call_deadline(context, options.deadlines.total, *options.runtime.clock);
        return open_http_stream(provider_, spec_, request, deadline);
    }

  private:
    std::shared_ptr<const HttpProvider> provider_;
    ModelSpec spec_;
};

}  // namespace

HttpProvider::HttpProvider(HttpProviderOptions options, const adapters::Dialect& dialect)
    : options_(std::move(options)),
      dialect_(dialect),
      base_(options_.base_url),
      origin_(adapters::make_origin(dialect.name(),
                                    options_.trust_domain.empty() ? options_.id : options_.trust_domain)) {
    if (options_.id.empty())
        throw std::invalid_argument("a provider needs an id: the name in errors, attempts and bills");
    for (const auto& [name, value] : options_.headers) {
        if (!wire::is_token(name))
            throw std::invalid_argument("provider " + options_.id + ": a header's name is not an HTTP token");
        if (!wire::is_field_value(value))
            throw std::invalid_argument(
                "provider " + options_.id + ": the value of header " + name +
                " holds a character HTTP does not allow (a stray line break at the end of a key?)");
    }
}

adapters::Target HttpProvider::target(const ModelSpec& spec) const {
    adapters::Target target(spec);
    target.quirks = options_.quirks;
    target.origin = origin_;
    target.api_version = options_.api_version;
    return target;
}

Result<std::string> HttpProvider::request_head(const adapters::EncodedRequest& request) const {
    wire::RequestHead head("POST", base_.target(request.path), base_.host_field);
    head.field("user-agent", "sluice/" SLUICE_VERSION);
    head.field("accept", "text/event-stream, application/json");
    head.field("accept-encoding", "identity");  // a compressed event stream is a buffered one
    for (const auto& [name, value] : options_.headers)
        head.field(name, value);
    for (const auto& [name, value] : request.headers)
        head.field(name, value);
    head.content_length(request.body.size());
    if (head.error())
        return ErrorInfo(ErrorKind::provider_bad_request, Phase::prepare, head.error().message());
    return std::move(head).finish();
}

BoundModel bind_model(std::shared_ptr<const HttpProvider> provider, ModelSpec spec) {
    if (spec.id.empty())
        throw std::invalid_argument("provider " + std::string(provider->id()) + ": the model's id is empty");
    spec.provider_id = provider->id();
    return BoundModel(std::make_shared<HttpModel>(std::move(provider), std::move(spec)));
}

}  // namespace sluice

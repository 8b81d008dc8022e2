#include "model/http_provider.hpp"

#include "adapters/ascii.hpp"
#include "adapters/origin.hpp"
#include "model/call_deadline.hpp"
#include "model/http_probe.hpp"
#include "model/http_source.hpp"
#include "model/probe.hpp"
#include "model/warm.hpp"
#include "net/http_call.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace sluice {
namespace {

// What frames the message, or what we depend on to understand the answer.
constexpr std::array<std::string_view, 9> kOwnHeaders = {
    "host",         "content-length", "transfer-encoding", "connection",
    "content-type", "accept",         "accept-encoding",   "expect",
    "user-agent"};

/// Header fields whose values add up: those of the configuration and those of a request are sent in one
/// field.
constexpr std::array<std::string_view, 2> kLists = {"anthropic-beta", "openai-beta"};
/// Where some service takes its key.
constexpr std::array<std::string_view, 5> kCredentials = {"authorization", "proxy-authorization", "x-api-key",
                                                          "x-goog-api-key", "api-key"};

template <std::size_t n>
bool has(const std::array<std::string_view, n>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

class HttpModel final : public ModelTarget, public Warmable {
  public:
    HttpModel(std::shared_ptr<const HttpProvider> provider, ModelSpec spec)
        : provider_(std::move(provider)), spec_(std::move(spec)) {}

    const Provider& provider() const noexcept override { return *provider_; }
    const ModelSpec& spec() const noexcept override { return spec_; }
    asio::awaitable<Result<TokenStream>> open(const Request& request,
                                              const CallContext& context) const override {
        const HttpProviderOptions& options = provider_->options();
        const TimePoint deadline = call_deadline(context, options.deadlines.total, *options.runtime.clock);
        return open_http_stream(provider_, spec_, request, context.options, deadline,
                                context.first_event_deadline);
    }
    Composition composition() const override {
        const auto limit = [](Deadlines::Limit set) {
            return set.count() > 0 ? std::optional<Duration>(set) : std::nullopt;
        };
        const Deadlines& deadlines = provider_->options().deadlines;
        Composition leaf;
        leaf.first_event = limit(deadlines.first_event);
        leaf.total = limit(deadlines.leg);
        return leaf;
    }
    bool can_probe(ProbeKind kind) const noexcept override { return can_probe_http(*provider_, kind); }
    asio::awaitable<Result<void>> probe(ProbeKind kind, TimePoint deadline,
                                        const AttemptEvents& events) const override {
        if (kind != ProbeKind::completion) return probe_http(provider_, spec_, kind, deadline);
        return probe_completion(*this, provider_->dialect().least_max_tokens(), deadline, events);
    }
    asio::awaitable<void> warm(TimePoint deadline) const override { return warm_http(provider_, deadline); }

  private:
    std::shared_ptr<const HttpProvider> provider_;
    ModelSpec spec_;
};

Result<std::string> finished(wire::RequestHead head) {
    if (head.error())
        return ErrorInfo(ErrorKind::provider_bad_request, Phase::prepare, head.error().message());
    return std::move(head).finish();
}

net::HttpCallOptions call_options_of(const HttpProviderOptions& from) {
    net::HttpCallOptions options;
    options.runtime = from.runtime;
    options.origin = from.base.origin;
    options.pool.max_idle_per_origin = from.pool.max_idle_per_origin;
    options.pool.max_connections_per_origin = from.pool.max_connections_per_origin;
    options.pool.idle_expiry = from.pool.idle_expiry;
    options.http.initial_buffer = from.limits.read_buffer;
    // Unread body is at most what is held back plus one event that is not complete yet, plus one read.
    const std::size_t held = std::max(from.limits.max_held, from.limits.max_event);
    options.http.max_buffer = held + from.limits.max_event + from.limits.read_buffer;
    options.http.max_head = from.limits.max_head;
    return options;
}

ErrorInfo no_token(std::string why) {
    return ErrorInfo(ErrorKind::provider_auth_failed, Phase::prepare, "access_token " + std::move(why));
}

}  // namespace

HttpProvider::HttpProvider(HttpProviderOptions options, const adapters::Dialect& dialect)
    : options_(std::move(options)),
      call_options_(std::make_shared<const net::HttpCallOptions>(call_options_of(options_))),
      dialect_(dialect),
      origin_(adapters::make_origin(dialect.name(),
                                    options_.trust_domain.empty() ? options_.id : options_.trust_domain)) {
    if (options_.id.empty())
        throw std::invalid_argument("id: a provider needs a name for errors, attempts and bills");
    check_headers();
    const std::string& fixed = options_.credential.secret.fixed();
    if (!wire::is_field_value(fixed))
        throw std::invalid_argument("provider " + options_.id +
                                    ": the key holds a character HTTP does not allow (a stray line break?)");
    if (!fixed.empty()) fixed_secret_ = std::make_shared<const std::string>(fixed);
    post_fields_ = own_fields("text/event-stream, application/json");
}

void HttpProvider::check_headers() const {
    for (const auto& [name, value] : options_.headers) {
        const std::string field = adapters::lower(name);
        if (!wire::is_token(name))
            throw std::invalid_argument("provider " + options_.id + ": headers: a name is not an HTTP token");
        if (!wire::is_field_value(value))
            throw std::invalid_argument("provider " + options_.id + ": headers: the value of " + field +
                                        " holds a character HTTP does not allow (a stray line break?)");
        if (has(kOwnHeaders, field))
            throw std::invalid_argument("provider " + options_.id + ": headers: " + field +
                                        " is set by the library");
        if (!options_.credential.secret.empty() && field == options_.credential.header)
            throw std::invalid_argument("provider " + options_.id + ": headers: " + field +
                                        " already carries the key or token");
    }
}

adapters::Target HttpProvider::target(const ModelSpec& spec) const {
    adapters::Target target(spec);
    target.quirks = options_.quirks;
    target.origin = origin_;
    target.api_version = options_.api_version;
    return target;
}

bool HttpProvider::takes_from_client(std::string_view header) const {
    const std::string name = adapters::lower(header);
    return !has(kOwnHeaders, name) && !has(kCredentials, name) &&
           name != adapters::lower(options_.credential.header);
}

Result<std::shared_ptr<const std::string>> HttpProvider::secret() const {
    const AccessToken& source = options_.credential.secret;
    if (!source.current()) return fixed_secret_;
    try {
        auto token = std::make_shared<const std::string>(source.current()());
        if (token->empty()) return no_token("gave none");
        if (!wire::is_field_value(*token)) return no_token("gave one that HTTP does not allow");
        return std::shared_ptr<const std::string>(std::move(token));
    } catch (const std::exception& error) {
        return no_token(std::string("threw: ") + error.what());
    } catch (...) {
        return no_token("threw something that is no std::exception");
    }
}

// What goes out with every request, whatever it is.
wire::RequestFields HttpProvider::own_fields(std::string_view accept) const {
    wire::RequestFields fields;
    fields.field("user-agent", "sluice/" SLUICE_VERSION);
    fields.field("accept", accept);
    fields.field("accept-encoding", "identity");  // a compressed event stream is a buffered one
    for (const auto& [name, value] : options_.headers)
        if (!has(kLists, adapters::lower(name))) fields.field(name, value);
    if (fixed_secret_) fields.field(options_.credential.header, options_.credential.prefix + *fixed_secret_);
    return fields;
}

wire::RequestHead HttpProvider::start_head(std::string_view method, const wire::RequestFields& own,
                                           const adapters::EncodedRequest& request,
                                           const std::string* secret) const {
    const auto is_replaced = [this](std::string_view name) {
        return std::any_of(options_.headers.begin(), options_.headers.end(), [name](const auto& header) {
            return adapters::lower(header.first) == adapters::lower(name);
        });
    };
    wire::RequestHead head(method, options_.base.target(request.path), options_.base.host_field);
    head.fields(own);
    for (const auto& [name, value] : options_.headers) {
        const std::string field = adapters::lower(name);
        if (!has(kLists, field)) continue;
        std::string all = value;
        for (const auto& [other, more] : request.headers)
            if (adapters::lower(other) == field) all.append(",").append(more);
        head.field(name, all);
    }
    for (const auto& [name, value] : request.headers)
        if (!is_replaced(name)) head.field(name, value);
    if (secret && !fixed_secret_)
        head.field(options_.credential.header, options_.credential.prefix + *secret);
    return head;
}

Result<std::string> HttpProvider::request_head(const adapters::EncodedRequest& request,
                                               const std::string* secret) const {
    wire::RequestHead head = start_head("POST", post_fields_, request, secret);
    head.content_length(request.body.size());
    return finished(std::move(head));
}

Result<std::string> HttpProvider::get_head(const adapters::EncodedRequest& request,
                                           const std::string* secret) const {
    return finished(start_head("GET", own_fields("application/json"), request, secret));
}

BoundModel bind_model(std::shared_ptr<const HttpProvider> provider, ModelSpec spec) {
    if (spec.id.empty())
        throw std::invalid_argument("provider " + std::string(provider->id()) + ": the model's id is empty");
    spec.provider_id = provider->id();
    return BoundModel(std::make_shared<HttpModel>(std::move(provider), std::move(spec)));
}

}  // namespace sluice

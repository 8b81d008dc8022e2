#include "gateway/endpoints.hpp"

#include "gateway/exchange.hpp"
#include "gateway/pass_on.hpp"
#include "gateway/refusal.hpp"
#include "gateway/status_page.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace sluice::gateway {
namespace {

constexpr std::array<std::string_view, 9> kOpenPaths{
    "/health",           "/healthz", "/livez", "/health/liveliness", "/health/liveness", "/readyz",
    "/health/readiness", "/metrics", "/"};
constexpr std::string_view kModels = "/v1/models";
constexpr std::string_view kGeminiModels = "/v1beta/models";

bool is_open(std::string_view path) noexcept {
    return std::find(kOpenPaths.begin(), kOpenPaths.end(), path) != kOpenPaths.end();
}

HttpAnswer text(int status, std::string body) {
    HttpAnswer answer(status, std::move(body));
    answer.content_type = "text/plain; charset=utf-8";
    return answer;
}

/// "?model=gpt-5&..." without percent decoding: ids of models need none of it.
std::string_view parameter(std::string_view query, std::string_view name) noexcept {
    while (!query.empty()) {
        const std::string_view one = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(one.size() + 1, query.size()));
        const std::size_t equals = one.find('=');
        if (one.substr(0, equals) == name && equals != std::string_view::npos) return one.substr(equals + 1);
    }
    return {};
}

/// What of `path` follows `prefix` and a slash; absent when it is another path.
std::optional<std::string_view> below(std::string_view path, std::string_view prefix) noexcept {
    if (!path.starts_with(prefix)) return std::nullopt;
    path.remove_prefix(prefix.size());
    if (path.empty()) return path;
    if (path.front() != '/') return std::nullopt;
    return path.substr(1);
}

HttpAnswer not_found(std::string_view path) {
    return refusal(dialect_of_path(path), 404, "unknown_url",
                   "there is nothing at " + std::string(path) +
                       "; POST to /v1/chat/completions, /v1/responses, /v1/messages, "
                       "/v1beta/models/{model}:generateContent or /v1/embeddings");
}

}  // namespace

Endpoints::Endpoints(std::shared_ptr<Context> context)
    : context_(std::move(context)), begun_(context_->runtime.clock->now()) {}

void Endpoints::use(std::shared_ptr<const Snapshot> snapshot) {
    context_->metrics->set_models(snapshot->known_models());
    const std::lock_guard lock(mutex_);
    snapshot_ = std::move(snapshot);
}

std::shared_ptr<const Snapshot> Endpoints::snapshot() const {
    const std::lock_guard lock(mutex_);
    return snapshot_;
}

HttpAnswer Endpoints::refuse(int status, std::string_view message, std::string_view path) {
    context_->metrics->on_refused("http_" + std::to_string(status));
    return refusal(dialect_of_path(path), status, {}, message);
}

std::string Endpoints::health() const {
    const Clock& clock = *context_->runtime.clock;
    return health_page(*snapshot(), clock, clock.now() - begun_, context_->events.last_number());
}

// No coroutine of its own: who answers is found at once.
asio::awaitable<void> Endpoints::serve(const HttpRequest& request, Reply& reply) {
    std::shared_ptr<const Snapshot> current = snapshot();
    const ClientKeys::Client* client = nullptr;
    if (!current->keys().is_open() && !is_open(request.path)) {
        client = current->keys().find(request.headers, request.query);
        if (!client) {
            context_->metrics->on_refused("key");
            HttpAnswer no = refusal(dialect_of_path(request.path), 401, "invalid_api_key",
                                    "this gateway wants a key of its own: Authorization: Bearer <key>, "
                                    "x-api-key or x-goog-api-key");
            no.headers.add("www-authenticate", "Bearer");
            return reply.send(std::move(no));
        }
    }

    if (request.method == "POST") {
        const Entrance entrance = entrance_of(request.path);
        if (entrance.dialect)
            return exchange(*context_, std::move(current), entrance, client, request, reply);
        if (request.path == "/v1/embeddings")
            return pass_on(*context_, std::move(current), "/v1/embeddings", client, request, reply);
        if (request.path == "/admin/explain") {
            const std::string_view dialect = parameter(request.query, "dialect");
            return reply.send(explain_page(*current, *context_->runtime.clock,
                                           dialect.empty() ? "openai_chat" : dialect,
                                           parameter(request.query, "model"), request.body));
        }
    }
    if (request.method == "GET" || request.method == "HEAD") return reply.send(get(*current, request));
    if (entrance_of(request.path).dialect)
        return reply.send(refusal(dialect_of_path(request.path), 405, {}, "POST a request to this path"));
    return reply.send(not_found(request.path));
}

HttpAnswer Endpoints::get(const Snapshot& snapshot, const HttpRequest& request) const {
    const std::string_view path = request.path;
    if (path == "/health") return HttpAnswer(200, health());
    if (path == "/healthz" || path == "/livez" || path == "/health/liveliness" || path == "/health/liveness")
        return text(200, "ok\n");
    if (path == "/readyz" || path == "/health/readiness") {
        const bool draining = draining_.load(std::memory_order_relaxed);
        return draining ? text(503, "draining\n") : text(200, "ready\n");
    }
    if (path == "/metrics") {
        HttpAnswer page(200, context_->metrics->text(target_gauges(snapshot), context_->events.dropped()));
        page.content_type = "text/plain; version=0.0.4; charset=utf-8";
        return page;
    }
    if (const auto id = below(path, kModels)) {
        const bool anthropic = request.headers.find("anthropic-version").has_value();
        return models_page(snapshot, anthropic ? "anthropic" : "openai_chat", *id);
    }
    if (const auto id = below(path, kGeminiModels)) return models_page(snapshot, "gemini", *id);
    if (path == "/admin/events") return events(request);
    if (path == "/admin/explain")
        return explain_page(snapshot, *context_->runtime.clock, "openai_chat",
                            parameter(request.query, "model"), {});
    if (path == "/") return HttpAnswer(200, "{\"service\":\"sluice\",\"version\":\"" SLUICE_VERSION "\"}");
    if (entrance_of(path).dialect) {
        HttpAnswer no = refusal(dialect_of_path(path), 405, {}, "POST a request to this path");
        no.headers.add("allow", "POST");
        return no;
    }
    return not_found(path);
}

HttpAnswer Endpoints::events(const HttpRequest& request) const {
    std::string problem;
    const std::optional<EventFilter> filter = parse_event_filter(request.query, problem);
    if (!filter) return refusal({}, 400, {}, problem);
    std::string body = "[";
    for (const EventLog::Entry& entry : context_->events.recent(*filter)) {
        if (body.size() > 1) body += ',';
        body.append("{\"number\":").append(std::to_string(entry.number)).append(",");
        body.append(entry.json, 1);  // an event is an object, and never an empty one
    }
    body += "]\n";
    return HttpAnswer(200, std::move(body));
}

}  // namespace sluice::gateway

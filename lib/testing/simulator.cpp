#include <sluice/testing/simulator.hpp>

#include <asio/co_spawn.hpp>
#include <asio/system_error.hpp>
#include <asio/this_coro.hpp>

#include <exception>
#include <utility>

#include "net/cancellation.hpp"
#include "testing/simulated_error.hpp"
#include "testing/simulator_models.hpp"
#include "testing/simulator_state.hpp"
#include "wire/json_writer.hpp"

namespace sluice::testing {

namespace {

SimulatedError refusal(int status, std::string message) {
    SimulatedError error(ErrorKind::provider_error);
    error.status = status;
    error.message = std::move(message);
    return error;
}

/// Counters that a client may read off every good answer.
void add_limit_headers(Protocol protocol, SimulatedAnswer& answer) {
    switch (protocol) {
        case Protocol::chat:
        case Protocol::responses:
            answer.headers.emplace_back("x-ratelimit-limit-requests", "10000");
            answer.headers.emplace_back("x-ratelimit-remaining-requests", "9999");
            answer.headers.emplace_back("x-ratelimit-reset-requests", "6ms");
            break;
        case Protocol::anthropic:
            answer.headers.emplace_back("anthropic-ratelimit-requests-limit", "10000");
            answer.headers.emplace_back("anthropic-ratelimit-requests-remaining", "9999");
            answer.headers.emplace_back("anthropic-ratelimit-requests-reset", "1970-01-01T00:00:00Z");
            break;
        case Protocol::gemini:
            break;  // has none
    }
}

}  // namespace

void Simulator::State::spawn(asio::awaitable<void> work) {
    ++running;
    asio::co_spawn(executor, std::move(work), [state = shared_from_this()](std::exception_ptr error) {
        --state->running;
        if (const auto waiter = state->nothing_runs.lock()) waiter->notify();
        if (error)
            std::rethrow_exception(error);  // only on_model()'s functions throw: the test wants to know
    });
}

void Simulator::State::serve(std::unique_ptr<Connection> connection) {
    if (closed) return;
    ++accepted;
    const auto session = std::make_shared<Session>(shared_from_this(), std::move(connection));
    spawn(Session::read(session));
    spawn(Session::serve(session));
}

asio::awaitable<void> Simulator::State::accept_all(std::shared_ptr<State> state,
                                                   std::shared_ptr<net::TcpListener> listener) {
    for (;;) {
        std::unique_ptr<Connection> connection = co_await listener->accept();
        if (connection == nullptr) break;
        state->serve(std::move(connection));
    }
}

void Simulator::State::close() noexcept {
    closed = true;
    for (auto& [network, origin] : networks)
        network.unlisten(origin);
    networks.clear();
    for (const auto& weak : listeners) {
        if (const auto listener = weak.lock()) listener->close();
    }
    listeners.clear();
    for (Session* const session : sessions)
        session->close();
}

SimulatedAnswer Simulator::State::decide(const HttpRequest& http, SimulatedRequest& request) {
    if (is_control(http.path)) return control(http);
    Route route = find_route(http.path, http.query);
    const bool wants_models = route.wants == Route::Wants::models;
    // OpenAI and Anthropic have the same path for the list of models; the version is Anthropic's.
    if (wants_models && route.protocol == Protocol::chat && http.headers.find("anthropic-version"))
        route.protocol = Protocol::anthropic;
    const Protocol protocol = route.protocol;
    const bool known = route.wants != Route::Wants::nothing;

    Seen& record = seen.emplace_back();
    record.path = http.path;
    record.query = http.query;
    record.authorization = http.headers.find("authorization").value_or("");
    record.body = http.body;
    record.key = key_of(protocol, http.headers, http.query);
    if (known) record.dialect = dialect_of(protocol).name();
    request = SimulatedRequest(std::move(route), record.key);

    SimulatedAnswer answer;
    if (!known) {
        answer.error = refusal(404, "Invalid URL (" + std::string(http.method) + " " + record.path + ")");
    } else if (http.method != (wants_models ? "GET" : "POST")) {
        answer.error =
            refusal(405, "Not allowed to " + std::string(http.method) + " on " + record.path + ".");
    } else if (down) {
        answer.error = error_of_status(503);
    } else if (is_bad_key(record.key) || (!required_key.empty() && record.key != required_key)) {
        answer.error = ErrorKind::provider_auth_failed;
    } else if (wants_models) {
        answer = decide_models(protocol);
    } else {
        answer = decide_model(http, request);
    }
    if (answer.error) write_error_answer(*answer.error, request, answer);
    return answer;
}

SimulatedAnswer Simulator::State::decide_model(const HttpRequest& http, SimulatedRequest& request) {
    SimulatedAnswer answer;
    answer.error = request.parse(http.path, http.body, http.headers);
    seen.back().model = request.model;
    if (answer.error) return answer;

    const std::size_t turn = turns[request.model]++;
    const auto own = custom.find(request.model);
    answer = own != custom.end() ? own->second(turn, http.body) : answer_by_name(Asked(request, turn));
    if (!answer.error && answer.status >= 200 && answer.status < 300)
        add_limit_headers(request.protocol(), answer);
    return answer;
}

SimulatedAnswer Simulator::State::decide_models(Protocol protocol) {
    const std::size_t turn = lists++;
    SimulatedAnswer answer = models_list ? models_list(turn) : SimulatedAnswer();
    const bool is_good = !answer.error && answer.status >= 200 && answer.status < 300;
    if (is_good && answer.body.empty()) answer.body = models_body(protocol);
    return answer;
}

std::string Simulator::State::models_body(Protocol protocol) const {
    std::string out;
    wire::JsonWriter json(out);
    const auto add = [&](std::string_view name) {
        json.begin_object();
        switch (protocol) {
            case Protocol::chat:
            case Protocol::responses:
                json.key("id").string(name).key("object").string("model");
                json.key("created").number(simulated_time(0)).key("owned_by").string("simulator");
                break;
            case Protocol::anthropic:
                json.key("type").string("model").key("id").string(name).key("display_name").string(name);
                json.key("created_at").string("2024-11-18T00:00:00Z");
                break;
            case Protocol::gemini:
                json.key("name").string("models/" + std::string(name)).key("displayName").string(name);
                json.key("supportedGenerationMethods").begin_array().string("generateContent").end_array();
                break;
        }
        json.end_object();
    };
    json.begin_object();
    if (protocol == Protocol::chat) json.key("object").string("list");
    json.key(protocol == Protocol::gemini ? "models" : "data").begin_array();
    for (const BuiltInModel& model : testing::built_in_models())
        add(model.name);
    for (const auto& [name, answer] : custom)
        add(name);
    json.end_array();
    if (protocol == Protocol::anthropic) json.key("has_more").boolean(false);
    json.end_object();
    return out;
}

Simulator::Simulator(asio::any_io_executor executor, Runtime runtime)
    : state_(std::make_shared<State>(std::move(executor), std::move(runtime.clock))) {}

Simulator::~Simulator() {
    state_->close();
}

std::string Simulator::listen(const std::string& address, std::uint16_t port) {
    const auto listener = std::make_shared<net::TcpListener>(state_->executor, address, port);
    state_->closed = false;
    state_->listeners.push_back(listener);
    state_->spawn(State::accept_all(state_, listener));
    const bool ipv6 = address.find(':') != std::string::npos;
    const std::string host = ipv6 ? "[" + address + "]" : address;
    state_->url = "http://" + host + ":" + std::to_string(listener->port());
    return base_url("openai");
}

std::string Simulator::listen(MemoryNetwork& network, Origin origin) {
    network.listen(origin, [weak = std::weak_ptr<State>(state_)](std::unique_ptr<Connection> connection) {
        if (const auto state = weak.lock()) state->serve(std::move(connection));
    });
    state_->closed = false;
    state_->url = (origin.tls ? "https://" : "http://") + origin.host + ":" + std::to_string(origin.port);
    state_->networks.emplace_back(network, std::move(origin));
    return base_url("openai");
}

std::string Simulator::base_url(std::string_view dialect_or_service) const {
    if (state_->url.empty()) return {};
    std::string_view path = "/v1";
    if (dialect_or_service == "gemini") path = "/v1beta";
    if (dialect_or_service == "vertex")
        path = "/v1beta1/projects/simulator/locations/global/publishers/google";
    if (dialect_or_service == "azure") path = "/openai/v1";
    return state_->url + std::string(path);
}

void Simulator::on_model(
    std::string model,
    std::function<SimulatedAnswer(std::size_t turn, std::string_view request_body)> answer) {
    state_->custom.insert_or_assign(std::move(model), std::move(answer));
}

void Simulator::on_models_list(std::function<SimulatedAnswer(std::size_t turn)> answer) {
    state_->models_list = std::move(answer);
}

void Simulator::set_down(bool down) {
    state_->down = down;
}

void Simulator::allow_control() {
    state_->controlled = true;
}

void Simulator::require_key(std::string key) {
    state_->required_key = std::move(key);
}

const std::vector<Simulator::Seen>& Simulator::requests() const noexcept {
    return state_->seen;
}

std::size_t Simulator::connections() const noexcept {
    return state_->accepted;
}

std::size_t Simulator::open_connections() const noexcept {
    return state_->open;
}

std::size_t Simulator::aborted() const noexcept {
    return state_->aborted;
}

asio::awaitable<void> Simulator::stop() {
    return State::stop(state_);
}

asio::awaitable<void> Simulator::State::stop(std::shared_ptr<State> state) {
    const asio::any_io_executor here = co_await asio::this_coro::executor;
    const asio::cancellation_state cancellation = co_await asio::this_coro::cancellation_state;
    const auto nothing = std::make_shared<net::Signal>(here);
    state->nothing_runs = nothing;
    state->close();
    while (state->running > 0) {
        if (net::is_cancelled(cancellation)) throw asio::system_error(net::aborted());
        co_await nothing->wait();
    }
}

std::vector<std::pair<std::string, std::string>> Simulator::built_in_models() {
    std::vector<std::pair<std::string, std::string>> models;
    for (const BuiltInModel& model : testing::built_in_models())
        models.emplace_back(model.name, model.sentence);
    return models;
}

}  // namespace sluice::testing

#include <sluice/testing/simulator.hpp>

#include <asio/co_spawn.hpp>
#include <asio/system_error.hpp>
#include <asio/this_coro.hpp>

#include <exception>
#include <utility>

#include "net/cancellation.hpp"
#include "testing/simulator_models.hpp"
#include "testing/simulator_state.hpp"
#include "wire/json_writer.hpp"

namespace sluice::testing {

namespace {

constexpr std::string_view kBase = "/v1";
constexpr std::string_view kInvalid = "invalid_request_error";

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

SimulatedAnswer Simulator::State::decide(std::string_view method, std::string_view path,
                                         std::string_view authorization, std::string_view body,
                                         SimulatedRequest& request) {
    Seen& record = seen.emplace_back();
    record.path = path;
    record.authorization = authorization;
    record.body = body;

    constexpr std::string_view kBearer = "Bearer ";
    const std::string_view key =
        authorization.starts_with(kBearer) ? authorization.substr(kBearer.size()) : std::string_view();
    const std::string_view resource =
        path.starts_with(kBase) ? path.substr(kBase.size()) : std::string_view();
    const bool chat = resource == "/chat/completions";
    if (!chat && resource != "/models") {
        return failure(404, "Invalid URL (" + std::string(method) + " " + std::string(path) + ")", kInvalid,
                       {}, {});
    }
    if (method != (chat ? "POST" : "GET")) {
        return failure(405, "Not allowed to " + std::string(method) + " on " + std::string(path) + ".",
                       kInvalid, {}, "method_not_supported");
    }
    if (is_bad_key(key) || (!required_key.empty() && key != required_key)) return failure(401, key);
    if (chat) return decide_chat(key, body, request);
    SimulatedAnswer answer;
    answer.body = models_body();
    return answer;
}

SimulatedAnswer Simulator::State::decide_chat(std::string_view key, std::string_view body,
                                              SimulatedRequest& request) {
    const std::string wrong = request.parse(body);
    seen.back().model = request.model;
    if (!wrong.empty()) return failure(400, wrong, kInvalid, {}, {});

    const std::size_t turn = turns[request.model]++;
    const auto own = custom.find(request.model);
    SimulatedAnswer answer =
        own != custom.end() ? own->second(turn, body) : answer_by_name(Asked(request, turn, key));
    if (answer.status >= 200 && answer.status < 300) {
        answer.headers.emplace_back("x-ratelimit-limit-requests", "10000");
        answer.headers.emplace_back("x-ratelimit-remaining-requests", "9999");
        answer.headers.emplace_back("x-ratelimit-reset-requests", "6ms");
    }
    return answer;
}

std::string Simulator::State::models_body() const {
    std::string out;
    wire::JsonWriter json(out);
    const auto add = [&json](std::string_view name) {
        json.begin_object().key("id").string(name).key("object").string("model");
        json.key("created").number(1731900000).key("owned_by").string("simulator").end_object();
    };
    json.begin_object().key("object").string("list").key("data").begin_array();
    for (const BuiltInModel& model : testing::built_in_models())
        add(model.name);
    for (const auto& [name, answer] : custom)
        add(name);
    json.end_array().end_object();
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
    return "http://" + host + ":" + std::to_string(listener->port()) + std::string(kBase);
}

std::string Simulator::listen(MemoryNetwork& network, Origin origin) {
    network.listen(origin, [weak = std::weak_ptr<State>(state_)](std::unique_ptr<Connection> connection) {
        if (const auto state = weak.lock()) state->serve(std::move(connection));
    });
    state_->closed = false;
    const std::string url =
        (origin.tls ? "https://" : "http://") + origin.host + ":" + std::to_string(origin.port);
    state_->networks.emplace_back(network, std::move(origin));
    return url + std::string(kBase);
}

void Simulator::on_model(
    std::string model,
    std::function<SimulatedAnswer(std::size_t turn, std::string_view request_body)> answer) {
    state_->custom.insert_or_assign(std::move(model), std::move(answer));
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

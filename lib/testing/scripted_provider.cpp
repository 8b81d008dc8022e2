#include <sluice/testing/scripted_provider.hpp>

#include <asio/error.hpp>
#include <asio/system_error.hpp>
#include <asio/this_coro.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "model/transform.hpp"
#include "net/cancellation.hpp"
#include "net/signal.hpp"
#include "testing/script.hpp"

namespace sluice::testing {

struct ScriptedProvider::State final : Provider {
    State(std::string name, Runtime seams) : provider_id(std::move(name)), runtime(std::move(seams)) {}
    std::string_view id() const noexcept override { return provider_id; }
    const Clock& clock() const noexcept override { return *runtime.clock; }

    class Running;
    class Source;
    class Target;
    using Performances = std::vector<std::shared_ptr<const Performance>>;

    std::string provider_id;
    Runtime runtime;
    std::map<std::string, Performances, std::less<>> performances;  // of one model: next one first
    std::vector<std::string> called;
    std::vector<TimePoint> deadlines;
    std::vector<Request> requests;
    std::size_t running = 0;
    std::size_t max_running = 0;

    /// What this call performs; null when the model has no script.
    std::shared_ptr<const Performance> next_performance(const std::string& model) {
        const auto found = performances.find(model);
        if (found == performances.end()) return nullptr;
        Performances& all = found->second;
        std::shared_ptr<const Performance> next = all.front();
        if (all.size() > 1) all.erase(all.begin());
        return next;
    }
};

namespace {

asio::awaitable<void> hang() {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    net::Signal never(executor);
    while (!net::is_cancelled(state)) {
        co_await never.wait();
    }
    throw asio::system_error(net::aborted());
}

asio::awaitable<void> wait(Clock& clock, const Performance::Act& act) {
    if (act.kind == Performance::Act::Kind::hang) {
        co_await hang();
    } else {
        co_await sleep_for(clock, act.delay);
    }
}

}  // namespace

/// Counts an open or a stream until it is over.
class ScriptedProvider::State::Running {
  public:
    explicit Running(std::shared_ptr<State> provider) : provider_(std::move(provider)) {
        provider_->max_running = std::max(provider_->max_running, ++provider_->running);
    }
    Running(Running&&) noexcept = default;
    Running& operator=(Running&&) = delete;
    ~Running() { end(); }
    void end() noexcept {
        if (provider_ != nullptr) --provider_->running;
        provider_.reset();
    }

  private:
    std::shared_ptr<State> provider_;
};

class ScriptedProvider::State::Source final : public TokenSource {
  public:
    Source(Running running, std::shared_ptr<Clock> clock, std::shared_ptr<const Performance> performance,
           Answerer answerer, std::string response_id)
        : running_(std::move(running)),
          clock_(std::move(clock)),
          performance_(std::move(performance)),
          answerer_(std::move(answerer)),
          response_id_(std::move(response_id)) {}

    asio::awaitable<std::span<const StreamEvent>> next_batch() override {
        const std::span<const Performance::Act> acts = performance_->acts();
        while (!closed_ && act_ < acts.size()) {
            const Performance::Act& act = acts[act_];
            if (act.kind != Performance::Act::Kind::events) {
                ++act_;
                co_await wait(*clock_, act);
                continue;
            }
            if (answerer_.response_id.empty()) answerer_.response_id.swap(response_id_);
            if (++round_ == act.rounds) {
                round_ = 0;
                ++act_;
            }
            co_return std::span<const StreamEvent>(act.events);
        }
        co_return std::span<const StreamEvent>();
    }

    asio::awaitable<void> close() override {
        closed_ = true;
        running_.end();
        co_return;
    }

    const Answerer& answerer() const noexcept override { return answerer_; }

  private:
    Running running_;
    std::shared_ptr<Clock> clock_;
    std::shared_ptr<const Performance> performance_;
    Answerer answerer_;
    std::string response_id_;  // told with the first event
    std::size_t act_ = 0;
    std::size_t round_ = 0;  // how often the current act was handed out
    bool closed_ = false;
};

class ScriptedProvider::State::Target final : public ModelTarget {
  public:
    Target(std::shared_ptr<State> provider, ModelSpec spec)
        : provider_(std::move(provider)), spec_(std::move(spec)) {
        spec_.provider_id = provider_->provider_id;
    }

    const Provider& provider() const noexcept override { return *provider_; }
    const ModelSpec& spec() const noexcept override { return spec_; }
    asio::awaitable<Result<TokenStream>> open(const Request& request,
                                              const CallContext& context) const override {
        return perform(provider_, spec_, request, context);
    }

  private:
    static asio::awaitable<Result<TokenStream>> perform(std::shared_ptr<State> provider, ModelSpec spec,
                                                        const Request& request, const CallContext& context) {
        Running running(provider);
        const std::string& model = spec.id;
        provider->called.push_back(model);
        provider->deadlines.push_back(context.deadline);
        std::optional<Request> changed;
        Result<const Request*> fitted =
            fit_request(context.options.transform_context(), spec, request, changed);
        if (!fitted) co_return std::move(fitted).error();
        provider->requests.push_back(changed ? std::move(*changed) : request);
        const std::string call = std::to_string(provider->called.size());
        const std::shared_ptr<const Performance> performance = provider->next_performance(model);
        if (performance == nullptr) {
            ErrorInfo error(ErrorKind::model_not_found, Phase::headers, "this model has no script");
            error.provider = provider->provider_id;
            error.model = model;
            co_return error;
        }
        if (performance->open_error()) {
            for (const Performance::Act& act : performance->acts()) {
                co_await wait(*provider->runtime.clock, act);
            }
            co_return *performance->open_error();
        }
        Answerer answerer;
        answerer.provider_id = provider->provider_id;
        answerer.model_id = model;
        co_return TokenStream(std::make_unique<Source>(std::move(running), provider->runtime.clock,
                                                       performance, std::move(answerer),
                                                       provider->provider_id + "-" + call));
    }

    std::shared_ptr<State> provider_;
    ModelSpec spec_;
};

ScriptedProvider::ScriptedProvider(std::string id, Runtime runtime)
    : state_(std::make_shared<State>(std::move(id), std::move(runtime))) {}

ScriptedProvider& ScriptedProvider::script(std::string id, Script script) {
    auto performance = std::make_shared<const Performance>(script, state_->provider_id, id);
    state_->performances[std::move(id)].push_back(std::move(performance));
    return *this;
}

BoundModel ScriptedProvider::model(std::string id) const {
    return model(ModelSpec(state_->provider_id, std::move(id)));
}

BoundModel ScriptedProvider::model(ModelSpec spec) const {
    return BoundModel(std::make_shared<const State::Target>(state_, std::move(spec)));
}

const Provider& ScriptedProvider::provider() const noexcept {
    return *state_;
}

std::size_t ScriptedProvider::calls() const noexcept {
    return state_->called.size();
}

std::size_t ScriptedProvider::running() const noexcept {
    return state_->running;
}

std::size_t ScriptedProvider::max_running() const noexcept {
    return state_->max_running;
}

const std::vector<std::string>& ScriptedProvider::called() const noexcept {
    return state_->called;
}

const std::vector<TimePoint>& ScriptedProvider::deadlines() const noexcept {
    return state_->deadlines;
}

const std::vector<Request>& ScriptedProvider::requests() const noexcept {
    return state_->requests;
}

}  // namespace sluice::testing

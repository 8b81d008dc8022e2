#include "testing/simulation/world.hpp"

#include <sluice/anthropic.hpp>
#include <sluice/explain.hpp>
#include <sluice/gemini.hpp>
#include <sluice/openai.hpp>
#include <sluice/testing/simulator.hpp>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/co_spawn.hpp>
#include <asio/post.hpp>
#include <asio/system_error.hpp>
#include <asio/use_awaitable.hpp>

#include <algorithm>
#include <exception>
#include <utility>

#include "testing/simulation/caller.hpp"
#include "testing/simulation/checker.hpp"

namespace sluice::testing::simulation {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t kMaxTurns = 5'000'000;  // of one world: beyond it something runs in circles
constexpr Duration kMaxTime = 24h;
constexpr const char* kDialects[] = {"openai_chat", "openai_responses", "anthropic", "gemini"};

Deadlines draw_deadlines(Dice& dice) {
    Deadlines limits;
    if (dice.chance(40)) {  // tight ones
        limits.connect = dice.time(20ms, 2s);
        limits.headers = dice.time(50ms, 3s);
        limits.first_event = dice.time(50ms, 5s);
        limits.idle = dice.time(50ms, 3s);
        limits.leg = dice.time(200ms, 20s);
        limits.total = dice.time(500ms, 60s);
        limits.grace = dice.time(10ms, 1s);
    } else {
        limits.connect = 10s;
        limits.headers = 30s;
        limits.first_event = 30s;
        limits.idle = 20s;
        limits.total = dice.time(30s, 15min);
    }
    for (Deadlines::Limit* limit : {&limits.connect, &limits.headers, &limits.first_event, &limits.idle,
                                    &limits.leg, &limits.linger, &limits.grace})
        if (dice.chance(5)) *limit = Deadlines::kNone;
    return limits;
}

template <typename Options>
void furnish_options(Dice& dice, Options& options, const std::string& id, std::string base_url,
                     const Runtime& runtime, Deadlines& deadlines) {
    options.id = id;
    options.base_url = std::move(base_url);
    options.runtime = runtime;
    options.deadlines = deadlines = draw_deadlines(dice);
    options.limits.read_buffer = dice.pick<std::size_t>({256, 512, 1024, 4096});
    options.pool.max_idle_per_origin = dice.pick<std::size_t>({0, 1, 2, 16});
    options.pool.max_connections_per_origin = dice.pick<std::size_t>({1, 2, 3, 1024, 1024});
    options.pool.idle_expiry = dice.time(1s, 60s);
}

}  // namespace

/// One provider and its server.
struct World::Service {
    Service(const asio::any_io_executor& executor, const Runtime& runtime, std::uint64_t seed)
        : simulator(executor, runtime), dice(seed) {}
    Simulator simulator;
    Dice dice;
    Mood mood;
    std::string dialect;
    std::unique_ptr<ApiProvider> provider;
};

struct World::LiveCall {
    LiveCall() = default;
    asio::cancellation_signal cancel;
    std::size_t turns_at_cancel = 0;
};

World::World(std::uint64_t seed, const SimulationOptions& options)
    : options_(options),
      dice_(seed),
      clock_(std::make_shared<VirtualClock>()),
      network_(std::make_shared<SimulatedNetwork>(
          clock_, [this](const Origin& origin) { return draw_fate(origin); })),
      runtime_(clock_, network_, seeded_entropy(dice_.fork())),
      pool_(net::Pool::of(context_.get_executor())),
      began_(clock_->now()) {
    report_.seed = seed;
    furnish();
    plan_calls();
}

World::~World() = default;

// --- what there is ---

void World::furnish() {
    if (dice_.chance(40)) network_trouble_ = static_cast<unsigned>(dice_.between(1, 40));
    if (dice_.chance(20)) {
        // Byte by byte costs two turns a byte: seldom is enough.
        const std::size_t smallest = dice_.chance(5) ? 1 : 100;
        network_->servers().set_window(dice_.pick<std::size_t>({smallest, 300, 1000, 4096}));
    }
    AttemptEvents events([this](const AttemptEvent& event) { on_world_event(event); });
    guards_ = std::make_unique<Guards>(dice_, context_.get_executor(), runtime_, std::move(events));
    for (std::size_t n = dice_.between(1, 5), i = 0; i < n; ++i)
        add_service(i);
    TreeBuilder builder(dice_, runtime_, leaves_, mirrors_);
    for (std::size_t n = dice_.between(1, 3); n > 0; --n)
        records_.trees.push_back(builder.draw(dice_.between(0, 3)));
    if (!options_.trace) return;
    for (std::size_t i = 0; i < records_.trees.size(); ++i)
        trace("tree " + std::to_string(i) + ": " + records_.trees[i].text);
}

void World::add_service(std::size_t index) {
    auto service = std::make_unique<Service>(context_.get_executor(), runtime_, dice_.fork());
    service->dialect = kDialects[dice_.below(std::size(kDialects))];
    service->mood.failing = dice_.pick({0U, 10U, 30U, 60U, 100U});
    service->mood.slow = dice_.pick({0U, 10U, 40U});
    service->mood.odd = dice_.pick({0U, 10U, 40U});
    const std::string id = "p" + std::to_string(index);
    service->simulator.listen(network_->servers(), Origin(false, id + ".test", 80));
    const std::string url = service->simulator.base_url(service->dialect);
    Deadlines& deadlines = records_.deadlines.emplace_back();
    if (service->dialect == "anthropic") {
        AnthropicOptions options;
        furnish_options(dice_, options, id, url, runtime_, deadlines);
        service->provider = std::make_unique<ApiProvider>(Anthropic(std::move(options)));
    } else if (service->dialect == "gemini") {
        GeminiOptions options;
        furnish_options(dice_, options, id, url, runtime_, deadlines);
        service->provider = std::make_unique<ApiProvider>(Gemini(std::move(options)));
    } else {
        OpenAIOptions options;
        options.api = service->dialect == "openai_chat" ? OpenAIApi::chat : OpenAIApi::responses;
        furnish_options(dice_, options, id, url, runtime_, deadlines);
        service->provider = std::make_unique<ApiProvider>(OpenAI(std::move(options)));
    }
    records_.ids.push_back(id);
    for (std::size_t n = dice_.between(1, 3), i = 0; i < n; ++i) {
        ModelSpec spec(id, "m" + std::to_string(i));
        if (dice_.chance(60)) spec.tags.emplace_back("eu");
        if (dice_.chance(30)) spec.context_window = dice_.pick<Tokens>({64, 8192, 9500, 200'000});
        if (dice_.chance(50)) {
            spec.price.input = PicoUsd(static_cast<std::int64_t>(dice_.between(1, 1000)));
            spec.price.output = PicoUsd(static_cast<std::int64_t>(dice_.between(1, 1000)));
        }
        service->simulator.on_model(spec.id,
                                    [this, index, model = spec.id](std::size_t, std::string_view body) {
                                        return answer(index, model, body);
                                    });
        std::string text = id + "/" + spec.id;
        Tree leaf(guards_->around(dice_, service->provider->model(spec), text));
        leaf.text = std::move(text);
        leaf.total = deadlines.total;
        leaves_.push_back(std::move(leaf));
        records_.specs.push_back(std::move(spec));
    }
    services_.push_back(std::move(service));
}

void World::plan_calls() {
    TimePoint at = clock_->now();
    for (std::size_t n = dice_.between(1, 30); n > 0; --n) {
        const std::size_t gap = dice_.below(100);
        if (gap >= 30 && gap < 60) at += dice_.time(1ms, 200ms);
        if (gap >= 60 && gap < 85) at += dice_.time(1s, 10s);
        if (gap >= 85) at += dice_.time(20s, 5min);
        CallRecord& call = records_.calls.emplace_back();
        call.number = static_cast<std::uint32_t>(records_.calls.size());
        call.plan = draw_call(at);
    }
    live_.resize(records_.calls.size());
}

CallPlan World::draw_call(TimePoint start) {
    CallPlan plan;
    plan.start = start;
    plan.tree = dice_.below(records_.trees.size());
    plan.reading = dice_.pick({CallPlan::Reading::next, CallPlan::Reading::batches,
                               CallPlan::Reading::batches, CallPlan::Reading::generate});
    plan.throwing = dice_.chance(25);
    if (dice_.chance(30)) plan.total = dice_.chance(50) ? dice_.time(1ms, 2s) : dice_.time(2s, 2min);
    if (dice_.chance(20)) plan.max_attempts = static_cast<std::uint32_t>(dice_.between(1, 5));
    if (dice_.chance(15)) plan.residency = "eu";
    if (dice_.chance(10)) plan.max_cost = PicoUsd(static_cast<std::int64_t>(dice_.between(1, 2'000'000)));
    if (dice_.chance(30)) plan.conversation = "c" + std::to_string(dice_.below(4));
    if (dice_.chance(10)) plan.prompt_bytes = dice_.below(3000);
    if (dice_.chance(15)) {
        plan.cancel_after = dice_.chance(50) ? 0ms : dice_.time(0ms, 5s);
        plan.cancel_turns = dice_.chance(70) ? dice_.below(60) : 0;
    }
    if (dice_.chance(10)) {
        plan.drop_after = dice_.below(6);
        plan.closes = dice_.chance(40);
    }
    if (dice_.chance(8)) plan.slowness = dice_.chance(70) ? dice_.time(1ms, 300ms) : dice_.time(1s, 30s);
    return plan;
}

Fate World::draw_fate(const Origin&) {
    Fate fate;
    if (network_trouble_ == 0 || !dice_.chance(network_trouble_)) return fate;
    switch (dice_.below(9)) {
        case 0:
            fate.refused = true;
            break;
        case 1:
            fate.stalls_open = true;
            break;
        case 2:
            fate.open_delay = dice_.chance(70) ? dice_.time(1ms, 300ms) : dice_.time(1s, 15s);
            break;
        case 3:
            fate.max_read = dice_.pick<std::size_t>({1, 5, 40, 40, 200, 200, 200});
            break;
        case 4:
            fate.latency = dice_.time(1ms, 80ms);
            break;
        case 5:
        case 6:
            fate.read_end = dice_.pick({Fate::End::reset, Fate::End::eof, Fate::End::stall});
            fate.read_limit = dice_.below(dice_.pick<std::size_t>({300, 1200, 4000}));
            break;
        case 7:
            fate.write_limit = dice_.below(1200);
            break;
        default:
            fate.dies_idle = true;
            break;
    }
    return fate;
}

SimulatedAnswer World::answer(std::size_t index, const std::string& model, std::string_view body) {
    Service& service = *services_[index];
    Exchange& exchange = records_.exchanges.emplace_back();
    exchange.provider = index;
    exchange.number = service.simulator.requests().size();
    exchange.model = model;
    exchange.at = clock_->now();
    read_tag(body, exchange.call, exchange.attempt);
    draw_answer(service.dice, service.mood, service.dialect, exchange);
    if (options_.trace) {
        constexpr const char* kEnds[] = {"finish", "error", "cut", "silence"};
        trace("  server " + records_.ids[index] + "/" + model + " answer " + std::to_string(exchange.number) +
              " to call " + std::to_string(exchange.call) + "." + std::to_string(exchange.attempt) + ": " +
              kEnds[static_cast<std::size_t>(exchange.end)] +
              (exchange.end == Exchange::End::error ? " " + std::string(class_name(exchange.kind)) : ""));
    }
    return exchange.answer;
}

// --- what happens ---

asio::awaitable<void> World::drive() {
    for (std::size_t i = 0; i < records_.calls.size(); ++i) {
        co_await sleep_until(*clock_, records_.calls[i].plan.start);
        start(i);
    }
}

CallOptions World::options_of(CallRecord& call) {
    const CallPlan& plan = call.plan;
    CallOptions options;
    options.events([this, &call](const AttemptEvent& event) { on_event(call, event); });
    // Once for each attempt, at the attempt itself: there its request gets its name.
    options.transform_context([&call](const ModelSpec&, Request request) {
        const auto attempt = static_cast<std::uint32_t>(call.attempts.size());
        request.user(tag_of(call.number, attempt));
        return request;
    });
    if (plan.total) options.total(*plan.total);
    if (plan.max_attempts) options.max_total_attempts(*plan.max_attempts);
    if (!plan.residency.empty()) options.residency(plan.residency);
    if (plan.max_cost) options.max_cost(*plan.max_cost);
    if (!plan.conversation.empty()) options.conversation(plan.conversation);
    return options;
}

void World::start(std::size_t index) {
    CallRecord& call = records_.calls[index];
    const Tree& tree = records_.trees[call.plan.tree];
    call.started = clock_->now();
    call.slack = tree.slack;
    const std::chrono::milliseconds total = call.plan.total.value_or(tree.total);
    if (total.count() > 0) call.deadline = call.started + total;
    if (options_.trace) {
        trace("call " + std::to_string(call.number) + " of tree " + std::to_string(call.plan.tree) +
              (total.count() > 0 ? " within " + std::to_string(total.count()) + " ms" : ""));
    }
    Request request;
    if (call.plan.prompt_bytes > 0) request.system(std::string(call.plan.prompt_bytes, 'x'));
    CallOptions options = options_of(call);
    call.max_attempts =
        call.plan.max_attempts ? explain(*tree.model, Request(), options).worst.attempts : tree.attempts;
    asio::co_spawn(
        context_, make_call(*tree.model, std::move(request), std::move(options), clock_, call),
        asio::bind_cancellation_slot(live_[index].cancel.slot(), [this, index](std::exception_ptr thrown) {
            on_end(index, std::move(thrown));
        }));
    if (!call.plan.cancel_after) return;
    asio::co_spawn(context_, cancel_later(index), [](std::exception_ptr thrown) {
        if (thrown) std::rethrow_exception(thrown);
    });
}

asio::awaitable<void> World::cancel_later(std::size_t index) {
    const CallRecord& planned = records_.calls[index];
    if (*planned.plan.cancel_after > Duration::zero())
        co_await sleep_for(*clock_, *planned.plan.cancel_after);
    for (std::size_t turns = planned.plan.cancel_turns; turns > 0; --turns)
        co_await asio::post(context_, asio::use_awaitable);
    CallRecord& call = records_.calls[index];
    if (call.ended != TimePoint()) co_return;
    call.cancelled = clock_->now();
    live_[index].turns_at_cancel = report_.turns;
    if (options_.trace) trace("call " + std::to_string(call.number) + " is cancelled");
    live_[index].cancel.emit(asio::cancellation_type::terminal);
}

void World::on_end(std::size_t index, std::exception_ptr thrown) {
    CallRecord& call = records_.calls[index];
    call.ended = clock_->now();
    ++ended_;
    if (call.cancelled) call.turns_after_cancel = report_.turns - live_[index].turns_at_cancel;
    if (thrown) {
        call.outcome = CallRecord::Outcome::broken;
        try {
            std::rethrow_exception(std::move(thrown));
        } catch (const asio::system_error& error) {
            if (error.code() == asio::error::operation_aborted && call.cancelled)
                call.outcome = CallRecord::Outcome::cancelled;
            call.thrown = error.what();
        } catch (const std::exception& error) {
            call.thrown = error.what();
        } catch (...) {
            call.thrown = "something that is no std::exception";
        }
    }
    if (!options_.trace) return;
    std::string line = "call " + std::to_string(call.number) + " ends: ";
    line.append(to_string(call.outcome)).append(call.thrown.empty() ? "" : " " + call.thrown);
    if (!call.answer_provider.empty()) line += " by " + call.answer_provider + "/" + call.answer_model;
    if (call.error) line += ", " + describe(*call.error);
    trace(line);
}

// What else may have a connection when an attempt of `starting` begins: other calls, and attempts beside it.
std::size_t World::connections_others_may_hold(const CallRecord& starting) const {
    std::size_t held = guards_->watched();  // each may be probed
    for (const CallRecord& call : records_.calls) {
        if (call.started == TimePoint()) break;
        const bool runs = call.ended == TimePoint();
        const auto holds = [&](const AttemptRecord& attempt) {
            if (attempt.end == AttemptRecord::End::running) return true;
            // What has been read to its end has its connection until the stream is closed. A mirror's waits
            // for its primary, which may have ended its call in this very instant, and a hedge's may linger.
            const bool is_mirror = attempt.purpose == Purpose::mirror;
            const bool is_hedge = attempt.purpose == Purpose::hedge;
            if (!is_mirror && !(is_hedge && attempt.end == AttemptRecord::End::succeeded)) return false;
            return runs || clock_->now() - std::max(attempt.ended, call.ended) < 1s;
        };
        const auto open =
            static_cast<std::size_t>(std::count_if(call.attempts.begin(), call.attempts.end(), holds));
        const bool has_stream = runs && &call != &starting;
        const bool in_parallel = records_.trees[call.plan.tree].in_parallel;
        held += in_parallel ? open + has_stream : std::max<std::size_t>(open, has_stream);
    }
    return held;
}

void World::count(const AttemptEvent& event) {
    std::pair<std::string_view, std::size_t>& seen = counts_[event.what.index()];
    seen.first = name_of(event);
    ++seen.second;
}

void World::on_event(CallRecord& call, const AttemptEvent& event) {
    count(event);
    if (options_.trace) trace_event(call, event);
    if (event.as<AttemptStarted>()) {
        const net::Pool::Stats stats = pool_->stats();
        AttemptRecord attempt;
        attempt.allowed_at_start = connections_others_may_hold(call);
        if (std::string objection = guards_->objection(event.model, event.at); !objection.empty())
            call.complaints.push_back(std::move(objection));
        attempt.leased_at_start = stats.leased + stats.waiting;
        attempt.number = event.attempt;
        attempt.purpose = event.purpose;
        attempt.provider = event.model.provider_id;
        attempt.model = event.model.id;
        attempt.started = event.at;
        call.attempts.push_back(std::move(attempt));
        ++report_.attempts;
        return;
    }
    if (event.attempt == 0) {
        CallNote note;
        note.what = name_of(event);
        note.purpose = event.purpose;
        note.provider = event.model.provider_id;
        note.model = event.model.id;
        note.at = event.at;
        note.after_attempt = static_cast<std::uint32_t>(call.attempts.size());
        if (const auto* skipped = event.as<LegSkipped>()) note.reason = skipped->reason;
        if (const auto* over = event.as<FailedOver>()) note.error = over->error;
        if (const auto* backing = event.as<BackingOff>()) {
            note.error = backing->error;
            note.delay = backing->delay;
        }
        call.notes.push_back(std::move(note));
        return;
    }
    if (event.attempt > call.attempts.size()) {
        call.complaints.push_back("attempts: an event of attempt " + std::to_string(event.attempt) +
                                  ", which has not started");
        return;
    }
    AttemptRecord& attempt = call.attempts[event.attempt - 1];
    if (event.as<FirstEvent>()) {
        ++attempt.first_events;
        if (attempt.ends > 0) call.complaints.push_back("attempts: a first event after the attempt's end");
        return;
    }
    ++attempt.ends;
    attempt.ended = event.at;
    if (const auto* succeeded = event.as<AttemptSucceeded>()) {
        attempt.end = AttemptRecord::End::succeeded;
        attempt.figures = succeeded->figures;
    } else if (const auto* failed = event.as<AttemptFailed>()) {
        attempt.end = AttemptRecord::End::failed;
        attempt.figures = failed->figures;
        attempt.error = failed->error;
    } else if (const auto* abandoned = event.as<AttemptAbandoned>()) {
        attempt.end = AttemptRecord::End::abandoned;
        attempt.figures = abandoned->figures;
    }
}

void World::on_world_event(const AttemptEvent& event) {
    count(event);
    guards_->on_event(event);
    if (!options_.trace) return;
    std::string line = "  world: " + std::string(name_of(event)) + " ";
    if (const auto* changed = event.as<BreakerChanged>()) {
        line.append(changed->domain).append(" from ").append(sluice::to_string(changed->from));
        line.append(" to ").append(sluice::to_string(changed->to));
        line += ", " + std::to_string(changed->open_for / 1us) + " us";
    } else {
        line += event.model.provider_id + "/" + event.model.id;
    }
    trace(line);
}

// --- the loop ---

bool World::step() {
    if (context_.stopped()) context_.restart();
    if (context_.poll_one() > 0) {
        ++report_.turns;
        return true;
    }
    return clock_->ring_next();
}

bool World::keeps_turning() {
    if (report_.turns < kMaxTurns && clock_->now() - began_ < kMaxTime) return true;
    violation("termination: still at work after " + std::to_string(report_.turns) + " turns");
    return false;
}

void World::run_calls() {
    while (ended_ < records_.calls.size() && step())
        if (!keeps_turning()) return;
}

void World::run_dry() {
    while (step())
        if (!keeps_turning()) return;
}

asio::awaitable<void> World::stop_watching() {
    co_await guards_->checks()->stop();
}

SimulationReport World::run() {
    const auto rethrow = [](std::exception_ptr thrown) {
        if (thrown) std::rethrow_exception(thrown);
    };
    try {
        if (guards_->checks()) guards_->checks()->start();
        asio::co_spawn(context_, drive(), rethrow);
        run_calls();
        if (guards_->checks()) asio::co_spawn(context_, stop_watching(), rethrow);
        run_dry();
        close_down();
    } catch (const std::exception& error) {
        violation(std::string("termination: a handler threw ") + error.what());
    }
    summarise();
    return std::move(report_);
}

void World::close_down() {
    if (ended_ < records_.calls.size()) {
        violation("termination: " + std::to_string(records_.calls.size() - ended_) +
                  " calls never ended, and nothing is left that could end them");
    }
    const auto expect_none = [this](std::size_t count, const char* what) {
        if (count > 0) violation("leak: " + std::to_string(count) + " " + what);
    };
    const net::Pool::Stats stats = pool_->stats();
    expect_none(stats.leased, "connections in use when all calls were over");
    expect_none(stats.waiting, "requests waiting for a connection when all calls were over");
    for (const MirrorBoundModel& mirror : mirrors_)
        expect_none(mirror.running(), "mirrors running when nothing was left to do");
    if (network_->servers().stats().alive != stats.idle)
        violation("leak: " + std::to_string(network_->servers().stats().alive) + " connections open, and " +
                  std::to_string(stats.idle) + " of them in the pool");
    for (Tree& tree : records_.trees)
        tree.model.reset();
    leaves_.clear();
    mirrors_.clear();
    for (const std::string& complaint : guards_->complaints())
        violation(complaint);
    guards_.reset();
    for (const auto& service : services_)
        service->provider.reset();
    pool_->clear();
    run_dry();
    expect_none(network_->servers().stats().alive, "connections open although the pool was emptied");
    for (const auto& service : services_)
        expect_none(service->simulator.open_connections(), "connections open at a server, and no client's");
    expect_none(clock_->armed(), "timers armed when nothing was left to do");
    if (!context_.stopped()) violation("leak: the loop has work left that nothing will ever finish");
}

void World::violation(std::string what) {
    if (options_.trace) trace("VIOLATION " + what);
    report_.violations.push_back(std::move(what));
}

// --- what is told ---

void World::trace(std::string_view line) {
    const auto at = std::chrono::duration_cast<std::chrono::microseconds>(clock_->now() - began_).count();
    std::string time = std::to_string(at % 1'000'000);
    time.insert(0, 6 - time.size(), '0');
    report_.trace.append(std::to_string(at / 1'000'000)).append(".").append(time).append("  ");
    report_.trace.append(line).append("\n");
}

void World::trace_event(const CallRecord& call, const AttemptEvent& event) {
    std::string line = "  call " + std::to_string(call.number) + ": ";
    line.append(name_of(event));
    if (event.attempt > 0) line += " " + std::to_string(event.attempt);
    line += " " + event.model.provider_id + "/" + event.model.id;
    if (event.purpose != Purpose::answer) line.append(" (").append(to_string(event.purpose)).append(")");
    if (const auto* failed = event.as<AttemptFailed>()) line += ", " + describe(failed->error);
    if (const auto* skipped = event.as<LegSkipped>()) line.append(", ").append(to_string(skipped->reason));
    if (const auto* backing = event.as<BackingOff>())
        line += ", " + std::to_string(backing->delay / 1us) + " us";
    trace(line);
}

void World::summarise() {
    const auto mix = [this](std::string_view text) {
        for (const char c : text) {
            report_.digest ^= static_cast<unsigned char>(c);
            report_.digest *= 0x100000001b3U;
        }
    };
    report_.digest = 0xcbf29ce484222325U;
    for (const auto& [name, times] : counts_)
        if (times > 0) report_.events[std::string(name)] = times;
    report_.requests = records_.calls.size();
    report_.exchanges = records_.exchanges.size();
    report_.virtual_time = clock_->now() - began_;
    Checker checker(records_, network_->flights());
    for (const CallRecord& call : records_.calls) {
        ++report_.outcomes[std::string(to_string(call.outcome))];
        mix(to_string(call.outcome));
        mix(call.heard.text());
        mix(std::to_string((call.ended - call.started).count()));
        for (const AttemptRecord& attempt : call.attempts)
            mix(std::to_string((attempt.ended - attempt.started).count()));
        for (std::string& broken : checker.check(call))
            violation("call " + std::to_string(call.number) + ": " + std::move(broken));
    }
}

}  // namespace sluice::testing::simulation

// Where hedges and mirrors are tested: two scripted providers in virtual time, and a listener that keeps
// books.
#pragma once

#include <sluice/attempt_event.hpp>
#include <sluice/fallback.hpp>
#include <sluice/testing/memory_network.hpp>
#include <sluice/testing/scripted_provider.hpp>
#include <sluice/testing/virtual_clock.hpp>

#include "support/run.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <exception>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sluice::test::race {

/// Every event as one line, and a count for each attempt: started once, closed exactly once.
class Books {
  public:
    Books() = default;
    Books(const Books&) = delete;
    Books& operator=(const Books&) = delete;
    /// One for all requests: it numbers them.
    const AttemptEvents& listener() const noexcept { return listener_; }
    const std::vector<std::string>& lines() const noexcept { return lines_; }
    std::size_t count(const std::string& line) const {
        return static_cast<std::size_t>(std::count(lines_.begin(), lines_.end(), line));
    }
    std::size_t started() const noexcept { return attempts_.size(); }
    bool all_closed_once() const {
        for (const auto& [attempt, entry] : attempts_)
            if (entry.started != 1 || entry.closed != 1) return false;
        return true;
    }

  private:
    struct Entry {
        int started = 0;
        int closed = 0;
    };
    void note(const AttemptEvent& event) {
        lines_.push_back(event.model.provider_id + " " + std::string(name_of(event)) + " " +
                         std::string(to_string(event.purpose)));
        if (event.attempt == 0) return;
        Entry& entry = attempts_[{event.call, event.attempt}];
        if (event.as<AttemptStarted>()) ++entry.started;
        if (event.as<AttemptSucceeded>() || event.as<AttemptFailed>() || event.as<AttemptAbandoned>())
            ++entry.closed;
    }

    AttemptEvents listener_ = AttemptEvents([this](const AttemptEvent& event) { note(event); });
    std::vector<std::string> lines_;
    std::map<std::pair<std::uint64_t, std::uint32_t>, Entry> attempts_;
};

struct RaceWorld {
    Books books;  // outlives the coroutines that a failing test leaves behind
    asio::io_context context{1};
    std::shared_ptr<testing::VirtualClock> clock = std::make_shared<testing::VirtualClock>();
    Runtime runtime{clock, std::make_shared<testing::MemoryNetwork>(), seeded_entropy(1)};
    testing::ScriptedProvider alpha{"alpha", runtime};
    testing::ScriptedProvider beta{"beta", runtime};
    testing::ScriptedProvider gamma{"gamma", runtime};
    TimePoint start = clock->now();

    RaceWorld() = default;
    RaceWorld(const RaceWorld&) = delete;
    RaceWorld& operator=(const RaceWorld&) = delete;
    ~RaceWorld() {
        BOOST_TEST(alpha.running() == 0U);
        BOOST_TEST(beta.running() == 0U);
        BOOST_TEST(gamma.running() == 0U);
        BOOST_TEST(clock->armed() == 0U);
        BOOST_TEST(books.all_closed_once());
    }

    template <typename T>
    T run(asio::awaitable<T> work) {
        return test::run(context, *clock, std::move(work));
    }
    /// From now on the provider's model does this, and what it did before no more.
    void change(testing::ScriptedProvider& provider, testing::Script script) {
        provider.script("m", std::move(script));
        const auto use_up = [](BoundModel model) -> asio::awaitable<void> {
            Result<TokenStream> unread = co_await model.try_stream("x");
            (void)unread;
        };
        run(use_up(provider.model("m")));
    }
    Duration passed() const { return clock->now() - start; }
    BoundModel a() const { return alpha.model("m"); }
    BoundModel b() const { return beta.model("m"); }
    BoundModel c() const { return gamma.model("m"); }
};

/// What came of one request.
struct Outcome {
    Outcome() = default;
    std::string text;
    std::string provider;
    std::vector<std::string> attempts;  // "alpha RateLimited"
    std::optional<ErrorInfo> failure;   // in the stream
    std::optional<ErrorInfo> error;     // instead of one
    TimePoint opened;
    std::size_t running_when_opened = 0;
};

inline std::vector<std::string> names(std::span<const Attempt> attempts) {
    std::vector<std::string> all;
    for (const Attempt& attempt : attempts)
        all.push_back(attempt.provider + " " +
                      (attempt.reason ? std::string(to_string(*attempt.reason))
                                      : std::string(class_name(attempt.error.kind))));
    return all;
}

inline asio::awaitable<Outcome> ask(RaceWorld& world, BoundModel model, CallOptions options) {
    Outcome outcome;
    Result<TokenStream> opened = co_await model.try_stream("Capital of Mongolia?", std::move(options));
    outcome.opened = world.clock->now();
    outcome.running_when_opened = world.alpha.running() + world.beta.running() + world.gamma.running();
    if (!opened) {
        outcome.error = opened.error();
        if (outcome.error->attempts) outcome.attempts = names(*outcome.error->attempts);
        co_return outcome;
    }
    TokenStream stream = std::move(opened).value();
    outcome.attempts = names(stream.attempts());
    while (const StreamEvent* event = co_await stream.next()) {
        if (const auto* text = event->as<TextDelta>()) outcome.text += text->text;
        if (const auto* failure = event->as<Failure>()) outcome.failure = failure->error();
    }
    outcome.provider = stream.answerer().provider_id;
    co_return outcome;
}

/// A request whose events go into the books.
inline asio::awaitable<Outcome> ask(RaceWorld& world, BoundModel model) {
    CallOptions options;
    options.events(world.books.listener());
    return ask(world, std::move(model), std::move(options));
}

inline std::vector<std::string> list(std::initializer_list<std::string> items) {
    return items;
}

inline testing::Script good(const char* text = "Ulaanbaatar") {
    return testing::Script().text(text).finish();
}

/// A request in flight, driven by hand and cancelled at will.
class InFlight {
  public:
    InFlight(RaceWorld& world, asio::awaitable<Outcome> work) : world_(world) {
        asio::co_spawn(world.context, std::move(work),
                       asio::bind_cancellation_slot(stop_.slot(), [this](std::exception_ptr thrown, Outcome) {
                           done_ = true;
                           thrown_ = thrown;
                       }));
    }
    /// One handler, or a quarter of a second when none is ready.
    void turn() {
        world_.context.restart();
        if (world_.context.poll_one() == 0)
            world_.clock->advance(world_.context, std::chrono::milliseconds(250));
    }
    bool done() const noexcept { return done_; }
    bool was_aborted() const {
        if (!thrown_) return false;
        try {
            std::rethrow_exception(thrown_);
        } catch (const std::system_error& error) {
            return error.code() == asio::error::operation_aborted;
        } catch (...) {
            return false;
        }
    }
    /// And lets everything that is ready run, without time passing.
    void cancel() {
        stop_.emit(asio::cancellation_type::terminal);
        world_.context.restart();
        world_.context.poll();
    }

  private:
    RaceWorld& world_;
    asio::cancellation_signal stop_;
    bool done_ = false;
    std::exception_ptr thrown_;
};

}  // namespace sluice::test::race

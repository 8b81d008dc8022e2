// Requests through circuit breakers in virtual time: who is asked, what is heard, how it ends.
#pragma once

#include <sluice/breaker.hpp>
#include <sluice/fallback.hpp>
#include <sluice/testing/memory_network.hpp>
#include <sluice/testing/scripted_provider.hpp>
#include <sluice/testing/virtual_clock.hpp>

#include "support/run.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sluice::test {

struct BreakerWorld {
    asio::io_context context{1};
    std::shared_ptr<testing::VirtualClock> clock = std::make_shared<testing::VirtualClock>();
    Runtime runtime{clock, std::make_shared<testing::MemoryNetwork>(), seeded_entropy(1)};
    testing::ScriptedProvider alpha{"alpha", runtime};
    testing::ScriptedProvider beta{"beta", runtime};
    std::vector<std::string> changes;  // "alpha/m closed->open 503"
    std::vector<Duration> open_times;
    std::vector<std::string> of_calls;  // names of the events of the calls

    // Three failures in a row, no share.
    BreakerOptions options() {
        BreakerOptions options;
        options.failures = 3;
        options.failure_ratio = 0;
        options.runtime = runtime;
        options.events = [this](const AttemptEvent& event) {
            const auto* change = event.as<BreakerChanged>();
            BOOST_REQUIRE(change);
            BOOST_TEST((event.at == clock->now()));
            std::string line = std::string(change->domain) + " " + std::string(to_string(change->from)) +
                               "->" + std::string(to_string(change->to));
            if (change->cause) line += " " + std::string(class_name(change->cause->kind));
            changes.push_back(std::move(line));
            if (change->to == BreakerState::open) open_times.push_back(change->open_for);
        };
        return options;
    }
    CallOptions call() {
        CallOptions options;
        options.events([this](const AttemptEvent& event) { of_calls.emplace_back(name_of(event)); });
        return options;
    }
    template <typename T>
    T run(asio::awaitable<T> work) {
        return test::run(context, *clock, std::move(work));
    }
    void wait(Duration time) { clock->advance(context, time); }

    ~BreakerWorld() {
        BOOST_TEST(alpha.running() == 0U);
        BOOST_TEST(beta.running() == 0U);
        BOOST_TEST(clock->armed() == 0U);
    }
};

/// "ok", or the class of the error, however it came; "(asked)" and "(not asked)" are the test's to see.
inline asio::awaitable<std::string> outcome_of(BoundModel model, CallOptions options = {}) {
    Result<TokenStream> opened = co_await model.try_stream("Capital of Mongolia?", std::move(options));
    if (!opened) co_return std::string(class_name(opened.error().kind));
    TokenStream stream = std::move(opened).value();
    std::string outcome = "truncated";
    while (const StreamEvent* event = co_await stream.next()) {
        if (event->is<Finish>()) outcome = "ok";
        if (const auto* failure = event->as<Failure>()) outcome = class_name(failure->error().kind);
    }
    co_return outcome;
}

/// The error of a request that gets no stream.
inline asio::awaitable<ErrorInfo> error_of(BoundModel model) {
    Result<TokenStream> opened = co_await model.try_stream("Capital of Mongolia?");
    if (!opened) co_return opened.error();
    throw std::logic_error("a stream, where an error was expected");
}

/// A stream, and the request still under way.
inline asio::awaitable<std::shared_ptr<TokenStream>> stream_of(BoundModel model) {
    TokenStream stream = co_await model.stream("Capital of Mongolia?");
    co_return std::make_shared<TokenStream>(std::move(stream));
}

/// As a combinator asks when nobody else is left.
inline asio::awaitable<std::string> last_resort(BoundModel model, Request request) {
    CallContext context;
    context.last_resort = true;
    Result<TokenStream> opened = co_await model.open(request, context);
    if (!opened) co_return std::string(class_name(opened.error().kind));
    const StreamEvent* first = co_await opened->peek();
    std::string outcome = "ok";
    if (const auto* failure = first->as<Failure>()) outcome = class_name(failure->error().kind);
    co_return outcome;
}

}  // namespace sluice::test

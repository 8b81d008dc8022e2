// What the tests of health checks share: a world in virtual time, and the events as text.
#pragma once

#include <sluice/fallback.hpp>
#include <sluice/health.hpp>
#include <sluice/testing/memory_network.hpp>
#include <sluice/testing/virtual_clock.hpp>

#include "support/run.hpp"

#include <asio/co_spawn.hpp>

#include <boost/test/unit_test.hpp>

#include <optional>
#include <string>
#include <vector>

namespace sluice::test {

struct HealthWorld {
    asio::io_context context{1};
    std::shared_ptr<testing::VirtualClock> clock = std::make_shared<testing::VirtualClock>();
    std::shared_ptr<testing::MemoryNetwork> network = std::make_shared<testing::MemoryNetwork>();
    Runtime runtime{clock, network, seeded_entropy(1)};
    std::vector<std::string> heard;  // "target_down alpha/a ProviderTimeout 3", ...
    std::vector<TimePoint> heard_at;
    std::vector<AttemptFigures> figures;  // of the attempts that succeeded
    const TimePoint start = clock->now();

    AttemptEvents events() {
        return AttemptEvents([this](const AttemptEvent& event) { hear(event); });
    }
    /// No jitter, so that times are what they seem.
    static HealthSettings exact(ProbeKind kind) {
        HealthSettings settings;
        settings.kind = kind;
        settings.jitter = 0;
        return settings;
    }
    HealthCheckOptions options(ProbeKind kind) { return {exact(kind), events(), runtime}; }
    void pass(Duration time) { clock->advance(context, time); }
    Duration elapsed() const { return clock->now() - start; }

    /// Stops the checks, and sees that nothing is left of them.
    void stop(HealthChecks& checks) {
        bool stopped = false;
        asio::co_spawn(context, checks.stop(), [&](std::exception_ptr error) {
            BOOST_TEST((error == nullptr));
            stopped = true;
        });
        pass(Duration(0));
        BOOST_TEST(stopped);
    }
    /// One request; "alpha/a" who answered, or the class of the error. Takes no time but what the model
    /// takes.
    std::string ask(BoundModel model, CallOptions options = {}) {
        std::optional<std::string> answered;
        asio::co_spawn(context, ask_for(std::move(model), std::move(options)),
                       [&](std::exception_ptr error, std::string value) {
                           BOOST_TEST((error == nullptr));
                           answered = std::move(value);
                       });
        pass(Duration(0));
        return answered.value_or("waits");
    }

  private:
    static asio::awaitable<std::string> ask_for(BoundModel model, CallOptions options) {
        Result<TokenStream> opened = co_await model.try_stream("Capital of Mongolia?", std::move(options));
        if (!opened) co_return std::string(class_name(opened.error().kind));
        for (;;) {
            const std::span<const StreamEvent> batch = co_await opened->next_batch();
            if (batch.empty()) break;
            if (const Failure* failed = batch.back().as<Failure>())
                co_return std::string(class_name(failed->error().kind));
        }
        co_return opened->answerer().provider_id + "/" + opened->answerer().model_id;
    }

    void hear(const AttemptEvent& event) {
        std::string line = std::string(name_of(event)) + " " + event.model.provider_id + "/" + event.model.id;
        if (const auto* down = event.as<TargetDown>())
            line.append(" ")
                .append(class_name(down->error.kind))
                .append(" ")
                .append(std::to_string(down->consecutive_failures));
        if (const auto* back = event.as<TargetRecovered>())
            line +=
                " " + std::to_string(std::chrono::floor<std::chrono::seconds>(back->down_for).count()) + " s";
        if (const auto* good = event.as<AttemptSucceeded>()) figures.push_back(good->figures);
        BOOST_TEST((event.purpose == Purpose::probe));
        BOOST_TEST((event.at == clock->now()));
        heard.push_back(std::move(line));
        heard_at.push_back(event.at);
    }
};

inline std::vector<std::string> list(std::initializer_list<std::string> items) {
    return items;
}

}  // namespace sluice::test

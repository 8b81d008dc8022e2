// A primary that goes down under steady load and comes back, behind a breaker and with a fallback: over the
// simulator, HTTP and all, for a minute of virtual time.
#include <sluice/breaker.hpp>
#include <sluice/fallback.hpp>
#include <sluice/openai.hpp>
#include <sluice/testing/memory_network.hpp>
#include <sluice/testing/scripted_provider.hpp>
#include <sluice/testing/simulator.hpp>
#include <sluice/testing/virtual_clock.hpp>

#include "support/run.hpp"

#include <asio/co_spawn.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

using namespace sluice;
using namespace std::chrono_literals;
using testing::SimulatedAnswer;
using testing::SimulatedError;

namespace {

constexpr Duration kEvery = 50ms;                   // 20 requests a second
constexpr int kRequests = 20 * 125;                 // for 125 s
constexpr Duration kDown = 10s + kEvery / 2;        // between two requests,
constexpr Duration kOutage = 60s;                   // for a minute
constexpr std::chrono::milliseconds kSilence = 1s;  // until the first event is overdue

enum class Fault { overloaded, told_to_wait, refused, silent };

struct Heard {
    Duration at;
    std::string who;
};

class World {
  public:
    explicit World(Fault fault) : fault_(fault) {
        backup_.script("m", testing::Script().text("from the fallback").finish());
        start_primary();
    }
    ~World() {
        BOOST_TEST(backup_.running() == 0U);
        BOOST_TEST(clock_->armed() == 0U);
    }
    World(const World&) = delete;

    BoundModel primary() {
        OpenAIOptions options;
        options.id = "primary";
        options.base_url = "http://primary.test/v1";
        options.deadlines.first_event = kSilence;
        options.runtime = runtime_;
        return OpenAI(options).model("m");
    }
    FallbackBoundModel chain(BoundModel first) {
        FallbackOptions options;
        options.runtime = runtime_;
        return FallbackBoundModel({std::move(first), backup_.model("m")}, options);
    }
    BreakerOptions breaker_options() {
        BreakerOptions options;
        options.runtime = runtime_;
        options.events = [this](const AttemptEvent& event) {
            const auto* change = event.as<BreakerChanged>();
            if (change->to != BreakerState::open) return;
            openings.push_back(passed());
            open_times.push_back(change->open_for);
        };
        return options;
    }

    void serve(const BoundModel& model) { test::run(context_, *clock_, load(*this, model)); }

    // --- what was seen ---
    std::vector<Duration> openings;  // when the breaker opened,
    std::vector<Duration> open_times;
    std::vector<Heard> asked;     // who was asked when,
    std::vector<Heard> answered;  // and who began to answer when
    std::map<std::string, int> outcomes;

    std::size_t asked_while_down() const {
        return std::size_t(std::count_if(asked.begin(), asked.end(), [](const Heard& one) {
            return one.who == "primary" && one.at >= kDown && one.at < kDown + kOutage;
        }));
    }
    Duration back_at() const {
        const auto back = std::find_if(answered.begin(), answered.end(), [](const Heard& one) {
            return one.who == "primary" && one.at >= kDown + kOutage;
        });
        BOOST_REQUIRE((back != answered.end()));
        return back->at;
    }

  private:
    Duration passed() const { return clock_->now() - begin_; }
    bool is_down() const { return passed() >= kDown && passed() < kDown + kOutage; }

    void start_primary() {
        primary_.emplace(context_.get_executor(), runtime_);
        primary_->listen(*network_, Origin(false, "primary.test", 80));
        primary_->on_model("m", [this](std::size_t, std::string_view) { return answer(); });
    }
    SimulatedAnswer answer() const {
        SimulatedAnswer answer;
        if (!is_down()) {
            answer.tokens = {"from ", "the ", "primary"};
        } else if (fault_ == Fault::silent) {
            answer.silent = true;
        } else {
            answer.error = SimulatedError(ErrorKind::provider_overloaded);
            if (fault_ == Fault::told_to_wait) {
                answer.error = SimulatedError(ErrorKind::rate_limited);
                answer.error->retry_after = 20s;
            }
        }
        return answer;
    }

    CallOptions watched() {
        CallOptions options;
        options.events([this](const AttemptEvent& event) {
            if (event.as<AttemptStarted>()) asked.push_back({passed(), event.model.provider_id});
            if (event.as<FirstEvent>()) answered.push_back({passed(), event.model.provider_id});
        });
        return options;
    }

    static asio::awaitable<std::string> ask(BoundModel model, CallOptions options) {
        try {
            const AssistantMessage answer =
                co_await model.generate("Capital of Mongolia?", std::move(options));
            co_return answer.text();
        } catch (const ProviderError& error) {
            co_return std::string(class_name(error.kind()));
        }
    }
    static asio::awaitable<void> load(World& world, BoundModel model) {
        for (int i = 0; i < kRequests; ++i) {
            if (world.fault_ == Fault::refused) world.switch_off_and_on();
            asio::co_spawn(
                world.context_, ask(model, world.watched()),
                [&world](std::exception_ptr, const std::string& outcome) { ++world.outcomes[outcome]; });
            co_await sleep_for(*world.clock_, kEvery);
        }
    }
    // The process is gone, its connections with it; and is started again.
    void switch_off_and_on() {
        if (is_down() && primary_) {
            primary_.reset();
            network_->unlisten(Origin(false, "primary.test", 80));
        } else if (!is_down() && !primary_) {
            start_primary();
        }
    }

    Fault fault_;
    asio::io_context context_{1};
    std::shared_ptr<testing::VirtualClock> clock_ = std::make_shared<testing::VirtualClock>();
    std::shared_ptr<testing::MemoryNetwork> network_ = std::make_shared<testing::MemoryNetwork>();
    Runtime runtime_{clock_, network_, seeded_entropy(7)};
    TimePoint begin_ = clock_->now();
    std::optional<testing::Simulator> primary_;
    testing::ScriptedProvider backup_{"fallback", runtime_};
};

// How many probes an outage can see, when chance adds nothing to the open times.
std::size_t most_probes(Duration open_for, int factor, Duration slow = 0s) {
    std::size_t probes = 0;
    for (Duration at = open_for; at <= kOutage; ++probes) {
        open_for *= factor;
        at += slow + open_for;
    }
    return probes;
}

struct FlapCase {
    const char* what;
    Fault fault;
    std::size_t before_it_opens;  // attempts at most
    std::size_t probes;
    Duration slow;  // how long a failure takes
};

}  // namespace

BOOST_AUTO_TEST_SUITE(flap)

BOOST_AUTO_TEST_CASE(nobody_notices_an_outage_and_the_primary_is_left_alone_until_it_is_back) {
    const std::size_t threshold = BreakerOptions().failures;
    const std::vector<FlapCase> cases{
        {"503", Fault::overloaded, threshold, most_probes(5s, 2), 0s},
        {"refused connections", Fault::refused, threshold, most_probes(5s, 2), 0s},
        // While the first ones wait, others are sent.
        {"silence", Fault::silent, threshold + kSilence / kEvery, most_probes(5s, 2, kSilence), kSilence},
        {"429, wait 20 s", Fault::told_to_wait, 1, most_probes(20s, 1), 0s},
    };
    BOOST_TEST(most_probes(5s, 2) == 3U);  // after 5, 15 and 35 s
    for (const FlapCase& test : cases) {
        BOOST_TEST_CONTEXT(test.what) {
            World world(test.fault);
            const Breakers breakers(world.breaker_options());
            world.serve(world.chain(BreakerBoundModel(world.primary(), breakers)));

            // Every request has its whole answer, from one of the two.
            BOOST_TEST(world.outcomes["from the primary"] + world.outcomes["from the fallback"] == kRequests);
            BOOST_TEST(world.outcomes.size() == 2U);

            BOOST_TEST(world.asked_while_down() <= test.before_it_opens + test.probes);
            // It was probed meanwhile, and each further opening took a probe.
            BOOST_REQUIRE(world.openings.size() >= 2U);
            const std::size_t to_open = test.fault == Fault::told_to_wait ? 1 : threshold;
            BOOST_TEST(world.asked_while_down() >= to_open + world.openings.size() - 1);
            BOOST_TEST((world.openings.front() >= kDown));
            BOOST_TEST(world.openings.size() <= test.probes + 1);

            // Back within the open time that ran when the primary came back (and the time to the next
            // request).
            BOOST_TEST((world.openings.back() <= kDown + kOutage + test.slow));
            BOOST_TEST((world.back_at() <= world.openings.back() + world.open_times.back() + kEvery));
            for (const Heard& one : world.asked)
                if (one.at > world.back_at()) BOOST_TEST(one.who == "primary");
            BOOST_TEST((world.asked.back().at > world.back_at() + 5s));
        }
    }
}

// What the breaker is for: without it everybody asks in vain, and waits.
BOOST_AUTO_TEST_CASE(without_a_breaker_every_request_asks_the_dead_primary_first) {
    World world(Fault::overloaded);
    world.serve(world.chain(world.primary()));
    BOOST_TEST(world.asked_while_down() == std::size_t(kOutage / kEvery));
}

BOOST_AUTO_TEST_SUITE_END()

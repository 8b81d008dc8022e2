// From the socket to the event without the heap: after the first reads, streaming text allocates nothing. And
// failing over throws nothing while there is a leg left.
#include <sluice/fallback.hpp>
#include <sluice/openai.hpp>
#include <sluice/testing/scripted_provider.hpp>

#include "bench/stream_server.hpp"
#include "support/allocations.hpp"
#include "support/throw_counter.hpp"

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include <boost/test/unit_test.hpp>

namespace {

struct Count {
    std::size_t events = 0;
    std::size_t allocations = 0;
};

asio::awaitable<Count> count_allocations(sluice::BoundModel model, std::size_t warm_up,
                                         std::size_t measured) {
    Count count;
    std::size_t before = 0;
    sluice::TokenStream stream = co_await model.stream("x");
    while (const sluice::StreamEvent* event = co_await stream.next()) {
        if (event->is<sluice::TextDelta>()) ++count.events;
        if (count.events == warm_up) before = sluice::test::allocations();
        if (count.events == warm_up + measured) {
            count.allocations = sluice::test::allocations() - before;
            break;
        }
    }
    co_return count;
}

template <typename T>
T run(asio::awaitable<T> work) {
    asio::io_context context{1};
    T result{};
    asio::co_spawn(context, std::move(work), [&](std::exception_ptr error, T value) {
        BOOST_REQUIRE(!error);
        result = std::move(value);
    });
    context.run();
    return result;
}

asio::awaitable<std::string> answerer(sluice::BoundModel model) {
    sluice::TokenStream stream = co_await model.stream("x");
    co_return stream.answerer().provider_id;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(steady_state)

BOOST_AUTO_TEST_CASE(streaming_text_from_a_socket_allocates_nothing) {
    for (const std::size_t per_write : {1U, 16U}) {
        const bench::StreamServer server(30'000, per_write);
        const sluice::OpenAI openai{
            {.base_url = "http://127.0.0.1:" + std::to_string(server.port()) + "/v1"}};
        const Count bare = run(count_allocations(openai.model("m"), 5'000, 20'000));
        BOOST_TEST(bare.events == 25'000U);
        BOOST_TEST(bare.allocations == 0U);
        const sluice::FallbackBoundModel gate({openai.model("m")});
        const Count gated = run(count_allocations(sluice::FallbackBoundModel({gate, gate}), 5'000, 20'000));
        BOOST_TEST(gated.allocations == 0U);
    }
}

BOOST_AUTO_TEST_CASE(failing_over_throws_nothing_until_the_chain_is_exhausted) {
    using sluice::testing::Script;
    sluice::testing::ScriptedProvider provider("p", sluice::Runtime());
    provider.script("first-event", Script().fail(sluice::ErrorKind::provider_overloaded));
    provider.script("open", Script().fail_open(sluice::ErrorKind::rate_limited));
    provider.script("good", Script().text("x").finish());
    const auto leg = [&](const char* id) { return provider.model(id); };

    const std::size_t before = sluice::test::exceptions_thrown();
    const sluice::FallbackBoundModel model({leg("first-event"), leg("open"), leg("good")});
    BOOST_TEST(run(answerer(model)) == "p");
    BOOST_TEST(sluice::test::exceptions_thrown() == before);

    // The control: the counter does count.
    const sluice::FallbackBoundModel exhausted({leg("first-event"), leg("open")});
    asio::io_context context{1};
    bool failed = false;
    asio::co_spawn(context, answerer(exhausted),
                   [&](std::exception_ptr error, std::string) { failed = error != nullptr; });
    context.run();
    BOOST_TEST(failed);
    BOOST_TEST(sluice::test::exceptions_thrown() > before);
}

BOOST_AUTO_TEST_SUITE_END()

// One selection, shared by several threads with an io_context each. Meant for ThreadSanitizer.
#include <sluice/select.hpp>
#include <sluice/testing/memory_network.hpp>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include <boost/test/unit_test.hpp>

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

using namespace sluice;

namespace {

constexpr int kThreads = 4;
constexpr int kRequests = 300;

// Answers at once, every third time with a failure, on any thread.
class Instant final : public ModelTarget, public Provider {
  public:
    explicit Instant(std::string id) : id_(std::move(id)), spec_(id_, "m") {}
    std::string_view id() const noexcept override { return id_; }
    const Provider& provider() const noexcept override { return *this; }
    const ModelSpec& spec() const noexcept override { return spec_; }
    asio::awaitable<Result<TokenStream>> open(const Request&, const CallContext&) const override {
        return answer(calls_++ % 3 == 2, id_);
    }
    int calls() const { return calls_; }

  private:
    class Source final : public TokenSource {
      public:
        explicit Source(std::string id) { answerer_.provider_id = std::move(id); }
        asio::awaitable<std::span<const StreamEvent>> next_batch() override {
            co_return std::span<const StreamEvent>(events_);
        }
        asio::awaitable<void> close() override { co_return; }
        const Answerer& answerer() const noexcept override { return answerer_; }

      private:
        Answerer answerer_;
        std::array<StreamEvent, 2> events_{StreamEvent(TextDelta{"x"}), StreamEvent(Finish())};
    };
    static asio::awaitable<Result<TokenStream>> answer(bool fails, std::string id) {
        if (fails) co_return ErrorInfo(ErrorKind::provider_overloaded, Phase::headers, "every third time");
        auto source = std::make_unique<Source>(std::move(id));
        co_return TokenStream(std::move(source));
    }

    std::string id_;
    ModelSpec spec_;
    mutable std::atomic<int> calls_{0};
};

asio::awaitable<void> ask(BoundModel model, int thread, std::atomic<int>& answers) {
    for (int i = 0; i < kRequests; ++i) {
        CallOptions options;
        options.conversation(std::to_string(thread) + "-" + std::to_string(i % 7));
        Result<TokenStream> opened = co_await model.try_stream("x", options);
        if (!opened) continue;
        if (i % 2 == 0) {
            AssistantMessage message = co_await opened->collect();
            answers += message.text() == "x";
        } else {
            ++answers;  // and dropped
        }
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(select_threads)

BOOST_AUTO_TEST_CASE(every_strategy_keeps_its_books_under_threads) {
    for (const Strategy strategy :
         {Strategy::priority, Strategy::weighted, Strategy::round_robin, Strategy::least_latency,
          Strategy::least_busy, Strategy::cheapest, Strategy::score}) {
        BOOST_TEST_CONTEXT(to_string(strategy)) {
            const auto one = std::make_shared<Instant>("one");
            const auto two = std::make_shared<Instant>("two");
            SelectOptions options;
            options.strategy = strategy;
            options.failover.stickiness.by = Stickiness::By::conversation;
            options.failover.stickiness.max_conversations = 10;
            std::atomic<int> failovers{0};
            options.failover.on_failover = [&](const Failover&) { ++failovers; };
            const SelectBoundModel model({{BoundModel(one)}, {BoundModel(two)}}, options);

            std::atomic<int> answers{0};
            std::vector<std::thread> threads;
            for (int thread = 0; thread < kThreads; ++thread) {
                threads.emplace_back([&model, thread, &answers] {
                    asio::io_context context{1};
                    std::exception_ptr thrown;
                    asio::co_spawn(context, ask(model, thread, answers),
                                   [&thrown](std::exception_ptr error) { thrown = error; });
                    context.run();
                    if (thrown) std::rethrow_exception(thrown);
                });
            }
            for (std::thread& thread : threads)
                thread.join();
            BOOST_TEST(one->calls() + two->calls() == answers + failovers);
            BOOST_TEST(answers > kThreads * kRequests * 3 / 4);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

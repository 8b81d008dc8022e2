// 6. Several streams at once on one thread. Each is an ordinary coroutine; the group waits for all of them.
#include "service.hpp"

#include <asio/experimental/awaitable_operators.hpp>

using namespace asio::experimental::awaitable_operators;

asio::awaitable<std::size_t> count_tokens(sluice::BoundModel model, std::string question) {
    std::size_t deltas = 0;
    sluice::TokenStream stream = co_await model.stream(std::move(question));
    while (const sluice::StreamEvent* event = co_await stream.next()) {
        deltas += event->is<sluice::TextDelta>();
        if (const auto* failure = event->as<sluice::Failure>()) sluice::throw_error(failure->error());
    }
    co_return deltas;
}

asio::awaitable<void> several_streams(example::Service& service) {
    sluice::BoundModel model = service.model();
    // `&&` waits for all, and the first that throws cancels the others. (Do not use `||` for timeouts: it
    // swallows errors.)
    auto all = count_tokens(model, "Capital of Mongolia?") && count_tokens(model, "Capital of Peru?") &&
               count_tokens(model, "Capital of Kenya?");
    auto [mongolia, peru, kenya] = co_await std::move(all);
    std::cout << "text deltas: " << mongolia << " + " << peru << " + " << kenya << '\n';
}

int main() {
    return example::run(several_streams);
}

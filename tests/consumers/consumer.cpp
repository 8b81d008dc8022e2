// What each consumer project builds: a chain whose first model fails, and the tokens of the one that answers.
#include <sluice/sluice.hpp>
#include <sluice/testing/scripted_provider.hpp>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include <exception>
#include <iostream>
#include <string>

namespace {

asio::awaitable<void> ask(sluice::BoundModel model, std::string& answer) {
    sluice::TokenStream stream = co_await model.stream("Capital of Mongolia?");
    while (const sluice::StreamEvent* event = co_await stream.next())
        if (auto* delta = event->as<sluice::TextDelta>()) answer += delta->text;
}

}  // namespace

int main() {
    sluice::testing::ScriptedProvider provider("scripted", sluice::Runtime());
    provider.script("down", sluice::testing::Script().fail_open(sluice::ErrorKind::provider_overloaded));
    provider.script("up", sluice::testing::Script().text("Ulaan").text("baatar").finish());
    sluice::FallbackBoundModel model({provider.model("down"), provider.model("up")});

    asio::io_context context;
    std::string answer;
    asio::co_spawn(context, ask(model, answer), [](std::exception_ptr error) {
        if (error) std::rethrow_exception(error);
    });
    context.run();
    std::cout << answer << '\n';
    return answer == "Ulaanbaatar" ? 0 : 1;
}

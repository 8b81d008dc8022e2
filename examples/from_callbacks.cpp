// 7. From code that is not made of coroutines: co_spawn takes any completion token, such as a callback or a
// future.
#include "service.hpp"

#include <asio/use_future.hpp>

#include <future>
#include <thread>

int main() {
    asio::io_context context{1};
    example::Service service(context);
    sluice::BoundModel model = service.model();

    // A callback. It runs on the io_context.
    std::promise<void> called_back;
    asio::co_spawn(context, model.generate("Capital of Mongolia?"),
                   [&](std::exception_ptr error, sluice::AssistantMessage answer) {
                       std::cout << "callback: " << (error ? "failed" : answer.text()) << '\n';
                       called_back.set_value();
                   });
    std::thread loop([&context] { context.run(); });
    called_back.get_future().wait();

    // A future, for a thread that has nothing better to do than to wait.
    int exit_code = 0;
    try {
        std::future<sluice::AssistantMessage> answer =
            asio::co_spawn(context, model.generate("Capital of Peru?"), asio::use_future);
        std::cout << "future: " << answer.get().text() << '\n';
    } catch (const sluice::ProviderError& error) {
        std::cerr << "error: " << error.what() << '\n';
        exit_code = 1;
    }
    context.stop();
    loop.join();
    return exit_code;
}

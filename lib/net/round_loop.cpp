#include <sluice/round_loop.hpp>

#include <thread>

namespace sluice {

std::size_t RoundLoop::run() {
    using Clock = std::chrono::steady_clock;
    std::size_t handlers = 0;
    Clock::time_point last_round{};
    while (const std::size_t woken = context_.run_one()) {
        const Clock::time_point now = Clock::now();
        // The rounds before a hold are what tells load: after one, the next round is `hold` away by our own
        // doing.
        const bool is_load = now - last_round < options_.load;
        handlers += woken + context_.poll();
        ++rounds_;
        last_round = now;
        if (is_load && options_.hold.count() > 0) {
            std::this_thread::sleep_until(now + options_.hold);
            ++held_;
            last_round = Clock::now();  // still under load if the next round is due at once
        }
    }
    return handlers;
}

}  // namespace sluice

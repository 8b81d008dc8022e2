#include "net/task_group.hpp"

#include <sluice/log.hpp>

#include "net/cancellation.hpp"
#include "net/signal.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/dispatch.hpp>
#include <asio/post.hpp>
#include <asio/system_error.hpp>
#include <asio/use_awaitable.hpp>

#include <exception>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace sluice::net {
namespace {

// Somebody who waits for the end of all tasks, on an executor of his own.
struct Waiter {
    explicit Waiter(asio::any_io_executor where) : executor(std::move(where)), ended(executor) {}
    asio::any_io_executor executor;
    Signal ended;
};

// co_spawn() starts a coroutine inside the call when it is on the right thread already. A task must not
// surprise its spawner so.
asio::awaitable<void> begin_later(asio::awaitable<void> work) {
    co_await asio::post(asio::use_awaitable);
    co_await std::move(work);
}

void log_unless_aborted(const std::exception_ptr& thrown) {
    try {
        if (thrown) std::rethrow_exception(thrown);
    } catch (const std::system_error& error) {
        if (error.code() != aborted())
            log(LogLevel::error, std::string("a background task threw, and ended: ") + error.what());
    } catch (const std::exception& error) {
        log(LogLevel::error, std::string("a background task threw, and ended: ") + error.what());
    } catch (...) {
        log(LogLevel::error, "a background task threw something that is no std::exception, and ended");
    }
}

}  // namespace

// Held by the completion handler, which lives as long as the coroutine: that refers to the signal.
struct Task::State {
    explicit State(asio::any_io_executor where) : executor(std::move(where)) {}
    const asio::any_io_executor executor;
    asio::cancellation_signal stop;  // of the executor, like `ended`
    bool ended = false;

    // A signal is no more thread-safe than the coroutine that it stops.
    static void cancel(std::shared_ptr<State> task) {
        const asio::any_io_executor executor = task->executor;
        asio::dispatch(executor, [task = std::move(task)] {
            if (!task->ended) task->stop.emit(asio::cancellation_type::terminal);
        });
    }
};

void Task::cancel() const {
    if (std::shared_ptr<State> task = state_.lock()) State::cancel(std::move(task));
}

struct TaskGroup::State {
    explicit State(std::size_t at_most) : limit(at_most) {}
    const std::size_t limit;
    mutable std::mutex mutex;  // guards the rest
    std::set<std::shared_ptr<Task::State>> tasks;
    std::vector<std::shared_ptr<Waiter>> waiters;
    bool stopped = false;

    bool add(const std::shared_ptr<Task::State>& task) {
        const std::lock_guard lock(mutex);
        if (stopped || tasks.size() >= limit) return false;
        tasks.insert(task);
        return true;
    }
    void remove(const std::shared_ptr<Task::State>& task) {
        std::vector<std::shared_ptr<Waiter>> woken;
        {
            const std::lock_guard lock(mutex);
            tasks.erase(task);
            if (tasks.empty()) woken.swap(waiters);
        }
        for (std::shared_ptr<Waiter>& waiter : woken) {
            const asio::any_io_executor executor = waiter->executor;
            asio::post(executor, [waiter = std::move(waiter)] { waiter->ended.notify(); });
        }
    }
    // Absent when nobody has to be waited for.
    std::shared_ptr<Waiter> join(const asio::any_io_executor& executor) {
        const std::lock_guard lock(mutex);
        if (tasks.empty()) return nullptr;
        return waiters.emplace_back(std::make_shared<Waiter>(executor));
    }
    void leave(const std::shared_ptr<Waiter>& waiter) {
        const std::lock_guard lock(mutex);
        std::erase(waiters, waiter);
    }
    void cancel_all(bool for_good) {
        std::set<std::shared_ptr<Task::State>> running;
        {
            const std::lock_guard lock(mutex);
            stopped |= for_good;
            running = tasks;
        }
        for (const std::shared_ptr<Task::State>& task : running)
            Task::State::cancel(task);
    }

    class Waiting;
    static asio::awaitable<void> wait(std::shared_ptr<State> self);
};

// A place among the waiters, given back however the wait ends: its io_context may be destroyed under it.
class TaskGroup::State::Waiting {
  public:
    Waiting(std::shared_ptr<State> group, const asio::any_io_executor& executor)
        : group_(std::move(group)), waiter_(group_->join(executor)) {}
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;
    ~Waiting() {
        if (waiter_) group_->leave(waiter_);
    }
    Waiter* waiter() const noexcept { return waiter_.get(); }

  private:
    std::shared_ptr<State> group_;
    std::shared_ptr<Waiter> waiter_;
};

asio::awaitable<void> TaskGroup::State::wait(std::shared_ptr<State> self) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    for (;;) {
        const Waiting waiting(self, executor);
        if (!waiting.waiter()) co_return;
        const bool ended = co_await waiting.waiter()->ended.wait();
        // A task may have been spawned since.
        if (!ended) throw asio::system_error(aborted(), "TaskGroup::wait");
    }
}

// Goes with the coroutine's completion handler. That is not called when the io_context is destroyed first.
class TaskGroup::Ending {
  public:
    Ending(std::shared_ptr<Task::State> task, std::shared_ptr<State> group)
        : task_(std::move(task)), group_(std::move(group)) {}
    Ending(const Ending&) = delete;
    Ending& operator=(const Ending&) = delete;
    ~Ending() {
        task_->ended = true;
        group_->remove(task_);
    }

  private:
    std::shared_ptr<Task::State> task_;
    std::shared_ptr<State> group_;
};

TaskGroup::TaskGroup(std::size_t limit) : state_(std::make_shared<State>(limit)) {}

TaskGroup::~TaskGroup() {
    state_->cancel_all(true);
}

std::optional<Task> TaskGroup::spawn(asio::any_io_executor executor, asio::awaitable<void> work) {
    const auto task = std::make_shared<Task::State>(executor);
    if (!state_->add(task)) return std::nullopt;
    auto on_end = [ending = std::make_unique<Ending>(task, state_)](std::exception_ptr thrown) {
        log_unless_aborted(thrown);
    };
    asio::co_spawn(executor, begin_later(std::move(work)),
                   asio::bind_cancellation_slot(task->stop.slot(), std::move(on_end)));
    return Task(task);
}

void TaskGroup::cancel_all() {
    state_->cancel_all(false);
}

std::size_t TaskGroup::running() const {
    const std::lock_guard lock(state_->mutex);
    return state_->tasks.size();
}

asio::awaitable<void> TaskGroup::wait() {
    return State::wait(state_);
}

asio::awaitable<void> TaskGroup::stop() {
    state_->cancel_all(true);
    return State::wait(state_);
}

}  // namespace sluice::net

// The owner of spawned coroutines: stops them, and knows when they have ended.
//
//   net::TaskGroup tasks;
//   std::optional<net::Task> probe = tasks.spawn(executor, probe_for_ever(state));
//   probe->cancel();               // this one
//   co_await tasks.stop();         // or all of them, waiting until they have ended
//
// Any thread may call anything. Each task lives on the executor it was spawned on, and only there is it run,
// cancelled and ended; so that executor must not run two handlers together (one thread an io_context, or a
// strand). A task owns what it touches: it may outlive the group for as long as its cancellation takes.
#pragma once

#include <sluice/config.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace sluice::net {

/// One spawned coroutine, to cancel it. Cheap to copy; keeps nothing alive.
class Task {
  public:
    /// Cancels it (terminal) on its own executor: inside this call when that is where we are, else soon.
    /// Nothing happens to a task that has ended.
    void cancel() const;

  private:
    friend class TaskGroup;
    struct State;
    explicit Task(std::weak_ptr<State> state) : state_(std::move(state)) {}
    std::weak_ptr<State> state_;
};

class TaskGroup {
  public:
    /// Runs at most `limit` tasks at once.
    explicit TaskGroup(std::size_t limit = SIZE_MAX);
    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;
    /// Cancels all tasks and waits for none.
    ~TaskGroup();

    /// Starts `work` on `executor`, never inside this call. Nothing, with `work` destroyed unstarted, when
    /// the group has been stopped or `limit` tasks run. What `work` throws is logged and swallowed, but for
    /// operation_aborted, which is how a cancelled coroutine ends.
    std::optional<Task> spawn(asio::any_io_executor executor, asio::awaitable<void> work);
    /// Cancels all tasks that run now.
    void cancel_all();
    /// Tasks that have not ended.
    std::size_t running() const;

    /// Completes when no task runs. Cancelling the wait throws operation_aborted and cancels no task. The
    /// group may be destroyed meanwhile.
    asio::awaitable<void> wait();
    /// Nothing is spawned any more; cancels all tasks and waits for them. May be called again.
    asio::awaitable<void> stop();

  private:
    struct State;
    class Ending;
    std::shared_ptr<State> state_;
};

}  // namespace sluice::net

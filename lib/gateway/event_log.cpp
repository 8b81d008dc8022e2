#include "gateway/event_log.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include <csignal>

#include "gateway/event_file.hpp"

namespace sluice::gateway {
namespace {

using Line = std::shared_ptr<const std::string>;

// What may wait for the writer. At 10,000 requests a second it has most of a second to come by.
constexpr std::size_t kMaxQueued = 8192;
constexpr std::size_t kMaxQueuedBytes = std::size_t{16} << 20;
// With prompts recorded, a thousand events could be gigabytes: the ring has a limit in bytes too.
constexpr std::size_t kMaxRecentBytes = std::size_t{64} << 20;
// Between two writes. A wake-up costs a busy core more than the write does.
constexpr std::chrono::milliseconds kPause{100};
// After a write failed.
constexpr std::chrono::milliseconds kPauseAfterFailure{1000};

// Signals are for the threads that know them; the writer takes none, and a pipe without a reader is EPIPE.
class SignalsBlocked {
  public:
    SignalsBlocked() noexcept {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    SignalsBlocked(const SignalsBlocked&) = delete;
    ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

  private:
    sigset_t before_{};
};

struct Kept {
    std::uint64_t number = 0;
    Line json;
};

}  // namespace

class EventLog::State {
  public:
    explicit State(EventsConfig config) : config_(std::move(config)) {
        if (config_.file.empty()) return;
        file_ = std::make_unique<EventFile>(config_.file, config_.max_file_size, config_.max_files);
        const SignalsBlocked during_creation;  // a new thread inherits the mask
        writer_ = std::thread([this] { write_all(); });
    }
    State(const State&) = delete;
    ~State() {
        if (!writer_.joinable()) return;
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        wake_.notify_one();
        writer_.join();
    }

    void append(const RequestRecord& record) {
        auto json = std::make_shared<const std::string>(to_json(record));
        bool wake = false;
        {
            const std::lock_guard lock(mutex_);
            keep({++last_number_, json});
            if (file_) wake = enqueue(std::move(json));
        }
        if (wake) wake_.notify_one();
    }

    /// Those after that number, oldest first.
    std::vector<Kept> kept(std::uint64_t after) const {
        const std::lock_guard lock(mutex_);
        // A number that there has not been is an earlier run's, and everything of this one is later.
        if (after > last_number_) after = 0;
        const auto first = std::find_if(recent_.rbegin(), recent_.rend(),
                                        [after](const Kept& entry) { return entry.number <= after; });
        return {first.base(), recent_.end()};
    }
    std::uint64_t last_number() const noexcept {
        const std::lock_guard lock(mutex_);
        return last_number_;
    }

    void flush() {
        if (!file_) return;
        std::unique_lock lock(mutex_);
        const std::uint64_t wanted = ++flushes_asked_;
        wake_.notify_one();
        flushed_.wait(lock, [&] { return flushes_done_ >= wanted; });
    }
    void reopen() {
        if (!file_) return;
        {
            const std::lock_guard lock(mutex_);
            reopen_ = true;
        }
        wake_.notify_one();
    }
    std::uint64_t dropped() const noexcept { return dropped_.load(std::memory_order_relaxed); }

  private:
    void keep(Kept entry) {
        recent_bytes_ += entry.json->size();
        recent_.push_back(std::move(entry));
        while (!recent_.empty() &&
               (recent_.size() > config_.recent || (recent_bytes_ > kMaxRecentBytes && recent_.size() > 1))) {
            recent_bytes_ -= recent_.front().json->size();
            recent_.pop_front();
        }
    }

    // True when the writer is to be woken: it is idle, or the queue is half full and was not before.
    bool enqueue(Line json) {
        const bool fits = queue_.empty() || queued_bytes_ + json->size() <= kMaxQueuedBytes;
        if (queue_.size() == kMaxQueued || !fits) {
            dropped_.fetch_add(1, std::memory_order_relaxed);
            return false;
        }
        const bool was_full = is_half_full();
        queued_bytes_ += json->size();
        queue_.push_back(std::move(json));
        return idle_ ? std::exchange(idle_, false) : !was_full && is_half_full();
    }
    bool is_half_full() const noexcept {
        return queue_.size() >= kMaxQueued / 2 || queued_bytes_ >= kMaxQueuedBytes / 2;
    }
    bool is_urgent() const noexcept { return stopping_ || reopen_ || flushes_asked_ != flushes_done_; }

    void write_all() {
        std::vector<Line> batch;
        std::unique_lock lock(mutex_);
        while (true) {
            idle_ = batch.empty() && queue_.empty();
            if (idle_) wake_.wait(lock, [&] { return !queue_.empty() || is_urgent(); });
            idle_ = false;
            const bool stop = stopping_;
            const bool reopen = std::exchange(reopen_, false);
            const std::uint64_t flushes = flushes_asked_;
            const bool taken = take(batch);
            lock.unlock();
            if (reopen) file_->reopen();
            const bool written = file_->write(batch);
            lock.lock();
            if (written && !taken) continue;  // the disk is back, and there is more
            flushes_done_ = flushes;
            flushed_.notify_all();
            if (stop) {
                dropped_.fetch_add(batch.size() + queue_.size(), std::memory_order_relaxed);
                return;
            }
            // More comes together meanwhile, and is one write.
            wake_.wait_for(lock, written ? kPause : kPauseAfterFailure,
                           [&] { return is_urgent() || (written && is_half_full()); });
        }
    }

    // Nothing as long as the batch has what a failing disk did not take: the queue's limit is the limit.
    bool take(std::vector<Line>& batch) {
        if (!batch.empty()) return queue_.empty();
        batch.insert(batch.end(), std::make_move_iterator(queue_.begin()),
                     std::make_move_iterator(queue_.end()));
        queue_.clear();
        queued_bytes_ = 0;
        return true;
    }

    const EventsConfig config_;
    std::unique_ptr<EventFile> file_;  // the writer's own, once that runs
    std::atomic<std::uint64_t> dropped_{0};

    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::condition_variable flushed_;
    std::deque<Kept> recent_;
    std::size_t recent_bytes_ = 0;
    std::uint64_t last_number_ = 0;
    std::vector<Line> queue_;
    std::size_t queued_bytes_ = 0;
    std::uint64_t flushes_asked_ = 0;
    std::uint64_t flushes_done_ = 0;
    bool idle_ = false;
    bool reopen_ = false;
    bool stopping_ = false;

    std::thread writer_;
};

EventLog::EventLog(EventsConfig config) : state_(std::make_unique<State>(std::move(config))) {}
EventLog::~EventLog() = default;

void EventLog::append(const RequestRecord& record) {
    state_->append(record);
}

std::vector<EventLog::Entry> EventLog::recent(const EventFilter& filter) const {
    // Read outside of the lock that requests need.
    const std::vector<Kept> kept = state_->kept(filter.after.value_or(0));
    const std::size_t most = filter.last.value_or(kept.size());
    std::vector<Entry> found;
    for (auto entry = kept.rbegin(); entry != kept.rend() && found.size() < most; ++entry) {
        if (!matches(*entry->json, filter)) continue;
        Entry& out = found.emplace_back();
        out.number = entry->number;
        out.json = *entry->json;
    }
    std::reverse(found.begin(), found.end());
    return found;
}

std::uint64_t EventLog::last_number() const noexcept {
    return state_->last_number();
}
void EventLog::flush() {
    state_->flush();
}
void EventLog::reopen() {
    state_->reopen();
}
std::uint64_t EventLog::dropped() const noexcept {
    return state_->dropped();
}

}  // namespace sluice::gateway

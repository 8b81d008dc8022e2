#include "net/pool.hpp"

#include <asio/execution/context.hpp>
#include <asio/execution_context.hpp>
#include <asio/post.hpp>
#include <asio/query.hpp>
#include <asio/this_coro.hpp>

#include <algorithm>
#include <list>
#include <map>
#include <mutex>
#include <vector>

namespace sluice::net {
namespace {

using Connections = std::vector<std::unique_ptr<PooledConnection>>;

struct Idle {
    Idle(std::unique_ptr<PooledConnection> c, TimePoint since_when, Duration keep)
        : connection(std::move(c)), since(since_when), expiry(keep) {}
    bool expired(TimePoint now) const noexcept { return now - since >= expiry; }

    std::unique_ptr<PooledConnection> connection;
    TimePoint since;
    Duration expiry;
};

struct Waiter {
    Waiter(asio::any_io_executor where, Signal& signal, std::size_t limit)
        : executor(std::move(where)), wake(&signal), cap(limit) {}
    asio::any_io_executor executor;
    Signal* wake;  // touched on `executor` only; null when the waiter is gone
    std::size_t cap;
    bool granted = false;  // guarded by the pool's mutex: a slot is counted as leased for it
};

struct Book {
    std::size_t leased = 0;
    std::vector<Idle> idle;  // oldest first
    std::list<std::shared_ptr<Waiter>> waiters;
};

// Holds the connector, so that no other one can come to live at its address.
using Key = std::pair<std::shared_ptr<Connector>, Origin>;
using KeyView = std::pair<const Connector*, const Origin&>;

struct KeyLess {
    using is_transparent = void;
    static KeyView view(const Key& key) noexcept { return KeyView(key.first.get(), key.second); }
    static KeyView view(const KeyView& key) noexcept { return key; }
    template <typename A, typename B>
    bool operator()(const A& a, const B& b) const noexcept {
        return view(a) < view(b);
    }
};

using Books = std::map<Key, Book, KeyLess>;
using Entry = Books::value_type;

Entry& entry_of(void* entry) noexcept {
    return *static_cast<Entry*>(entry);
}

bool same(const wire::HttpLimits& a, const wire::HttpLimits& b) noexcept {
    return a.initial_buffer == b.initial_buffer && a.max_buffer == b.max_buffer && a.max_head == b.max_head;
}

}  // namespace

void PooledConnection::make_ready(const wire::HttpLimits& http) {
    if (same(limits, http)) {
        decoder.reset();
    } else {
        limits = http;
        decoder = wire::ResponseDecoder(http);
    }
}

// Functions here are called with the mutex held. What they discard is handed out in `dead`, to be closed
// after unlocking.
struct Pool::State {
    // A slot is free: the first waiter that its own cap lets in gets it, without the count ever dropping in
    // between.
    void grant(Book& book) {
        const auto next = std::find_if(book.waiters.begin(), book.waiters.end(),
                                       [&](const auto& waiter) { return book.leased < waiter->cap; });
        if (next == book.waiters.end()) return;
        const std::shared_ptr<Waiter> waiter = std::move(*next);
        book.waiters.erase(next);
        ++book.leased;
        waiter->granted = true;
        asio::post(waiter->executor, [waiter] {
            if (waiter->wake) waiter->wake->notify();
        });
    }

    void release(Entry& entry) {
        --entry.second.leased;
        if (!shut_down) grant(entry.second);
        drop_if_unused(entry);
    }

    void drop_if_unused(Entry& entry) {
        const Book& book = entry.second;
        if (book.leased == 0 && book.idle.empty() && book.waiters.empty())
            books.erase(books.find(entry.first));
    }

    // The idle connection used last, if it is not too old.
    std::unique_ptr<PooledConnection> take_newest(Book& book, TimePoint now, Duration expiry,
                                                  Connections& dead) {
        while (!book.idle.empty()) {
            Idle newest = std::move(book.idle.back());
            book.idle.pop_back();
            if (now - newest.since < expiry) return std::move(newest.connection);
            dead.push_back(std::move(newest.connection));
        }
        return nullptr;
    }

    void close_beyond(const PoolLimits& limits, Book& book, Connections& dead) {
        while (!book.idle.empty() && book.leased + book.idle.size() > limits.max_connections_per_origin)
            close_oldest(book, dead);
    }

    void close_oldest(Book& book, Connections& dead) {
        dead.push_back(std::move(book.idle.front().connection));
        book.idle.erase(book.idle.begin());
    }

    void sweep(TimePoint now, Connections& dead) {
        for (auto at = books.begin(); at != books.end();) {
            Entry& entry = *at++;
            while (!entry.second.idle.empty() && entry.second.idle.front().expired(now))
                close_oldest(entry.second, dead);
            drop_if_unused(entry);
        }
    }

    mutable std::mutex mutex;
    Books books;
    bool shut_down = false;
};

// One request's turn at an origin: a slot at once, or a place in the queue. Either is given up when the
// coroutine that waits is destroyed.
class Pool::Turn {
  public:
    Turn(std::shared_ptr<Pool> pool, const Runtime& runtime, const Origin& origin, const PoolLimits& limits,
         const asio::any_io_executor& executor, Signal& wake)
        : pool_(std::move(pool)),
          limits_(limits),
          waiter_(std::make_shared<Waiter>(executor, wake, limits.max_connections_per_origin)) {
        const std::lock_guard lock(pool_->state_->mutex);
        entry_ = &*pool_->state_->books.try_emplace(Key(runtime.connector, origin)).first;
        Book& book = entry_->second;
        waiting_ = book.leased >= waiter_->cap;
        if (waiting_) {
            book.waiters.push_back(waiter_);
        } else {
            ++book.leased;
            waiter_->granted = true;
        }
    }
    Turn(const Turn&) = delete;
    ~Turn() { end(); }

    bool waiting() const noexcept { return waiting_; }

    /// The slot, once; an empty lease when none was granted.
    Lease end() {
        if (!pool_) return {};
        const std::shared_ptr<Pool> pool = std::move(pool_);
        waiter_->wake = nullptr;
        const std::lock_guard lock(pool->state_->mutex);
        if (waiter_->granted) return Lease(pool, entry_, limits_);
        entry_->second.waiters.remove(waiter_);
        pool->state_->drop_if_unused(*entry_);
        return {};
    }

  private:
    std::shared_ptr<Pool> pool_;
    PoolLimits limits_;
    std::shared_ptr<Waiter> waiter_;
    Entry* entry_ = nullptr;
    bool waiting_ = false;
};

// How Asio ties the pool to its context: shutdown() runs while the context's other services still exist, so
// idle sockets are closed in time. Leases live in coroutine frames, which the context destroys a little
// later; they keep the pool alive.
struct Pool::Service final : asio::execution_context::service {
    using key_type = Service;
    explicit Service(asio::execution_context& context) : service(context), pool(new Pool) {}
    void shutdown() noexcept override {
        {
            const std::lock_guard lock(pool->state_->mutex);
            pool->state_->shut_down = true;
        }
        pool->clear();
    }
    const std::shared_ptr<Pool> pool;
};

Lease::Lease(std::shared_ptr<Pool> pool, void* entry, const PoolLimits& limits) noexcept
    : pool_(std::move(pool)), entry_(entry), limits_(limits) {}

Lease& Lease::operator=(Lease&& other) noexcept {
    if (this == &other) return *this;
    const Lease old = std::move(*this);
    pool_ = std::move(other.pool_);
    entry_ = other.entry_;
    limits_ = other.limits_;
    connection_ = std::move(other.connection_);
    return *this;
}

Lease::~Lease() {
    if (!pool_) return;
    connection_.reset();  // closed before another one may be opened in its place
    const std::lock_guard lock(pool_->state_->mutex);
    pool_->state_->release(entry_of(entry_));
}

void Lease::return_to_pool(TimePoint now) {
    Connections dead;
    const std::shared_ptr<Pool> pool = std::move(pool_);
    Pool::State& state = *pool->state_;
    Entry& entry = entry_of(entry_);
    std::unique_ptr<PooledConnection> connection = std::move(connection_);
    connection->reused = true;

    const std::lock_guard lock(state.mutex);
    std::vector<Idle>& idle = entry.second.idle;
    if (!state.shut_down) idle.emplace_back(std::move(connection), now, limits_.idle_expiry);
    while (idle.size() > limits_.max_idle_per_origin)
        state.close_oldest(entry.second, dead);
    state.release(entry);
    state.sweep(now, dead);
}

std::shared_ptr<Pool> Pool::of(const asio::any_io_executor& executor) {
    return asio::use_service<Service>(asio::query(executor, asio::execution::context)).pool;
}

Pool::Pool() : state_(std::make_unique<State>()) {}
Pool::~Pool() = default;

asio::awaitable<Lease> Pool::acquire(const Runtime& runtime, const Origin& origin, PoolLimits limits,
                                     wire::HttpLimits http, bool fresh, Signal& wake) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    limits.max_connections_per_origin = std::max<std::size_t>(limits.max_connections_per_origin, 1);
    Turn turn(shared_from_this(), runtime, origin, limits, executor, wake);
    if (turn.waiting()) co_await wake.wait();
    Lease lease = turn.end();
    if (lease.pool_) furnish(lease, runtime, origin, http, fresh, executor);
    co_return lease;
}

Lease Pool::try_idle(const Runtime& runtime, const Origin& origin, PoolLimits limits,
                     const wire::HttpLimits& http, TimePoint now) {
    limits.max_connections_per_origin = std::max<std::size_t>(limits.max_connections_per_origin, 1);
    Lease lease;
    Connections dead;
    {
        const std::lock_guard lock(state_->mutex);
        const auto entry = state_->books.find(KeyView(runtime.connector.get(), origin));
        if (entry == state_->books.end()) return {};
        Book& book = entry->second;
        if (book.idle.empty() || book.leased >= limits.max_connections_per_origin) return {};
        ++book.leased;
        lease = Lease(shared_from_this(), &*entry, limits);
        lease.connection_ = state_->take_newest(book, now, limits.idle_expiry, dead);
        state_->sweep(now, dead);
        state_->close_beyond(limits, book, dead);
    }
    // To ask it is a system call, so not under the lock.
    if (!lease || !lease->connection->is_idle_alive()) return {};
    lease->make_ready(http);
    return lease;
}

// The newest idle connection that still works.
std::unique_ptr<PooledConnection> Pool::take_idle(const Lease& lease, TimePoint now) {
    std::unique_ptr<PooledConnection> newest;
    do {
        newest.reset();  // not under the lock
        Connections dead;
        const std::lock_guard lock(state_->mutex);
        newest = state_->take_newest(entry_of(lease.entry_).second, now, lease.limits_.idle_expiry, dead);
    } while (newest && !newest->connection->is_idle_alive());
    return newest;
}

// Gives a lease that has a slot its connection.
void Pool::furnish(Lease& lease, const Runtime& runtime, const Origin& origin, const wire::HttpLimits& http,
                   bool fresh, const asio::any_io_executor& executor) {
    const TimePoint now = runtime.clock->now();
    if (!fresh) lease.connection_ = take_idle(lease, now);
    {
        Connections dead;
        const std::lock_guard lock(state_->mutex);
        state_->sweep(now, dead);
        state_->close_beyond(lease.limits_, entry_of(lease.entry_).second, dead);
    }
    if (lease) {
        lease->make_ready(http);
    } else {
        lease.connection_ = std::make_unique<PooledConnection>(runtime.connector, executor, origin, http);
    }
}

Pool::Stats Pool::stats() const {
    Stats stats;
    const std::lock_guard lock(state_->mutex);
    for (const auto& [key, book] : state_->books) {
        stats.idle += book.idle.size();
        stats.leased += book.leased;
        stats.waiting += book.waiters.size();
    }
    return stats;
}

void Pool::clear() {
    Connections dead;
    const std::lock_guard lock(state_->mutex);
    for (auto at = state_->books.begin(); at != state_->books.end();) {
        Entry& entry = *at++;
        while (!entry.second.idle.empty())
            state_->close_oldest(entry.second, dead);
        state_->drop_if_unused(entry);
    }
}

}  // namespace sluice::net

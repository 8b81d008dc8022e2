// Every shape that the await rule allows. The lint must be silent here.
#include "shapes.hpp"

asio::awaitable<void> statements(Stream& stream, std::string key) {
    co_await fetch(key);
    co_await fetch(std::move(key));
    (void)co_await fetch("b");
    co_await stream.text();
    co_await fetch(Request().user("c").user(std::string("d")));
    if (stream.count > 0) co_await fetch("e");
    if (stream.count > 0) {
        co_await fetch("f");
    } else
        co_await fetch("g");
    for (int i = 0; i < 2; ++i) co_await fetch("h");
    while (stream.count > 0) co_await fetch("i");
    do co_await fetch("j");
    while (stream.count > 0);
    switch (stream.count) {
        case 0: co_await fetch("k"); break;
        case 1: {
            co_await fetch("l");
            break;
        }
        default: co_await fetch("m");
    }
    try {
        co_await fetch("n{?}");  // co_await in a comment, { } ? : likewise
    } catch (...) {
    }
    { co_await fetch("o"); }
    asio::awaitable<std::string> later = open({"p", 1});
    co_await std::move(later);
}

asio::awaitable<std::string> returned(std::string key) { co_return co_await fetch(std::move(key)); }

asio::awaitable<std::string> returned_of_template() {
    co_return co_await make<std::string>(static_cast<int>(1.5));
}

asio::awaitable<void> initialisers(Stream& stream, std::vector<int> sizes) {
    std::string a = co_await fetch("a");
    const std::string b = co_await fetch("b");
    auto c = co_await make<std::pair<int, std::vector<int>>>(sizes[0]);
    std::pair<int, std::string> d = co_await read();
    const auto& e = co_await read();
    auto&& f = co_await read();
    auto [g, h] = co_await read();
    const auto& [i, j] = co_await read();
    const int* k = co_await stream.next();
    const int* const l = co_await stream.next();
    ::std::string m = co_await fetch(a);
    decltype(a) n = co_await fetch(a);
    static_cast<void>(c), static_cast<void>(n);
    [[maybe_unused]] auto o = 1;
    unsigned long long p = 1;
    long long q = co_await make<long long>(1);
    if (p > 0) a = b;
    a = std::move(d.second);
    Options named{"named", 1};
    auto r = co_await open(named);
    bool first = co_await ready();
    std::string s = first ? a : b;
}

asio::awaitable<void> declared_in_conditions(Stream& stream) {
    while (const int* event = co_await stream.next()) use(std::to_string(*event));
    while (const auto* event = co_await stream.next()) use(std::to_string(*event));
    if (auto [size, text] = co_await read(); size > 0) use(text);
    if (const int* event = co_await stream.next()) use(std::to_string(*event));
    if (auto size = co_await number(); size > 0 && stream.count > 0) use("a");
    switch (int size = co_await number(); size) {
        default: break;
    }
    for (int size = co_await number(); size > 0; --size) use("b");
    for (;;) {
        bool more = co_await stream.more();
        if (!more) break;
    }
}

struct Reader {
    Reader() : names_{"a", "b"}, count_{1} {}
    asio::awaitable<void> run() noexcept {
        co_await each([this] { ++count_; });
        co_await each([] { use("a"); });
        co_await each([&] { count_ = count_ > 1 ? 1 : 2; });
        co_await each([&count = count_] { count = int{3}; });
    }
    auto trailing() const -> asio::awaitable<void> {
        co_await fetch("a");
    }
    std::vector<std::string> names_;
    int count_;
};

auto named_lambda = [](std::string key) -> asio::awaitable<std::string> { co_return co_await fetch(key); };
auto untyped_lambda = [](asio::io_context& context) {
    auto body = []() -> asio::awaitable<void> {
        co_await fetch("a");
    };
    return asio::co_spawn(context, body(), [](std::exception_ptr) {});
};

asio::awaitable<void> raw_strings() {
    co_await fetch(R"json({"a": [1, 2], "b": "?"})json");
    co_await fetch("\"{");
    auto digit = 1'000;
    auto brace = '{';
    co_await fetch(std::string(static_cast<std::size_t>(digit), brace));
}

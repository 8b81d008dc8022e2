// Every line that breaks the await rule names the rules it breaks; lines without a comment break none.
#include "shapes.hpp"

asio::awaitable<void> braces(Stream& stream, std::string key) {
    auto a = co_await open(Options{"a", 1});            // R2
    auto b = co_await open({"b", 1});                   // R2
    auto c = co_await open({.name = "c"});              // R2
    auto d = co_await open(Options{});                  // R2
    auto e = co_await fetch(std::string{"e"});           // R2
    co_await open(Options{key, 2});                     // R2
    Options f{co_await stream.text(), 1};                // R2
    Options g = {co_await stream.text(), 1};             // R2
    std::string h{co_await stream.text()};               // R2
    use(std::string{co_await stream.text()});            // R2
    if (stream.count) co_await open(Options{"i", 1});   // R2
    for (;;) co_await open(Options{"j", 1});            // R2
    while (const int* k = co_await make<const int*>({}))  // R2
        (void)k;
}

asio::awaitable<std::string> braces_returned(std::string key) {
    co_return co_await open({key, 1});  // R2
}

asio::awaitable<void> lambdas(asio::io_context& context, std::string key) {
    co_await each([key] { use(key); });                        // R3
    co_await each([=] { use(key); });                          // R3
    co_await each([&, key] { use(key); });                     // R3
    co_await each([copy = std::move(key)] { use(copy); });     // R3
    co_await asio::co_spawn(                                   // R3
        context,
        [key]() -> asio::awaitable<void> { co_await fetch(key); },
        asio::use_awaitable);
    co_await [key]() -> asio::awaitable<void> { co_await fetch(key); }();  // R3
}

asio::awaitable<void> conditionals(bool first, std::string a, std::string b) {
    auto c = co_await fetch(first ? a : b);                        // R4
    auto d = first ? co_await fetch(a) : std::string();            // R4
    auto e = first ? a : co_await fetch(b);                        // R4
    std::string f = co_await ready() ? a : b;                      // R4
    co_await open(first ? Options{a, 1} : Options{b, 2});          // R2 R4
}

asio::awaitable<std::string> conditional_returned(bool first, std::string a) {
    co_return first ? co_await fetch(a) : a;  // R4
}

asio::awaitable<void> conditions(Stream& stream) {
    if (co_await ready()) co_return;               // R5
    if (!co_await ready()) co_return;              // R5
    if (stream.count == co_await number()) use("b");  // R5
    while (co_await stream.more()) use("more");    // R5
    for (; co_await stream.more();) use("more");   // R5
    do use("again"); while (co_await ready());     // R5
    switch (co_await number()) { default: break; }  // R5
    if (bool known = true; known && co_await ready()) co_return;  // R5
    if constexpr (sizeof(int) == 4) {
        if (co_await ready()) co_return;           // R5
    } else if (co_await ready()) {                 // R5
    }
}

asio::awaitable<void> places(Stream& stream, std::string key) {
    key = co_await fetch(key);                           // R1
    stream.last = co_await fetch(key);                   // R1
    key += co_await fetch(key);                          // R1
    use(co_await fetch(key));                            // R1
    auto a = co_await fetch(co_await fetch(key));        // R1
    auto b = co_await number() + 1;                      // R1
    auto c = 1 + co_await number();                      // R1
    auto d = (co_await fetch(key)).size();               // R1
    auto e = co_await number(), f = 1;                   // R1
    auto g(co_await number());                           // R1
    for (char h : co_await fetch(key)) use({h});         // R1
    std::vector<int> i(static_cast<unsigned>(co_await number()));  // R1
    co_await ready() && co_await ready();                // R1
    bool j = co_await ready() || stream.count > 0;       // R1
    int* k = &stream.count;
    *k = co_await number();                              // R1
    k[0] = co_await number();                            // R1
    this_is_a_label: key = co_await fetch(key);          // R1
    std::string l = key, m = co_await fetch(key);        // R1
    use("b"), co_await ready();                  // R1
}

asio::awaitable<int> place_returned() {
    co_return 1 + co_await number();  // R1
}
asio::awaitable<int> place_returned_as_argument() {
    co_return std::max(1, co_await number());  // R1
}

auto inside_a_lambda = [](std::string key) -> asio::awaitable<void> {
    co_await open({key, 1});  // R2
    if (co_await ready()) co_return;  // R5
};

// What the cases await. Nothing here is built or run: the await lint reads the cases, and clang parses them for the deep one.
#pragma once

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/use_awaitable.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

struct Options {  // an aggregate that owns memory: what g++ 12.2 destroys twice
    std::string name;
    int size = 0;
};

struct Request {
    Request() = default;
    Request&& user(std::string) && { return std::move(*this); }
};

struct Stream {
    asio::awaitable<const int*> next();
    asio::awaitable<bool> more();
    asio::awaitable<std::string> text();
    int count = 0;
    std::string last;
};

asio::awaitable<std::string> fetch(std::string name);
asio::awaitable<std::string> open(const Options& options);
asio::awaitable<std::string> fetch(Request request);
asio::awaitable<Options> configure();
asio::awaitable<std::pair<int, std::string>> read();
asio::awaitable<bool> ready();
asio::awaitable<int> number();
template <class Function>
asio::awaitable<void> each(Function function) { function(); co_return; }
template <class T>
asio::awaitable<T> make(int);
void use(const std::string&);

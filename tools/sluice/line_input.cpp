#include "line_input.hpp"

#include <asio/use_awaitable.hpp>

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <string_view>
#include <system_error>

namespace sluice::cli {
namespace {

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

std::string without_carriage_return(std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    return std::string(line);
}

}  // namespace

LineInput::LineInput(const asio::any_io_executor& executor, int descriptor)
    : descriptor_(descriptor), watch_(executor) {
    const int watch = ::epoll_create1(EPOLL_CLOEXEC);
    if (watch < 0) fail("cannot watch standard input");
    watch_.assign(watch);
    epoll_event readable{};
    readable.events = EPOLLIN;
    if (::epoll_ctl(watch, EPOLL_CTL_ADD, descriptor, &readable) == 0) return;
    if (errno != EPERM) fail("cannot read standard input");
    watch_.close();  // a file, or /dev/null: always readable, and so epoll does not take it
}

asio::awaitable<std::optional<std::string>> LineInput::next() {
    for (;;) {
        std::optional<std::string> line = take_line();
        if (line || at_end_) co_return line;
        if (watch_.is_open())
            co_await watch_.async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
        at_end_ = !read_some();
    }
}

bool LineInput::is_terminal() const noexcept {
    return ::isatty(descriptor_) == 1;
}

std::optional<std::string> LineInput::take_line() {
    const std::size_t end = buffer_.find('\n');
    if (std::min(end, buffer_.size()) > kMaxLine)
        throw std::runtime_error("a line of standard input is longer than " + std::to_string(kMaxLine) +
                                 " bytes");
    if (end != std::string::npos) {
        std::string line = without_carriage_return(std::string_view(buffer_).substr(0, end));
        buffer_.erase(0, end + 1);
        return line;
    }
    if (!at_end_ || buffer_.empty()) return std::nullopt;
    std::string line = without_carriage_return(buffer_);
    buffer_.clear();
    return line;
}

// False at the end.
bool LineInput::read_some() {
    std::array<char, 65536> bytes;
    const ssize_t size = ::read(descriptor_, bytes.data(), bytes.size());
    if (size > 0) buffer_.append(bytes.data(), static_cast<std::size_t>(size));
    if (size >= 0) return size > 0;
    if (errno == EINTR || errno == EAGAIN) return true;
    fail("cannot read standard input");
}

}  // namespace sluice::cli

// Lines of standard input, awaited, so that Ctrl-C is heard while nobody types.
//
//   LineInput input(executor, STDIN_FILENO);
//   std::optional<std::string> line = co_await input.next();     // nothing: the end
//
// The descriptor itself stays as it is. Making it non-blocking would do the same to standard output where
// both are one terminal, so an epoll of our own watches it, and that one is what the loop waits for.
#pragma once

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/posix/stream_descriptor.hpp>

#include <cstddef>
#include <optional>
#include <string>

namespace sluice::cli {

class LineInput {
  public:
    static constexpr std::size_t kMaxLine = std::size_t{1} << 20;

    /// Borrows `descriptor`: a terminal, a pipe or a file.
    LineInput(const asio::any_io_executor& executor, int descriptor);

    /// The next line without its end, also one that the end of the input ends. Throws std::system_error when
    /// reading fails, and std::runtime_error for a line of more than kMaxLine bytes. Cancellable.
    asio::awaitable<std::optional<std::string>> next();
    bool is_terminal() const noexcept;

  private:
    std::optional<std::string> take_line();
    bool read_some();

    int descriptor_;
    asio::posix::stream_descriptor watch_;  // closed: what is read never has to be waited for
    std::string buffer_;
    bool at_end_ = false;
};

}  // namespace sluice::cli

#include "gateway/event_file.hpp"

#include <sluice/log.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

namespace sluice::gateway {
namespace {

// One write() at most, so that lines of a second take few and a failing one repeats little.
constexpr std::size_t kMaxWrite = std::size_t{256} << 10;

bool ends_within_a_line(const std::string& path, std::size_t size) {
    if (size == 0) return false;
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) return false;  // may be written, not read: taken to be ours and whole
    char last = '\n';
    const bool known = ::pread(descriptor, &last, 1, static_cast<off_t>(size - 1)) == 1;
    ::close(descriptor);
    return known && last != '\n';
}

}  // namespace

std::string rotated_name(const std::string& path, std::uint32_t number) {
    return path + "." + std::to_string(number);
}

EventFile::EventFile(std::string path, std::size_t max_size, std::uint32_t max_rotated)
    : path_(std::move(path)), max_size_(max_size), max_rotated_(max_rotated) {
    open();
    if (descriptor_ < 0)
        throw std::system_error(errno, std::generic_category(), "cannot open the file of events " + path_);
}

EventFile::~EventFile() {
    close();
}

void EventFile::open() {
    // Not blocking: a pipe that nobody reads must not hold up the end of the process.
    descriptor_ =
        ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0640);
    if (descriptor_ < 0) return;
    struct stat status {};
    is_regular_ = ::fstat(descriptor_, &status) == 0 && S_ISREG(status.st_mode);
    size_ = is_regular_ ? static_cast<std::size_t>(status.st_size) : 0;
    rotate_at_ = max_size_;
    line_offset_ = 0;
    needs_break_ = is_regular_ && ends_within_a_line(path_, size_);
}

void EventFile::close() noexcept {
    if (descriptor_ < 0) return;
    if (is_regular_) ::fsync(descriptor_);
    ::close(descriptor_);
    descriptor_ = -1;
}

void EventFile::reopen() {
    close();
    open();
    if (descriptor_ < 0) complain("open", errno);
}

// Each complaint is one line for the log, however often it fails again.
void EventFile::complain(std::string_view doing, int error) {
    if (std::exchange(has_complained_, true)) return;
    log(LogLevel::error, "cannot " + std::string(doing) + " the file of events " + path_ + ": " +
                             std::generic_category().message(error) +
                             "; trying again every second, and events that do not fit the queue are lost");
}

bool EventFile::put(std::string_view bytes, std::size_t& written) {
    ssize_t count = -1;
    do {
        count = ::write(descriptor_, bytes.data(), bytes.size());
    } while (count < 0 && errno == EINTR);
    if (count <= 0) {
        complain("write", count < 0 ? errno : ENOSPC);
        return false;
    }
    written = static_cast<std::size_t>(count);
    size_ += written;
    return true;
}

bool EventFile::is_writable() {
    if (descriptor_ < 0) open();
    if (descriptor_ < 0) {
        complain("open", errno);
        return false;
    }
    std::size_t written = 0;
    if (needs_break_ && !put("\n", written)) return false;
    needs_break_ = false;
    return true;
}

bool EventFile::write(std::vector<std::shared_ptr<const std::string>>& lines) {
    std::size_t done = 0;
    bool good = true;
    while (good && done < lines.size()) {
        good = is_writable();
        if (!good) break;
        const auto is_full = [&](std::size_t more) { return is_regular_ && size_ + more > rotate_at_; };
        if (line_offset_ == 0 && size_ > 0 && is_full(lines[done]->size() + 1)) {
            rotate(lines[done]->size() + 1);
            continue;
        }
        buffer_.assign(*lines[done], line_offset_).append("\n");
        for (std::size_t next = done + 1; next < lines.size() && buffer_.size() < kMaxWrite &&
                                          !is_full(buffer_.size() + lines[next]->size() + 1);
             ++next)
            buffer_.append(*lines[next]).append("\n");

        std::size_t written = 0;
        good = put(buffer_, written);
        line_offset_ += written;
        while (done < lines.size() && line_offset_ > lines[done]->size()) {
            line_offset_ -= lines[done]->size() + 1;
            ++done;
        }
    }
    lines.erase(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(done));
    if (good && std::exchange(has_complained_, false))
        log(LogLevel::info, "the file of events " + path_ + " can be written again");
    return good;
}

void EventFile::rotate(std::size_t for_line) {
    if (max_rotated_ == 0 && ::ftruncate(descriptor_, 0) == 0) {
        size_ = 0;
        return;
    }
    if (max_rotated_ == 0 || !shift_rotated()) {
        // Rather a file that is too long than events that are lost. The next try is a whole file away.
        log(LogLevel::error, "cannot rotate the file of events " + path_ + ": " +
                                 std::generic_category().message(errno) + "; it grows on");
        rotate_at_ = size_ + std::max(max_size_, for_line);
        return;
    }
    close();
    open();
    if (descriptor_ < 0) complain("open", errno);
}

bool EventFile::shift_rotated() {
    for (std::uint32_t number = max_rotated_; number > 0; --number) {
        const std::string from = number == 1 ? path_ : rotated_name(path_, number - 1);
        if (std::rename(from.c_str(), rotated_name(path_, number).c_str()) != 0 && errno != ENOENT)
            return false;
    }
    return true;
}

}  // namespace sluice::gateway

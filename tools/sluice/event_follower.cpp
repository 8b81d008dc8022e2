#include "event_follower.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace sluice::cli {

EventFollower::EventFollower(std::string path) : path_(std::move(path)) {
    struct stat status {};
    if (!open() || ::fstat(descriptor_, &status) != 0)
        throw std::system_error(errno, std::generic_category(), "cannot read the file of events " + path_);
    offset_ = static_cast<std::size_t>(status.st_size);
    // It may end in the middle of a line that is being written: that one is to come.
    std::array<char, 4096> end{};
    while (offset_ > 0) {
        const std::size_t from = offset_ > end.size() ? offset_ - end.size() : 0;
        const ssize_t count = ::pread(descriptor_, end.data(), offset_ - from, static_cast<off_t>(from));
        if (count <= 0) break;
        const std::size_t line_end =
            std::string_view(end.data(), static_cast<std::size_t>(count)).find_last_of('\n');
        offset_ = line_end == std::string_view::npos ? from : from + line_end + 1;
        if (line_end != std::string_view::npos) break;
    }
}

EventFollower::~EventFollower() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

bool EventFollower::open() {
    descriptor_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    return descriptor_ >= 0;
}

bool EventFollower::was_replaced() const {
    struct stat there {};
    if (::stat(path_.c_str(), &there) != 0) return false;  // being rotated just now
    struct stat here {};
    if (descriptor_ < 0 || ::fstat(descriptor_, &here) != 0) return true;
    const bool is_shorter = static_cast<std::size_t>(here.st_size) < offset_;  // cut and begun again
    return is_shorter || here.st_ino != there.st_ino || here.st_dev != there.st_dev;
}

void EventFollower::read(std::vector<std::string>& lines) {
    std::array<char, 65536> block{};
    while (descriptor_ >= 0) {
        const ssize_t count = ::pread(descriptor_, block.data(), block.size(), static_cast<off_t>(offset_));
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return;
        offset_ += static_cast<std::size_t>(count);
        unfinished_.append(block.data(), static_cast<std::size_t>(count));
        std::size_t begin = 0;
        for (std::size_t end = unfinished_.find('\n'); end != std::string::npos;
             end = unfinished_.find('\n', begin)) {
            lines.push_back(unfinished_.substr(begin, end - begin));
            begin = end + 1;
        }
        unfinished_.erase(0, begin);
    }
}

std::vector<std::string> EventFollower::new_lines() {
    std::vector<std::string> lines;
    const bool replaced = was_replaced();  // asked first: what came before that is still read
    read(lines);
    if (!replaced) return lines;
    if (descriptor_ >= 0) ::close(descriptor_);
    offset_ = 0;
    unfinished_.clear();
    if (open()) read(lines);
    return lines;
}

}  // namespace sluice::cli

// Events out of their files, the newest first: a file may be large, and most readers want its end.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "gateway/event_file.hpp"
#include "gateway/event_log.hpp"
#include "wire/json_text.hpp"

namespace sluice::gateway {
namespace {

constexpr std::size_t kBlock = std::size_t{64} << 10;
// What an event with a recorded prompt and answer can come to. A longer line is no event.
constexpr std::size_t kMaxLine = std::size_t{128} << 20;
constexpr std::uint32_t kMaxFiles = 1000;

// A file's whole lines from its last to its first.
class BackwardLines {
  public:
    BackwardLines(int descriptor, std::size_t size) : descriptor_(descriptor), unread_(size) {
        // What comes after the last line end is a line that is still being written.
        std::string unfinished;
        next(unfinished);
    }
    BackwardLines(const BackwardLines&) = delete;
    ~BackwardLines() { ::close(descriptor_); }

    bool next(std::string& line) {
        if (is_done_) return false;
        while (true) {
            const std::size_t end = block_.find_last_of('\n');
            if (end != std::string::npos) {
                line = block_.substr(end + 1);
                block_.resize(end);
                return true;
            }
            if (unread_ == 0 || block_.size() > kMaxLine) {
                line = std::exchange(block_, {});
                is_done_ = true;
                return true;
            }
            read_before();
        }
    }

  private:
    void read_before() {
        const std::size_t want = std::min(std::max(kBlock, block_.size()), unread_);  // doubles: linear
        std::string before(want, '\0');
        std::size_t have = 0;
        while (have < want) {
            const ssize_t count = ::pread(descriptor_, before.data() + have, want - have,
                                          static_cast<off_t>(unread_ - want + have));
            if (count < 0 && errno == EINTR) continue;
            if (count <= 0) {  // cut shorter meanwhile, or the disk fails: what is known is all there is
                unread_ = 0;
                return;
            }
            have += static_cast<std::size_t>(count);
        }
        unread_ -= want;
        block_.insert(0, before);
    }

    int descriptor_;
    std::size_t unread_;  // bytes before `block_`
    std::string block_;   // the end of what is left
    bool is_done_ = false;
};

struct OpenFile {
    int descriptor = -1;
    struct stat status {};
};

OpenFile open_file(const std::string& path) {
    OpenFile file;
    file.descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file.descriptor >= 0 && ::fstat(file.descriptor, &file.status) != 0) {
        ::close(file.descriptor);
        file.descriptor = -1;
    }
    return file;
}

// False when there are enough. `found` has the newest first.
bool read_backwards(const OpenFile& file, const EventFilter& filter, std::vector<std::string>& found) {
    BackwardLines lines(file.descriptor, static_cast<std::size_t>(file.status.st_size));
    std::string line;
    while (lines.next(line)) {
        if (filter.last && found.size() == *filter.last) return false;
        if (!line.empty() && line.front() == '{' && wire::is_json(line) && matches(line, filter))
            found.push_back(std::move(line));
    }
    return true;
}

}  // namespace

std::vector<std::string> read_events(const std::string& file, const EventFilter& filter) {
    std::vector<std::string> found;
    std::vector<std::pair<dev_t, ino_t>> read;
    for (std::uint32_t number = 0; number <= kMaxFiles; ++number) {
        const OpenFile opened = open_file(number == 0 ? file : rotated_name(file, number));
        if (opened.descriptor < 0) {
            if (number > 0) break;
            throw std::system_error(errno, std::generic_category(), "cannot read the file of events " + file);
        }
        // A rotation meanwhile may have moved on what was read already.
        const std::pair<dev_t, ino_t> identity(opened.status.st_dev, opened.status.st_ino);
        const bool is_known = std::find(read.begin(), read.end(), identity) != read.end();
        if (is_known || !S_ISREG(opened.status.st_mode)) {
            ::close(opened.descriptor);
            if (is_known) continue;
            throw std::system_error(std::make_error_code(std::errc::invalid_argument),
                                    "cannot read events from " + file + ": it is not a file");
        }
        read.push_back(identity);
        if (!read_backwards(opened, filter, found)) break;
    }
    std::reverse(found.begin(), found.end());
    return found;
}

}  // namespace sluice::gateway

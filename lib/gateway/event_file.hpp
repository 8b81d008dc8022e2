// The file of events: JSON lines, rotated by size. One thread's; it may wait for the disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::gateway {

class EventFile {
  public:
    /// Opens it, and goes on where a file that is there ends. Throws std::system_error when it cannot.
    EventFile(std::string path, std::size_t max_size, std::uint32_t max_rotated);
    EventFile(const EventFile&) = delete;
    ~EventFile();

    /// Takes the lines that are in the file now out of `lines`, from the front. False when some are left: the
    /// disk refuses them, and the next call tries again, in the middle of a line if need be.
    bool write(std::vector<std::shared_ptr<const std::string>>& lines);
    /// Closes the file, and opens what has its name now.
    void reopen();

  private:
    void open();
    void close() noexcept;
    bool is_writable();
    bool put(std::string_view bytes, std::size_t& written);
    void rotate(std::size_t for_line);
    bool shift_rotated();
    void complain(std::string_view doing, int error);

    const std::string path_;
    const std::size_t max_size_;
    const std::uint32_t max_rotated_;

    int descriptor_ = -1;
    bool is_regular_ = false;   // pipes and devices do not rotate
    bool needs_break_ = false;  // it ends in the middle of a line that nobody will finish
    std::size_t size_ = 0;
    std::size_t rotate_at_ = 0;
    std::size_t line_offset_ = 0;  // so much of the first line is in the file already
    std::string buffer_;
    bool has_complained_ = false;
};

/// "events.jsonl.1", the newest of the rotated ones.
std::string rotated_name(const std::string& path, std::uint32_t number);

}  // namespace sluice::gateway

// Follows a file of events as it grows and rotates, by looking at it now and then.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace sluice::cli {

class EventFollower {
  public:
    /// From the file's end. Throws std::system_error when it cannot be read.
    explicit EventFollower(std::string path);
    EventFollower(const EventFollower&) = delete;
    ~EventFollower();

    /// The whole lines that are new, without their line ends.
    std::vector<std::string> new_lines();

  private:
    bool open();
    void read(std::vector<std::string>& lines);
    bool was_replaced() const;

    const std::string path_;
    int descriptor_ = -1;
    std::size_t offset_ = 0;
    std::string unfinished_;
};

}  // namespace sluice::cli

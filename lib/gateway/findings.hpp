// What loading and lint have to say, collected; and how a text of the user's may be quoted in it.
#pragma once

#include <sluice/gateway_config.hpp>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::gateway {

/// Where something stands in the text, both from 1; zero: nowhere in particular.
struct Place {
    int line = 0;
    int column = 0;
};

/// Where the values of a file are, by path.
using Places = std::map<std::string, Place, std::less<>>;

/// `path.key`, or `path["key"]` for one that would read as several, such as a model's id.
std::string key_path(std::string_view path, std::string_view key);
/// `path[3]`
std::string item_path(std::string_view path, std::size_t index);

/// Whether `text` has the look of an API key.
bool looks_like_secret(std::string_view text) noexcept;
/// `text` in quotes, on one line, cut when it is long; "(not shown)" for what has the look of a key.
std::string quoted(std::string_view text);

class Findings {
  public:
    using Level = ConfigFinding::Level;
    /// Beyond so many the rest is only counted: a file that is no configuration at all has one a line.
    static constexpr std::size_t kMost = 100;

    void add(Level level, std::string_view code, std::string path, Place place, std::string message,
             std::string suggestion = {});
    void error(std::string_view code, std::string path, Place place, std::string message,
               std::string suggestion = {});

    bool has_error() const noexcept { return has_error_; }
    /// In the order of the text; what has no place comes last.
    std::vector<ConfigFinding> take();

  private:
    std::vector<ConfigFinding> all_;
    std::size_t left_out_ = 0;
    bool has_error_ = false;
};

}  // namespace sluice::gateway

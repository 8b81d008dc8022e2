// Where the recordings of real traffic are, if they are here at all.
#pragma once

#include "source_dir.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>

namespace sluice::test {

/// $SLUICE_RECORDINGS, else ../shared/recordings beside the source tree. Says so when there are none.
inline std::optional<std::filesystem::path> recordings() {
    const char* set = std::getenv("SLUICE_RECORDINGS");
    std::filesystem::path folder =
        set != nullptr ? std::filesystem::path(set)
                       : std::filesystem::path(SLUICE_SOURCE_DIR) / ".." / "shared" / "recordings";
    if (std::filesystem::is_directory(folder)) return folder;
    BOOST_TEST_MESSAGE("skipped: no recordings at " << folder);
    return std::nullopt;
}

inline std::string read_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw std::runtime_error("cannot read " + path.string());
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

}  // namespace sluice::test

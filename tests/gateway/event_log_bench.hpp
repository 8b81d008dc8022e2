// What the tests of events share: a folder of their own, and records to log.
#pragma once

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "gateway/record.hpp"

namespace sluice::tests {

class Folder {
  public:
    Folder() {
        std::string name = (std::filesystem::temp_directory_path() / "sluice-events-XXXXXX").string();
        BOOST_REQUIRE(::mkdtemp(name.data()) != nullptr);
        path_ = name;
    }
    Folder(const Folder&) = delete;
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    std::string path(const std::string& name) const { return (path_ / name).string(); }

  private:
    std::filesystem::path path_;
};

inline std::string read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}
inline void write_file(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
}

inline gateway::RequestRecord record_of(int number) {
    gateway::RequestRecord record;
    record.id = "evt_" + std::to_string(number);
    record.timestamp = std::chrono::sys_days(std::chrono::year(2026) / 11 / 20) + std::chrono::hours(10);
    record.requested_model = "gpt-4o-mini";
    record.model = "gpt-4o-mini";
    record.provider = "openai-primary";
    record.status = 200;
    return record;
}

inline std::string id_of(const std::string& json) {
    const std::size_t begin = json.find("\"id\":\"") + 6;
    return json.substr(begin, json.find('"', begin) - begin);
}

}  // namespace sluice::tests

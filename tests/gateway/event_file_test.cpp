#include <boost/test/unit_test.hpp>

#include <sluice/log.hpp>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <vector>

#include "event_log_bench.hpp"
#include "gateway/event_file.hpp"
#include "gateway/event_log.hpp"

using namespace sluice;
using namespace sluice::gateway;
using sluice::tests::Folder;
using sluice::tests::record_of;

namespace {

EventsConfig in_file(const Folder& folder) {
    EventsConfig config;
    config.file = folder.path("events.jsonl");
    return config;
}

std::string ids_in(const std::string& file, const EventFilter& filter = {}) {
    std::string all;
    for (const std::string& line : read_events(file, filter))
        all.append(all.empty() ? "" : " ").append(tests::id_of(line));
    return all;
}

EventFilter newest(std::size_t count) {
    EventFilter filter;
    filter.last = count;
    return filter;
}

// What the library logs while this lives.
struct Logged {
    Logged() {
        set_log_sink([this](LogLevel, std::string_view line) {
            const std::lock_guard lock(mutex);
            lines.emplace_back(line);
        });
    }
    Logged(const Logged&) = delete;
    ~Logged() { set_log_sink({}); }

    std::size_t count(std::string_view part) {
        const std::lock_guard lock(mutex);
        std::size_t found = 0;
        for (const std::string& line : lines)
            found += line.find(part) != std::string::npos;
        return found;
    }

    std::mutex mutex;
    std::vector<std::string> lines;
};

// No file of this process may become longer: a disk that is full, without one.
class FullDisk {
  public:
    explicit FullDisk(rlim_t bytes) {
        before_signal_ = ::signal(SIGXFSZ, SIG_IGN);
        BOOST_REQUIRE(::getrlimit(RLIMIT_FSIZE, &before_) == 0);
        rlimit limit = before_;
        limit.rlim_cur = bytes;
        BOOST_REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
    }
    FullDisk(const FullDisk&) = delete;
    ~FullDisk() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        ::signal(SIGXFSZ, before_signal_);
    }

  private:
    rlimit before_{};
    sighandler_t before_signal_ = SIG_DFL;
};

using Lines = std::vector<std::shared_ptr<const std::string>>;
Lines lines_of(std::initializer_list<std::string> texts) {
    Lines lines;
    for (const std::string& text : texts)
        lines.push_back(std::make_shared<const std::string>(text));
    return lines;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(event_file)

BOOST_AUTO_TEST_CASE(a_flush_is_in_the_file_and_a_restart_goes_on) {
    const Folder folder;
    const EventsConfig config = in_file(folder);
    {
        EventLog log(config);
        log.append(record_of(1));
        log.append(record_of(2));
        log.flush();
        BOOST_TEST(tests::read_file(config.file) ==
                   to_json(record_of(1)) + "\n" + to_json(record_of(2)) + "\n");
        log.append(record_of(3));
    }  // the end writes what is left
    BOOST_TEST(ids_in(config.file) == "evt_1 evt_2 evt_3");
    {
        EventLog log(config);
        log.append(record_of(4));
    }
    BOOST_TEST(ids_in(config.file) == "evt_1 evt_2 evt_3 evt_4");
    struct stat status {};
    BOOST_REQUIRE(::stat(config.file.c_str(), &status) == 0);
    BOOST_TEST((status.st_mode & 0007) == 0u);  // not for everybody: it may hold prompts
}

BOOST_AUTO_TEST_CASE(it_rotates_by_size_and_keeps_so_many) {
    const Folder folder;
    EventsConfig config = in_file(folder);
    config.max_file_size = 2 * to_json(record_of(1)).size() + 10;  // two lines
    config.max_files = 2;
    {
        EventLog log(config);
        for (int i = 1; i <= 9; ++i)
            log.append(record_of(i));
    }
    BOOST_TEST(ids_in(config.file) == "evt_5 evt_6 evt_7 evt_8 evt_9");
    BOOST_TEST(ids_in(folder.path("events.jsonl.2")) == "evt_5 evt_6");
    BOOST_TEST(!std::filesystem::exists(folder.path("events.jsonl.3")));
    BOOST_TEST(ids_in(config.file, newest(3)) == "evt_7 evt_8 evt_9");
    BOOST_TEST(ids_in(config.file, newest(1)) == "evt_9");
    BOOST_TEST(ids_in(config.file, newest(100)) == "evt_5 evt_6 evt_7 evt_8 evt_9");

    config.max_files = 0;
    {
        EventLog log(config);
        for (int i = 10; i <= 12; ++i)
            log.append(record_of(i));
    }
    BOOST_TEST(tests::read_file(config.file).find("evt_9\"") == std::string::npos);
    BOOST_TEST(ids_in(config.file, newest(1)) == "evt_12");
}

BOOST_AUTO_TEST_CASE(a_line_longer_than_a_file_has_one_to_itself) {
    const Folder folder;
    EventsConfig config = in_file(folder);
    config.max_file_size = 100;
    {
        EventLog log(config);
        for (int i = 1; i <= 3; ++i)
            log.append(record_of(i));
    }
    BOOST_TEST(ids_in(config.file) == "evt_1 evt_2 evt_3");
    BOOST_TEST(std::filesystem::exists(folder.path("events.jsonl.2")));
    BOOST_TEST(!std::filesystem::exists(folder.path("events.jsonl.3")));
}

BOOST_AUTO_TEST_CASE(a_file_that_was_moved_away_is_opened_again) {
    const Folder folder;
    const EventsConfig config = in_file(folder);
    EventLog log(config);
    log.append(record_of(1));
    log.flush();
    std::filesystem::rename(config.file, folder.path("moved"));
    log.append(record_of(2));
    log.flush();
    BOOST_TEST(ids_in(folder.path("moved")) == "evt_1 evt_2");
    log.reopen();
    log.append(record_of(3));
    log.flush();
    BOOST_TEST(ids_in(config.file) == "evt_3");
}

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_opened_is_an_error_at_once) {
    const Folder folder;
    EventsConfig config;
    for (const std::string& path : {folder.path(""), folder.path("no/such/folder")}) {
        config.file = path;
        BOOST_CHECK_EXCEPTION(EventLog{config}, std::system_error, [&](const std::system_error& error) {
            return std::string(error.what()).find(path) != std::string::npos;
        });
    }
    BOOST_CHECK_THROW(read_events(folder.path("none"), {}), std::system_error);
    BOOST_CHECK_THROW(read_events("/dev/null", {}), std::system_error);
}

BOOST_AUTO_TEST_CASE(a_full_disk_costs_events_and_nothing_else) {
    Logged logged;
    EventsConfig config;
    config.file = "/dev/full";
    {
        EventLog log(config);
        log.append(record_of(1));
        log.flush();  // returns although nothing is written
        log.append(record_of(2));
        log.flush();
        for (int i = 0; i < 20'000; ++i)
            log.append(record_of(i));
        BOOST_TEST(log.dropped() >= 20'000u - 2u * 8192u);
        BOOST_TEST(log.recent(newest(1)).size() == 1u);  // memory still has them
    }
    BOOST_TEST(logged.count("cannot write") == 1u);
    BOOST_TEST(logged.count("/dev/full") == 1u);
}

BOOST_AUTO_TEST_CASE(a_disk_with_room_again_gets_what_waited_without_a_gap) {
    Logged logged;
    const Folder folder;
    const std::string path = folder.path("events.jsonl");
    EventFile file(path, 1'000'000, 3);
    Lines lines = lines_of({"{\"id\":1}", "{\"id\":22}", "{\"id\":333}"});
    for (const rlim_t room : {0u, 4u, 9u, 12u, 19u, 28u}) {  // in the middle of each line, and at its end
        const FullDisk disk(room);
        BOOST_TEST(!file.write(lines));
        BOOST_TEST(tests::read_file(path).size() == room);
    }
    BOOST_TEST(file.write(lines));
    BOOST_TEST(lines.empty());
    BOOST_TEST(tests::read_file(path) == "{\"id\":1}\n{\"id\":22}\n{\"id\":333}\n");
    BOOST_TEST(logged.count("cannot write") == 1u);
    BOOST_TEST(logged.count("can be written again") == 1u);

    // When the half of a line stays behind in a file, the next one has the whole.
    lines = lines_of({"{\"id\":4}"});
    {
        const FullDisk disk(30 + 3);
        BOOST_TEST(!file.write(lines));
    }
    file.reopen();
    BOOST_TEST(file.write(lines));
    BOOST_TEST(read_events(path, {}).size() == 4u);
    BOOST_TEST(read_events(path, newest(1)).front() == "{\"id\":4}");
}

BOOST_AUTO_TEST_CASE(what_a_crash_cut_off_is_no_event) {
    const Folder folder;
    const EventsConfig config = in_file(folder);
    const std::string one = to_json(record_of(1));
    tests::write_file(config.file, one + "\n" + one.substr(0, one.size() / 2));
    BOOST_TEST(ids_in(config.file) == "evt_1");
    {
        EventLog log(config);
        log.append(record_of(2));
    }
    BOOST_TEST(ids_in(config.file) == "evt_1 evt_2");
    tests::write_file(config.file, "\n\nnot json\n[1]\n{\"id\":\"evt_3\"}\n{\"id\":\"evt_4\"}");
    BOOST_TEST(ids_in(config.file) == "evt_3");
    tests::write_file(config.file, "");
    BOOST_TEST(ids_in(config.file) == "");
}

BOOST_AUTO_TEST_CASE(lines_are_found_whatever_block_they_end_in) {
    const Folder folder;
    const std::string path = folder.path("events.jsonl");
    std::string text;
    for (int i = 0; i < 400; ++i)
        text += "{\"id\":\"evt_" + std::to_string(i) + "\",\"pad\":\"" +
                std::string(std::size_t(i) * 7, 'x') + "\"}\n";
    text += "{\"id\":\"evt_400\",\"pad\":\"" + std::string(300'000, 'x') + "\"}\n{\"id\":\"evt_401\"}\n";
    tests::write_file(path, text);
    std::string together;
    for (const std::string& line : read_events(path, {}))
        together.append(line).append("\n");
    BOOST_TEST((together == text));
}

BOOST_AUTO_TEST_CASE(a_rotation_that_fails_does_not_stop_the_events) {
    Logged logged;
    const Folder folder;
    EventsConfig config = in_file(folder);
    config.max_file_size = 500;
    config.max_files = 1;
    std::filesystem::create_directories(folder.path("events.jsonl.1/in-the-way"));
    {
        EventLog log(config);
        for (int i = 1; i <= 5; ++i)
            log.append(record_of(i));
    }
    BOOST_TEST(logged.count("cannot rotate") >= 1u);
    std::filesystem::remove_all(folder.path("events.jsonl.1"));
    BOOST_TEST(ids_in(config.file) == "evt_1 evt_2 evt_3 evt_4 evt_5");
}

BOOST_AUTO_TEST_CASE(a_pipe_that_nobody_reads_holds_nobody_up) {
    const Folder folder;
    EventsConfig config = in_file(folder);
    BOOST_REQUIRE(::mkfifo(config.file.c_str(), 0600) == 0);
    BOOST_CHECK_THROW(EventLog{config}, std::system_error);
    const int reader = ::open(config.file.c_str(), O_RDONLY | O_NONBLOCK);
    BOOST_REQUIRE(reader >= 0);
    {
        EventLog log(config);
        log.append(record_of(1));
        log.flush();
        std::string got(4096, '\0');
        got.resize(std::size_t(std::max<ssize_t>(0, ::read(reader, got.data(), got.size()))));
        BOOST_TEST(got == to_json(record_of(1)) + "\n");
        ::close(reader);
        log.append(record_of(2));  // SIGPIPE would be the end of the test
    }
}

BOOST_AUTO_TEST_SUITE_END()

#include "gateway/event_log.hpp"

#include <boost/test/unit_test.hpp>

#include <sluice/log.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sstream>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "event_log_bench.hpp"
#include "wire/json_text.hpp"

using namespace std::chrono_literals;
using namespace sluice;
using namespace sluice::gateway;
using sluice::tests::Folder;
using sluice::tests::record_of;

namespace {

EventFilter query(std::string_view text) {
    std::string error;
    const auto filter = parse_event_filter(text, error);
    BOOST_REQUIRE_MESSAGE(filter, text << ": " << error);
    return *filter;
}

std::string ids(const std::vector<EventLog::Entry>& entries) {
    std::string all;
    for (const EventLog::Entry& entry : entries)
        all.append(all.empty() ? "" : " ").append(tests::id_of(entry.json));
    return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(event_log)

BOOST_AUTO_TEST_CASE(the_ring_keeps_the_newest) {
    EventsConfig config;
    config.recent = 3;
    EventLog log(config);
    BOOST_TEST(log.last_number() == 0);
    BOOST_TEST(log.recent({}).empty());
    for (int i = 1; i <= 5; ++i)
        log.append(record_of(i));
    BOOST_TEST(log.last_number() == 5);
    BOOST_TEST(ids(log.recent({})) == "evt_3 evt_4 evt_5");
    BOOST_TEST(log.recent({}).front().number == 3);
    BOOST_TEST(ids(log.recent(query("last=2"))) == "evt_4 evt_5");
    BOOST_TEST(ids(log.recent(query("after=4"))) == "evt_5");
    BOOST_TEST(ids(log.recent(query("after=5"))) == "");
    BOOST_TEST(ids(log.recent(query("after=1&last=9"))) == "evt_3 evt_4 evt_5");
    BOOST_TEST(ids(log.recent(query("after=900"))) == "evt_3 evt_4 evt_5");  // of the run before this one
    log.flush();  // without a file: nothing to wait for
    log.reopen();
    BOOST_TEST(log.dropped() == 0);
}

BOOST_AUTO_TEST_CASE(a_ring_of_nothing_still_counts) {
    EventsConfig config;
    config.recent = 0;
    EventLog log(config);
    log.append(record_of(1));
    BOOST_TEST(log.recent({}).empty());
    BOOST_TEST(log.last_number() == 1);
}

BOOST_AUTO_TEST_CASE(recorded_prompts_do_not_let_the_ring_grow_without_end) {
    EventLog log{EventsConfig()};
    RequestRecord record = record_of(1);
    record.prompt = std::string(std::size_t{20} << 20, 'x');
    for (int i = 0; i < 6; ++i)
        log.append(record);
    BOOST_TEST(log.recent({}).size() == 3);  // of 64 MiB
}

BOOST_AUTO_TEST_CASE(events_are_found_by_what_they_say) {
    EventLog log{EventsConfig()};
    log.append(record_of(1));
    RequestRecord moved = record_of(2);
    moved.timestamp += 10s;
    moved.failover_reason = "upstream_timeout";
    moved.original_target = "openai-primary";
    moved.provider = "anthropic-fallback";
    moved.model = "claude";
    AttemptRecord attempt;
    attempt.target = "openai-primary";
    moved.attempts = {attempt};
    log.append(moved);
    RequestRecord bad = record_of(3);
    bad.timestamp += 20s;
    bad.outcome = Outcome::error;
    bad.provider.clear();
    PolicyRecord policy;
    policy.name = "safety \"quoted\"";
    bad.policies = {policy};
    log.append(bad);

    const std::vector<std::pair<std::string_view, std::string_view>> rows{
        {"", "evt_1 evt_2 evt_3"},
        {"target=openai-primary", "evt_1 evt_2"},  // answered, or was tried
        {"target=anthropic-fallback", "evt_2"},
        {"target=openai", ""},
        {"model=gpt-4o-mini", "evt_1 evt_2 evt_3"},
        {"model=claude", "evt_2"},
        {"policy=safety%20%22quoted%22", "evt_3"},
        {"outcome=error", "evt_3"},
        {"outcome=ok&last=1", "evt_2"},
        {"failover=true", "evt_2"},
        {"failover=false", "evt_1 evt_3"},
        {"since=2026-11-20T10:00:10Z", "evt_2 evt_3"},
        {"since=2026-11-20T12:00:11%2B02:00", "evt_3"},
        {"since=2026-11-20T12:00:11+02:00", "evt_3"},
        {"failover=true&outcome=error", ""},
    };
    for (const auto& [text, wanted] : rows)
        BOOST_TEST(ids(log.recent(query(text))) == wanted, text);
}

BOOST_AUTO_TEST_CASE(a_filter_that_makes_no_sense_is_told) {
    const std::vector<std::pair<std::string_view, std::string_view>> rows{
        {"lest=5", "unknown parameter lest"},
        {"last=0", "from 1 up"},
        {"last=-1", "from 1 up"},
        {"last=5x", "from 1 up"},
        {"limit=99999999999999999999999", "from 1 up"},
        {"last=5&limit=5", "given twice"},
        {"after=x", "whole number"},
        {"since=yesterday", "2026-11-20T10:00:00Z"},
        {"failover=yes", "true or false"},
        {"outcome=fine", "interrupted"},
        {"target=", "target is empty"},
        {"target", "target is empty"},
        {"target=%4", "hexadecimal"},
        {"target=%zz", "hexadecimal"},
    };
    for (const auto& [text, part] : rows) {
        std::string error;
        BOOST_TEST(!parse_event_filter(text, error), text);
        BOOST_TEST(error.find(part) != std::string::npos, text << ": " << error);
    }
    std::string error;
    const auto all = parse_event_filter(
        "limit=7&after=3&since=2026-11-20T10:00:00Z&target=a&model=b&policy=c&outcome=drained&failover=true&",
        error);
    BOOST_REQUIRE(all);
    BOOST_TEST(*all->last == 7u);
    BOOST_TEST(*all->after == 3u);
    BOOST_TEST(all->outcome == "drained");
    BOOST_TEST(*all->failover);
}

BOOST_AUTO_TEST_CASE(a_number_finds_what_came_after_it_while_others_append) {
    EventLog log{EventsConfig()};
    std::atomic<bool> stop{false};
    std::thread reader([&] {
        std::uint64_t seen = 0;
        while (!stop) {
            EventFilter filter;
            filter.after = seen;
            for (const EventLog::Entry& entry : log.recent(filter)) {
                if (entry.number != seen + 1) std::abort();  // Boost.Test's checks are one thread's
                seen = entry.number;
            }
        }
    });
    for (int i = 1; i <= 900; ++i)
        log.append(record_of(i));
    stop = true;
    reader.join();
}

BOOST_AUTO_TEST_CASE(many_threads_write_one_file) {
    const Folder folder;
    EventsConfig config;
    config.file = folder.path("events.jsonl");
    config.max_file_size = 20'000;
    config.max_files = 1000;
    constexpr int kThreads = 4;
    constexpr int kEach = 500;
    {
        EventLog log(config);
        std::vector<std::thread> writers;
        for (int thread = 0; thread < kThreads; ++thread)
            writers.emplace_back([&, thread] {
                for (int i = 0; i < kEach; ++i) {
                    log.append(record_of(thread * kEach + i));
                    if (i % 100 == 0) log.flush();
                }
            });
        std::thread mover([&] {
            for (int i = 0; i < 20; ++i)
                log.reopen();
        });
        for (std::thread& writer : writers)
            writer.join();
        mover.join();
        BOOST_TEST(log.last_number() == std::uint64_t(kThreads * kEach));
        BOOST_TEST(log.dropped() == 0);
    }
    const auto lines = read_events(config.file, {});
    BOOST_TEST(lines.size() == std::size_t(kThreads * kEach));
    std::vector<bool> seen(kThreads * kEach);
    for (const std::string& line : lines)
        seen.at(std::size_t(std::stoi(tests::id_of(line).substr(4)))) = true;
    BOOST_TEST((std::find(seen.begin(), seen.end(), false) == seen.end()));
}

BOOST_AUTO_TEST_SUITE_END()

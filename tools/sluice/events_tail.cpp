// `sluice events tail`: what a gateway has done, and what it does.
#include "commands.hpp"
#include "event_follower.hpp"
#include "event_lines.hpp"
#include "gateway_client.hpp"
#include "interrupt.hpp"
#include "terminal.hpp"

#include <sluice/clock.hpp>

#include <asio/io_context.hpp>

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "gateway/event_log.hpp"
#include "wire/json_reader.hpp"
#include "wire/json_text.hpp"

namespace sluice::cli {
namespace {

using gateway::EventFilter;

constexpr std::chrono::milliseconds kPollGateway{500};
constexpr std::chrono::milliseconds kPollFile{250};

enum class Format : std::uint8_t { json, text, detailed };

struct Event {
    std::uint64_t number = 0;
    std::string json;  // without its number
};

void append_parameter(std::string& query, std::string_view name, std::string_view value) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    if (value.empty()) return;
    query.append(query.empty() ? "" : "&").append(name).append("=");
    for (const char c : value) {
        const auto byte = static_cast<unsigned char>(c);
        const bool is_plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                              std::string_view("-._~:/").find(c) != std::string_view::npos;
        if (is_plain)
            query += c;
        else
            (query += '%').append({kHex[byte >> 4], kHex[byte & 15]});
    }
}

// "90s", "15m", "2h", "1d" ago, or the text as it is.
std::string absolute_time(std::string_view text) {
    std::int64_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
    if (error != std::errc() || unit.size() != 1 || count < 0 || count > 1'000'000) return std::string(text);
    std::chrono::seconds ago(count);
    if (unit == "m")
        ago *= 60;
    else if (unit == "h")
        ago *= 3600;
    else if (unit == "d")
        ago *= 86'400;
    else if (unit != "s")
        return std::string(text);
    return gateway::timestamp_text(system_clock()->wall_now() - ago);
}

// What is asked, but for `last` and `after`.
std::string query_of(const EventsTailOptions& options) {
    std::string query;
    append_parameter(query, "since", absolute_time(options.since));
    append_parameter(query, "target", options.target);
    append_parameter(query, "model", options.model);
    append_parameter(query, "policy", options.policy);
    append_parameter(query, "outcome", options.outcome);
    append_parameter(query, "failover", options.failover);
    return query;
}

EventFilter filter_of(const std::string& query) {
    std::string error;
    std::optional<EventFilter> filter = gateway::parse_event_filter(query, error);
    if (!filter) throw UsageError("--" + error);
    return *std::move(filter);
}

class Printer {
  public:
    Printer(Format format) : format_(format) {}

    /// Each on its own line, or lines.
    void print(const std::string& event) {
        if (format_ == Format::json)
            out_.write_untrusted(event + "\n");
        else
            out_.write_untrusted(format_ == Format::text ? event_line(event) : event_details(event));
    }
    /// All there is: as JSON one array.
    void print_all(const std::vector<std::string>& events) {
        if (format_ == Format::json) {
            std::string array = "[";
            for (const std::string& event : events)
                array.append(array.size() == 1 ? "\n" : ",\n").append(event);
            out_.write_untrusted(array + (events.empty() ? "]\n" : "\n]\n"));
            return;
        }
        for (const std::string& event : events)
            print(event);
    }
    bool is_closed() const { return out_.is_closed(); }

  private:
    Terminal out_{STDOUT_FILENO};
    Format format_;
};

// The elements of the gateway's array.
std::vector<Event> parse_events(const std::string& body) {
    std::vector<Event> events;
    const simdjson::padded_string padded(body);
    wire::json::document document;
    wire::json::array array;
    const auto broken = [] {
        return std::runtime_error("the gateway's answer is no list of events; is it a Sluice gateway?");
    };
    if (!wire::is_json(body) || wire::thread_parser().iterate(padded).get(document) != simdjson::SUCCESS ||
        document.get_array().get(array) != simdjson::SUCCESS)
        throw broken();
    for (auto element : array) {
        wire::json::object object;
        std::string_view text;
        Event& event = events.emplace_back();
        if (element.get_object().get(object) != simdjson::SUCCESS ||
            object["number"].get_uint64().get(event.number) != simdjson::SUCCESS ||
            object.reset().error() != simdjson::SUCCESS || object.raw_json().get(text) != simdjson::SUCCESS)
            throw broken();
        // Its place in the gateway's memory is no part of the event.
        const std::string prefix = "{\"number\":" + std::to_string(event.number) + ",";
        event.json = text.starts_with(prefix) ? "{" + std::string(text.substr(prefix.size())) : text;
    }
    return events;
}

std::vector<std::string> json_of(std::vector<Event> events) {
    std::vector<std::string> all;
    for (Event& event : events)
        all.push_back(std::move(event.json));
    return all;
}

std::string target_of(std::string query, std::string_view name, std::uint64_t value) {
    append_parameter(query, name, std::to_string(value));
    return "/admin/events?" + query;
}

asio::awaitable<int> tail_gateway(const EventsTailOptions& options, std::string query, Printer& printer) {
    const GatewayClient client(options.gateway, options.key);
    const std::string asked =
        options.last ? target_of(query, "last", *options.last) : "/admin/events?" + query;
    if (options.last && !options.follow) {
        const std::string body = co_await client.get(asked);
        printer.print_all(json_of(parse_events(body)));
        co_return kOk;
    }

    // From here on: whatever its filter would say of it, nothing up to this event is new.
    const std::string newest_target = target_of(std::string(), "last", 1);
    const std::string newest = co_await client.get(newest_target);
    std::uint64_t after = 0;
    for (const Event& event : parse_events(newest))
        after = event.number;
    if (options.last || !options.since.empty()) {
        const std::string body = co_await client.get(asked);
        for (const Event& event : parse_events(body)) {
            printer.print(event.json);
            after = std::max(after, event.number);
        }
    }
    bool is_lost = false;
    while (!printer.is_closed()) {
        co_await sleep_for(client.clock(), kPollGateway);
        const std::string target = target_of(query, "after", after);
        std::string body;
        std::string lost;
        try {
            std::string answer = co_await client.get(target);
            body = std::move(answer);
        } catch (const GatewayUnreachable& error) {
            lost = error.what();
        }
        if (!lost.empty()) {
            if (!is_lost) Terminal(STDERR_FILENO).write("warning: " + one_line(lost) + " Trying on.\n");
            is_lost = true;
            continue;
        }
        is_lost = false;
        for (const Event& event : parse_events(body)) {
            printer.print(event.json);
            after = event.number;  // after a restart of the gateway, smaller than before
        }
    }
    co_return kOk;
}

std::vector<std::string> read_file(const std::string& file, const EventFilter& filter) {
    try {
        return gateway::read_events(file, filter);
    } catch (const std::system_error& error) {
        throw UsageError(std::string("--file: ") + error.what());
    }
}

asio::awaitable<int> follow_file(const EventsTailOptions& options, EventFilter filter, Printer& printer) {
    EventFollower follower(options.file);  // before the file is read, so that nothing falls between
    std::string newest;
    if (options.last || filter.since) {
        filter.last = options.last;
        for (const std::string& event : read_file(options.file, filter)) {
            printer.print(event);
            newest = event;
        }
        filter.last.reset();
    }
    while (!printer.is_closed()) {
        const std::vector<std::string> lines = follower.new_lines();
        // What was read above and had come meanwhile.
        const auto known = newest.empty() ? lines.rend() : std::find(lines.rbegin(), lines.rend(), newest);
        newest.clear();
        for (auto line = known == lines.rend() ? lines.begin() : known.base(); line != lines.end(); ++line)
            if (wire::is_json(*line) && gateway::matches(*line, filter)) printer.print(*line);
        co_await sleep_for(*system_clock(), kPollFile);
    }
    co_return kOk;
}

Format format_of(const EventsTailOptions& options) {
    if (options.json || options.format == "json") return Format::json;
    return options.format == "detailed" ? Format::detailed : Format::text;
}

}  // namespace

int run_events_tail(const EventsTailOptions& options) {
    const std::string query = query_of(options);
    EventFilter filter = filter_of(query);
    Printer printer(format_of(options));
    if (options.json && options.format != "text" && options.format != "json")
        throw UsageError("--json and --format " + options.format + " say two things");
    if (!options.file.empty() && options.last && !options.follow) {
        filter.last = options.last;
        printer.print_all(read_file(options.file, filter));
        return kOk;
    }
    asio::io_context context(1);
    if (!options.file.empty()) try {
            return run_until_signal(context, follow_file(options, std::move(filter), printer));
        } catch (const std::system_error& error) {
            throw UsageError(std::string("--file: ") + error.what());
        }
    return run_until_signal(context, tail_gateway(options, query, printer));
}

}  // namespace sluice::cli

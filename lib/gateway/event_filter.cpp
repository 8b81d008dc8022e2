#include <algorithm>
#include <charconv>
#include <utility>

#include "gateway/event_log.hpp"
#include "wire/json_reader.hpp"

namespace sluice::gateway {
namespace {

namespace json = wire::json;

// --- from a query ---

int hex_value(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// RFC 3986. A plus is a plus: times have one.
std::optional<std::string> percent_decoded(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        if (i + 2 >= text.size()) return std::nullopt;
        const int high = hex_value(text[i + 1]);
        const int low = hex_value(text[i + 2]);
        if (high < 0 || low < 0) return std::nullopt;
        out += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return out;
}

template <typename Number>
std::optional<Number> number(std::string_view text) noexcept {
    Number value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::string outcome_names() {
    std::string names;
    for (const std::string_view name : outcomes())
        names.append(names.empty() ? "" : ", ").append(name);
    return names;
}

// What is wrong with it; empty when all is well.
std::string set(EventFilter& filter, std::string_view name, std::string value) {
    if (value.empty()) return std::string(name) + " is empty";
    if (name == "last" || name == "limit") {
        filter.last = number<std::size_t>(value);
        if (!filter.last || *filter.last == 0) return std::string(name) + " must be a whole number from 1 up";
    } else if (name == "after") {
        filter.after = number<std::uint64_t>(value);
        if (!filter.after) return "after must be a whole number";
    } else if (name == "since") {
        filter.since = parse_timestamp(value);
        if (!filter.since) return "since must be a time such as 2026-11-20T10:00:00Z";
    } else if (name == "failover") {
        if (value != "true" && value != "false") return "failover must be true or false";
        filter.failover = value == "true";
    } else if (name == "outcome") {
        const auto known = outcomes();
        if (std::find(known.begin(), known.end(), value) == known.end())
            return "outcome must be one of " + outcome_names();
        filter.outcome = std::move(value);
    } else if (name == "target") {
        filter.target = std::move(value);
    } else if (name == "model") {
        filter.model = std::move(value);
    } else if (name == "policy") {
        filter.policy = std::move(value);
    } else {
        return "unknown parameter " + std::string(name) +
               "; there are last, after, since, target, model, policy, outcome, failover";
    }
    return {};
}

// --- against an event ---

bool has_text(json::value& value, std::string_view wanted) {
    std::string_view text;
    return value.get_string().get(text) == simdjson::SUCCESS && text == wanted;
}

// Whether one object of the array has `member` with that text.
bool any_has(json::value& list, std::string_view member, std::string_view wanted) {
    json::array array;
    if (list.get_array().get(array) != simdjson::SUCCESS) return false;
    for (auto element : array) {
        json::object object;
        if (element.get_object().get(object) != simdjson::SUCCESS) return false;
        json::value value;
        if (object.find_field_unordered(member).get(value) == simdjson::SUCCESS && has_text(value, wanted))
            return true;
    }
    return false;
}

// What an event must still show before it matches.
struct Wanted {
    explicit Wanted(const EventFilter& filter)
        : since(filter.since.has_value()),
          target(!filter.target.empty()),
          model(!filter.model.empty()),
          policy(!filter.policy.empty()),
          outcome(!filter.outcome.empty()),
          failover(filter.failover.has_value()) {}

    bool since;
    bool target;
    bool model;
    bool policy;
    bool outcome;
    bool failover;

    bool anything() const noexcept { return since || target || model || policy || outcome || failover; }
};

void look_at(std::string_view key, json::value& value, const EventFilter& filter, Wanted& wanted) {
    if (wanted.since && key == "timestamp") {
        std::string_view text;
        if (value.get_string().get(text) != simdjson::SUCCESS) return;
        const auto time = parse_timestamp(text);
        wanted.since = !time || *time < *filter.since;
    } else if (wanted.target && key == "provider") {
        wanted.target = !has_text(value, filter.target);
    } else if (wanted.target && key == "attempts") {
        wanted.target = !any_has(value, "provider", filter.target);
    } else if (wanted.model && (key == "model" || key == "requested_model")) {
        wanted.model = !has_text(value, filter.model);
    } else if (wanted.policy && key == "policies") {
        wanted.policy = !any_has(value, "name", filter.policy);
    } else if (wanted.outcome && key == "outcome") {
        wanted.outcome = !has_text(value, filter.outcome);
    } else if (wanted.failover && key == "failover") {
        bool triggered = false;
        wanted.failover = value["triggered"].get_bool().get(triggered) != simdjson::SUCCESS ||
                          triggered != *filter.failover;
    }
}

}  // namespace

bool matches(std::string_view json_text, const EventFilter& filter) {
    Wanted wanted(filter);
    if (!wanted.anything()) return true;
    const simdjson::padded_string padded(json_text);
    json::document document;
    json::object object;
    if (wire::thread_parser().iterate(padded).get(document) != simdjson::SUCCESS ||
        document.get_object().get(object) != simdjson::SUCCESS)
        return false;
    for (auto field : object) {
        std::string_view key;
        json::value value;
        if (field.unescaped_key().get(key) != simdjson::SUCCESS ||
            field.value().get(value) != simdjson::SUCCESS)
            return false;
        look_at(key, value, filter, wanted);
        if (!wanted.anything()) return true;
    }
    return false;
}

std::optional<EventFilter> parse_event_filter(std::string_view query, std::string& error) {
    EventFilter filter;
    std::vector<std::string> seen;
    while (!query.empty()) {
        const std::string_view pair = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(pair.size() + 1, query.size()));
        if (pair.empty()) continue;
        const std::size_t equals = pair.find('=');
        const auto name = percent_decoded(pair.substr(0, equals));
        const auto value =
            percent_decoded(equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1));
        if (!name || !value) {
            error = "a percent sign must be followed by two hexadecimal digits";
            return std::nullopt;
        }
        const std::string canonical = *name == "limit" ? "last" : *name;
        if (std::find(seen.begin(), seen.end(), canonical) != seen.end()) {
            error = *name + " is given twice";
            return std::nullopt;
        }
        seen.push_back(canonical);
        error = set(filter, *name, *value);
        if (!error.empty()) return std::nullopt;
    }
    return filter;
}

}  // namespace sluice::gateway

// The event of a request as one line of JSON. Every request writes one, and most of it is the same in all: so
// names are copied with what stands around them, and nothing is looked at twice.
#include "gateway/record.hpp"

#include "wire/json_writer.hpp"

#include <charconv>
#include <chrono>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace sluice::gateway {
namespace {

/// Text that grows at its end, by pieces whose size is mostly known when this is compiled.
class Line {
  public:
    explicit Line(std::size_t expected) { text_.resize(expected); }

    template <std::size_t size>
    Line& add(const char (&literal)[size]) {
        constexpr std::size_t length = size - 1;
        std::memcpy(room(length), literal, length);
        used_ += length;
        return *this;
    }
    Line& add_text(std::string_view text) {
        if (!text.empty()) std::memcpy(room(text.size()), text.data(), text.size());
        used_ += text.size();
        return *this;
    }
    Line& string(std::string_view text) {
        if (!wire::is_plain(text)) {
            std::string escaped;
            wire::append_escaped(escaped, text);
            return add("\"").add_text(escaped).add("\"");
        }
        char* const at = room(text.size() + 2);
        at[0] = '"';
        if (!text.empty()) std::memcpy(at + 1, text.data(), text.size());
        at[text.size() + 1] = '"';
        used_ += text.size() + 2;
        return *this;
    }
    Line& string_or_null(std::string_view text) { return text.empty() ? add("null") : string(text); }
    template <typename Integer>
    Line& number(Integer value) {
        constexpr std::size_t kMaxDigits = 24;
        char* const at = room(kMaxDigits);
        used_ += static_cast<std::size_t>(std::to_chars(at, at + kMaxDigits, value).ptr - at);
        return *this;
    }
    Line& boolean(bool value) { return value ? add("true") : add("false"); }

    std::string take() && {
        text_.resize(used_);
        return std::move(text_);
    }

  private:
    char* room(std::size_t bytes) {
        if (text_.size() - used_ < bytes) text_.resize(2 * text_.size() + bytes);
        return text_.data() + used_;
    }

    std::string text_;
    std::size_t used_ = 0;
};

// To the microsecond: more digits would only be noise.
Line& milliseconds(Line& line, const std::optional<std::chrono::nanoseconds>& time) {
    if (!time) return line.add("null");
    std::string text;
    wire::JsonWriter(text).thousandths(std::chrono::round<std::chrono::microseconds>(*time).count());
    return line.add_text(text);
}

Line& status_or_null(Line& line, int status) {
    return status != 0 ? line.number(status) : line.add("null");
}

Line& count(Line& line, const std::optional<Tokens>& tokens) {
    return tokens ? line.number(*tokens) : line.add("null");
}

Line& tokens(Line& line, const std::optional<Usage>& usage) {
    if (!usage)
        return line.add(
            R"("tokens":{"input":null,"output":null,"cached_input":null,"cache_write":null,"reasoning":null})");
    count(line.add(R"("tokens":{"input":)"), usage->input);
    count(line.add(R"(,"output":)"), usage->output);
    count(line.add(R"(,"cached_input":)"), usage->cached_input);
    count(line.add(R"(,"cache_write":)"), usage->cache_write);
    count(line.add(R"(,"reasoning":)"), usage->reasoning);
    return line.add("}");
}

// Decimal text, since most readers of JSON would round a number of twelve places.
std::string decimal(PicoUsd amount) {
    std::string text = to_string(amount);
    text.erase(text.find('$'), 1);
    return text;
}

Line& cost(Line& line, const std::optional<PicoUsd>& amount) {
    if (!amount) return line.add(R"("cost":{"amount":null,"currency":"USD","source":null})");
    line.add(R"("cost":{"amount":)").string(decimal(*amount));
    return line.add(R"(,"currency":"USD","source":"configured_price"})");
}

void failover(Line& line, const RequestRecord& record) {
    const bool triggered = record.failed_over();
    line.add(R"("failover":{"triggered":)").boolean(triggered);
    line.add(R"(,"original_provider":)");
    line.string_or_null(triggered ? std::string_view(record.original_target) : std::string_view());
    line.add(R"(,"reason":)").string_or_null(record.failover_reason).add("}");
}

void attempt(Line& line, const AttemptRecord& record) {
    line.add(R"({"provider":)").string(record.target);
    line.add(R"(,"model":)").string_or_null(record.model);
    line.add(R"(,"purpose":)").string(to_string(record.purpose));
    line.add(R"(,"outcome":)").string(to_string(record.end));
    status_or_null(line.add(R"(,"http_status":)"), record.http_status);
    line.add(R"(,"error_type":)").string_or_null(record.error_type);
    milliseconds(line.add(R"(,"latency_ms":)"), record.duration);
    milliseconds(line.add(R"(,"ttft_ms":)"), record.first_event);
    tokens(line.add(","), record.usage);
    cost(line.add(","), record.cost).add("}");
}

void policy(Line& line, const PolicyRecord& record) {
    line.add(R"({"name":)").string(record.name).add(R"(,"type":)").string(record.type);
    line.add(R"(,"action":)").string(to_string(record.action));
    line.add(R"(,"direction":)").string(record.on_output ? "output" : "input");
    line.add(R"(,"categories":[)");
    for (bool first = true; const std::string& category : record.categories) {
        if (!std::exchange(first, false)) line.add(",");
        line.string(category);
    }
    line.add(R"(],"result":)").string(record.matched ? "match" : "pass").add("}");
}

/// `write` for each of `all`, with commas between them.
template <typename List, typename Write>
void list(Line& line, const List& all, Write write) {
    line.add("[");
    for (bool first = true; const auto& one : all) {
        if (!std::exchange(first, false)) line.add(",");
        write(line, one);
    }
    line.add("]");
}

}  // namespace

std::string to_json(const RequestRecord& record) {
    const auto size_of = [](const std::optional<std::string>& text) { return text ? text->size() : 0; };
    Line line(1024 + 320 * record.attempts.size() + size_of(record.prompt) + size_of(record.answer));
    line.add(R"({"id":)").string(record.id).add(R"(,"event_type":"decision","timestamp":)");
    line.string(timestamp_text(record.timestamp));
    line.add(R"(,"request_id":)").string_or_null(record.request_id);
    line.add(R"(,"trace_id":)").string_or_null(record.trace_id);
    line.add(R"(,"endpoint":)").string_or_null(record.endpoint);
    line.add(R"(,"stream":)").boolean(record.stream);
    line.add(R"(,"requested_model":)").string_or_null(record.requested_model);
    line.add(R"(,"model":)").string_or_null(record.model);
    line.add(R"(,"provider":)").string_or_null(record.provider);
    line.add(R"(,"provider_kind":)").string_or_null(record.provider_kind);
    status_or_null(line.add(R"(,"status":)"), record.status);
    line.add(R"(,"outcome":)").string(to_string(record.outcome));
    line.add(R"(,"error_type":)").string_or_null(record.error_type);
    milliseconds(line.add(R"(,"latency_ms":)"), record.latency);
    milliseconds(line.add(R"(,"ttft_ms":)"), record.first_token);
    tokens(line.add(","), record.usage);
    cost(line.add(","), record.cost);
    failover(line.add(","), record);
    list(line.add(R"(,"attempts":)"), record.attempts, attempt);
    line.add(R"(,"routing":{"route":)").string_or_null(record.route);
    line.add(R"(,"strategy":)").string_or_null(record.strategy).add("}");
    list(line.add(R"(,"policies":)"), record.policies, policy);
    line.add(R"(,"client":)").string_or_null(record.client);
    line.add(R"(,"config_version":)").string_or_null(record.config_version);
    if (record.prompt) line.add(R"(,"prompt":)").string(*record.prompt);
    if (record.answer) line.add(R"(,"answer":)").string(*record.answer);
    return std::move(line.add("}")).take();
}

}  // namespace sluice::gateway

// One request as it is told afterwards: the event, the metrics, and the answer's metadata are made of it.
#pragma once

#include <sluice/attempt.hpp>
#include <sluice/attempt_event.hpp>
#include <sluice/error.hpp>
#include <sluice/gateway_config.hpp>
#include <sluice/money.hpp>
#include <sluice/usage.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::gateway {

/// Why a target was given up or passed over, in the closed set of words that events, metrics and error bodies
/// share: "upstream_timeout", "upstream_rate_limited", "circuit_open", ... (docs/events-log.md). A chain of
/// one target has that target's own reason.
std::string_view reason_of(const ErrorInfo& error) noexcept;
std::string_view reason_of(SkipReason reason) noexcept;
/// Every word of the set.
std::span<const std::string_view> reasons() noexcept;

/// How a request ended, for the client.
enum class Outcome : std::uint8_t {
    ok,
    error,        ///< A status from 400 on, nothing of an answer.
    interrupted,  ///< An error after the answer had begun.
    client_gone,
    slow_client,
    drained,
    blocked,  ///< By a policy.
};
/// "ok", "client_gone", ...: the enumerator's name.
std::string_view to_string(Outcome outcome) noexcept;
std::span<const std::string_view> outcomes() noexcept;

/// One try at a target, or why there was none.
struct AttemptRecord {
    AttemptRecord() = default;
    std::uint32_t number = 0;  ///< AttemptEvent::attempt.
    std::string target;
    std::string model;  ///< As the provider was asked for it.
    Purpose purpose = Purpose::answer;
    enum class End : std::uint8_t { ok, failed, skipped, abandoned, running };
    End end = End::running;
    int http_status = 0;     ///< Of a failed one; 0: there was none.
    std::string error_type;  ///< reason_of(); empty for a good one.
    std::chrono::nanoseconds duration{0};
    std::optional<std::chrono::nanoseconds> first_event;
    std::optional<Usage> usage;   ///< Absent is unknown, never zero.
    std::optional<PicoUsd> cost;  ///< Absent is unknown.
};

/// What one policy said of one request: each is evaluated once for the input and once for the output.
struct PolicyRecord {
    PolicyRecord() = default;
    std::string name;
    std::string type;
    PolicyAction action = PolicyAction::flag;
    bool on_output = false;
    bool matched = false;
    std::vector<std::string> categories;  ///< That matched. Never the words.
};

/// What is a view is a literal's, or the configuration's that served the request.
struct RequestRecord {
    RequestRecord() = default;
    std::string id;                                   ///< "evt_" and a ULID.
    std::chrono::system_clock::time_point timestamp;  ///< Of its start.
    std::string request_id;
    std::string trace_id;
    std::string_view endpoint;  ///< "/v1/chat/completions", "/v1beta/models:generateContent", ...
    bool stream = false;
    std::string requested_model;
    std::string model;               ///< As the client was told; empty when nobody answered.
    std::string provider;            ///< The answering target's id.
    std::string_view provider_kind;  ///< Its service.
    int status = 0;                  ///< That the client got; 0: it was gone before.
    Outcome outcome = Outcome::ok;
    std::string error_type;  ///< reason_of() the error that the client was told, or "client_gone", ...
    std::chrono::nanoseconds latency{0};
    std::optional<std::chrono::nanoseconds> first_token;
    std::optional<Usage> usage;
    std::optional<PicoUsd> cost;  ///< Of all attempts together; absent when one of them is unknown.
    std::string_view route;
    std::string_view strategy;    ///< to_string() of it; empty without a route.
    std::string original_target;  ///< That was chosen first; empty when there was no failover.
    std::string failover_reason;
    std::vector<AttemptRecord> attempts;
    std::vector<PolicyRecord> policies;
    std::string_view client;  ///< The name of the client's key; empty without one.
    std::string_view config_version;
    std::optional<std::string> prompt;  ///< Only with EventsConfig::record_prompts.
    std::optional<std::string> answer;  ///< Only with EventsConfig::record_answers.

    bool failed_over() const noexcept { return !failover_reason.empty(); }
};

/// "ok", "failed", ...: the enumerator's name.
std::string_view to_string(AttemptRecord::End end) noexcept;

/// "2026-11-20T10:00:00.123Z" (RFC 3339).
class TimestampText {
  public:
    explicit TimestampText(std::chrono::system_clock::time_point time) noexcept;
    std::string_view view() const noexcept { return {text_.data(), text_.size() - 1}; }

  private:
    std::array<char, 25> text_ = std::to_array("0000-00-00T00:00:00.000Z");
};
std::string timestamp_text(std::chrono::system_clock::time_point time);
/// The moment that such a text means; a fraction may be absent, and an offset from UTC stand for the Z.
std::optional<std::chrono::system_clock::time_point> parse_timestamp(std::string_view text) noexcept;

/// The event as one line of JSON, without a line end. docs/events-log.md has the fields.
std::string to_json(const RequestRecord& record);

}  // namespace sluice::gateway

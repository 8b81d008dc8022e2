#include "gateway/metadata.hpp"

#include "wire/json_writer.hpp"

#include <algorithm>

namespace sluice::gateway {
namespace {

/// Microseconds are all that anybody needs to see.
void write_milliseconds(wire::JsonWriter& json, std::string_view key, std::chrono::nanoseconds time) {
    json.key(key).thousandths(std::chrono::duration_cast<std::chrono::microseconds>(time).count());
}

bool is_answering(const AttemptRecord& attempt) noexcept {
    return attempt.purpose == Purpose::answer || attempt.purpose == Purpose::hedge;
}

std::size_t count_asked(const std::vector<AttemptRecord>& attempts) noexcept {
    return static_cast<std::size_t>(
        std::count_if(attempts.begin(), attempts.end(), [](const AttemptRecord& one) {
            return is_answering(one) && one.end != AttemptRecord::End::skipped;
        }));
}

void write_strings(wire::JsonWriter& json, std::string_view key, const std::vector<std::string>& strings) {
    json.key(key).begin_array();
    for (const std::string& text : strings)
        json.string(text);
    json.end_array();
}

void write_policies(wire::JsonWriter& json, const std::vector<PolicyRecord>& policies) {
    const bool any =
        std::any_of(policies.begin(), policies.end(), [](const auto& one) { return one.matched; });
    if (!any) return;
    json.key("policies").begin_array();
    for (const PolicyRecord& policy : policies) {
        if (!policy.matched) continue;
        json.begin_object().key("name").string(policy.name).key("action").string(to_string(policy.action));
        json.key("direction").string(policy.on_output ? "output" : "input");
        write_strings(json, "categories", policy.categories);
        json.end_object();
    }
    json.end_array();
}

/// The first leg that was chosen, asked or passed over.
const AttemptRecord* first_choice(const std::vector<AttemptRecord>& attempts) noexcept {
    const auto found = std::find_if(attempts.begin(), attempts.end(), is_answering);
    return found == attempts.end() ? nullptr : &*found;
}

/// The last one that was asked: nobody is asked after an answer has begun. Of a hedge, the one that was not
/// given up.
const AttemptRecord* answering(const std::vector<AttemptRecord>& attempts) noexcept {
    const AttemptRecord* last = nullptr;
    for (const AttemptRecord& attempt : attempts) {
        if (!is_answering(attempt) || attempt.end == AttemptRecord::End::skipped) continue;
        if (attempt.end == AttemptRecord::End::abandoned && last) continue;
        last = &attempt;
    }
    return last;
}

}  // namespace

std::string in_milliseconds(std::chrono::nanoseconds time) {
    const auto tenths = std::chrono::duration_cast<std::chrono::microseconds>(time).count() / 100;
    std::string text = std::to_string(tenths / 10);
    text += '.';
    text += static_cast<char>('0' + tenths % 10);
    return text;
}

bool failed_over(const std::vector<AttemptRecord>& attempts) noexcept {
    const AttemptRecord* first = first_choice(attempts);
    const AttemptRecord* last = answering(attempts);
    return first && last && first->target != last->target;
}

void note_failover(RequestRecord& record) {
    if (!failed_over(record.attempts)) return;
    const AttemptRecord* first = first_choice(record.attempts);
    record.original_target = first->target;
    // Of several tries at one target the last one is why it was left.
    for (const AttemptRecord& attempt : record.attempts)
        if (attempt.target == first->target && !attempt.error_type.empty())
            record.failover_reason = attempt.error_type;
    if (record.failover_reason.empty()) record.failover_reason = "hedge_won";
}

std::string answer_metadata(const RequestRecord& record, const std::vector<AttemptRecord>& attempts,
                            const AnswerNotes& notes, std::chrono::nanoseconds latency, bool alias) {
    constexpr std::string_view kName = "\"sluice_metadata\":";
    std::string members;
    members.reserve(512);
    members += kName;
    wire::JsonWriter json(members);
    json.begin_object();
    json.key("provider").string(record.provider).key("model").string(record.model);
    json.key("requested_model").string(record.requested_model);
    json.key("upstream_model").string(notes.upstream_model);
    json.key("request_id").string(record.request_id);
    if (!notes.upstream_request_id.empty()) json.key("upstream_request_id").string(notes.upstream_request_id);
    json.key("attempts").number(count_asked(attempts));
    json.key("failover").boolean(failed_over(attempts));
    write_milliseconds(json, "latency_ms", latency);
    write_policies(json, record.policies);
    if (!notes.warnings.empty()) write_strings(json, "warnings", notes.warnings);
    json.end_object();
    if (alias) {
        const std::string value = members.substr(kName.size());
        members.append(",\"keeptrusts_metadata\":").append(value);
    }
    return members;
}

std::string error_metadata(const RequestRecord& record, const std::vector<AttemptRecord>& attempts) {
    std::string members = "\"sluice_metadata\":";
    wire::JsonWriter json(members);
    json.begin_object();
    json.key("request_id").string(record.request_id);
    write_milliseconds(json, "latency_ms", record.latency);
    json.key("attempts").begin_array();
    for (const AttemptRecord& attempt : attempts) {
        json.begin_object().key("provider").string(attempt.target).key("model").string(attempt.model);
        json.key("outcome").string(to_string(attempt.end));
        json.key("error_type");
        if (attempt.error_type.empty())
            json.null();
        else
            json.string(attempt.error_type);
        json.key("http_status");
        if (attempt.http_status == 0)
            json.null();
        else
            json.number(attempt.http_status);
        write_milliseconds(json, "latency_ms", attempt.duration);
        json.end_object();
    }
    json.end_array();
    write_policies(json, record.policies);
    json.end_object();
    return members;
}

ErrorInfo nobody_serves(const std::string& model, const Route* route) {
    if (!route)
        return {ErrorKind::model_not_found, Phase::prepare,
                "too many different models have been asked for; name those that are meant in the gateway's "
                "configuration"};
    std::string message = "no target serves the model " + model;
    bool missing_key = false;
    for (const LeftOut& out : route->left_out) {
        message.append("; ").append(out.target).append(": ").append(out.reason);
        missing_key |= out.reason == "unavailable";
    }
    ErrorInfo error(missing_key ? ErrorKind::no_provider_available : ErrorKind::model_not_found,
                    Phase::prepare, std::move(message));
    if (missing_key) error.retry_after = std::chrono::seconds(30);
    return error;
}

}  // namespace sluice::gateway

#include "gateway/metadata.hpp"

#include "gateway/json_line.hpp"

#include <algorithm>

namespace sluice::gateway {
namespace {

JsonLine& milliseconds(JsonLine& line, std::chrono::nanoseconds time) {
    return line.milliseconds(std::chrono::duration_cast<std::chrono::microseconds>(time));
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

void policies(JsonLine& line, const std::vector<PolicyRecord>& all) {
    std::vector<const PolicyRecord*> matched;
    for (const PolicyRecord& policy : all)
        if (policy.matched) matched.push_back(&policy);
    if (matched.empty()) return;
    line.add(R"(,"policies":)").array(matched, [](JsonLine& out, const PolicyRecord* policy) {
        out.add(R"({"name":)").string(policy->name).add(R"(,"action":)").string(to_string(policy->action));
        out.add(R"(,"direction":)").string(policy->on_output ? "output" : "input");
        out.add(R"(,"categories":)").strings(policy->categories).add("}");
    });
}

void attempt(JsonLine& line, const AttemptRecord& record) {
    line.add(R"({"provider":)").string(record.target).add(R"(,"model":)").string(record.model);
    line.add(R"(,"outcome":)").string(to_string(record.end));
    line.add(R"(,"error_type":)").string_or_null(record.error_type);
    line.add(R"(,"http_status":)").number_or_null(record.http_status);
    milliseconds(line.add(R"(,"latency_ms":)"), record.duration).add("}");
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
    constexpr char kName[] = "\"sluice_metadata\":";
    constexpr std::size_t kUsual = 512;
    JsonLine line(kUsual);
    line.add(kName).add(R"({"provider":)").string(record.provider);
    line.add(R"(,"model":)").string(record.model);
    line.add(R"(,"requested_model":)").string(record.requested_model);
    line.add(R"(,"upstream_model":)").string(notes.upstream_model);
    line.add(R"(,"request_id":)").string(record.request_id);
    if (!notes.upstream_request_id.empty())
        line.add(R"(,"upstream_request_id":)").string(notes.upstream_request_id);
    line.add(R"(,"attempts":)").number(count_asked(attempts));
    line.add(R"(,"failover":)").boolean(failed_over(attempts));
    milliseconds(line.add(R"(,"latency_ms":)"), latency);
    policies(line, record.policies);
    if (!notes.warnings.empty()) line.add(R"(,"warnings":)").strings(notes.warnings);
    std::string members = std::move(line.add("}")).take();
    if (alias) {
        const std::string value = members.substr(sizeof(kName) - 1);
        members.append(",\"keeptrusts_metadata\":").append(value);
    }
    return members;
}

std::string error_metadata(const RequestRecord& record, const std::vector<AttemptRecord>& attempts) {
    constexpr std::size_t kUsual = 1024;
    JsonLine line(kUsual);
    line.add(R"("sluice_metadata":{"request_id":)").string(record.request_id);
    milliseconds(line.add(R"(,"latency_ms":)"), record.latency);
    line.add(R"(,"attempts":)").array(attempts, attempt);
    policies(line, record.policies);
    return std::move(line.add("}")).take();
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

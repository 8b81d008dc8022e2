// The little language of model names that begin with "sim:": keys and values, read into a SimulatedAnswer.
#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "testing/simulated_error.hpp"
#include "testing/simulator_models.hpp"

namespace sluice::testing {

namespace {

constexpr std::size_t kMaxTokens = 1'000'000;
constexpr std::size_t kMaxTokenBytes = std::size_t{64} << 20;
constexpr std::size_t kMaxText = std::size_t{256} << 20;  // of one answer, all its tokens

/// What the keys say. Some of them only make an answer together, so the answer is made at the end.
struct Draft {
    SimulatedAnswer answer = canned_answer();
    std::size_t tokens = SIZE_MAX;  // as many numbered tokens instead of the canned text
    std::size_t token_bytes = 0;    // each of this size
    std::size_t times = SIZE_MAX;   // the script holds for so many requests, then all is well
    SimulatedError error{ErrorKind::provider_error};
    bool fails_inside = false;  // the error comes in the stream, else it is the answer
};

struct NamedKind {
    std::string_view name;
    ErrorKind kind;
};
constexpr std::array kErrors{
    NamedKind{"bad_request", ErrorKind::provider_bad_request},
    NamedKind{"auth", ErrorKind::provider_auth_failed},
    NamedKind{"not_found", ErrorKind::model_not_found},
    NamedKind{"rate_limited", ErrorKind::rate_limited},
    NamedKind{"quota", ErrorKind::quota_exhausted},
    NamedKind{"context_length", ErrorKind::context_length_exceeded},
    NamedKind{"overloaded", ErrorKind::provider_overloaded},
    NamedKind{"timeout", ErrorKind::provider_timeout},
    NamedKind{"unavailable", ErrorKind::provider_unavailable},
};
struct NamedShape {
    std::string_view name;
    ErrorShape shape;
};
constexpr std::array kShapes{
    NamedShape{"usual", ErrorShape::usual},
    NamedShape{"in_chunk", ErrorShape::in_chunk},
    NamedShape{"named_event", ErrorShape::named_event},
    NamedShape{"field_line", ErrorShape::field_line},
    NamedShape{"flat", ErrorShape::flat},
    NamedShape{"failed_only", ErrorShape::failed_only},
    NamedShape{"framed", ErrorShape::framed},
    NamedShape{"gateway", ErrorShape::gateway},
};

bool read(std::string_view text, std::size_t& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size();
}

bool read(std::string_view text, bool& value) {
    if (text != "" && text != "1" && text != "0") return false;
    value = text != "0";
    return true;
}

bool read(std::string_view text, std::string& value) {
    value = text;
    return true;
}

bool read(std::string_view text, Duration& value) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    std::size_t count = 0;
    if (!read(text.substr(0, digits), count) || count > 1'000'000'000) return false;
    const auto number = static_cast<std::int64_t>(count);
    const std::string_view unit = text.substr(digits);
    if (unit == "us")
        value = std::chrono::microseconds(number);
    else if (unit == "ms")
        value = std::chrono::milliseconds(number);
    else if (unit == "s")
        value = std::chrono::seconds(number);
    else
        return false;
    return true;
}

struct Key {
    std::string_view name;
    std::string_view expected;  // what a value must be
    bool (*apply)(Draft& draft, std::string_view value);
};

constexpr std::string_view kCount = "a number";
constexpr std::string_view kFlag = "0, 1 or nothing";
constexpr std::string_view kDuration = "a number with us, ms or s";
constexpr std::string_view kText = "text";

template <auto Member>
constexpr bool (*set_answer)(Draft&, std::string_view) =
    [](Draft& draft, std::string_view value) { return read(value, draft.answer.*Member); };
template <auto Member>
constexpr bool (*set_draft)(Draft&, std::string_view) =
    [](Draft& draft, std::string_view value) { return read(value, draft.*Member); };
template <auto Member>
constexpr bool (*set_error)(Draft&, std::string_view) =
    [](Draft& draft, std::string_view value) { return read(value, draft.error.*Member); };
/// A flag that takes its content from one of the canned answers.
template <auto Take>
constexpr bool (*take_canned)(Draft&, std::string_view) = [](Draft& draft, std::string_view value) {
    bool wanted = false;
    if (!read(value, wanted)) return false;
    if (wanted) Take(draft.answer);
    return true;
};

void take_reasoning(SimulatedAnswer& answer) {
    SimulatedAnswer from = thoughtful_answer();
    answer.reasoning = std::move(from.reasoning);
    answer.signature = std::move(from.signature);
}
void take_tools(SimulatedAnswer& answer) {
    SimulatedAnswer from = tool_answer();
    answer.tool_calls = std::move(from.tool_calls);
    answer.finish_reason = std::move(from.finish_reason);
}
void take_refusal(SimulatedAnswer& answer) {
    SimulatedAnswer from = refusing_answer();
    answer.tokens.clear();
    answer.refusal = std::move(from.refusal);
    answer.finish_reason = std::move(from.finish_reason);
}

using A = SimulatedAnswer;

constexpr std::array kKeys{
    Key{"tokens", "a number up to 1000000",
        [](Draft& d, std::string_view v) { return read(v, d.tokens) && d.tokens <= kMaxTokens; }},
    Key{"token_bytes", "a number up to 67108864",
        [](Draft& d, std::string_view v) {
            return read(v, d.token_bytes) && d.token_bytes <= kMaxTokenBytes;
        }},
    Key{"text", kText,
        [](Draft& d, std::string_view v) {
            d.answer.tokens.assign(1, std::string(v));
            return true;
        }},
    Key{"reasoning", kFlag, take_canned<take_reasoning>},
    Key{"tools", kFlag, take_canned<take_tools>},
    Key{"refusal", kFlag, take_canned<take_refusal>},
    Key{"times", kCount, set_draft<&Draft::times>},
    Key{"delay_head", kDuration, set_answer<&A::delay_head>},
    Key{"delay_first", kDuration, set_answer<&A::delay_first>},
    Key{"delay_between", kDuration, set_answer<&A::delay_between>},
    Key{"status", "a number from 200 to 599",
        [](Draft& d, std::string_view v) {
            std::size_t status = 0;
            if (!read(v, status) || status < 200 || status > 599) return false;
            d.answer.status = static_cast<int>(status);
            return true;
        }},
    Key{"message", kText, set_error<&SimulatedError::message>},
    Key{"type", kText, set_error<&SimulatedError::type>},
    Key{"code", kText, set_error<&SimulatedError::code>},
    Key{"retry_after", kText,
        [](Draft& d, std::string_view v) {
            d.answer.headers.emplace_back("retry-after", v);
            return true;
        }},
    Key{"gzip", kFlag, set_answer<&A::gzip_body>},
    Key{"reset", kFlag, set_answer<&A::reset_before_headers>},
    Key{"silent", kFlag, set_answer<&A::silent>},
    Key{"metadata", kFlag, set_answer<&A::metadata_first>},
    Key{"comments", kFlag, set_answer<&A::comments>},
    Key{"pings", kFlag, set_answer<&A::pings>},
    Key{"error", "a kind of error, or a code",
        [](Draft& d, std::string_view v) {
            const auto* const known =
                std::find_if(kErrors.begin(), kErrors.end(), [v](const NamedKind& k) { return k.name == v; });
            d.fails_inside = true;
            d.error.kind = known != kErrors.end() ? known->kind : ErrorKind::provider_unavailable;
            if (known != kErrors.end()) return true;
            d.error.code = v;
            d.error.message = "The simulator was asked for this error.";
            return true;
        }},
    Key{"error_after", kCount, set_answer<&A::error_after>},
    Key{"error_after_finish", kFlag, set_answer<&A::error_after_finish>},
    Key{"error_shape", "usual, in_chunk, named_event, field_line, flat, failed_only, framed or gateway",
        [](Draft& d, std::string_view v) {
            const auto* const known = std::find_if(kShapes.begin(), kShapes.end(),
                                                   [v](const NamedShape& s) { return s.name == v; });
            if (known != kShapes.end()) d.error.shape = known->shape;
            return known != kShapes.end();
        }},
    Key{"cut_after", kCount, set_answer<&A::cut_after>},
    Key{"stall_after", kCount, set_answer<&A::stall_after>},
    Key{"malformed_at", kCount, set_answer<&A::malformed_at>},
    Key{"finish", kText, set_answer<&A::finish_reason>},
    Key{"usage", kFlag, set_answer<&A::usage>},
    Key{"done", kFlag, set_answer<&A::done_marker>},
    Key{"one_byte_writes", kFlag, set_answer<&A::one_byte_writes>},
    Key{"one_write", kFlag, set_answer<&A::one_write>},
    Key{"tokens_per_write", "a number from 1",
        [](Draft& d, std::string_view v) {
            return read(v, d.answer.tokens_per_write) && d.answer.tokens_per_write > 0;
        }},
    Key{"crlf", kFlag,
        [](Draft& d, std::string_view v) {
            bool crlf = false;
            if (!read(v, crlf)) return false;
            d.answer.line_end = crlf ? "\r\n" : "\n";
            return true;
        }},
};

SimulatedAnswer not_understood(const std::string& why) {
    SimulatedError error(ErrorKind::provider_error);
    error.message = "Simulator script: " + why;
    error.code = "invalid_value";
    error.param = "model";
    return failure(std::move(error));
}

std::string known_keys() {
    std::string names;
    for (const Key& key : kKeys)
        names.append(names.empty() ? "" : ", ").append(key.name);
    return names;
}

SimulatedAnswer finished(Draft draft) {
    SimulatedAnswer& answer = draft.answer;
    if (draft.tokens != SIZE_MAX || draft.token_bytes > 0) {
        const std::size_t count = draft.tokens == SIZE_MAX ? 1 : draft.tokens;
        if (count * draft.token_bytes > kMaxText)
            return not_understood("tokens times token_bytes is more than 256 MiB");
        answer.tokens.clear();
        for (std::size_t i = 0; i < count; ++i) {
            answer.tokens.push_back(draft.token_bytes > 0 ? std::string(draft.token_bytes, 'x')
                                                          : " t" + std::to_string(i));
        }
    }
    if (draft.fails_inside) {
        answer.stream_error = std::move(draft.error);
    } else if (answer.status < 200 || answer.status > 299) {
        draft.error.kind = kind_of_status(answer.status);
        draft.error.status = answer.status;
        answer.error = std::move(draft.error);
    }
    return std::move(draft.answer);
}

}  // namespace

SimulatedAnswer answer_by_script(std::string_view script, const Asked& asked) {
    Draft draft;
    while (!script.empty()) {
        const std::string_view item = script.substr(0, script.find(','));
        script.remove_prefix(std::min(item.size() + 1, script.size()));
        const std::size_t equals = std::min(item.find('='), item.size());
        const std::string_view name = item.substr(0, equals);
        const std::string_view value = item.substr(std::min(equals + 1, item.size()));
        const auto* const key =
            std::find_if(kKeys.begin(), kKeys.end(), [&](const Key& k) { return k.name == name; });
        if (key == kKeys.end()) {
            return not_understood("unknown key '" + std::string(name) + "'. Known keys: " + known_keys() +
                                  ".");
        }
        if (!key->apply(draft, value)) {
            return not_understood("'" + std::string(name) + "' must be " + std::string(key->expected) +
                                  ", not '" + std::string(value) + "'.");
        }
    }
    if (asked.turn >= draft.times) return canned_answer();
    return finished(std::move(draft));
}

}  // namespace sluice::testing

#include "adapters/decoder_base.hpp"

#include "adapters/ascii.hpp"
#include "adapters/body_reader.hpp"
#include "adapters/redact.hpp"

#include <cstring>

namespace sluice::adapters {
namespace {

constexpr std::size_t kMaxLines = std::size_t{64} << 10;  // of bare JSON outside SSE framing

bool is_event_stream(std::string_view text) {
    return text.starts_with("data:") || text.starts_with("event:") || text.starts_with(": ");
}

}  // namespace

std::string_view padded_copy(std::string_view text, wire::TextArena& arena) {
    char* copy = arena.allocate(text.size() + wire::kPadding);
    if (!text.empty()) std::memcpy(copy, text.data(), text.size());
    std::memset(copy + text.size(), 0, wire::kPadding);
    return {copy, text.size()};
}

bool DecoderBase::begin_frame(EventBatch& out) {
    if (!ended() && !lines_.empty()) on_pending_lines(out);
    return !ended();
}

void DecoderBase::read_document(std::string_view json, std::string_view frame_data, std::size_t readable,
                                EventBatch& out) {
    const auto before = static_cast<std::size_t>(json.data() - frame_data.data());
    readable = readable > before ? readable - before : 0;
    if (readable < json.size() + wire::kPadding) {
        json = padded_copy(json, out.arena());
        readable = json.size() + wire::kPadding;
    }
    on_document(json, readable, out);
}

void DecoderBase::on_stray_line(std::string_view line, EventBatch& out) {
    if (ended()) return;
    if (line.starts_with("error:"))
        return fail_with_body(trim(line.substr(6)), out);  // llama-box, old llama.cpp
    std::string_view text = trim(line);
    if (text.empty()) return;
    if (lines_.empty() && text.front() != '{' && text.front() != '[') return;  // an SSE field of the future
    if (lines_.size() + text.size() > kMaxLines) return;
    lines_.append(text).push_back('\n');
    if ((text.back() == '}' || text.back() == ']') && wire::is_json(lines_)) on_pending_lines(out);
}

/// Bare JSON is an error object (Gemini, Ollama), or a document of a server that forgot the framing.
void DecoderBase::on_pending_lines(EventBatch& out) {
    std::string text = std::move(lines_);
    lines_.clear();
    std::string_view json = trim(text);
    if (json.front() == '{' && wire::is_json(json)) {
        std::string_view copy = padded_copy(json, out.arena());
        return on_document(copy, copy.size() + wire::kPadding, out);
    }
    if (contains(json, "\"error\"")) fail_with_body(json, out);
}

void DecoderBase::on_body(std::string_view body, EventBatch& out) {
    if (ended()) return;
    std::string_view text = trim(body);
    if (is_event_stream(text)) {  // whatever the content type says
        std::string_view copy = padded_copy(body, out.arena());
        return BodyReader(*this).finish(copy, copy.size() + wire::kPadding, out);
    }
    if (!text.empty() && text.front() == '{' && wire::is_json(text)) {
        std::string_view copy = padded_copy(text, out.arena());
        on_document(copy, copy.size() + wire::kPadding, out);
        if (ended()) return;
        if (state_ == DecoderState::finished) return finish(out);
        // An answer, as it names itself; but a whole one gives a reason to end, and this may be a part of
        // one.
        if (begun_ || !info_.response_id.empty()) return unfinished(out);
        ErrorInfo error(ErrorKind::provider_unavailable, phase(), "the answer is JSON, but no ");
        error.message.append(answer_name_).append(" and no error: check the base URL");
        error.provider_message = masked_excerpt(text, facts_.secrets);
        return fail(std::move(error), out);
    }
    fail_with_body(text, out);
}

void DecoderBase::on_end(EventBatch& out) {
    if (!begin_frame(out)) return;
    if (state_ == DecoderState::finished) return finish(out);
    truncated(out);
}

void DecoderBase::on_failure(ErrorInfo error, EventBatch& out) {
    if (!ended()) fail(std::move(error), out);
}

void DecoderBase::fail(ErrorInfo error, EventBatch& out) {
    add_facts(error, facts_);
    error_ = std::make_unique<const ErrorInfo>(std::move(error));
    state_ = DecoderState::ended;
    out.push(StreamEvent(Failure{error_.get()}));
}

void DecoderBase::fail_with_body(std::string_view body, EventBatch& out) {
    fail(classify_error(facts_, read_error_body(body), nullptr, phase()), out);
}

void DecoderBase::malformed(simdjson::error_code code, std::string_view text, EventBatch& out) {
    ErrorInfo error(ErrorKind::provider_unavailable, phase(), "malformed chunk in the stream: ");
    error.message += simdjson::error_message(code);
    error.provider_message = masked_excerpt(text, facts_.secrets);
    fail(std::move(error), out);
}

void DecoderBase::fail_with_limit(std::string our_words, EventBatch& out) {
    fail(ErrorInfo(ErrorKind::provider_unavailable, phase(), std::move(our_words)), out);
}

void DecoderBase::unfinished(EventBatch& out) {
    fail(ErrorInfo(ErrorKind::stream_truncated, phase(),
                   begun_ ? "the answer came in one piece, without a finish reason"
                          : "the answer came in one piece, and is empty"),
         out);
}

void DecoderBase::truncated(EventBatch& out) {
    fail(ErrorInfo(ErrorKind::stream_truncated, phase(),
                   begun_ ? "the stream ended before the answer was complete"
                          : "the stream ended without an answer"),
         out);
}

}  // namespace sluice::adapters

// `sluice decode`: what a recorded body says. The path of a body from a socket, without the socket: the same
// framing, the same dialect, the same limits.
#include "commands.hpp"
#include "json_output.hpp"
#include "recorded_body.hpp"
#include "terminal.hpp"

#include "adapters/body_reader.hpp"
#include "adapters/dialect.hpp"
#include "adapters/media_type.hpp"
#include "wire/body_buffer.hpp"
#include "wire/http_response.hpp"
#include "wire/sse.hpp"

#include <sluice/error.hpp>
#include <sluice/limits.hpp>

#include <unistd.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::cli {
namespace {

constexpr std::string_view kFrames = "sse";

const adapters::Dialect& dialect_named(std::string_view name) {
    if (const adapters::Dialect* found = adapters::find_dialect(name)) return *found;
    std::string known(kFrames);
    for (const std::string& other : known_dialects())
        known.append(", ").append(other);
    throw UsageError("--dialect: \"" + std::string(name) + "\" is not known; there are " + known);
}

wire::HeaderList parse_headers(const std::vector<std::string>& lines) {
    wire::HeaderList headers;
    for (const std::string_view line : lines) {
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos || wire::trim_blanks(line.substr(0, colon)).empty())
            throw UsageError("--header: expected 'name: value', got \"" + std::string(line) + "\"");
        headers.add(wire::trim_blanks(line.substr(0, colon)), wire::trim_blanks(line.substr(colon + 1)));
    }
    return headers;
}

void undo_encoding(const wire::HeaderList& headers, RecordedBody& body) {
    if (const auto encoding = headers.find("content-encoding")) body.decode_content(*encoding);
}

/// Where events go: to stdout as they come, or into the summary.
class Report {
  public:
    Report(Terminal& out, bool summary) : out_(out), is_summary_(summary) {}

    void take(adapters::EventBatch& batch) {
        for (const StreamEvent& event : batch.events())
            is_summary_ ? summary_.add(event) : append_event(lines_, event);
        batch.clear();
        flush();
    }
    void end(const adapters::ResponseInfo& info, const std::optional<Usage>& usage) {
        if (is_summary_) summary_.append(lines_, info.response_model_id, info.response_id, usage);
        flush();
    }
    /// Nobody reads what we write: the rest of the body does not matter.
    bool is_unread() const noexcept { return out_.is_closed(); }

  private:
    void flush() {
        out_.write(lines_);
        lines_.clear();
    }

    Terminal& out_;
    bool is_summary_;
    Summary summary_;
    std::string lines_;
};

ErrorInfo unreadable(std::error_code why) {
    return ErrorInfo(ErrorKind::provider_unavailable, Phase::stream,
                     "the answer cannot be read: " + why.message());
}

void decode_stream(RecordedBody& body, adapters::StreamDecoder& decoder, Report& report) {
    const Limits sizes;
    adapters::BodyLimits limits;
    limits.sse.max_event = sizes.max_event;
    limits.sse.max_stream = sizes.max_stream;
    limits.max_held = sizes.max_held;
    adapters::BodyReader reader(decoder, limits);
    wire::BodyBuffer buffer(sizes.read_buffer, sizes.max_held + sizes.max_event + sizes.read_buffer);
    adapters::EventBatch batch;

    const auto readable = [&] { return buffer.readable_from(buffer.body().data()); };
    while (decoder.state() != adapters::DecoderState::ended && !report.is_unread()) {
        const std::span<char> space = buffer.prepare();
        const std::size_t got = space.empty() ? 0 : body.read(space);
        if (got != 0) {
            buffer.commit(got);
            buffer.take(got);
            buffer.consume(reader.feed(buffer.body(), readable(), batch));
        } else if (space.empty()) {
            decoder.on_failure(unreadable(wire::WireError::event_too_large), batch);
        } else if (body.error()) {
            decoder.on_failure(unreadable(body.error()), batch);
        } else {
            reader.finish(buffer.body(), readable(), batch);
        }
        report.take(batch);
    }
}

void decode_answer(const DecodeOptions& options, const adapters::Dialect& dialect, Terminal& out) {
    const wire::HeaderList headers = parse_headers(options.headers);
    RecordedBody body(options.file);
    undo_encoding(headers, body);

    adapters::ExchangeFacts facts;
    facts.status = options.status;
    facts.request_id = adapters::request_id_of(headers);
    Report report(out, options.summary);
    adapters::EventBatch batch;
    const Limits limits;

    if (options.status < 200 || options.status >= 300) {
        const ErrorInfo error = dialect.classify(facts, headers, body.read_all(limits.max_error_body));
        Failure failure;
        failure.info = &error;
        batch.push(failure);
        report.take(batch);
        report.end(adapters::ResponseInfo(), std::nullopt);
        return;
    }

    const std::unique_ptr<adapters::StreamDecoder> decoder = dialect.make_decoder(facts);
    if (adapters::is_event_stream(headers)) {
        decode_stream(body, *decoder, report);
    } else {
        const std::string whole = body.read_all(limits.max_event + 1);
        if (whole.size() > limits.max_event)
            decoder->on_failure(unreadable(wire::WireError::body_too_large), batch);
        else if (body.error())
            decoder->on_failure(unreadable(body.error()), batch);
        else
            decoder->on_body(whole, batch);
        if (decoder->state() != adapters::DecoderState::ended) decoder->on_end(batch);
        report.take(batch);
    }
    report.end(decoder->info(), decoder->usage());
}

/// Frames as the WHATWG has them: a last block that no blank line closes is discarded, unknown fields are
/// ignored.
void decode_frames(const DecodeOptions& options, Terminal& out) {
    if (options.summary) throw UsageError("--summary needs a dialect that has answers; sse has only frames");
    RecordedBody body(options.file);
    undo_encoding(parse_headers(options.headers), body);
    const wire::SseLimits limits;
    wire::SseParser parser(limits);
    wire::BodyBuffer buffer(Limits().read_buffer, 2 * limits.max_event);
    std::string lines;
    std::error_code error;

    while (!error && !out.is_closed()) {
        const std::span<char> space = buffer.prepare();
        const std::size_t got = space.empty() ? 0 : body.read(space);
        if (got == 0) {
            error = space.empty() ? make_error_code(wire::WireError::event_too_large) : body.error();
            break;
        }
        buffer.commit(got);
        buffer.take(got);
        for (;;) {
            const wire::SseParser::Step step = parser.next(buffer.body());
            if (step.kind == wire::SseParser::Kind::frame) append_frame(lines, step.frame);
            if (step.kind == wire::SseParser::Kind::error) error = step.error;
            if (step.kind == wire::SseParser::Kind::need_more || error) break;
        }
        const std::size_t taken = parser.position();
        buffer.consume(taken);
        parser.rebase(taken);
        out.write(lines);
        lines.clear();
    }
    if (error) {
        append_failure(lines, unreadable(error));
        out.write(lines);
    }
}

}  // namespace

std::vector<std::string> known_dialects() {
    std::vector<std::string> names;
    for (const adapters::Dialect* dialect : adapters::dialects())
        names.emplace_back(dialect->name());
    return names;
}

int run_decode(const DecodeOptions& options) {
    Terminal out(STDOUT_FILENO);
    if (options.dialect == kFrames)
        decode_frames(options, out);
    else
        decode_answer(options, dialect_named(options.dialect), out);
    return kOk;
}

}  // namespace sluice::cli

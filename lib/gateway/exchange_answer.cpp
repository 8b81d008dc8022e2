// The answer of an exchange, streamed or not.
#include "gateway/exchange_run.hpp"

#include "adapters/origin.hpp"
#include "gateway/answer_error.hpp"

#include <algorithm>
#include <utility>

namespace sluice::gateway {
namespace {

// Frames that are gathered before they are written. Enough to make a write cheap, and little enough to be
// sent while more comes.
constexpr std::size_t kGathered = std::size_t{32} << 10;

/// What keeps a connection alive without saying anything.
std::string_view heartbeat_of(std::string_view dialect) noexcept {
    return dialect == "anthropic" ? "event: ping\ndata: {\"type\": \"ping\"}\n\n" : ": keep-alive\n\n";
}

/// Whether the last line that says something is data: Gemini tells an error in its stream as bare JSON, which
/// its SDK knows and others take for nothing.
bool ends_with_frame(std::string_view raw) noexcept {
    const std::size_t end = raw.find_last_not_of("\r\n");
    if (end == std::string_view::npos) return false;
    const std::size_t line = raw.find_last_of('\n', end);
    return raw.substr(line == std::string_view::npos ? 0 : line + 1).starts_with("data:");
}

}  // namespace

bool Exchange::watch_output(const StreamEvent& event) {
    const auto* text = event.as<TextDelta>();
    const auto* refusal = event.as<RefusalDelta>();
    if (!text && !refusal) return true;
    const std::string_view piece = text ? text->text : refusal->text;
    if (record_.answer) record_.answer->append(piece);
    return !output_ || output_->feed(piece, event.choice());
}

void Exchange::note_output_policies() {
    if (!output_) return;
    const std::vector<PolicyRecord> said = output_->records();
    record_.policies.insert(record_.policies.end(), said.begin(), said.end());
}

// --- not streamed ---

asio::awaitable<void> Exchange::whole_answer(TokenStream stream) {
    const Answerer& who = stream.answerer();
    const bool is_native = who.native && who.form == AnswerForm::document;
    MessageBuilder builder;
    std::string document;
    bool blocked = false;
    for (bool more = true; more && !blocked;) {
        const std::span<const StreamEvent> batch = co_await stream.next_batch();
        more = !batch.empty();
        for (const StreamEvent& event : batch) {
            if (!watch_output(event)) blocked = true;
            if (is_native) document.append(event.raw());
            if (!is_native) builder.add(event);
            if (const auto* finish = event.as<Finish>()) record_.usage = finish->usage;
            if (const auto* failure = event.as<Failure>())
                error_ = std::make_unique<ErrorInfo>(failure->error());
        }
    }
    if (output_) {
        if (!output_->end()) blocked = true;
        note_output_policies();
    }
    if (blocked) {
        record_.outcome = Outcome::blocked;
        const ErrorInfo error = blocked_by(*blocking(record_.policies));
        co_await refuse(error);
        co_return;
    }
    if (error_) {
        const ErrorInfo error = error_for_client(*error_, std::chrono::seconds(5));
        co_await refuse(error);
        co_return;
    }

    HttpAnswer answer;
    answer.headers = headers();
    if (is_native) {
        PassThroughOptions options;
        options.dialect = dialect_.name();
        options.upstream_model = who.response_model_id;
        options.shown_model = record_.model;
        answer.body = pass_document(document, options, metadata());
    } else {
        AssistantMessage message = std::move(builder).take();
        message.provider_id = who.provider_id;
        message.model_id = who.model_id;
        message.response_id = who.response_id;
        message.origin = who.origin;
        const adapters::AnswerFacts facts = answer_facts(stream);
        answer.body = pass_document(dialect_.encode_answer(message, facts), PassThroughOptions(), metadata());
    }
    record_.status = answer.status;
    record_.latency = books_.elapsed();
    co_await reply_.send(std::move(answer));
    ended_ = true;
}

// --- streamed ---

void Exchange::begin_stream(const TokenStream& stream) {
    const Answerer& who = stream.answerer();
    if (who.native && who.form == AnswerForm::event_stream) {
        PassThroughOptions options;
        options.dialect = dialect_.name();
        options.upstream_model = who.response_model_id;
        options.shown_model = record_.model;
        options.hide_usage = !parsed_.include_usage;
        pass_.emplace(std::move(options));
    } else {
        encoder_ = dialect_.make_encoder(answer_facts(stream));
    }
    begin_reply();
}

void Exchange::begin_reply() {
    if (std::exchange(streaming_, true)) return;
    record_.status = 200;
    if (dialect_.name() == "gemini" && http_.query.find("alt=sse") == std::string_view::npos)
        array_.emplace();
    reply_.begin(200, array_ ? "application/json" : "text/event-stream", headers());
    if (!array_) reply_.heartbeat(std::string(heartbeat_of(dialect_.name())));
    context_.metrics->stream_began();
}

// For clients that give up on a server that says nothing for long: they get the head, and comments from then
// on, at the price of being told of a failure inside the stream only. Null when that is not wanted.
std::unique_ptr<Timer> Exchange::early_head(asio::any_io_executor executor) {
    const std::chrono::milliseconds after = snapshot_->config().server.early_headers_after;
    if (!parsed_.stream || after.count() <= 0) return nullptr;
    std::unique_ptr<Timer> timer = context_.runtime.clock->make_timer(std::move(executor), [this] {
        begin_reply();
        if (!array_) reply_.send_head_soon();
    });
    timer->arm(clock_.now() + after);
    return timer;
}

asio::awaitable<void> Exchange::streamed_answer(TokenStream stream) {
    bool gathers = reply_.writes_are_dear();  // else the first words go out by themselves
    begin_stream(stream);
    std::span<const StreamEvent> batch = stream.try_next_batch();  // who chose the stream has seen its first
    while (!ended_) {
        if (batch.empty()) {
            const std::span<const StreamEvent> more = co_await stream.next_batch();
            batch = more;
        }
        if (batch.empty()) break;
        take(batch);
        while (!ended_ && std::exchange(gathers, true) && frames().size() < kGathered) {
            batch = stream.try_next_batch();
            if (batch.empty()) break;
            take(batch);
        }
        settle_frames();
        if (!ended_) co_await reply_.flush();
        batch = {};
    }
    co_await reply_.end();
    // After the client has it all: giving the connection back may take a moment.
    if (!stream.try_close()) co_await stream.close();
}

void Exchange::settle_frames() {
    if (!array_) return;
    array_->add(framed_, reply_.frames());
    framed_.clear();
    if (ended_) array_->end(reply_.frames());
}

void Exchange::take(std::span<const StreamEvent> batch) {
    const bool reads_text = output_ || record_.answer;
    const auto last = std::find_if(batch.begin(), batch.end(), [&](const StreamEvent& event) {
        return event.is_terminal() || (reads_text && !watch_output(event));
    });
    const std::span<const StreamEvent> good(batch.begin(), last);
    if (pass_) {
        pass_->add(good, frames());
    } else {
        for (const StreamEvent& event : good)
            encoder_->encode(event, frames());
    }
    if (last == batch.end()) return;
    if (last->is_terminal()) return take_end(*last);
    const std::vector<PolicyRecord> said = output_->records();
    record_.outcome = Outcome::blocked;
    fail_stream(blocked_by(*blocking(said)), {});
}

void Exchange::take_end(const StreamEvent& event) {
    if (const auto* failure = event.as<Failure>()) {
        const ErrorInfo& error = failure->error();
        record_.outcome = Outcome::interrupted;
        // The provider's own words, if it wrote them as a frame that clients read.
        const bool passes = pass_ && !error.code.empty() && ends_with_frame(event.raw());
        fail_stream(error, passes ? event.raw() : std::string_view());
        return;
    }
    record_.usage = event.as<Finish>()->usage;
    if (output_ && !output_->end()) {  // the last word
        const std::vector<PolicyRecord> said = output_->records();
        record_.outcome = Outcome::blocked;
        return fail_stream(blocked_by(*blocking(said)), {});
    }
    ended_ = true;
    note_output_policies();
    std::string& out = frames();
    if (pass_) {
        pass_->finish(event, metadata(), out);
    } else {
        const std::size_t before = out.size();
        encoder_->encode(event, out);
        add_to_last_object(out, before, metadata());
    }
}

// What follows an error is never a marker of success.
void Exchange::fail_stream(const ErrorInfo& error, std::string_view raw) {
    ended_ = true;
    record_.error_type = error_type_of(error);
    note_output_policies();
    std::string& out = frames();
    if (pass_) pass_->flush(out);
    if (!raw.empty()) {
        out.append(raw);
        return;
    }
    if (!encoder_) {
        adapters::AnswerFacts facts;
        facts.model = record_.model;
        encoder_ = dialect_.make_encoder(std::move(facts));
        std::string opening;
        if (pass_) encoder_->open(opening);  // its provider has opened it
    }
    const Failure failure{&error};
    encoder_->encode(StreamEvent(failure), out);
}

}  // namespace sluice::gateway

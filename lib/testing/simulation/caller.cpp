#include "testing/simulation/caller.hpp"

#include <sluice/error.hpp>

#include <algorithm>
#include <utility>

namespace sluice::testing::simulation {

namespace {

using Outcome = CallRecord::Outcome;
constexpr Duration kTick = std::chrono::milliseconds(1);

/// Around everything that is awaited of the library: nothing may take longer than the request's own limit.
class Waiting {
  public:
    Waiting(const Clock& clock, CallRecord& record, const char* what)
        : clock_(clock), record_(record), what_(what), began_(clock.now()) {}
    Waiting(const Waiting&) = delete;
    ~Waiting() {
        if (record_.deadline == kNever) return;
        const TimePoint end = clock_.now();
        if (end <= std::max(began_, record_.deadline + record_.slack) + kTick) return;
        const auto late = std::chrono::duration_cast<std::chrono::microseconds>(end - record_.deadline);
        record_.complaints.push_back("deadline: " + std::string(what_) + " ended " +
                                     std::to_string(late.count()) + " us behind the call's limit");
    }

  private:
    const Clock& clock_;
    CallRecord& record_;
    const char* what_;
    TimePoint began_;
};

std::size_t open_attempts(const CallRecord& record) {
    return static_cast<std::size_t>(
        std::count_if(record.attempts.begin(), record.attempts.end(), [](const AttemptRecord& attempt) {
            return attempt.end == AttemptRecord::End::running && attempt.purpose != Purpose::mirror;
        }));
}

void note_stream(CallRecord& record, const TokenStream& stream) {
    record.has_stream = true;
    record.attempts_at_stream = static_cast<std::uint32_t>(record.attempts.size());
    record.open_at_stream = open_attempts(record);
    record.earlier.assign(stream.attempts().begin(), stream.attempts().end());
}

void note_answerer(CallRecord& record, const TokenStream& stream) {
    record.answer_provider = stream.answerer().provider_id;
    record.answer_model = stream.answerer().model_id;
    record.response_id = stream.answerer().response_id;
    record.usage = stream.usage();
}

void note_event(CallRecord& record, const StreamEvent& event) {
    ++record.events;
    if (record.terminals > 0) ++record.events_after_terminal;
    record.heard.add(event);
    record.raw += event.raw();
    record.has_raw = true;
    if (!event.is_terminal()) return;
    ++record.terminals;
    if (const auto* failed = event.as<Failure>()) {
        record.error = failed->error();
        record.outcome = Outcome::failed_midway;
    } else {
        record.finish = *event.as<Finish>();
        record.finish->raw_reason = {};  // a view
        record.outcome = Outcome::answered;
    }
}

void note_error(CallRecord& record, const ErrorInfo& error) {
    record.error = error;
    record.outcome = Outcome::refused;
}

asio::awaitable<void> read_one_by_one(TokenStream& stream, std::shared_ptr<Clock> clock, CallRecord& record) {
    for (std::size_t read = 0; read < record.plan.drop_after; ++read) {
        const StreamEvent* event = nullptr;
        {
            const Waiting waiting(*clock, record, "next()");
            const StreamEvent* got = co_await stream.next();
            event = got;
        }
        if (!event) break;
        note_event(record, *event);
        if (record.plan.slowness > Duration::zero()) co_await sleep_for(*clock, record.plan.slowness);
    }
}

asio::awaitable<void> read_batches(TokenStream& stream, std::shared_ptr<Clock> clock, CallRecord& record) {
    for (std::size_t read = 0; read < record.plan.drop_after; ++read) {
        std::span<const StreamEvent> batch;
        {
            const Waiting waiting(*clock, record, "next_batch()");
            const std::span<const StreamEvent> got = co_await stream.next_batch();
            batch = got;
        }
        if (batch.empty()) break;
        for (const StreamEvent& event : batch)
            note_event(record, event);
        if (record.plan.slowness > Duration::zero()) co_await sleep_for(*clock, record.plan.slowness);
    }
}

asio::awaitable<void> read(TokenStream stream, std::shared_ptr<Clock> clock, CallRecord& record) {
    note_stream(record, stream);
    if (record.plan.slowness > Duration::zero()) co_await sleep_for(*clock, record.plan.slowness);
    if (record.plan.reading == CallPlan::Reading::batches) {
        co_await read_batches(stream, clock, record);
    } else {
        co_await read_one_by_one(stream, clock, record);
    }
    note_answerer(record, stream);
    if (record.outcome == Outcome::running && record.plan.drop_after != SIZE_MAX) {
        record.outcome = Outcome::dropped;
        if (record.plan.closes) {
            const Waiting waiting(*clock, record, "close()");
            co_await stream.close();
        } else {
            co_return;
        }
    }
    // The end is for ever.
    const StreamEvent* more = co_await stream.next();
    const std::span<const StreamEvent> batch = co_await stream.next_batch();
    const StreamEvent* at_once = stream.try_next();
    const bool read_whole = record.plan.drop_after == SIZE_MAX;
    if (read_whole || record.plan.closes) record.ends_for_ever = !more && batch.empty() && !at_once;
}

asio::awaitable<void> call_for_value(BoundModel model, Request request, CallOptions options,
                                     std::shared_ptr<Clock> clock, CallRecord& record) {
    std::optional<Result<TokenStream>> opened;
    {
        const Waiting waiting(*clock, record, "try_stream()");
        Result<TokenStream> got = co_await model.try_stream(std::move(request), std::move(options));
        opened.emplace(std::move(got));
    }
    if (!*opened) {
        note_error(record, opened->error());
        co_return;
    }
    TokenStream stream = std::move(*opened).value();
    opened.reset();
    co_await read(std::move(stream), clock, record);
}

asio::awaitable<TokenStream> timed_stream(BoundModel model, Request request, CallOptions options,
                                          std::shared_ptr<Clock> clock, CallRecord& record) {
    const Waiting waiting(*clock, record, "stream()");
    co_return co_await model.stream(std::move(request), std::move(options));
}

asio::awaitable<AssistantMessage> timed_generate(BoundModel model, Request request, CallOptions options,
                                                 std::shared_ptr<Clock> clock, CallRecord& record) {
    const Waiting waiting(*clock, record, "generate()");
    co_return co_await model.generate(std::move(request), std::move(options));
}

void note_message(CallRecord& record, const AssistantMessage& message) {
    record.outcome = Outcome::answered;
    record.terminals = 1;
    record.answer_provider = message.provider_id;
    record.answer_model = message.model_id;
    record.response_id = message.response_id;
    record.usage = message.usage;
    Finish finish;
    finish.reason = message.stop_reason;
    finish.usage = message.usage;
    record.finish = finish;
    for (const Part& part : message.parts) {
        if (const auto* text = std::get_if<TextPart>(&part)) record.heard.add('t', text->text);
        if (const auto* thought = std::get_if<ReasoningPart>(&part)) record.heard.add('r', thought->text);
        if (const auto* tool = std::get_if<ToolCallPart>(&part)) {
            record.heard.begin_tool(tool->name);
            record.heard.add('a', tool->arguments);
        }
    }
}

}  // namespace

asio::awaitable<void> make_call(BoundModel model, Request request, CallOptions options,
                                std::shared_ptr<Clock> clock, CallRecord& record) {
    try {
        if (record.plan.reading == CallPlan::Reading::generate) {
            const AssistantMessage message = co_await timed_generate(std::move(model), std::move(request),
                                                                     std::move(options), clock, record);
            note_message(record, message);
        } else if (record.plan.throwing) {
            TokenStream stream = co_await timed_stream(std::move(model), std::move(request),
                                                       std::move(options), clock, record);
            co_await read(std::move(stream), clock, record);
        } else {
            co_await call_for_value(std::move(model), std::move(request), std::move(options), clock, record);
        }
    } catch (const ProviderError& error) {
        if (record.has_stream)
            record.complaints.push_back("terminal: a stream threw " + std::string(error.what()));
        note_error(record, error.info());
    }
}

}  // namespace sluice::testing::simulation

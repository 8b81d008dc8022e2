// `sluice ask`: one prompt to a chain of real providers, the answer streamed to stdout.
#include "answer_printer.hpp"
#include "commands.hpp"
#include "interrupt.hpp"
#include "json_output.hpp"
#include "providers.hpp"
#include "report.hpp"
#include "terminal.hpp"

#include "wire/json_writer.hpp"

#include <sluice/attempt_event.hpp>
#include <sluice/bound_model.hpp>
#include <sluice/clock.hpp>
#include <sluice/explain.hpp>
#include <sluice/fallback.hpp>
#include <sluice/testing/simulator.hpp>

#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>

#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::cli {
namespace {

std::string name_of(const ModelSpec& spec) {
    return spec.provider_id + "/" + spec.id;
}

/// One conversation as it is seen: the answer on stdout, everything about it on stderr. With --json, all of
/// it as JSON lines on stdout, but for the error line.
class Transcript {
  public:
    explicit Transcript(const AskOptions& options) : is_json_(options.json), is_quiet_(options.quiet) {}

    void on_start() { started_ = clock_->now(); }

    void on_failover(const Failover& what) {
        note_cause(what.error);
        if (is_json_) return;  // its attempt is reported with the others
        note(printer_.paint(Style::yellow, name_of(what.failed)) + " failed after " +
             format_duration(what.record.duration) + ": " + describe_for_people(what.error) +
             (what.next ? "; trying " + name_of(*what.next) : ""));
    }

    /// The stream is open: what went before it.
    void on_answerer(const TokenStream& stream) {
        for (const std::string& warning : stream.warnings())
            note("warning: " + one_line(warning));
        show_attempts(stream.attempts());
    }

    void on_events(std::span<const StreamEvent> events) {
        if (!first_event_) first_event_ = clock_->now();
        for (const StreamEvent& event : events) {
            if (const auto* failure = event.as<Failure>()) error_ = failure->error();
            if (is_json_)
                append_event(lines_, event);
            else
                printer_.add(event);
        }
        printer_.flush();
        flush_lines();
    }

    void on_attempt_event(const AttemptEvent& event) {
        note(printer_.paint(Style::dim, "[" + format_duration(event.at - started_) + "] " + describe(event)));
    }

    int on_end(const TokenStream& stream) {
        if (is_json_) {
            show_answer(stream.answerer());
        } else if (!error_) {
            end_line();
            show_totals(stream);
        }
        return error_ ? on_error(*error_) : kOk;
    }

    int on_error(const ErrorInfo& error) {
        note_cause(error);
        end_line();
        if (is_json_ && !error_) {  // otherwise the stream's own Failure has been shown
            if (error.attempts) show_attempts(*error.attempts);
            append_failure(lines_, error);
            flush_lines();
        }
        note(printer_.paint(Style::red, "error:") + " " + describe_for_people(error));
        return kFailed;
    }

    void end_line() { printer_.end_line(); }
    void note(std::string_view line) { printer_.note(line); }
    bool is_unread() const noexcept { return printer_.is_unread(); }
    /// A provider has refused our key, or the lack of one.
    bool lacks_credentials() const noexcept { return lacks_credentials_; }

  private:
    void note_cause(const ErrorInfo& error) {
        if (error.kind == ErrorKind::provider_auth_failed) lacks_credentials_ = true;
    }

    void flush_lines() {
        printer_.write_lines(lines_);
        lines_.clear();
    }

    void show_attempts(std::span<const Attempt> attempts) {
        if (!is_json_) return;
        for (const Attempt& attempt : attempts)
            append_attempt(lines_, attempt);
        flush_lines();
    }

    void show_answer(const Answerer& answerer) {
        wire::JsonWriter json(lines_);
        const auto milliseconds = [](Duration time) {
            return std::chrono::duration<double, std::milli>(time).count();
        };
        json.begin_object().key("event").string("answer");
        json.key("provider").string(answerer.provider_id).key("model").string(answerer.model_id);
        json.key("response_id").string(answerer.response_id);
        json.key("response_model").string(answerer.response_model_id);
        json.key("first_event_ms").number(milliseconds(first_event_.value_or(started_) - started_));
        json.key("total_ms").number(milliseconds(clock_->now() - started_));
        json.end_object();
        lines_ += '\n';
        flush_lines();
    }

    void show_totals(const TokenStream& stream) {
        if (is_quiet_) return;
        const Answerer& answerer = stream.answerer();
        note(printer_.paint(Style::dim, answerer.provider_id + "/" + answerer.model_id + ": " +
                                            format_tokens(stream.usage()) + " tokens, first after " +
                                            format_duration(first_event_.value_or(started_) - started_) +
                                            ", all after " + format_duration(clock_->now() - started_)));
    }

    std::shared_ptr<Clock> clock_ = system_clock();
    AnswerPrinter printer_;
    bool is_json_;
    bool is_quiet_;
    TimePoint started_{};
    std::optional<TimePoint> first_event_;
    std::optional<ErrorInfo> error_;  // the stream's own
    std::string lines_;               // of --json, until the end of a batch
    bool lacks_credentials_ = false;
};

asio::awaitable<int> converse(BoundModel model, Request request, CallOptions call, Transcript& transcript) {
    transcript.on_start();
    Result<TokenStream> opened = co_await model.try_stream(std::move(request), call);
    if (!opened) co_return transcript.on_error(opened.error());
    TokenStream stream = std::move(opened).value();
    transcript.on_answerer(stream);
    while (!transcript.is_unread()) {
        const std::span<const StreamEvent> batch = co_await stream.next_batch();
        if (batch.empty()) co_return transcript.on_end(stream);
        transcript.on_events(batch);
    }
    co_return kOk;  // nobody reads the rest, so nobody generates it: dropping the stream closes its
                    // connection
}

Request make_request(const AskOptions& options) {
    std::string prompt = options.prompt;
    if (prompt == "-") {
        prompt.assign(std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>());
        while (prompt.ends_with('\n') || prompt.ends_with('\r'))
            prompt.pop_back();
    }
    if (prompt.empty()) throw UsageError("the prompt is empty");
    Request request;
    if (!options.system.empty()) request.system(options.system);
    request.user(std::move(prompt));
    if (options.max_tokens) request.max_tokens(*options.max_tokens);
    if (options.temperature) request.temperature(*options.temperature);
    return request;
}

CallOptions call_options(const AskOptions& options) {
    CallOptions call;
    if (options.timeout) {
        const std::chrono::duration<double> limit(*options.timeout);
        call.total(std::chrono::ceil<std::chrono::milliseconds>(limit));
    }
    return call;
}

TriggerSet trigger_set(const std::string& name) {
    if (name == "any") return triggers::any_error();
    return name == "with-auth" ? triggers::with_auth() : triggers::standard();
}

// A chain of one is that model itself, so that its error arrives as what it is and not as AllProvidersFailed.
BoundModel make_chain(const AskOptions& options, Providers& providers, Transcript& transcript) {
    std::vector<BoundModel> chain;
    for (const std::string& target : options.models)
        chain.push_back(providers.model(target));
    if (chain.size() == 1) return chain.front();
    FallbackOptions fallback;
    fallback.trigger_errors = trigger_set(options.trigger);
    fallback.on_failover = [&transcript](const Failover& what) { transcript.on_failover(what); };
    return FallbackBoundModel(std::move(chain), std::move(fallback));
}

}  // namespace

int run_ask(const AskOptions& options) {
    asio::io_context context(1);
    std::optional<testing::Simulator> simulator;
    ProviderFlags flags;
    flags.base_urls = options.base_urls;
    flags.keys = options.keys;
    flags.dialects = options.dialects;
    Providers providers(flags, [&](std::string_view dialect) {
        if (!simulator) simulator.emplace(context.get_executor()).listen();
        return simulator->base_url(dialect);
    });
    Transcript transcript(options);
    if (options.explain) {
        const BoundModel model = make_chain(options, providers, transcript);
        Terminal(STDOUT_FILENO).write(explain(model, make_request(options), call_options(options)).text);
        return kOk;
    }
    const BoundModel model = make_chain(options, providers, transcript);
    CallOptions call = call_options(options);
    if (options.trace)
        call.events([&transcript](const AttemptEvent& event) { transcript.on_attempt_event(event); });
    const int code =
        run_until_signal(context, converse(model, make_request(options), std::move(call), transcript));
    transcript.end_line();
    if (code == kFailed && transcript.lacks_credentials())
        for (const std::string& variable : providers.missing_keys())
            transcript.note("hint: " + variable + " is not set");
    return code;
}

}  // namespace sluice::cli

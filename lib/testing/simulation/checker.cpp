#include "testing/simulation/checker.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace sluice::testing::simulation {

namespace {

using Outcome = CallRecord::Outcome;
using End = AttemptRecord::End;

constexpr std::string_view kBlank = "\r\n\r\n";

/// What of an answer's body is in `received`: without the head, and without the framing of chunks.
std::optional<std::string> body_in(std::string_view received) {
    const std::size_t head_end = received.find(kBlank);
    if (head_end == std::string_view::npos) return std::nullopt;
    const std::string_view head = received.substr(0, head_end);
    std::string_view rest = received.substr(head_end + kBlank.size());
    if (head.find("transfer-encoding: chunked") == std::string_view::npos) return std::string(rest);
    std::string body;
    while (!rest.empty()) {
        const std::size_t line = rest.find("\r\n");
        if (line == std::string_view::npos) break;
        std::size_t size = 0;
        std::from_chars(rest.data(), rest.data() + line, size, 16);
        if (size == 0) break;
        rest.remove_prefix(line + 2);
        body.append(rest.substr(0, size));
        rest.remove_prefix(std::min(rest.size(), size + 2));
    }
    return body;
}

std::string us(Duration duration) {
    return std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(duration).count()) + " us";
}

std::string name_of(const AttemptRecord& attempt) {
    return "attempt " + std::to_string(attempt.number) + " (" + attempt.provider + "/" + attempt.model + ")";
}

/// The end of one of our own clocks, not a provider's word about its own.
bool is_own_timeout(const ErrorInfo& error, const Exchange* exchange) {
    if (error.kind != ErrorKind::provider_timeout) return false;
    const bool told = exchange && exchange->end == Exchange::End::error &&
                      exchange->kind == ErrorKind::provider_timeout && error.phase == Phase::headers &&
                      error.status == 504;
    return !told;
}

/// One call under judgement.
class Judgement {
  public:
    Judgement(const Records& records, const std::deque<Flight>& flights, const CallRecord& call)
        : records_(records), call_(call), tree_(records.trees[call.plan.tree]), found_(call.complaints) {
        for (const Flight& flight : flights)
            if (flight.call == call.number) flights_.push_back(&flight);
        for (const Exchange& exchange : records.exchanges)
            if (exchange.call == call.number) exchanges_.push_back(&exchange);
    }

    std::vector<std::string> judge() {
        terminal();
        content();
        raw_bytes();
        attempts();
        bounds();
        agreement();
        cancellation();
        residency();
        backoffs();
        for (const AttemptRecord& attempt : call_.attempts) {
            if (attempt.end == End::failed) failure(attempt);
            if (attempt.end == End::succeeded) success(attempt);
        }
        return std::move(found_);
    }

  private:
    void broken(std::string_view rule, std::string what) {
        found_.push_back(std::string(rule) + ": " + std::move(what));
    }

    const Exchange* exchange_of(const AttemptRecord& attempt) const {
        const Exchange* last = nullptr;  // a request may be sent again when its idle connection was dead
        for (const Exchange* exchange : exchanges_)
            if (exchange->attempt == attempt.number) last = exchange;
        return last;
    }
    const Flight* flight_of(const AttemptRecord& attempt) const {
        const Flight* last = nullptr;
        for (const Flight* flight : flights_)
            if (flight->attempt == attempt.number) last = flight;
        return last;
    }
    bool network_interfered(const AttemptRecord& attempt) const {
        return std::any_of(flights_.begin(), flights_.end(), [&](const Flight* flight) {
            return flight->attempt == attempt.number && flight->interfered;
        });
    }
    const Deadlines& limits_of(const AttemptRecord& attempt) const {
        const auto at = std::find(records_.ids.begin(), records_.ids.end(), attempt.provider);
        return records_.deadlines[static_cast<std::size_t>(at - records_.ids.begin())];
    }

    // --- what the caller saw ---

    void terminal() {
        if (call_.outcome == Outcome::broken) broken("terminal", "the call threw " + call_.thrown);
        if (call_.outcome == Outcome::running)
            broken("terminal", "the stream ended without a terminal event");
        if (call_.terminals > 1) broken("terminal", std::to_string(call_.terminals) + " terminal events");
        if (call_.events_after_terminal > 0) broken("terminal", "events behind the terminal one");
        if (tree_.is_gated && call_.outcome == Outcome::failed_midway && call_.events == 1)
            broken("commit", "a gate handed on a stream whose first event was its failure");
        if (!call_.ends_for_ever) broken("terminal", "the stream went on behind its end");
    }

    /// What was heard is one exchange's content: the start of it, or all of it when the stream says so.
    void content() {
        if (!call_.has_stream && !call_.finish) return;
        std::string_view heard = call_.heard.text();
        const auto fits = [&](const Exchange* exchange) {
            // A call that was cancelled has not asked who answers.
            const bool is_known = !call_.answer_provider.empty();
            if (is_known && (records_.ids[exchange->provider] != call_.answer_provider ||
                             exchange->model != call_.answer_model))
                return false;
            return call_.finish ? exchange->content == heard : exchange->content.starts_with(heard);
        };
        if (heard.empty() && !call_.finish) return;
        if (std::none_of(exchanges_.begin(), exchanges_.end(), fits)) {
            broken("content", "what the caller got is no answer of " + call_.answer_provider + "/" +
                                  call_.answer_model + " to this call:" + call_.heard.text());
        }
    }

    void raw_bytes() {
        if (!call_.has_raw || call_.raw.empty()) return;
        for (const Flight* flight : flights_) {
            const std::optional<std::string> body = body_in(flight->received);
            if (body && body->starts_with(call_.raw)) return;
        }
        broken("raw", "the events' bytes are no answer's: " + call_.raw.substr(0, 400));
    }

    // --- the attempts ---

    void attempts() {
        std::uint32_t number = 0;
        for (const AttemptRecord& attempt : call_.attempts) {
            if (attempt.number != ++number)
                broken("attempts", name_of(attempt) + " is the call's number " + std::to_string(number));
            if (attempt.ends != 1)
                broken("closed_once",
                       name_of(attempt) + " was closed " + std::to_string(attempt.ends) + " times");
            if (attempt.first_events > 1) broken("attempts", name_of(attempt) + " had two first events");
            if (attempt.purpose == Purpose::mirror) continue;
            if (attempt.ends > 0 && attempt.ended > call_.ended)
                broken("runs_on",
                       name_of(attempt) + " ended " + us(attempt.ended - call_.ended) + " after its call");
            if (attempt.leased_at_start > attempt.allowed_at_start) {
                broken("runs_on", "when " + name_of(attempt) + " started, " +
                                      std::to_string(attempt.leased_at_start) +
                                      " connections were in use, and others can explain " +
                                      std::to_string(attempt.allowed_at_start));
            }
            no_overlap(attempt);
        }
        if (call_.has_stream && call_.open_at_stream > 1)
            broken("runs_on", "several attempts were open when the caller got its stream");
        if (call_.has_stream) {
            const auto later = std::count_if(
                call_.attempts.begin(), call_.attempts.end(), [this](const AttemptRecord& attempt) {
                    return attempt.number > call_.attempts_at_stream && attempt.purpose != Purpose::mirror;
                });
            if (later > 0)
                broken("after_commit",
                       std::to_string(later) + " attempts started after the caller had its stream");
        }
    }

    void no_overlap(const AttemptRecord& attempt) {
        if (attempt.purpose != Purpose::answer || tree_.in_parallel) return;
        for (const AttemptRecord& earlier : call_.attempts) {
            if (earlier.number >= attempt.number) break;
            if (earlier.end == End::succeeded)
                broken("after_success",
                       name_of(attempt) + " started although " + name_of(earlier) + " succeeded");
            if (earlier.ends == 0 || earlier.ended > attempt.started)
                broken("runs_on", name_of(earlier) + " still ran when " + name_of(attempt) + " started");
        }
    }

    void bounds() {
        const auto counted = static_cast<std::uint64_t>(
            std::count_if(call_.attempts.begin(), call_.attempts.end(), [](const AttemptRecord& attempt) {
                return attempt.purpose == Purpose::answer || attempt.purpose == Purpose::hedge;
            }));
        if (call_.plan.max_attempts && counted > *call_.plan.max_attempts) {
            broken("max_attempts", std::to_string(counted) + " attempts, and the call allows " +
                                       std::to_string(*call_.plan.max_attempts));
        }
        if (counted > call_.max_attempts) {
            broken("max_attempts", std::to_string(counted) + " attempts, and explain() said " +
                                       std::to_string(call_.max_attempts));
        }
        for (const AttemptRecord& attempt : call_.attempts) {
            const auto sent = static_cast<std::size_t>(
                std::count_if(exchanges_.begin(), exchanges_.end(),
                              [&](const Exchange* exchange) { return exchange->attempt == attempt.number; }));
            if (sent > 2)
                broken("max_attempts", name_of(attempt) + " was sent " + std::to_string(sent) + " times");
        }
        sent_again();
        for (const Exchange* exchange : exchanges_) {
            if (exchange->attempt == 0 || exchange->attempt > call_.attempts.size())
                broken("attempts", "a server was asked, and there was no attempt");
        }
    }

    /// Only a request of whose answer not a byte has come is sent again, on another connection.
    void sent_again() {
        for (std::size_t i = 0; i < flights_.size(); ++i) {
            for (std::size_t later = i + 1; later < flights_.size(); ++later) {
                if (flights_[later]->attempt != flights_[i]->attempt || flights_[i]->received.empty())
                    continue;
                broken("sent_again", "attempt " + std::to_string(flights_[i]->attempt) +
                                         " was sent again although its answer had begun");
            }
        }
    }

    /// What the caller was told is what the attempts' events say.
    void agreement() {
        const auto of_answerer = [this](const AttemptRecord& attempt) {
            return attempt.provider == call_.answer_provider && attempt.model == call_.answer_model;
        };
        const auto any = [&](End end) {
            return std::any_of(
                call_.attempts.begin(), call_.attempts.end(),
                [&](const AttemptRecord& attempt) { return attempt.end == end && of_answerer(attempt); });
        };
        if (call_.outcome == Outcome::answered) {
            if (!any(End::succeeded))
                broken("agreement",
                       "the caller got a whole answer, and no attempt of the answerer succeeded");
            usage();
        }
        if (call_.outcome == Outcome::failed_midway && !any(End::failed))
            broken("agreement", "the stream failed, and no attempt of the answerer did");
        if (call_.outcome != Outcome::refused) return;
        const bool succeeded =
            std::any_of(call_.attempts.begin(), call_.attempts.end(), [](const AttemptRecord& attempt) {
                return attempt.end == End::succeeded && attempt.purpose != Purpose::mirror;
            });
        if (succeeded) broken("agreement", "the call failed although an attempt succeeded");
        recorded_attempts();
    }

    /// The finish tells what the attempt of the answerer is billed.
    void usage() {
        const bool agrees =
            std::any_of(call_.attempts.begin(), call_.attempts.end(), [this](const AttemptRecord& attempt) {
                return attempt.end == End::succeeded && attempt.figures.usage == call_.finish->usage;
            });
        if (!agrees) broken("usage", "the finish tells another usage than the attempt's figures");
    }

    /// A pause is as long as it was announced, and as the provider asked for.
    void backoffs() {
        for (const CallNote& note : call_.notes) {
            if (note.what != "backing_off") continue;
            // What sums up several attempts may go on as soon as one of them may; and of a pause for somebody
            // who was not even asked, the error is an older one.
            const bool is_summary = note.error->attempts != nullptr;
            if (!is_summary && !tree_.in_parallel && note.error->retry_after && note.after_attempt > 0 &&
                note.at + note.delay <
                    call_.attempts[note.after_attempt - 1].ended + *note.error->retry_after)
                broken("backoff", "a pause of " + us(note.delay) + ", and the provider asked for " +
                                      us(*note.error->retry_after));
            if (note.purpose != Purpose::mirror && call_.deadline != kNever &&
                note.at + note.delay > call_.deadline)
                broken("backoff", "a pause of " + us(note.delay) + " beyond the call's limit");
            if (tree_.in_parallel || note.after_attempt >= call_.attempts.size()) continue;
            const AttemptRecord& next = call_.attempts[note.after_attempt];
            if (next.started < note.at + note.delay)
                broken("backoff", name_of(next) + " started " + us(next.started - note.at) +
                                      " into a pause of " + us(note.delay));
        }
    }

    bool was_answering() const {
        return std::any_of(call_.attempts.begin(), call_.attempts.end(),
                           [](const AttemptRecord& attempt) { return attempt.first_events > 0; });
    }

    /// The error's list of attempts has every attempt that failed, in order.
    void recorded_attempts() {
        if (tree_.in_parallel) return;
        std::vector<std::string> told;
        if (call_.error->attempts) {
            for (const Attempt& attempt : *call_.error->attempts)
                if (attempt.outcome == Attempt::Outcome::failed)
                    told.push_back(attempt.provider + "/" + attempt.model + " " +
                                   std::string(class_name(attempt.error.kind)));
        }
        std::vector<std::string> seen;
        for (const AttemptRecord& attempt : call_.attempts)
            if (attempt.end == End::failed)
                seen.push_back(attempt.provider + "/" + attempt.model + " " +
                               std::string(class_name(attempt.error.kind)));
        if (told.empty() && seen.size() <= 1) return;  // the error itself is the attempt's
        // A stream that fails midway in generate() tells of itself alone.
        if (told.empty() && call_.plan.reading == CallPlan::Reading::generate && was_answering()) return;
        if (told == seen) return;
        std::string both = "the error tells of";
        for (const std::string& line : told)
            both += " " + line;
        both += ", and there were";
        for (const std::string& line : seen)
            both += " " + line;
        broken("agreement", std::move(both));
    }

    // --- ends ---

    void success(const AttemptRecord& attempt) {
        const Exchange* exchange = exchange_of(attempt);
        if (!exchange) return broken("truth", name_of(attempt) + " succeeded, and no server was asked");
        // Behind a finish reason nothing is missing any more: a cut there is no failure.
        const bool is_whole = exchange->end == Exchange::End::finish || exchange->answer.error_after_finish;
        if (!is_whole)
            broken("truth", name_of(attempt) + " succeeded, and its server did not answer in full");
        if (attempt.first_events != 1)
            broken("attempts", name_of(attempt) + " succeeded without a first event");
        const bool undisturbed = !network_interfered(attempt) && exchange->end == Exchange::End::finish;
        const std::optional<Usage>& usage = attempt.figures.usage;
        if (undisturbed && usage && usage->output && exchange->output &&
            *usage->output != *exchange->output) {
            broken("usage", name_of(attempt) + " is billed " + std::to_string(*usage->output) +
                                " tokens, and its server said " + std::to_string(*exchange->output));
        }
    }

    void failure(const AttemptRecord& attempt) {
        const ErrorInfo& error = attempt.error;
        const Exchange* exchange = exchange_of(attempt);
        if (is_own_timeout(error, exchange)) return timeout(attempt, exchange);
        if (error.provider != attempt.provider || error.model != attempt.model)
            broken("truth",
                   name_of(attempt) + " failed with an error of " + error.provider + "/" + error.model);
        if (network_interfered(attempt) || !exchange) {
            // Of an error answer that was cut, the status alone tells the kind.
            const bool plausible = is_a(error.kind, ErrorKind::provider_unavailable) ||
                                   (exchange && exchange->end == Exchange::End::error && error.status != 0);
            if (!plausible)
                broken("truth",
                       name_of(attempt) + " met a broken network and failed with " + describe(error));
            return;
        }
        switch (exchange->end) {
            case Exchange::End::error:
                if (error.kind != exchange->kind)
                    broken("truth", name_of(attempt) + ": the server said " +
                                        std::string(class_name(exchange->kind)) + ", and it failed with " +
                                        describe(error));
                break;
            case Exchange::End::cut:
                if (error.kind != ErrorKind::stream_truncated)
                    broken("truth", name_of(attempt) + " was cut, and failed with " + describe(error));
                break;
            case Exchange::End::silence:
            case Exchange::End::finish:
                broken("truth", name_of(attempt) + " failed without a reason: " + describe(error));
                break;
        }
    }

    /// A deadline rings at its tick: never early, and never late when nobody but the library waited.
    void timeout(const AttemptRecord& attempt, const Exchange* exchange) {
        // What a mirror has said may wait for its primary's end: that is a slow reader too.
        const bool in_time = call_.plan.slowness == Duration::zero() && attempt.purpose != Purpose::mirror;
        const Deadlines& limits = limits_of(attempt);
        const Flight* flight = flight_of(attempt);
        const Duration took = attempt.ended - attempt.started;
        const auto sent_once = std::count_if(flights_.begin(), flights_.end(), [&](const Flight* f) {
                                   return f->attempt == attempt.number;
                               }) <= 1;
        const auto early = [&](std::string_view clock, Duration limit) {
            if (took < limit)
                broken("deadline", name_of(attempt) + ": " + std::string(clock) + " rang after " + us(took) +
                                       " of " + us(limit));
        };
        const auto exact = [&](std::string_view clock, Duration limit) {
            early(clock, limit);
            if (took > limit && in_time)
                broken("deadline", name_of(attempt) + ": " + std::string(clock) + " rang after " + us(took) +
                                       " instead of " + us(limit));
        };
        switch (attempt.error.phase) {
            case Phase::connect:
                sent_once && !flight ? exact("connect", limits.connect) : early("connect", limits.connect);
                break;
            case Phase::headers:
                early("headers", limits.headers);
                if (flight && flight->sent != kNever && attempt.ended != flight->sent + limits.headers &&
                    in_time)
                    broken("deadline", name_of(attempt) + ": headers rang " +
                                           us(attempt.ended - flight->sent) +
                                           " after the request, instead of " + us(limits.headers));
                break;
            case Phase::first_event:
                if (!tree_.shares_time) exact("first_event", limits.first_event);
                break;
            case Phase::idle:
                early("idle", std::min(limits.idle, limits.grace.count() > 0 ? limits.grace : limits.idle));
                if (flight && in_time && attempt.ended > flight->last_read + limits.idle)
                    broken("deadline", name_of(attempt) + ": idle rang " +
                                           us(attempt.ended - flight->last_read) +
                                           " after the last byte, limit " + us(limits.idle));
                if (flight && exchange && exchange->is_clean && !flight->interfered && !flight->delayed &&
                    in_time && attempt.ended < flight->last_read + limits.idle &&
                    !exchange->answer.error_after_finish)
                    broken("deadline", name_of(attempt) + ": idle rang early, " +
                                           us(attempt.ended - flight->last_read) +
                                           " after the last byte, limit " + us(limits.idle));
                break;
            case Phase::leg:
                exact("leg", limits.leg);
                break;
            case Phase::total:
                // A mirror has a limit of its own.
                if (call_.deadline == kNever || attempt.purpose == Purpose::mirror) return;
                if (attempt.ended < call_.deadline)
                    broken("deadline", name_of(attempt) + ": total rang " +
                                           us(call_.deadline - attempt.ended) + " early");
                if (attempt.ended > call_.deadline + call_.slack && in_time)
                    broken("deadline",
                           name_of(attempt) + ": total rang " + us(attempt.ended - call_.deadline) + " late");
                break;
            default:
                broken("deadline", name_of(attempt) + ": a timeout in a phase that has no clock");
        }
    }

    void cancellation() {
        if (!call_.cancelled) return;
        if (call_.ended != *call_.cancelled)
            broken("cancellation",
                   "the call ended " + us(call_.ended - *call_.cancelled) + " after its cancellation");
        for (const AttemptRecord& attempt : call_.attempts) {
            if (attempt.started > *call_.cancelled && attempt.purpose != Purpose::mirror)
                broken("cancellation", name_of(attempt) + " started after the cancellation");
            if (call_.outcome == Outcome::cancelled && attempt.end == End::failed &&
                attempt.ended > *call_.cancelled && attempt.purpose != Purpose::mirror)
                broken("cancellation", name_of(attempt) + " failed because of the cancellation");
        }
    }

    void residency() {
        if (call_.plan.residency.empty()) return;
        for (const Exchange* exchange : exchanges_) {
            for (const ModelSpec& spec : records_.specs) {
                if (spec.provider_id != records_.ids[exchange->provider] || spec.id != exchange->model)
                    continue;
                if (std::find(spec.tags.begin(), spec.tags.end(), call_.plan.residency) == spec.tags.end())
                    broken("residency", spec.provider_id + "/" + spec.id + " was asked, which is not in " +
                                            call_.plan.residency);
            }
        }
    }

    const Records& records_;
    const CallRecord& call_;
    const Tree& tree_;
    std::vector<std::string> found_;
    std::vector<const Flight*> flights_;
    std::vector<const Exchange*> exchanges_;
};

}  // namespace

std::vector<std::string> Checker::check(const CallRecord& call) {
    return Judgement(records_, flights_, call).judge();
}

}  // namespace sluice::testing::simulation

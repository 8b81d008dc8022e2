#include "model/mirror_run.hpp"

#include <sluice/log.hpp>

#include "net/cancellation.hpp"

#include <asio/system_error.hpp>

#include <algorithm>
#include <exception>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>

namespace sluice {
namespace {

void check(bool holds, const char* what) {
    if (!holds) throw std::invalid_argument(std::string("MirrorBoundModel: ") + what);
}

// What the user gave us, and may throw.
template <typename F>
void call(const char* what, const F& callable) noexcept {
    try {
        callable();
    } catch (const std::exception& error) {
        log(LogLevel::error, std::string(what) + " threw, and was ignored: " + error.what());
    } catch (...) {
        log(LogLevel::error,
            std::string(what) + " threw something that is no std::exception, and was ignored");
    }
}

}  // namespace

MirrorField::MirrorField(BoundModel first, BoundModel second, MirrorOptions with)
    : primary(std::move(first)), secondary(std::move(second)), options(std::move(with)) {
    check(options.sample_rate >= 0 && options.sample_rate <= 1,
          "sample_rate is a share: from 0 (none) to 1 (all)");
    check(options.secondary_total.count() > 0, "secondary_total must be positive");
    check(options.max_running >= 1,
          "max_running must be at least 1; to mirror nothing, set sample_rate to 0");
    check(options.max_compared_bytes >= 1, "max_compared_bytes must be at least 1");
    check(options.comparator != nullptr, "comparator must not be empty; the default is compare::exact_text");
}

/// Hears how one of the two streams goes.
class MirrorRun::Watch final : public StreamWatch {
  public:
    Watch(std::shared_ptr<MirrorRun> run, Which which) : run_(std::move(run)), which_(which) {}
    bool wants_events() const noexcept override { return true; }
    void on_events(std::span<const StreamEvent> events) noexcept override { run_->collect(which_, events); }
    void on_end(const StreamEvent& terminal, const std::optional<Usage>& usage) noexcept override {
        const Failure* const failed = terminal.as<Failure>();
        run_->on_end(which_, failed ? &failed->error() : nullptr, usage);
    }
    void on_abandoned(const std::optional<Usage>& usage) noexcept override {
        run_->on_abandoned(which_, usage);
    }

  private:
    std::shared_ptr<MirrorRun> run_;
    Which which_;
};

/// Goes with the secondary's coroutine, which may also end without having begun.
class MirrorRun::Running {
  public:
    explicit Running(std::shared_ptr<MirrorRun> run) : run_(std::move(run)) {}
    Running(Running&&) noexcept = default;
    Running& operator=(Running&&) = delete;
    ~Running() {
        if (run_) run_->on_task_ended();
    }

  private:
    std::shared_ptr<MirrorRun> run_;
};

MirrorRun::MirrorRun(std::shared_ptr<const MirrorField> field, const asio::any_io_executor& executor,
                     const Request& request, const CallContext& context)
    : field_(std::move(field)),
      executor_(executor),
      request_(request),
      context_(context),
      started_(now()),
      decided_(executor),
      task_ended_(executor),
      timer_(field_->options.runtime.clock->make_timer(executor, [this] {
          timed_out_ = true;
          task_->cancel();
      })) {
    report_.primary.model = field_->primary.spec();
    report_.secondary.model = field_->secondary.spec();
    context_.purpose = Purpose::mirror;
    context_.last_resort = false;
    context_.call = call_beside(context.call);
    if (field_->options.serve_from_secondary) return;
    context_.deadline = kNever;  // the timer's business
    context_.first_event_deadline = kNever;
}

bool MirrorRun::start(net::TaskGroup& tasks) {
    task_ = tasks.spawn(executor_, mirror(shared_from_this(), Running(shared_from_this())));
    const Duration limit = field_->options.secondary_total;
    if (task_) timer_->arm(limit < kNever - started_ ? started_ + limit : kNever);
    return task_.has_value();
}

asio::awaitable<void> MirrorRun::mirror(std::shared_ptr<MirrorRun> self, [[maybe_unused]] Running running) {
    std::optional<LegFailure> failure;
    std::optional<TokenStream> stream =
        co_await try_leg(self->field_->secondary, self->request_, self->context_, failure);
    if (!stream) {
        const ErrorInfo error = failure->error;
        const std::optional<Usage> usage = failure->usage;
        self->failure_ = std::move(failure);
        self->on_end(Which::secondary, &error, usage);
        co_return;
    }
    stream->watch(std::make_unique<Watch>(self, Which::secondary));
    // No read ahead of the primary's verdict: the provider waits, by the socket's back-pressure.
    while (self->verdict_ == Verdict::pending) {
        co_await self->decided_.wait();
    }
    if (self->verdict_ == Verdict::hand_over) {
        self->handed_over_ = true;
        self->stream_.emplace(std::move(*stream));
        co_return;
    }
    for (;;) {
        const std::span<const StreamEvent> batch = co_await stream->next_batch();
        if (batch.empty()) break;
    }
}

// --- the primary ---

void MirrorRun::on_primary_answers(TokenStream& stream) {
    stream.watch(std::make_unique<Watch>(shared_from_this(), Which::primary));
    decide(Verdict::drain);
}

void MirrorRun::on_primary_failed(const LegFailure& failure, bool is_wanted) {
    on_end(Which::primary, &failure.error, failure.usage);
    if (is_wanted) timer_->disarm();  // from here on it has the caller's time
    decide(is_wanted ? Verdict::hand_over : Verdict::drain);
}

void MirrorRun::on_primary_abandoned() noexcept {
    if (verdict_ != Verdict::pending) return;
    decide(Verdict::drain);
    on_abandoned(Which::primary, std::nullopt);
}

void MirrorRun::decide(Verdict verdict) noexcept {
    verdict_ = verdict;
    decided_.notify();
}

asio::awaitable<std::optional<TokenStream>> MirrorRun::take(std::shared_ptr<MirrorRun> self) {
    const std::function<void()> on_cancel = [run = self.get()] { run->task_->cancel(); };
    const bool undisturbed = co_await self->task_ended_.wait_out(on_cancel);
    std::optional<TokenStream> stream = std::exchange(self->stream_, std::nullopt);
    if (!undisturbed) throw asio::system_error(net::aborted(), "MirrorBoundModel");
    self->report_.served_by_secondary = stream.has_value();
    co_return std::move(stream);
}

// --- both sides ---

void MirrorRun::collect(Which which, std::span<const StreamEvent> events) {
    MirrorSide& into = told(which);
    std::size_t& bytes = side(which).bytes;
    const auto append = [&](std::string& text, std::string_view piece) {
        const std::size_t room = field_->options.max_compared_bytes - bytes;
        into.cut |= piece.size() > room;
        text.append(piece.substr(0, room));
        bytes += std::min(room, piece.size());
    };
    for (const StreamEvent& event : events) {
        if (event.choice() != 0) continue;
        if (const auto* text = event.as<TextDelta>()) append(into.answer.text, text->text);
        if (const auto* begun = event.as<ToolCallStart>(); begun && !into.cut)
            append(into.answer.tool_calls.emplace_back().name, begun->name);
        if (const auto* more = event.as<ToolCallDelta>(); more && more->index < into.answer.tool_calls.size())
            append(into.answer.tool_calls[more->index].arguments, more->arguments);
    }
}

void MirrorRun::on_end(Which which, const ErrorInfo* error, const std::optional<Usage>& usage) noexcept {
    if (error) {
        told(which).error = *error;
    } else {
        told(which).finished = true;
    }
    end(which, usage);
}

void MirrorRun::on_abandoned(Which which, const std::optional<Usage>& usage) noexcept {
    if (which == Which::primary && field_->options.cancel_with_primary) task_->cancel();
    if (which == Which::secondary && timed_out_) {
        ErrorInfo error(ErrorKind::provider_timeout, Phase::total,
                        "the mirror did not end within MirrorOptions::secondary_total");
        error.provider = report_.secondary.model.provider_id;
        error.model = report_.secondary.model.id;
        report_.secondary.error = std::move(error);
    }
    end(which, usage);
}

void MirrorRun::on_task_ended() noexcept {
    timer_->disarm();
    if (!handed_over_ && !secondary_.ended) on_abandoned(Which::secondary, std::nullopt);
    task_ended_.notify();
}

void MirrorRun::end(Which which, const std::optional<Usage>& usage) noexcept {
    if (std::exchange(side(which).ended, true)) return;
    told(which).usage = usage;
    told(which).duration = now() - started_;
    if (primary_.ended && secondary_.ended) report();
}

void MirrorRun::report() noexcept {
    const MirrorSide& primary = report_.primary;
    const MirrorSide& secondary = report_.secondary;
    if (primary.finished && secondary.finished && !primary.cut && !secondary.cut) {
        call("the comparator of a mirror",
             [&] { report_.agree = field_->options.comparator(primary.answer, secondary.answer); });
    }
    if (report_.agree)
        context_.call->emit(field_->clock(), secondary.model, MirrorCompared{*report_.agree},
                            Purpose::mirror);
    if (field_->options.on_mirrored) call("on_mirrored", [&] { field_->options.on_mirrored(report_); });
}

}  // namespace sluice

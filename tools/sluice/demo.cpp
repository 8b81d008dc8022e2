// `sluice demo`: three small acts that show what the gate does, on the built-in simulator over real sockets.
#include "commands.hpp"
#include "interrupt.hpp"
#include "report.hpp"
#include "terminal.hpp"

#include <sluice/bound_model.hpp>
#include <sluice/clock.hpp>
#include <sluice/fallback.hpp>
#include <sluice/openai.hpp>
#include <sluice/testing/simulator.hpp>

#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::cli {
namespace {

constexpr std::string_view kKey = "demo-key";
constexpr std::size_t kWidth = 78;
constexpr std::string_view kEpilogue =
    "\nNext: sluice ask --model sim/sim-503 --model sim/sim-ok 'Hello?'\n"
    "      sluice sim --list   (every failure there is)\n";

struct Leg {
    std::string provider;
    std::string model;
    std::string key = std::string(kKey);
};

struct Act {
    std::string title;
    std::string what_to_see;
    std::vector<Leg> legs;
    TriggerSet triggers;
    std::string story;
    /// What the act is there to show; anything else is a failure of the demo.
    std::vector<ErrorKind> expected_failovers;
    std::optional<ErrorKind> expected_end;  // absent: a whole answer
};

std::vector<Act> acts() {
    return {
        {"Failover",
         "Three providers: the first is overloaded, the second sends its metadata and then an error, "
         "the third answers.",
         {{"alpha", "sim-503"}, {"beta", "sim-metadata-then-error"}, {"gamma", "demo-story"}},
         triggers::standard(),
         "A sluice is a channel with a gate at its head. The gate looks at what arrives, opens once, "
         "and then gets out of the way: these tokens come straight from the third provider's socket.",
         {ErrorKind::provider_overloaded, ErrorKind::provider_unavailable},
         std::nullopt},
        {"A bad key",
         "The first provider rejects our key. A chain with triggers::with_auth moves on; "
         "the default would tell you at once.",
         {{"alpha", "demo-story", "a-bad-key"}, {"beta", "demo-story"}},
         triggers::with_auth(),
         "The caller sees one whole answer. The attempt, its cause and its time are on record "
         "for whoever rotates the keys.",
         {ErrorKind::provider_auth_failed},
         std::nullopt},
        {"A cut stream",
         "The connection is lost in the middle. The gate has opened, so nothing is tried again; "
         "but nobody is told that the answer is whole.",
         {{"alpha", "demo-cut"}, {"beta", "demo-story"}},
         triggers::standard(),
         "Half an answer is not an answer, however good it looks, and a client that cannot tell",
         {},
         ErrorKind::stream_truncated},
    };
}

/// Each word with the space before it.
std::vector<std::string> to_tokens(std::string_view text) {
    std::vector<std::string> tokens;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(' ', 1), text.size());
        tokens.emplace_back(text.substr(0, end));
        text.remove_prefix(end);
    }
    return tokens;
}

/// Text that comes in pieces, indented and wrapped between words.
class Paragraph {
  public:
    explicit Paragraph(Terminal& out) : out_(out) {}

    void add(std::string_view word) {
        if (column_ == 0 || column_ + word.size() > kWidth) {
            while (word.starts_with(' '))
                word.remove_prefix(1);
            out_.write(column_ == 0 ? "   " : "\n   ");
            column_ = 3;
        }
        out_.write_untrusted(word);
        column_ += word.size();
    }
    void end() {
        if (column_ != 0) out_.write("\n");
        column_ = 0;
    }
    void add_whole(std::string_view text) {
        for (const std::string& word : to_tokens(text))
            add(word);
        end();
    }

  private:
    Terminal& out_;
    std::size_t column_ = 0;
};

/// The provider's own explanation, or ours where it gave none.
std::string words_of(const ErrorInfo& error) {
    return one_line(error.provider_message.empty() ? error.message : error.provider_message);
}

class Demo {
  public:
    Demo(asio::any_io_executor executor, const DemoOptions& options)
        : options_(options), simulator_(executor), base_url_(simulator_.listen()) {
        simulator_.require_key(std::string(kKey));
    }

    asio::awaitable<int> play() {
        out_.write(out_.paint(Style::bold, "sluice demo") + ": real sockets, no network, no keys (" +
                   base_url_ + ")\n");
        bool all_as_promised = true;
        for (const Act& act : acts()) {
            const bool as_promised = co_await play_act(act);
            all_as_promised = all_as_promised && as_promised;
        }
        out_.write(out_.paint(Style::dim, kEpilogue));
        co_return all_as_promised ? kOk : kFailed;
    }

  private:
    asio::awaitable<bool> play_act(const Act& act) {
        begin(act);
        const BoundModel model = chain(act);
        const TimePoint started = clock_->now();
        Result<TokenStream> opened = co_await model.try_stream(options_.prompt);
        if (!opened) {
            line(Style::red, "x", describe_for_people(opened.error()));
            co_return false;
        }
        TokenStream stream = std::move(opened).value();
        show_answerer(stream);
        std::optional<TimePoint> first_event;
        std::optional<ErrorInfo> failure;
        while (const StreamEvent* event = co_await stream.next()) {
            if (!first_event) first_event = clock_->now();
            if (const auto* text = event->as<TextDelta>()) paragraph_.add(text->text);
            if (const auto* failed = event->as<Failure>()) failure = failed->error();
        }
        paragraph_.end();
        sum_up(stream, failure, started, first_event.value_or(started));
        co_return is_as_promised(act, stream, failure);
    }

    void begin(const Act& act) {
        const std::chrono::milliseconds pace(options_.fast ? 0 : 30);
        testing::SimulatedAnswer story;
        story.tokens = to_tokens(act.story);
        story.delay_first = 8 * pace;
        story.delay_between = pace;
        testing::SimulatedAnswer cut = story;
        cut.cut_after = cut.tokens.size();
        simulator_.on_model("demo-story", [story](std::size_t, std::string_view) { return story; });
        simulator_.on_model("demo-cut", [cut](std::size_t, std::string_view) { return cut; });

        out_.write("\n" + out_.paint(Style::bold, std::to_string(++act_number_) + ". " + act.title) + "\n");
        paragraph_.add_whole(act.what_to_see);
        out_.write("\n");
        line(Style::cyan, ">", one_line(options_.prompt));
    }

    BoundModel chain(const Act& act) {
        std::vector<BoundModel> legs;
        for (const Leg& leg : act.legs) {
            OpenAIOptions provider;
            provider.id = leg.provider;
            provider.base_url = base_url_;
            provider.api_key = leg.key;
            legs.push_back(OpenAI(std::move(provider)).model(leg.model));
        }
        FallbackOptions fallback;
        fallback.trigger_errors = act.triggers;
        fallback.on_failover = [this](const Failover& what) {
            line(Style::red, "x",
                 what.failed.provider_id + "/" + what.failed.id + " failed after " +
                     format_duration(what.record.duration) + ": " + cause_of(what.error));
            paragraph_.add_whole(words_of(what.error));
        };
        return FallbackBoundModel(std::move(legs), std::move(fallback));
    }

    void line(Style style, std::string_view mark, std::string_view text) {
        out_.write(" " + out_.paint(style, mark) + " " + std::string(text) + "\n");
    }

    void show_answerer(const TokenStream& stream) {
        const Answerer& answerer = stream.answerer();
        line(Style::green, "+", answerer.provider_id + "/" + answerer.model_id + " answers");
    }

    void sum_up(const TokenStream& stream, const std::optional<ErrorInfo>& failure, TimePoint started,
                TimePoint first_event) {
        if (failure) {
            line(Style::red, "x", cause_of(*failure));
            paragraph_.add_whole(words_of(*failure));
        }
        const Answerer& answerer = stream.answerer();
        out_.write("\n");
        fact(failure ? "began" : "answered",
             answerer.provider_id + "/" + answerer.model_id + ", response " + answerer.response_id);
        std::string_view label = "attempts";
        for (const Attempt& attempt : stream.attempts())
            fact(std::exchange(label, ""), attempt.provider + ": " + cause_of(attempt.error) + " after " +
                                               format_duration(attempt.duration));
        fact(label, answerer.provider_id + ": " + (failure ? cause_of(*failure) : "a whole answer"));
        fact("tokens", format_tokens(stream.usage()));
        fact("first token", "after " + format_duration(first_event - started) +
                                (stream.attempts().empty() ? "" : ", failed legs included"));
        fact("total", format_duration(clock_->now() - started));
    }

    void fact(std::string_view name, std::string_view value) {
        std::string label(name);
        label.resize(13, ' ');
        out_.write("   " + out_.paint(Style::dim, label) + std::string(value) + "\n");
    }

    bool is_as_promised(const Act& act, const TokenStream& stream, const std::optional<ErrorInfo>& failure) {
        std::vector<ErrorKind> failovers;
        for (const Attempt& attempt : stream.attempts())
            failovers.push_back(attempt.error.kind);
        const std::optional<ErrorKind> end = failure ? std::optional(failure->kind) : std::nullopt;
        const bool as_promised = failovers == act.expected_failovers && end == act.expected_end;
        if (!as_promised)
            line(Style::red, "!", "this is not what the demo is meant to show: please report it");
        return as_promised;
    }

    DemoOptions options_;
    std::shared_ptr<Clock> clock_ = system_clock();
    Terminal out_{STDOUT_FILENO};
    Paragraph paragraph_{out_};
    testing::Simulator simulator_;
    std::string base_url_;
    int act_number_ = 0;
};

}  // namespace

int run_demo(const DemoOptions& options) {
    if (options.prompt.empty()) throw UsageError("the prompt is empty");
    asio::io_context context(1);
    Demo demo(context.get_executor(), options);
    return run_until_signal(context, demo.play());
}

}  // namespace sluice::cli

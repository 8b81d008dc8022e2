// `sluice chat`: a conversation with the engine. Each turn goes to the fast or the slow model and fails over
// when it must; the answer streams to stdout, who gave it and why is on stderr.
#include "answer_printer.hpp"
#include "commands.hpp"
#include "interrupt.hpp"
#include "line_input.hpp"
#include "providers.hpp"
#include "report.hpp"
#include "terminal.hpp"

#include "wire/json_writer.hpp"

#include <sluice/api_provider.hpp>
#include <sluice/engine.hpp>
#include <sluice/testing/simulator.hpp>

#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>
#include <asio/this_coro.hpp>

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::cli {
namespace {

constexpr std::string_view kSimulatedOrchestrator = "gpt-4o";
constexpr std::string_view kSimulatedWorker = "gemini-3-flash-preview";
constexpr std::chrono::milliseconds kSimulatedPace(20);

std::string joined(const std::vector<std::string>& words) {
    std::string line;
    for (const std::string& word : words)
        line.append(line.empty() ? "" : ", ").append(word);
    return line;
}

/// Who was asked in vain, or passed over, in order, each with its last reason: "openai/gpt-4o RateLimited".
std::string failures_of(const TurnMetadata& turn) {
    std::vector<std::string> failures;
    std::string last;
    for (const TurnAttempt& attempt : turn.attempts) {
        if (!attempt.error && !attempt.skip_reason) continue;
        const std::string name = attempt.provider + "/" + attempt.model;
        if (name == last) failures.pop_back();
        failures.push_back(
            name + " " +
            std::string(attempt.error ? class_name(*attempt.error) : to_string(*attempt.skip_reason)));
        last = name;
    }
    return joined(failures);
}

std::string describe_for_people(const TurnMetadata& turn) {
    const std::chrono::duration<double, std::milli> latency(turn.latency_ms);
    std::string line(to_string(turn.system));
    if (!turn.routing_reasons.empty()) line += " (" + joined(turn.routing_reasons) + ")";
    line += ": " + turn.provider + "/" + turn.model_used + ", " +
            format_duration(std::chrono::duration_cast<std::chrono::nanoseconds>(latency)) + ", " +
            format_tokens(turn.usage) + " tokens";
    if (turn.goal_progress && turn.drift_score)
        line += fmt::format(", goal {:.2f}, drift {:.2f}", *turn.goal_progress, *turn.drift_score);
    if (turn.loop_detected) line += ", loop: " + turn.loop;
    const std::string failures = failures_of(turn);
    if (turn.failover)
        line += "; failover: " + failures;
    else if (!failures.empty())
        line += "; after " + failures;
    return one_line(line);
}

bool reads_standard_input(const ChatOptions& options) {
    return options.prompts.empty() || (options.prompts.size() == 1 && options.prompts.front() == "-");
}

/// The conversation as it is seen, and what ends it.
class Chat {
  public:
    explicit Chat(const ChatOptions& options) : options_(options) {}

    /// To be called with every turn when it has ended, before its last event is seen.
    void on_turn(const TurnMetadata& how) { turn_ = how; }

    asio::awaitable<int> converse(Agent agent) {
        SessionOptions about;
        about.goal = options_.goal;
        Session session = agent.start_session(std::move(about));
        if (reads_standard_input(options_)) {
            co_await take_turns_of_lines(session);
        } else {
            for (const std::string& prompt : options_.prompts) {
                const bool answered = co_await take_turn(session, prompt);
                if (!answered) break;  // what comes next may build on it
            }
        }
        if (printer_.is_unread()) co_return kOk;  // nobody is there to hear the rest
        const SessionStats stats = co_await session.close();
        show_stats(stats);
        co_return stats.failed_turns == 0 ? kOk : kFailed;
    }

    AnswerPrinter& printer() noexcept { return printer_; }
    /// A provider has refused our key, or the lack of one.
    bool lacks_credentials() const noexcept { return lacks_credentials_; }

  private:
    asio::awaitable<void> take_turns_of_lines(Session& session) {
        const asio::any_io_executor executor = co_await asio::this_coro::executor;
        LineInput input(executor, STDIN_FILENO);
        while (!printer_.is_unread()) {
            if (input.is_terminal()) printer_.show_prompt_sign();
            const std::optional<std::string> line = co_await input.next();
            if (!line && input.is_terminal()) printer_.note("");  // Ctrl-D leaves the cursor behind the sign
            if (!line) co_return;
            if (line->find_first_not_of(" \t") == std::string::npos) continue;
            co_await take_turn(session, *line);  // a failed one was told, and taken back: the next may do
        }
    }

    /// False when it failed, or nobody reads it.
    asio::awaitable<bool> take_turn(Session& session, const std::string& prompt) {
        text_.clear();
        refusal_.clear();
        error_.reset();
        turn_ = TurnMetadata();
        ++turns_;
        try {
            TurnStream events = co_await session.stream(prompt);
            while (const StreamEvent* event = co_await events.next()) {
                show(*event);
                if (printer_.is_unread()) co_return false;
            }
        } catch (const ProviderError& error) {
            error_ = error.info();
        }
        printer_.end_line();
        show_end();
        co_return !error_ && !printer_.is_unread();
    }

    void show(const StreamEvent& event) {
        if (const auto* failure = event.as<Failure>()) error_ = failure->error();
        if (!options_.json) {
            printer_.add(event);
            printer_.flush();
        } else if (const auto* text = event.as<TextDelta>()) {
            text_ += text->text;
        } else if (const auto* refusal = event.as<RefusalDelta>()) {
            refusal_ += refusal->text;
        }
    }

    void show_end() {
        for (const TurnAttempt& attempt : turn_.attempts)
            lacks_credentials_ = lacks_credentials_ || attempt.error == ErrorKind::provider_auth_failed;
        if (options_.json) {
            printer_.write_lines(turn_as_json());
        } else if (!error_) {
            for (const std::string& warning : turn_.warnings)
                printer_.note("warning: " + one_line(warning));
            printer_.note(printer_.paint(Style::dim, describe_for_people(turn_)));
        }
        if (!error_) return;
        const bool is_chain = error_->attempts && error_->attempts->size() > 1;
        printer_.note(printer_.paint(Style::red, "error:") + " " +
                      one_line(describe(*error_) + (is_chain ? "; tried: " + failures_of(turn_) : "")));
    }

    std::string turn_as_json() const {
        std::string line;
        wire::JsonWriter json(line);
        json.begin_object().key("event").string("turn").key("turn").number(turns_);
        json.key("content").string(text_).key("refusal");
        refusal_.empty() ? json.null() : json.string(refusal_);
        json.key("metadata").raw(to_json(turn_)).key("error");
        if (error_)  // our words only: the provider's may quote the conversation
            json.begin_object()
                .key("kind")
                .string(class_name(error_->kind))
                .key("message")
                .string(describe(*error_))
                .end_object();
        else
            json.null();
        json.end_object();
        return line + '\n';
    }

    void show_stats(const SessionStats& stats) {
        if (options_.json) {
            std::string line;
            wire::JsonWriter json(line);
            json.begin_object().key("event").string("session").key("session").raw(to_json(stats));
            json.key("hint").string(stats.dual_process.hint()).end_object();
            printer_.write_lines(line + '\n');
        } else if (turns_ > 0) {
            std::ostringstream counts;
            counts << stats.dual_process;
            printer_.note(printer_.paint(Style::dim, counts.str()));
            printer_.note(printer_.paint(Style::dim, stats.dual_process.hint()));
        }
    }

    const ChatOptions& options_;
    AnswerPrinter printer_;
    std::size_t turns_ = 0;
    bool lacks_credentials_ = false;
    // Of the turn that is under way, or was the last:
    std::string text_;  // of --json, as is the refusal
    std::string refusal_;
    std::optional<ErrorInfo> error_;
    TurnMetadata turn_;
};

/// Every service of the table, and none of them real.
class SimulatedServices {
  public:
    explicit SimulatedServices(const asio::any_io_executor& executor) : simulator_(executor) {
        simulator_.listen();
    }

    std::vector<std::pair<std::string, EngineProvider>> providers() const {
        std::vector<std::pair<std::string, EngineProvider>> all;
        for (const ServiceInfo& service : ApiProvider::services()) {
            EngineProvider simulated;
            simulated.base_url = simulator_.base_url(service.name);
            all.emplace_back(service.name, std::move(simulated));
        }
        return all;
    }

    /// So that each model can be told by its answers. A model that is there to fail goes on failing.
    void let_answer(const EffectiveChain& chain) {
        for (const ModelSpec& model : chain.models) {
            if (model.id.starts_with("sim-")) continue;
            const auto answer_of = [id = model.id](std::size_t turn, std::string_view) {
                testing::SimulatedAnswer answer;
                answer.tokens = {"Simulated", " answer", " " + std::to_string(turn + 1),
                                 " of",       " " + id,  "."};
                answer.delay_between = kSimulatedPace;
                return answer;
            };
            simulator_.on_model(model.id, answer_of);
        }
    }

  private:
    testing::Simulator simulator_;
};

/// Splits `--provider NAME` and `--provider NAME=URL`, and adds to `names` those that are not there yet.
std::vector<std::string> base_urls_of(const std::vector<std::string>& given,
                                      std::vector<std::string>& names) {
    std::vector<std::string> base_urls;
    for (const std::string& provider : given) {
        const std::size_t equals = provider.find('=');
        const std::string name = provider.substr(0, equals);
        if (name.empty() || provider.ends_with('='))
            throw UsageError("--provider: expected NAME or NAME=URL");
        if (equals != std::string::npos) base_urls.push_back(provider);
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
    return base_urls;
}

std::vector<std::pair<std::string, EngineProvider>> accounts_of(Providers& providers,
                                                                const std::vector<std::string>& names) {
    std::vector<std::pair<std::string, EngineProvider>> all;
    for (const std::string& name : names) {
        EngineProvider account;
        account.bind = [provider = providers.provider(name)](ModelSpec spec) {
            return provider.model(std::move(spec));
        };
        all.emplace_back(name, std::move(account));
    }
    return all;
}

EngineOptions engine_options(const ChatOptions& options) {
    EngineOptions how;
    how.orchestrator_model = options.orchestrator;
    how.worker_model = options.worker;
    how.fallback_models = options.fallbacks;
    if (options.no_stream) how.commit_on = CommitOn::complete;
    if (options.sim && how.orchestrator_model.empty()) how.orchestrator_model = kSimulatedOrchestrator;
    if (options.sim && how.worker_model.empty()) how.worker_model = kSimulatedWorker;
    return how;
}

Engine make_engine(EngineOptions options) {
    if (options.providers.empty())
        throw UsageError(
            "there is no provider: set OPENAI_API_KEY, ANTHROPIC_API_KEY, GEMINI_API_KEY or another key, "
            "or give --provider local=http://localhost:11434/v1 or the like; --sim tries it without any");
    try {
        return Engine(std::move(options));
    } catch (const std::invalid_argument& error) {
        throw UsageError(std::string(error.what()) +
                         " (a service is registered by its key in the environment, others by --provider)");
    }
}

void check(const ChatOptions& options) {
    if (!options.sim && (options.orchestrator.empty() || options.worker.empty()))
        throw UsageError("--orchestrator and --worker are required, unless --sim is given");
    for (const std::string& prompt : options.prompts)
        if (prompt.empty()) throw UsageError("a prompt is empty");
}

}  // namespace

int run_chat(const ChatOptions& options) {
    check(options);
    asio::io_context context(1);
    std::optional<testing::Simulator> simulator;  // provider "sim", as `ask` has it
    ProviderFlags flags;
    flags.base_url_option = "--provider";
    std::vector<std::string> names = options.sim ? std::vector<std::string>() : Providers::in_environment();
    flags.base_urls = base_urls_of(options.providers, names);
    Providers providers(flags, [&](std::string_view dialect) {
        if (!simulator) simulator.emplace(context.get_executor()).listen();
        return simulator->base_url(dialect);
    });
    std::optional<SimulatedServices> simulated;
    if (options.sim) simulated.emplace(context.get_executor());

    Chat chat(options);
    EngineOptions how = engine_options(options);
    how.providers = simulated ? simulated->providers() : accounts_of(providers, names);
    how.on_turn = [&chat](const TurnRecord& record) { chat.on_turn(record.metadata); };
    const Engine engine = make_engine(std::move(how));
    if (options.explain) {
        Terminal(STDOUT_FILENO).write(engine.explain());
        return kOk;
    }
    if (simulated)
        for (const System system : {System::system1, System::system2})
            simulated->let_answer(engine.effective_chain(system));
    AgentOptions agent;
    agent.name = "chat";
    agent.system_prompt = options.system;
    agent.goal_tracking = !options.goal.empty();
    const int code = run_until_signal(context, chat.converse(engine.create_agent(std::move(agent))));
    chat.printer().end_line();
    if (code == kFailed && chat.lacks_credentials())
        for (const std::string& variable : providers.missing_keys())
            chat.printer().note("hint: " + variable + " is not set");
    return code;
}

}  // namespace sluice::cli

// Where the examples get their answers: OpenAI when OPENAI_API_KEY or OPENAI_BASE_URL is set, Anthropic when
// ANTHROPIC_API_KEY is, and so on; every other service is played by the built-in simulator, so that each
// example runs without keys and without a network. Not part of the library.
#pragma once

#include <sluice/sluice.hpp>
#include <sluice/testing/simulator.hpp>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include <algorithm>
#include <exception>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace example {

/// For Service::simulate: a model that says this, word by word.
inline sluice::testing::SimulatedAnswer says(std::string_view text) {
    sluice::testing::SimulatedAnswer answer;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(' ', 1), text.size());
        answer.tokens.emplace_back(text.substr(0, end));
        text.remove_prefix(end);
    }
    return answer;
}
/// A model that calls a tool.
inline sluice::testing::SimulatedAnswer calls(std::string tool, std::string arguments) {
    sluice::testing::SimulatedAnswer answer;
    answer.tool_calls.emplace_back("call_1", std::move(tool), std::move(arguments));
    answer.finish_reason = "tool_calls";
    return answer;
}
/// A model that is down.
inline sluice::testing::SimulatedAnswer is_down() {
    sluice::testing::SimulatedAnswer answer;
    answer.error = sluice::ErrorKind::provider_overloaded;
    return answer;
}

class Service {
  public:
    explicit Service(asio::io_context& context) : context_(context) {}

    /// Of a service by its name, such as "openai"; of the simulator's part for that service if it is not set
    /// up.
    std::string base_url(const std::string& service = "openai") {
        const std::string url = sluice::env_or(variable(service, "_BASE_URL").c_str(), "");
        if (!url.empty()) return url;
        if (is_real(service))
            for (const sluice::ServiceInfo& info : sluice::ApiProvider::services())
                if (info.name == service) return std::string(info.base_url);
        return simulator().base_url(service);
    }
    std::string key(const std::string& service = "openai") const {
        return sluice::env_or(variable(service, "_API_KEY").c_str(), "");
    }
    /// A model that answers.
    std::string model_id(const std::string& service = "openai") const { return model_or("sim-ok", service); }
    /// `simulated` on the simulator, else a real model: for examples about failures and tools.
    std::string model_or(std::string simulated, const std::string& service = "openai") const {
        if (!is_real(service)) return simulated;
        const char* usual = service == "anthropic" ? "claude-opus-4-8"
                            : service == "gemini"  ? "gemini-3-flash"
                                                   : "gpt-5";
        return sluice::env_or(variable(service, "_MODEL").c_str(), usual);
    }

    /// What the simulated model of that id does, request by request; the last one holds for all further ones.
    /// Of no consequence where the model is real.
    void simulate(std::string model, std::vector<sluice::testing::SimulatedAnswer> answers) {
        simulator().on_model(std::move(model),
                             [answers = std::move(answers)](std::size_t turn, std::string_view) {
                                 return answers[std::min(turn, answers.size() - 1)];
                             });
    }

    /// OpenAI, or Anthropic when that is the only one that is set up.
    sluice::ApiProvider provider(std::string id = {}) {
        const std::string service = usual_service();
        return sluice::ApiProvider({.service = service,
                                    .id = std::move(id),
                                    .api_key = key(service),
                                    .base_url = base_url(service)});
    }
    sluice::BoundModel model() { return provider().model(model_id(usual_service())); }

  private:
    sluice::testing::Simulator& simulator() {
        if (!simulator_) simulator_.emplace(context_.get_executor()).listen();
        return *simulator_;
    }
    static std::string variable(std::string name, const char* suffix) {
        for (char& letter : name)
            if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
        return name + suffix;
    }
    bool is_real(const std::string& service) const {
        return !key(service).empty() || !sluice::env_or(variable(service, "_BASE_URL").c_str(), "").empty();
    }
    std::string usual_service() const {
        return is_real("anthropic") && !is_real("openai") ? "anthropic" : "openai";
    }

    asio::io_context& context_;
    std::optional<sluice::testing::Simulator> simulator_;
};

/// Runs `body` on a fresh io_context. The exit code of main: 0, or 1 after a line that says what went wrong.
inline int run(asio::awaitable<void> (*body)(Service&)) {
    asio::io_context context{1};
    Service service(context);
    int exit_code = 1;
    asio::co_spawn(context, body(service), [&](std::exception_ptr error) {
        context.stop();  // the simulator would serve for ever
        try {
            if (error) std::rethrow_exception(error);
            exit_code = 0;
        } catch (const std::exception& failure) {
            std::cerr << "error: " << failure.what() << '\n';
        }
    });
    context.run();
    return exit_code;
}

}  // namespace example

// Where the examples get their answers: OpenAI (or any compatible server) when OPENAI_API_KEY or
// OPENAI_BASE_URL is set, else the built-in simulator, so that every example runs without keys and without a
// network. Not part of the library.
#pragma once

#include <sluice/sluice.hpp>
#include <sluice/testing/simulator.hpp>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include <exception>
#include <iostream>
#include <optional>
#include <string>

namespace example {

class Service {
  public:
    explicit Service(asio::io_context& context) {
        const std::string key = sluice::env_or("OPENAI_API_KEY", "");
        if (!key.empty() || !sluice::env_or("OPENAI_BASE_URL", "").empty()) {
            base_url_ = sluice::env_or("OPENAI_BASE_URL", "https://api.openai.com/v1");
            key_ = key;
            model_ = sluice::env_or("OPENAI_MODEL", "gpt-5");
        } else {
            simulator_.emplace(context.get_executor());
            base_url_ = simulator_->listen();
            model_ = "sim-ok";
        }
    }

    const std::string& base_url() const { return base_url_; }
    const std::string& key() const { return key_; }
    /// A model that answers.
    const std::string& model_id() const { return model_; }
    /// `simulated` when this is the simulator, else the real model: for examples about failures.
    std::string model_or(std::string simulated) const { return simulator_ ? std::move(simulated) : model_; }

    sluice::OpenAI provider(std::string id = "openai") const {
        return sluice::OpenAI({.id = std::move(id), .api_key = key_, .base_url = base_url_});
    }
    sluice::BoundModel model() const { return provider().model(model_); }

  private:
    std::optional<sluice::testing::Simulator> simulator_;
    std::string base_url_;
    std::string key_;
    std::string model_;
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

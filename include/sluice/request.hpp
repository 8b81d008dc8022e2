// What to ask, independent of who is asked.
//
//   auto request = sluice::Request()
//                      .system("Answer in one word.")
//                      .user("Capital of Mongolia?")
//                      .max_tokens(16);
//   auto stream = co_await model.stream(std::move(request));   // or just: co_await model.stream("Capital of
//   ...?")
//
// A Request is a plain value. It may be written as a temporary inside a co_await expression.
#pragma once

#include <sluice/message.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace sluice {

/// A function the model may call.
struct Tool {
    Tool() = default;
    /// `parameters` is a JSON schema object as JSON text; empty means no parameters.
    Tool(std::string tool_name, std::string what_it_does, std::string parameters)
        : name(std::move(tool_name)),
          description(std::move(what_it_does)),
          parameters_json(std::move(parameters)) {}
    std::string name;
    std::string description;
    std::string parameters_json;
    std::optional<bool> strict;
    std::optional<CacheControl> cache;
};

/// A tool that only one dialect knows (web search, code execution), as an element of its `tools`. Sent to
/// targets of that dialect, left out with a warning elsewhere.
struct NativeTool {
    NativeTool() = default;
    NativeTool(std::string which_dialect, std::string tool)
        : dialect(std::move(which_dialect)), json(std::move(tool)) {}
    std::string dialect;
    std::string json;
};

/// Whether and which tool the model must call.
struct ToolChoice {
    enum class Mode : std::uint8_t { automatic, none, required, named };
    ToolChoice() = default;
    explicit ToolChoice(Mode how) : mode(how) {}
    static ToolChoice named(std::string tool);
    Mode mode = Mode::automatic;
    std::string name;  ///< For Mode::named.
};

/// Demands that the answer be JSON; with a schema, JSON of that shape.
struct ResponseFormat {
    ResponseFormat() = default;
    ResponseFormat(std::string schema_name, std::string schema)
        : name(std::move(schema_name)), schema_json(std::move(schema)) {}
    std::string name;
    std::string schema_json;  ///< JSON text; empty asks for any JSON object.
    bool strict = true;
};

/// A field that only one provider, or only one dialect, understands.
struct Extra {
    /// provider: sent to the provider of that id and silently to no other. dialect: sent to every target of
    /// that dialect, left out with a warning elsewhere.
    enum class Scope : std::uint8_t { provider, dialect };
    Extra() = default;
    Extra(Scope which_scope, std::string whose, std::string field, std::string value)
        : scope(which_scope), owner(std::move(whose)), name(std::move(field)), json(std::move(value)) {}
    Scope scope = Scope::provider;
    std::string owner;  ///< The provider's id, or the dialect's name.
    std::string name;   ///< Top-level field of the request body.
    std::string json;   ///< Its value as JSON text.
};

class Request {
  public:
    Request() = default;
    /// One user message.
    Request(const char* user_text);
    Request(std::string user_text);
    Request(std::string_view user_text);

    // Every setter comes twice, so that both a named request and a chain of temporaries move instead of copy.
    Request& system(std::string text) &;
    Request& user(std::string text) &;
    Request& user(std::vector<Part> parts) &;
    Request& assistant(std::string text) &;
    Request& tool_result(std::string tool_call_id, std::string content) &;
    Request& message(Message message) &;
    Request& tool(Tool tool) &;
    Request& native_tool(std::string dialect, std::string json) &;
    Request& tool_choice(ToolChoice choice) &;
    Request& parallel_tool_calls(bool allowed) &;
    Request& max_tokens(std::uint32_t tokens) &;
    Request& temperature(double value) &;
    Request& top_p(double value) &;
    Request& top_k(std::uint32_t value) &;
    Request& frequency_penalty(double value) &;
    Request& presence_penalty(double value) &;
    Request& seed(std::int64_t value) &;
    Request& stop(std::string sequence) &;
    Request& choices(std::uint32_t n) &;
    Request& response_format(ResponseFormat format) &;
    /// "none", "minimal", "low", "medium", "high", ...: passed on in each dialect's own way.
    Request& reasoning_effort(std::string effort) &;
    /// Tokens the model may spend on reasoning (Anthropic, Gemini); 0 switches it off.
    Request& reasoning_budget(std::uint32_t tokens) &;
    /// Whether the reasoning, or a summary of it, should be streamed too. Left to the provider when not set.
    Request& show_reasoning(bool wanted) &;
    /// An end user's opaque id, for the provider's abuse detection.
    Request& end_user(std::string id) &;
    /// A field only `provider_id` understands; `json` is its value as JSON text.
    Request& extra(std::string provider_id, std::string name, std::string json) &;
    /// A field only `dialect` understands.
    Request& dialect_extra(std::string dialect, std::string name, std::string json) &;

    Request&& system(std::string text) && { return std::move(system(std::move(text))); }
    Request&& user(std::string text) && { return std::move(user(std::move(text))); }
    Request&& user(std::vector<Part> parts) && { return std::move(user(std::move(parts))); }
    Request&& assistant(std::string text) && { return std::move(assistant(std::move(text))); }
    Request&& tool_result(std::string id, std::string content) && {
        return std::move(tool_result(std::move(id), std::move(content)));
    }
    Request&& message(Message what) && { return std::move(message(std::move(what))); }
    Request&& tool(Tool what) && { return std::move(tool(std::move(what))); }
    Request&& native_tool(std::string dialect, std::string json) && {
        return std::move(native_tool(std::move(dialect), std::move(json)));
    }
    Request&& tool_choice(ToolChoice choice) && { return std::move(tool_choice(std::move(choice))); }
    Request&& parallel_tool_calls(bool allowed) && { return std::move(parallel_tool_calls(allowed)); }
    Request&& max_tokens(std::uint32_t tokens) && { return std::move(max_tokens(tokens)); }
    Request&& temperature(double value) && { return std::move(temperature(value)); }
    Request&& top_p(double value) && { return std::move(top_p(value)); }
    Request&& top_k(std::uint32_t value) && { return std::move(top_k(value)); }
    Request&& frequency_penalty(double value) && { return std::move(frequency_penalty(value)); }
    Request&& presence_penalty(double value) && { return std::move(presence_penalty(value)); }
    Request&& seed(std::int64_t value) && { return std::move(seed(value)); }
    Request&& stop(std::string sequence) && { return std::move(stop(std::move(sequence))); }
    Request&& choices(std::uint32_t n) && { return std::move(choices(n)); }
    Request&& response_format(ResponseFormat format) && {
        return std::move(response_format(std::move(format)));
    }
    Request&& reasoning_effort(std::string effort) && {
        return std::move(reasoning_effort(std::move(effort)));
    }
    Request&& reasoning_budget(std::uint32_t tokens) && { return std::move(reasoning_budget(tokens)); }
    Request&& show_reasoning(bool wanted) && { return std::move(show_reasoning(wanted)); }
    Request&& end_user(std::string id) && { return std::move(end_user(std::move(id))); }
    Request&& extra(std::string provider_id, std::string name, std::string json) && {
        return std::move(extra(std::move(provider_id), std::move(name), std::move(json)));
    }
    Request&& dialect_extra(std::string dialect, std::string name, std::string json) && {
        return std::move(dialect_extra(std::move(dialect), std::move(name), std::move(json)));
    }

    /// The options as they were set; absent ones are left to the provider.
    struct Options {
        Options() = default;
        std::optional<ToolChoice> tool_choice;
        std::optional<bool> parallel_tool_calls;
        std::optional<std::uint32_t> max_tokens;
        std::optional<double> temperature;
        std::optional<double> top_p;
        std::optional<std::uint32_t> top_k;
        std::optional<double> frequency_penalty;
        std::optional<double> presence_penalty;
        std::optional<std::int64_t> seed;
        std::vector<std::string> stop;
        std::optional<std::uint32_t> choices;
        std::optional<ResponseFormat> response_format;
        std::optional<std::string> reasoning_effort;
        std::optional<std::uint32_t> reasoning_budget;
        std::optional<bool> show_reasoning;
        std::optional<std::string> end_user;
    };

    const std::vector<Message>& messages() const noexcept { return messages_; }
    const std::vector<Tool>& tools() const noexcept { return tools_; }
    const Options& options() const noexcept { return options_; }
    const std::vector<NativeTool>& native_tools() const noexcept { return native_tools_; }
    const std::vector<Extra>& extras() const noexcept { return extras_; }

  private:
    std::vector<Message> messages_;
    std::vector<Tool> tools_;
    Options options_;
    std::vector<NativeTool> native_tools_;
    std::vector<Extra> extras_;
};

}  // namespace sluice

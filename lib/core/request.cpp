#include <sluice/request.hpp>

namespace sluice {

ToolChoice ToolChoice::named(std::string tool) {
    ToolChoice choice(Mode::named);
    choice.name = std::move(tool);
    return choice;
}

Request::Request(const char* user_text) {
    user(std::string(user_text));
}
Request::Request(std::string user_text) {
    user(std::move(user_text));
}
Request::Request(std::string_view user_text) {
    user(std::string(user_text));
}

Request& Request::message(Message what) & {
    messages_.push_back(std::move(what));
    return *this;
}
Request& Request::system(std::string text) & {
    return message(Message(Role::system, std::move(text)));
}
Request& Request::user(std::string text) & {
    return message(Message(Role::user, std::move(text)));
}
Request& Request::user(std::vector<Part> parts) & {
    return message(Message(Role::user, std::move(parts)));
}
Request& Request::assistant(std::string text) & {
    return message(Message(Role::assistant, std::move(text)));
}

Request& Request::tool_result(std::string tool_call_id, std::string content) & {
    Message result;
    result.role = Role::tool;
    result.parts.emplace_back(ToolResultPart(std::move(tool_call_id), std::move(content)));
    return message(std::move(result));
}

Request& Request::tool(Tool what) & {
    tools_.push_back(std::move(what));
    return *this;
}

Request& Request::native_tool(std::string dialect, std::string json) & {
    native_tools_.emplace_back(std::move(dialect), std::move(json));
    return *this;
}

Request& Request::extra(std::string provider_id, std::string name, std::string json) & {
    extras_.emplace_back(Extra::Scope::provider, std::move(provider_id), std::move(name), std::move(json));
    return *this;
}
Request& Request::dialect_extra(std::string dialect, std::string name, std::string json) & {
    extras_.emplace_back(Extra::Scope::dialect, std::move(dialect), std::move(name), std::move(json));
    return *this;
}

Request& Request::tool_choice(ToolChoice choice) & {
    options_.tool_choice = std::move(choice);
    return *this;
}
Request& Request::parallel_tool_calls(bool allowed) & {
    options_.parallel_tool_calls = allowed;
    return *this;
}
Request& Request::max_tokens(std::uint32_t tokens) & {
    options_.max_tokens = tokens;
    return *this;
}
Request& Request::temperature(double value) & {
    options_.temperature = value;
    return *this;
}
Request& Request::top_p(double value) & {
    options_.top_p = value;
    return *this;
}
Request& Request::top_k(std::uint32_t value) & {
    options_.top_k = value;
    return *this;
}
Request& Request::frequency_penalty(double value) & {
    options_.frequency_penalty = value;
    return *this;
}
Request& Request::presence_penalty(double value) & {
    options_.presence_penalty = value;
    return *this;
}
Request& Request::seed(std::int64_t value) & {
    options_.seed = value;
    return *this;
}
Request& Request::stop(std::string sequence) & {
    options_.stop.push_back(std::move(sequence));
    return *this;
}
Request& Request::choices(std::uint32_t n) & {
    options_.choices = n;
    return *this;
}
Request& Request::response_format(ResponseFormat format) & {
    options_.response_format = std::move(format);
    return *this;
}
Request& Request::reasoning_effort(std::string effort) & {
    options_.reasoning_effort = std::move(effort);
    return *this;
}
Request& Request::reasoning_budget(std::uint32_t tokens) & {
    options_.reasoning_budget = tokens;
    return *this;
}
Request& Request::show_reasoning(bool wanted) & {
    options_.show_reasoning = wanted;
    return *this;
}
Request& Request::end_user(std::string id) & {
    options_.end_user = std::move(id);
    return *this;
}

}  // namespace sluice

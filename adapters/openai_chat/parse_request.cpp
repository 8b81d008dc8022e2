#include "adapters/openai_chat/dialect.hpp"
#include "adapters/request_reader.hpp"

#include "adapters/ascii.hpp"
#include "wire/json_writer.hpp"

#include <algorithm>
#include <array>

namespace sluice::adapters::openai_chat {
namespace {

using wire::dom::Array;
using wire::dom::Element;
using wire::dom::Object;
namespace dom = wire::dom;

class Parser : RequestReader {
  public:
    explicit Parser(const ClientRequest& from) : RequestReader(from, kName) {}

    Result<ParsedRequest> parse() {
        parsed_.include_usage = false;
        const std::optional<Object> body = read_body();
        if (!body) return take();
        if (!has(*body, "model")) fail("model: expected a string");
        if (!has(*body, "messages")) fail("messages: expected an array");
        for (auto [name, value] : *body) {
            if (failed()) break;
            if (!value.is_null()) read_field(*body, name, value);
        }
        return take();
    }

  private:
    Request& request() { return parsed_.request; }

    static bool has(const Object& object, std::string_view name) {
        Element value;
        return object.at_key(name).get(value) == simdjson::SUCCESS && !value.is_null();
    }

    void read_field(const Object& body, std::string_view name, Element value) {
        struct Field {
            std::string_view name;
            void (Parser::*read)(std::string_view name, Element value);
        };
        static constexpr std::array kFields{
            Field{"messages", &Parser::read_messages},
            Field{"tools", &Parser::read_tools},
            Field{"tool_choice", &Parser::read_tool_choice},
            Field{"functions", &Parser::read_functions},
            Field{"function_call", &Parser::read_function_choice},
            Field{"stop", &Parser::read_stop},
            Field{"response_format", &Parser::read_response_format},
            Field{"reasoning", &Parser::read_reasoning_options},
            Field{"reasoning_format", &Parser::read_reasoning_format},
            Field{"stream_options", &Parser::read_stream_options},
            Field{"seed", &Parser::read_seed},
            Field{"random_seed", &Parser::read_seed},  // Mistral's name
        };
        for (const Field& field : kFields)
            if (field.name == name) return (this->*field.read)(name, value);

        if (name == "model") {
            if (auto id = text(name, value)) parsed_.model = *id;
        } else if (name == "stream") {
            if (auto on = flag(name, value)) parsed_.stream = *on;
        } else if (name == "parallel_tool_calls") {
            if (auto on = flag(name, value)) request().parallel_tool_calls(*on);
        } else if (name == "max_completion_tokens") {
            if (auto limit = count(name, value)) request().max_tokens(*limit);
        } else if (name == "max_tokens") {  // the old name
            auto limit = count(name, value);
            if (limit && !has(body, "max_completion_tokens")) request().max_tokens(*limit);
        } else if (name == "temperature") {
            if (auto read = number(name, value)) request().temperature(*read);
        } else if (name == "top_p") {
            if (auto read = number(name, value)) request().top_p(*read);
        } else if (name == "top_k") {
            if (auto read = count(name, value)) request().top_k(*read);
        } else if (name == "frequency_penalty") {
            if (auto read = number(name, value)) request().frequency_penalty(*read);
        } else if (name == "presence_penalty") {
            if (auto read = number(name, value)) request().presence_penalty(*read);
        } else if (name == "n") {
            if (auto read = count(name, value)) request().choices(*read);
        } else if (name == "reasoning_effort") {
            if (auto effort = text(name, value)) request().reasoning_effort(*effort);
        } else if (name == "user" || (name == "safety_identifier" && !has(body, "user"))) {
            if (auto id = text(name, value)) request().end_user(*id);
        } else {
            keep_extra(name, value);
        }
    }

    // --- messages ---

    void read_messages(std::string_view path, Element value) {
        const auto messages = dom::as<Array>(value);
        if (!messages) return fail("messages: expected an array");
        if (messages->size() == 0) return fail("messages: expected at least one message");
        for (std::size_t i = 0; Element message : *messages) {
            if (failed()) return;
            read_message(at(path, i++), message);
        }
    }

    void read_message(const std::string& path, Element message) {
        if (!message.is_object()) return fail(path + ": expected an object");
        const std::string_view role = dom::string_at(message, "role").value_or("");
        if (role == "system" || role == "developer") {
            read_plain(path, Role::system, message);
        } else if (role == "user") {
            read_plain(path, Role::user, message);
        } else if (role == "assistant") {
            read_assistant(path, message);
        } else if (role == "tool") {
            read_tool_result(path, message);
        } else if (role == "function") {
            read_function_result(path, message);
        } else {
            fail(path + ".role: expected system, developer, user, assistant or tool");
        }
    }

    void read_plain(const std::string& path, Role role, Element message) {
        warn_of_fields(message, {"role", "content"});
        std::vector<Part> parts;
        read_content(path, message, parts);
        request().message(Message(role, std::move(parts)));
    }

    void read_assistant(const std::string& path, Element message) {
        warn_of_fields(message, {"role", "content", "refusal", "tool_calls", "function_call",
                                 "reasoning_content", "reasoning", "reasoning_details", "extra_content"});
        std::vector<Part> parts;
        read_reasoning(path, message, parts);
        read_content(path, message, parts);
        if (const Signature proof = thought_signature(message); !proof.empty()) {
            if (parts.empty() || !std::holds_alternative<TextPart>(parts.back()))
                parts.emplace_back(TextPart());
            std::get<TextPart>(parts.back()).signature = proof;
        }
        if (auto refusal = dom::field(message, "refusal"))
            if (auto words = text(path + ".refusal", *refusal); words && !words->empty())
                parts.emplace_back(RefusalPart(std::move(*words)));
        read_calls(path + ".tool_calls", message, parts);
        if (auto call = dom::field(message, "function_call")) {
            warn_of_functions();
            read_function_call(path + ".function_call", *call, parts);
        }
        request().message(Message(Role::assistant, std::move(parts)));
    }

    /// A string, or an array of parts, or nothing.
    void read_content(const std::string& message_path, Element message, std::vector<Part>& parts) {
        const auto content = dom::field(message, "content");
        if (!content) return;
        if (const auto whole = dom::as<std::string_view>(content)) {
            if (!whole->empty()) parts.emplace_back(TextPart(std::string(*whole)));
            return;
        }
        const std::string path = message_path + ".content";
        const auto list = dom::as<Array>(content);
        if (!list) return fail(path + ": expected a string or an array");
        for (std::size_t i = 0; Element part : *list)
            read_part(at(path, i++), part, parts);
    }

    void read_part(const std::string& path, Element part, std::vector<Part>& parts) {
        const auto type = dom::string_at(part, "type");
        if (!type) return fail(path + ".type: expected a string");
        if (*type == "text") {
            auto words = text_of(path, part, "text");
            if (!words) return;
            TextPart said(std::move(*words));
            said.cache = cache_of(part);
            parts.emplace_back(std::move(said));
        } else if (*type == "image_url") {
            read_image(path, part, parts);
        } else if (*type == "refusal") {
            if (auto words = text_of(path, part, "refusal"))
                parts.emplace_back(RefusalPart(std::move(*words)));
        } else if (*type == "thinking") {
            read_thinking(part, parts);
        } else {
            parts.push_back(native_part(part));
        }
    }

    void read_image(const std::string& path, Element part, std::vector<Part>& parts) {
        std::optional<Element> source = dom::field(part, "image_url");
        if (!source) return fail(path + ".image_url: expected an object");
        std::optional<std::string_view> url = dom::as<std::string_view>(source);  // Mistral's short form
        if (!url) url = dom::string_at(*source, "url");
        if (!url) return fail(path + ".image_url.url: expected a string");
        ImagePart image = image_from_url(*url);
        image.detail = dom::string_at(*source, "detail").value_or("");
        image.cache = cache_of(part);
        parts.emplace_back(std::move(image));
    }

    /// Mistral: {"type":"thinking","thinking":[{"type":"text","text":".."}],"signature":".."}
    void read_thinking(Element part, std::vector<Part>& parts) {
        ReasoningPart thought;
        if (const auto pieces = dom::array_at(part, "thinking")) {
            for (Element piece : *pieces)
                thought.text += dom::string_at(piece, "text").value_or("");
        } else {
            thought.text = dom::string_at(part, "thinking").value_or("");
        }
        thought.signature = signature_at(part, "signature");
        parts.emplace_back(std::move(thought));
    }

    /// `reasoning_details` say what belongs together and what is signed; `reasoning_content` (or
    /// `reasoning`) is all of their text again, or all there is.
    void read_reasoning(const std::string& path, Element message, std::vector<Part>& parts) {
        std::string whole;
        for (const char* name : {"reasoning_content", "reasoning"}) {
            const auto value = dom::field(message, name);
            if (!value || !whole.empty()) continue;
            if (auto words = text(path + "." + name, *value)) whole = std::move(*words);
        }
        std::vector<ReasoningPart> details;
        if (const auto value = dom::field(message, "reasoning_details")) {
            const auto list = dom::as<Array>(value);
            if (!list) return fail(path + ".reasoning_details: expected an array");
            for (Element detail : *list)
                add_detail(detail, details);
        }
        const bool has_text = std::any_of(details.begin(), details.end(),
                                          [](const ReasoningPart& part) { return !part.text.empty(); });
        if (!whole.empty() && !has_text) {
            auto readable = std::find_if(details.begin(), details.end(),
                                         [](const ReasoningPart& part) { return !part.redacted; });
            if (readable == details.end()) readable = details.insert(details.begin(), ReasoningPart());
            readable->text = std::move(whole);
        }
        for (ReasoningPart& part : details)
            parts.emplace_back(std::move(part));
    }

    /// Entries of one part may come in as many pieces as the stream had.
    void add_detail(Element detail, std::vector<ReasoningPart>& details) {
        const std::string_view id = dom::string_at(detail, "id").value_or("");
        const std::optional<std::uint64_t> block = dom::count_at(detail, "index");
        ReasoningPart part;
        part.id = id;
        part.text = dom::string_at(detail, "text").value_or("");
        if (part.text.empty()) part.text = dom::string_at(detail, "summary").value_or("");
        part.redacted =
            dom::string_at(detail, "type") == std::string_view("reasoning.encrypted") && part.text.empty();
        part.signature = signature_at(detail, part.redacted ? "data" : "signature");
        const bool continues = !details.empty() && !part.redacted && !details.back().redacted &&
                               details.back().signature.empty() && details.back().id == id &&
                               block == last_block_;
        last_block_ = block;
        if (continues) {
            details.back().text += part.text;
            details.back().signature = std::move(part.signature);
        } else if (!part.text.empty() || !part.signature.empty()) {
            details.push_back(std::move(part));
        }
    }

    void read_calls(const std::string& path, Element message, std::vector<Part>& parts) {
        const auto value = dom::field(message, "tool_calls");
        if (!value) return;
        const auto calls = dom::as<Array>(value);
        if (!calls) return fail(path + ": expected an array");
        for (std::size_t i = 0; Element call : *calls) {
            const std::string here = at(path, i++);
            if (!call.is_object()) return fail(here + ": expected an object");
            const auto function = dom::object_at(call, "function");
            if (!function && dom::string_at(call, "type").value_or("function") != "function") {
                parts.push_back(native_part(call));  // a custom tool's
                continue;
            }
            if (!function) return fail(here + ".function: expected an object");
            auto id = text_of(here, call, "id");
            auto name = text_of(here + ".function", *function, "name");
            if (!id || !name) return;
            ToolCallPart part(std::move(*id), std::move(*name), arguments_of(*function));
            part.arguments_are_json = are_json(part.arguments);
            part.signature = thought_signature(call);
            parts.emplace_back(std::move(part));
        }
    }

    /// The old form has one call a message and no ids: a result belongs to the last call.
    void read_function_call(const std::string& path, Element call, std::vector<Part>& parts) {
        auto name = text_of(path, call, "name");
        if (!name) return;
        last_function_ = "call_" + std::to_string(function_calls_++);
        ToolCallPart part(last_function_, std::move(*name), arguments_of(call));
        part.arguments_are_json = are_json(part.arguments);
        parts.emplace_back(std::move(part));
    }

    void read_function_result(const std::string& path, Element message) {
        warn_of_functions();
        if (last_function_.empty()) return fail(path + ": a function's result without a call before it");
        add_result(path, message, last_function_);
    }

    void read_tool_result(const std::string& path, Element message) {
        warn_of_fields(message, {"role", "content", "tool_call_id", "name"});
        if (auto id = text_of(path, message, "tool_call_id")) add_result(path, message, std::move(*id));
    }

    void add_result(const std::string& path, Element message, std::string call_id) {
        std::vector<Part> parts;
        read_content(path, message, parts);
        ToolResultPart result(std::move(call_id), std::string());
        for (Part& part : parts) {
            if (auto* said = std::get_if<TextPart>(&part)) {
                result.content += said->text;
                if (said->cache) result.cache = said->cache;
            } else if (auto* image = std::get_if<ImagePart>(&part)) {
                result.images.push_back(std::move(*image));
            } else {
                return fail(path + ".content: expected text");
            }
        }
        request().message(Message(Role::tool, std::vector<Part>{std::move(result)}));
    }

    // --- tools ---

    void read_tools(std::string_view path, Element value) {
        const auto tools = dom::as<Array>(value);
        if (!tools) return fail("tools: expected an array");
        for (std::size_t i = 0; Element tool : *tools) {
            const std::string here = at(path, i++);
            if (!tool.is_object()) return fail(here + ": expected an object");
            if (dom::string_at(tool, "type") != std::string_view("function")) {
                keep_native_tool(tool);
                continue;
            }
            const auto function = dom::object_at(tool, "function");
            if (!function) return fail(here + ".function: expected an object");
            read_function(here + ".function", *function, cache_of(tool));
        }
    }

    void read_functions(std::string_view path, Element value) {
        const auto functions = dom::as<Array>(value);
        if (!functions) return fail("functions: expected an array");
        warn_of_functions();
        for (std::size_t i = 0; Element function : *functions)
            read_function(at(path, i++), function, std::nullopt);
    }

    void read_function(const std::string& path, Element function, std::optional<CacheControl> cache) {
        auto name = text_of(path, function, "name");
        if (!name) return;
        Tool tool(std::move(*name), std::string(dom::string_at(function, "description").value_or("")), {});
        if (const auto schema = dom::field(function, "parameters")) {
            if (!schema->is_object()) return fail(path + ".parameters: expected an object");
            tool.parameters_json = dom::json_text(*schema);
        }
        tool.strict = dom::bool_at(function, "strict");
        tool.cache = std::move(cache);
        request().tool(std::move(tool));
    }

    void read_tool_choice(std::string_view path, Element value) {
        const std::string_view word = dom::as<std::string_view>(value).value_or("");
        if (word == "auto") {
            request().tool_choice(ToolChoice(ToolChoice::Mode::automatic));
        } else if (word == "none") {
            request().tool_choice(ToolChoice(ToolChoice::Mode::none));
        } else if (word == "required" || word == "any") {  // Mistral's word
            request().tool_choice(ToolChoice(ToolChoice::Mode::required));
        } else if (const auto function = dom::object_at(value, "function")) {
            if (auto name = text_of("tool_choice.function", *function, "name"))
                request().tool_choice(ToolChoice::named(std::move(*name)));
        } else if (value.is_object() || value.is_string()) {
            keep_extra(path, value);  // allowed_tools, custom
        } else {
            fail("tool_choice: expected a string or an object");
        }
    }

    void read_function_choice(std::string_view, Element value) {
        warn_of_functions();
        if (const auto name = dom::string_at(value, "name"))
            request().tool_choice(ToolChoice::named(std::string(*name)));
        else if (dom::as<std::string_view>(value) == std::string_view("none"))
            request().tool_choice(ToolChoice(ToolChoice::Mode::none));
    }

    // --- options ---

    void read_stop(std::string_view, Element value) {
        if (const auto one = dom::as<std::string_view>(value)) {
            request().stop(std::string(*one));
            return;
        }
        const auto list = dom::as<Array>(value);
        if (!list) return fail("stop: expected a string or an array");
        for (std::size_t i = 0; Element sequence : *list)
            if (auto words = text(at("stop", i++), sequence)) request().stop(std::move(*words));
    }

    void read_seed(std::string_view name, Element value) {
        if (const auto seed = dom::as<std::int64_t>(value)) {
            request().seed(*seed);
            return;
        }
        fail(std::string(name) + ": expected a whole number");
    }

    void read_response_format(std::string_view name, Element value) {
        const auto type = dom::string_at(value, "type");
        if (!type) return fail("response_format.type: expected a string");
        if (*type == "json_object") {
            request().response_format(ResponseFormat());
            return;
        }
        const auto format = dom::object_at(value, "json_schema");
        const auto schema = format ? dom::object_at(*format, "schema") : std::nullopt;
        if (*type != "json_schema" || !schema) return keep_extra(name, value);  // "text", "grammar"
        ResponseFormat answer(std::string(dom::string_at(*format, "name").value_or("")),
                              dom::json_text(*schema));
        answer.strict = dom::bool_at(*format, "strict").value_or(false);
        if (dom::field(*format, "description"))
            warn("The description of the response format has no place in a request here; it was left out.");
        request().response_format(std::move(answer));
    }

    /// OpenRouter's.
    void read_reasoning_options(std::string_view name, Element value) {
        if (!value.is_object()) return fail("reasoning: expected an object");
        for (auto [key, member] : Object(value))
            if (key != "effort" && key != "max_tokens" && key != "exclude") return keep_extra(name, value);
        if (const auto effort = dom::field(value, "effort"))
            if (auto words = text("reasoning.effort", *effort)) request().reasoning_effort(std::move(*words));
        if (const auto budget = dom::field(value, "max_tokens"))
            if (auto tokens = count("reasoning.max_tokens", *budget)) request().reasoning_budget(*tokens);
        if (const auto exclude = dom::field(value, "exclude"))
            if (auto hidden = flag("reasoning.exclude", *exclude)) request().show_reasoning(!*hidden);
    }

    /// Groq's.
    void read_reasoning_format(std::string_view name, Element value) {
        const auto format = text(name, value);
        if (format == "parsed" || format == "hidden")
            request().show_reasoning(*format == "parsed");
        else
            keep_extra(name, value);
    }

    void read_stream_options(std::string_view name, Element value) {
        if (!value.is_object()) return fail("stream_options: expected an object");
        if (const auto wanted = dom::field(value, "include_usage"))
            if (auto on = flag("stream_options.include_usage", *wanted)) parsed_.include_usage = *on;
        // We want the usage whether or not the client does; the rest is the client's business.
        std::string rest;
        wire::JsonWriter json(rest);
        json.begin_object().key("include_usage").boolean(true);
        bool has_more = false;
        for (auto [key, member] : Object(value)) {
            if (key == "include_usage" || member.is_null()) continue;
            json.key(key).raw(dom::json_text(member));
            has_more = true;
        }
        json.end_object();
        if (has_more) request().dialect_extra(std::string(kName), std::string(name), std::move(rest));
    }

    // --- pieces ---

    std::optional<std::string> text_of(const std::string& path, Element object, std::string_view name) {
        if (auto words = dom::string_at(object, name)) return std::string(*words);
        fail(path + "." + std::string(name) + ": expected a string");
        return std::nullopt;
    }

    static std::string arguments_of(Element function) {
        const auto arguments = dom::field(function, "arguments");
        if (!arguments) return {};
        if (const auto words = dom::as<std::string_view>(arguments)) return std::string(*words);
        return dom::json_text(*arguments);  // a few clients send the object itself
    }

    static bool are_json(std::string_view arguments) {
        return trim(arguments).empty() || wire::is_json(arguments);
    }

    static std::optional<CacheControl> cache_of(Element holder) {
        const auto cache = dom::object_at(holder, "cache_control");
        if (!cache) return std::nullopt;
        return CacheControl(std::string(dom::string_at(*cache, "ttl").value_or("")));
    }

    Signature signature_at(Element holder, std::string_view name) const {
        const std::string_view proof = dom::string_at(holder, name).value_or("");
        return proof.empty() ? Signature() : signature(proof);
    }

    /// extra_content.google.thought_signature
    Signature thought_signature(Element holder) const {
        const auto extra = dom::object_at(holder, "extra_content");
        const auto google = extra ? dom::object_at(*extra, "google") : std::nullopt;
        return google ? signature_at(*google, "thought_signature") : Signature();
    }

    void warn_of_fields(Element message, std::initializer_list<std::string_view> known) {
        for (auto [key, value] : Object(message)) {
            if (value.is_null() || std::find(known.begin(), known.end(), key) != known.end()) continue;
            if (const auto list = dom::as<Array>(value); list && list->size() == 0) continue;
            warn("The field \"" + std::string(key) +
                 "\" of a message has no place in a request here; it was left out.");
        }
    }

    void warn_of_functions() {
        warn("Functions, the old form of tools, were read as tools; the answer names its calls as tools do.");
    }

    std::optional<std::uint64_t> last_block_;
    std::string last_function_;
    std::size_t function_calls_ = 0;
};

}  // namespace

Result<ParsedRequest> parse_request(const ClientRequest& request) {
    return Parser(request).parse();
}

}  // namespace sluice::adapters::openai_chat

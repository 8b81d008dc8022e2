#include "adapters/openai_responses/dialect.hpp"
#include "adapters/openai_responses/input.hpp"
#include "adapters/openai_responses/output.hpp"
#include "adapters/origin.hpp"
#include "adapters/request_reader.hpp"

#include <algorithm>
#include <array>

namespace sluice::adapters::openai_responses {
namespace {

using wire::dom::Array;
using wire::dom::Element;
using wire::dom::Object;
namespace dom = wire::dom;

/// Whether the object has no field beside these, nulls aside.
bool has_only(Object object, std::initializer_list<std::string_view> names) {
    for (auto [name, value] : object)
        if (!value.is_null() && std::find(names.begin(), names.end(), name) == names.end()) return false;
    return true;
}

/// The field, unless it is null or absent.
std::optional<Element> field(Object object, std::string_view name) {
    Element value;
    if (object.at_key(name).get(value) != simdjson::SUCCESS || value.is_null()) return std::nullopt;
    return value;
}

class Parser : RequestReader {
  public:
    explicit Parser(const ClientRequest& from) : RequestReader(from, kName) {}

    Result<ParsedRequest> parse() {
        const std::optional<Object> object = read_body();
        if (!object) return take();
        if (!field(*object, "model")) fail("model: expected a string");
        if (const std::optional<Element> value = field(*object, "instructions"))
            if (const std::optional<std::string> text = this->text("instructions", *value);
                text && !text->empty())
                messages_.emplace_back(Role::system, *text);
        if (const std::optional<Element> value = field(*object, "input"))
            read_input(*value);
        else
            fail("input: expected a string or an array");
        for (auto [name, value] : *object)
            is_stateful_ |= is_state_field(name) && !value.is_null();
        for (auto [name, value] : *object) {
            if (failed()) break;
            if (!value.is_null()) read_field(*object, name, value);
        }
        for (Message& message : messages_)
            request().message(std::move(message));
        return take();
    }

  private:
    Request& request() { return parsed_.request; }

    // --- the fields ---

    void read_field(const Object& body, std::string_view name, Element value) {
        if (name == "instructions" || name == "input") return;
        if (name == "model") {
            if (auto model = text(name, value)) parsed_.model = std::move(*model);
        } else if (name == "stream") {
            parsed_.stream = flag(name, value).value_or(false);
        } else if (name == "tools") {
            read_tools(value);
        } else if (name == "tool_choice") {
            read_tool_choice(value);
        } else if (name == "parallel_tool_calls") {
            if (auto allowed = flag(name, value)) request().parallel_tool_calls(*allowed);
        } else if (name == "max_output_tokens") {
            if (auto tokens = count(name, value)) request().max_tokens(*tokens);
        } else if (name == "temperature") {
            if (auto degree = number(name, value)) request().temperature(*degree);
        } else if (name == "top_p") {
            if (auto share = number(name, value)) request().top_p(*share);
        } else if (name == "reasoning") {
            read_reasoning_options(value);
        } else if (name == "text") {
            read_text_options(value);
        } else if (name == "user" || (name == "safety_identifier" && !field(body, "user"))) {
            if (auto id = text(name, value)) request().end_user(std::move(*id));
        } else if (!is_our_default(name, value)) {
            keep_extra(name, value);
        }
    }

    /// What we send anyway, and so need not keep.
    bool is_our_default(std::string_view name, Element value) const {
        if (is_stateful_) return false;
        if (name == "store") return dom::as<bool>(value) == false;
        return name == "include" && dom::json_text(value) == kEncryptedReasoning;
    }

    void read_tools(Element value) {
        const auto tools = dom::as<Array>(value);
        if (!tools) return fail("tools: expected an array");
        std::size_t i = 0;
        for (Element tool : *tools)
            read_tool(at("tools", i++), tool);
    }

    void read_tool(const std::string& path, Element value) {
        const auto object = dom::as<Object>(value);
        if (!object) return fail(path + ": expected an object");
        if (dom::string_at(value, "type") != "function" ||
            !has_only(*object, {"type", "name", "description", "parameters", "strict"}))
            return keep_native_tool(value);
        Tool tool;
        const auto name = dom::string_at(value, "name");
        if (!name || name->empty()) return fail(path + ".name: expected a string");
        tool.name = *name;
        if (auto description = dom::field(value, "description"))
            tool.description = text(path + ".description", *description).value_or("");
        if (auto parameters = dom::field(value, "parameters")) {
            if (!parameters->is_object()) return fail(path + ".parameters: expected an object");
            tool.parameters_json = dom::json_text(*parameters);
        }
        if (auto strict = dom::field(value, "strict")) tool.strict = flag(path + ".strict", *strict);
        request().tool(std::move(tool));
    }

    void read_tool_choice(Element value) {
        using Mode = ToolChoice::Mode;
        if (const auto mode = dom::as<std::string_view>(value)) {
            if (*mode == "auto") request().tool_choice(ToolChoice(Mode::automatic));
            if (*mode == "none") request().tool_choice(ToolChoice(Mode::none));
            if (*mode == "required") request().tool_choice(ToolChoice(Mode::required));
            if (*mode != "auto" && *mode != "none" && *mode != "required")
                fail("tool_choice: expected \"auto\", \"none\", \"required\" or an object");
            return;
        }
        if (!value.is_object()) return fail("tool_choice: expected a string or an object");
        const auto name = dom::string_at(value, "name");
        if (dom::string_at(value, "type") == "function" && name && !name->empty())
            request().tool_choice(ToolChoice::named(std::string(*name)));
        else
            keep_extra("tool_choice", value);
    }

    /// What other dialects understand of it is mapped; the rest goes back to this dialect as it is.
    void read_reasoning_options(Element value) {
        const auto object = dom::as<Object>(value);
        if (!object) return fail("reasoning: expected an object");
        if (auto effort = dom::field(value, "effort"))
            if (auto word = text("reasoning.effort", *effort)) request().reasoning_effort(std::move(*word));
        const auto summary = dom::field(value, "summary");
        if (summary) request().show_reasoning(true);
        const bool is_plain = !summary || dom::as<std::string_view>(summary) == "auto";
        if (!is_plain || !has_only(*object, {"effort", "summary"})) keep_extra("reasoning", value);
    }

    void read_text_options(Element value) {
        const auto object = dom::as<Object>(value);
        if (!object) return fail("text: expected an object");
        bool is_plain = has_only(*object, {"format"});
        if (const auto format = dom::field(value, "format")) {
            const auto fields = dom::as<Object>(format);
            if (!fields) return fail("text.format: expected an object");
            const std::string_view type = dom::string_at(*format, "type").value_or("");
            const auto schema = dom::object_at(*format, "schema");
            if (type == "json_object") {
                request().response_format(ResponseFormat());
            } else if (type == "json_schema") {
                if (!schema) return fail("text.format.schema: expected an object");
                ResponseFormat wanted(std::string(dom::string_at(*format, "name").value_or("")),
                                      dom::json_text(*schema));
                wanted.strict = dom::bool_at(*format, "strict").value_or(false);
                request().response_format(std::move(wanted));
                is_plain &= has_only(*fields, {"type", "name", "schema", "strict"});
            } else {
                is_plain &= type == "text";
            }
        }
        if (!is_plain) keep_extra("text", value);
    }

    // --- the conversation ---

    void read_input(Element value) {
        if (const auto said = dom::as<std::string_view>(value)) {
            messages_.emplace_back(Role::user, std::string(*said));
            return;
        }
        const auto items = dom::as<Array>(value);
        if (!items) return fail("input: expected a string or an array");
        std::size_t i = 0;
        for (Element item : *items) {
            if (failed()) return;
            read_item(at("input", i++), item);
        }
        flush_proof();
    }

    void read_item(const std::string& path, Element item) {
        if (!item.is_object()) return fail(path + ": expected an object");
        const std::string_view type = dom::string_at(item, "type").value_or("message");
        if (type == "function_call" && !dom::field(item, "namespace")) return read_call(path, item);
        flush_proof();
        if (type == "message") return read_message(path, item);
        if (type == "function_call_output") return read_result(path, item);
        if (type == "reasoning") return read_reasoning(item);
        if (is_content_type(type)) return fail(path + ": a part of a message's content is not an item");
        const bool is_answer = type.ends_with("_output") || type.ends_with("_response");
        add_item(is_answer ? Role::user : Role::assistant, native_part(item));
    }

    /// Items of one role that follow each other are one message: reasoning, text and calls of a turn.
    void add_item(Role role, Part part) {
        if (messages_.empty() || messages_.back().role != role)
            messages_.emplace_back(role, std::vector<Part>());
        messages_.back().parts.push_back(std::move(part));
        ends_with_item_ = true;
    }

    void read_message(const std::string& path, Element item) {
        const std::optional<Role> role = role_of(dom::string_at(item, "role").value_or(""));
        if (!role) return fail(path + ".role: expected \"user\", \"assistant\", \"system\" or \"developer\"");
        if (dom::field(item, "phase"))
            warn("The phase of an assistant's message has no place in a request; it was left out.");
        Message message(*role, std::vector<Part>());
        const auto content = dom::field(item, "content");
        if (const auto said = dom::as<std::string_view>(content)) {
            message.parts.emplace_back(TextPart(std::string(*said)));
        } else if (const auto parts = dom::as<Array>(content)) {
            std::size_t i = 0;
            for (Element part : *parts)
                read_content_part(at(path + ".content", i++), part, message);
        } else {
            return fail(path + ".content: expected a string or an array");
        }
        // Two texts side by side would become one item with two parts.
        if (ends_with_item_ && !messages_.empty() && messages_.back().role == *role) {
            std::vector<Part>& parts = messages_.back().parts;
            std::move(message.parts.begin(), message.parts.end(), std::back_inserter(parts));
        } else {
            messages_.push_back(std::move(message));
        }
        ends_with_item_ = false;
    }

    static std::optional<Role> role_of(std::string_view name) {
        if (name == "user") return Role::user;
        if (name == "assistant") return Role::assistant;
        if (name == "system" || name == "developer") return Role::system;
        return std::nullopt;
    }

    void read_content_part(const std::string& path, Element part, Message& message) {
        if (!part.is_object()) return fail(path + ": expected an object");
        const bool is_assistant = message.role == Role::assistant;
        const std::string_view type = dom::string_at(part, "type").value_or("");
        if (type == "input_text" || type == "output_text" || type == "text") {
            const auto said = dom::string_at(part, "text");
            if (!said) return fail(path + ".text: expected a string");
            message.parts.emplace_back(TextPart(std::string(*said)));
        } else if (type == "refusal" && is_assistant) {
            message.parts.emplace_back(
                RefusalPart(std::string(dom::string_at(part, "refusal").value_or(""))));
        } else if (const auto image = is_assistant ? std::nullopt : image_of(part)) {
            message.parts.emplace_back(*image);
        } else if (is_content_part(dom::json_text(part))) {
            message.parts.push_back(native_part(part));
        } else {
            fail(path + ".type: expected a content part such as \"input_text\"");
        }
    }

    /// None for what is no image by URL (a file's id).
    static std::optional<ImagePart> image_of(Element part) {
        const auto url = dom::string_at(part, "image_url");
        if (dom::string_at(part, "type") != "input_image" || !url || url->empty()) return std::nullopt;
        ImagePart image = image_from_url(*url);
        image.detail = dom::string_at(part, "detail").value_or("");
        return image;
    }

    void read_call(const std::string& path, Element item) {
        const auto id = dom::string_at(item, "call_id"), name = dom::string_at(item, "name");
        if (!id || id->empty()) return fail(path + ".call_id: expected a string");
        if (!name) return fail(path + ".name: expected a string");
        ToolCallPart call(std::string(*id), std::string(*name),
                          std::string(dom::string_at(item, "arguments").value_or("")));
        call.arguments_are_json = call.arguments.empty() || wire::is_json(call.arguments);
        call.signature = std::exchange(proof_, {}).value_or(Signature());
        add_item(Role::assistant, std::move(call));
    }

    void read_result(const std::string& path, Element item) {
        const auto id = dom::string_at(item, "call_id");
        if (!id || id->empty()) return fail(path + ".call_id: expected a string");
        ToolResultPart result(std::string(*id), "");
        const auto output = dom::field(item, "output");
        if (const auto said = dom::as<std::string_view>(output)) {
            result.content = *said;
        } else if (const auto parts = dom::as<Array>(output)) {
            for (Element part : *parts) {
                if (const auto piece = dom::string_at(part, "text")) {
                    if (!result.content.empty()) result.content += '\n';
                    result.content += *piece;
                } else if (const auto image = image_of(part)) {
                    result.images.push_back(*image);
                } else {
                    return add_item(Role::user, native_part(item));  // a file, or what is to come
                }
            }
        } else {
            return fail(path + ".output: expected a string or an array");
        }
        messages_.emplace_back(Role::tool, std::vector<Part>{std::move(result)});
        ends_with_item_ = true;
    }

    /// Without its encrypted form the item is a mere reference to what the provider keeps.
    void read_reasoning(Element item) {
        const std::string_view sealed = dom::string_at(item, "encrypted_content").value_or("");
        if (sealed.empty()) return add_item(Role::assistant, native_part(item));
        std::string text = joined_text(dom::array_at(item, "summary"));
        ReasoningPart part(std::move(text), signature(sealed));
        part.id = dom::string_at(item, "id").value_or("");
        const std::string_view maker = dialect_of(part.signature.origin);
        if (maker != kName) {
            const std::string_view id = part.id;
            const bool is_anonymous_proof = id.empty() && maker == "gemini" && part.text.empty();
            if (id.starts_with(kCallProofId) || is_anonymous_proof) {
                proof_ = std::move(part.signature);
                return;
            }
            if (id.starts_with(kTextProofId) && !messages_.empty() &&
                messages_.back().role == Role::assistant && !messages_.back().parts.empty()) {
                if (auto* said = std::get_if<TextPart>(&messages_.back().parts.back())) {
                    said->signature = std::move(part.signature);
                    return;
                }
            }
            part.redacted = id.starts_with(kRedactedId);
        }
        add_item(Role::assistant, std::move(part));
    }

    static std::string joined_text(std::optional<Array> parts) {
        std::string all;
        if (!parts) return all;
        for (Element part : *parts) {
            if (!all.empty()) all += "\n\n";
            all += dom::string_at(part, "text").value_or("");
        }
        return all;
    }

    /// A call's proof that no call followed.
    void flush_proof() {
        if (!proof_) return;
        ReasoningPart part("", std::move(*proof_));
        proof_.reset();
        add_item(Role::assistant, std::move(part));
    }

    std::vector<Message> messages_;
    bool ends_with_item_ = false;  // the last message's last part is an item of its own, no content
    bool is_stateful_ = false;
    std::optional<Signature> proof_;  // for the call that comes next
};

}  // namespace

Result<ParsedRequest> parse_request(const ClientRequest& request) {
    return Parser(request).parse();
}

}  // namespace sluice::adapters::openai_responses

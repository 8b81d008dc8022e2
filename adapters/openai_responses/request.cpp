#include "adapters/openai_responses/dialect.hpp"
#include "adapters/openai_responses/input.hpp"
#include "adapters/request_reader.hpp"
#include "adapters/request_writer.hpp"

#include <algorithm>

namespace sluice::adapters::openai_responses {
namespace {

/// Writes one request. The first thing that cannot be expressed ends it.
class Encoder : RequestWriter {
  public:
    Encoder(const Request& request, const Target& target)
        : RequestWriter(request, target, kName, "Responses", {"stream", "input", "instructions"}) {}

    Result<EncodedRequest> encode() {
        out_.path = kPath;
        for (const NativeTool& tool : request_.native_tools())
            if (tool.dialect == kName) custom_tools_.push_back(custom_tool_name(tool.json));
        json_.begin_object();
        if (field("model")) json_.string(target_.model.id);
        write_conversation();
        write_tools();
        write_options();
        write_state();
        json_.key("stream").boolean(true);
        write_extras();
        json_.end_object();
        return take();
    }

  private:
    // --- the conversation ---

    void write_conversation() {
        std::span<const Message> messages = request_.messages();
        if (const TextPart* text = instructions(messages)) {
            json_.key("instructions").string(text->text);
            messages = messages.subspan(1);
        }
        json_.key("input").begin_array();
        for (const Message& message : messages)
            write_message(message);
        if (out_.body.ends_with('[')) fail("nothing of the conversation can be said to this model");
        json_.end_array();
    }

    /// The leading system message, where one string says all of it and something follows. Others stay in
    /// their place as items, so that nothing is fused or moved.
    static const TextPart* instructions(std::span<const Message> messages) {
        if (messages.size() < 2 || messages[0].role != Role::system || messages[0].parts.size() != 1)
            return nullptr;
        const auto* text = part_as<TextPart>(messages[0].parts[0]);
        return text != nullptr && !text->text.empty() ? text : nullptr;
    }

    /// Content parts that follow each other are one message item, everything else is an item of its own.
    void write_message(const Message& message) {
        const bool is_assistant = message.role == Role::assistant;
        std::vector<const Part*> content;
        bool wrote = false;
        auto flush = [&] {
            if (content.empty()) return;
            wrote = true;
            write_content(message.role, std::exchange(content, {}));
        };
        for (const Part& part : message.parts) {
            if (const auto* native = part_as<NativePart>(part); native != nullptr) {
                wrote = true;  // left out with a warning is said, too
                if (!is_native(*native)) continue;
                if (is_content_part(native->json)) {
                    content.push_back(&part);
                    continue;
                }
                flush();
                json_.raw(native->json);
            } else if (is_content(part, is_assistant)) {
                content.push_back(&part);
            } else {
                flush();
                wrote = true;
                write_item(part, message.role);
            }
        }
        if (message.role == Role::tool && !content.empty())
            fail("a tool message must hold tool results and nothing else");
        flush();
        if (!wrote && !is_assistant && message.role != Role::tool) write_content(message.role, {});
    }

    static bool is_content(const Part& part, bool is_assistant) {
        return part_as<TextPart>(part) ||
               (is_assistant ? part_as<RefusalPart>(part) != nullptr : part_as<ImagePart>(part) != nullptr);
    }

    static std::string_view role_name(Role role) {
        if (role == Role::system) return "system";
        return role == Role::assistant ? "assistant" : "user";
    }

    void write_content(Role role, const std::vector<const Part*>& content) {
        json_.begin_object().key("role").string(role_name(role)).key("content");
        const auto* only = content.size() == 1 ? part_as<TextPart>(*content.front()) : nullptr;
        if (content.empty() || only != nullptr) {
            // The plain string is the form that every clone understands.
            if (only != nullptr) may_return(only->signature);
            json_.string(only != nullptr ? std::string_view(only->text) : std::string_view());
        } else {
            json_.begin_array();
            for (const Part* part : content)
                write_content_part(*part, role);
            json_.end_array();
        }
        json_.end_object();
    }

    void write_content_part(const Part& part, Role role) {
        if (const auto* native = part_as<NativePart>(part)) {
            json_.raw(native->json);
        } else if (const auto* image = part_as<ImagePart>(part)) {
            write_image(*image);
        } else if (const auto* refusal = part_as<RefusalPart>(part)) {
            json_.begin_object()
                .key("type")
                .string("refusal")
                .key("refusal")
                .string(refusal->text)
                .end_object();
        } else if (const auto* text = part_as<TextPart>(part)) {
            may_return(text->signature);
            write_text(role == Role::assistant ? "output_text" : "input_text", text->text);
        }
    }

    void write_text(std::string_view type, std::string_view text) {
        json_.begin_object().key("type").string(type).key("text").string(text).end_object();
    }

    void write_image(const ImagePart& image) {
        if (image.url.empty() && image.data.empty()) fail("an image has neither a URL nor data");
        json_.begin_object().key("type").string("input_image").key("image_url").string(image_as_url(image));
        if (!image.detail.empty()) json_.key("detail").string(image.detail);
        json_.end_object();
    }

    void write_item(const Part& part, Role role) {
        const bool is_assistant = role == Role::assistant;
        if (const auto* result = part_as<ToolResultPart>(part);
            result && !is_assistant && role != Role::system)
            return write_result(*result);
        if (const auto* call = part_as<ToolCallPart>(part); call && is_assistant) return write_call(*call);
        if (const auto* reasoning = part_as<ReasoningPart>(part); reasoning && is_assistant)
            return write_reasoning(*reasoning);
        if (is_assistant && part_as<ImagePart>(part))
            return warn("Responses takes no images from the assistant; they were left out.");
        fail("a message of the role " + std::string(to_string(role)) +
             " holds a part that only another role can hold");
    }

    /// Unchanged and before its call, else the API refuses the next turn (PROTOCOLS section 4).
    void write_reasoning(const ReasoningPart& reasoning) {
        if (reasoning.signature.empty())
            return warn(
                "Responses takes earlier reasoning back only in its encrypted form; it was left out.");
        if (!may_return(reasoning.signature)) return;
        json_.begin_object().key("type").string("reasoning");
        if (!reasoning.id.empty()) json_.key("id").string(reasoning.id);
        json_.key("summary").begin_array();
        if (!reasoning.text.empty()) write_text("summary_text", reasoning.text);
        json_.end_array().key("encrypted_content").string(reasoning.signature.value).end_object();
    }

    bool is_custom(std::string_view tool) const {
        return !tool.empty() &&
               std::find(custom_tools_.begin(), custom_tools_.end(), tool) != custom_tools_.end();
    }

    void write_call(const ToolCallPart& call) {
        if (call.id.empty()) fail("a tool call has no id");
        may_return(call.signature);
        const bool custom = is_custom(call.name);
        json_.begin_object().key("type").string(custom ? "custom_tool_call" : "function_call");
        json_.key("call_id").string(wire_call_id(call.id)).key("name").string(call.name);
        json_.key(custom ? "input" : "arguments");
        json_.string(call.arguments.empty() && !custom ? "{}" : call.arguments).end_object();
    }

    void write_result(const ToolResultPart& result) {
        if (result.tool_call_id.empty()) fail("a tool result names no tool call");
        if (result.is_error)
            warn("Responses cannot mark a tool result as an error; its text was sent as it is.");
        const bool custom = is_custom(name_of_call(result.tool_call_id));
        json_.begin_object().key("type").string(custom ? "custom_tool_call_output" : "function_call_output");
        json_.key("call_id").string(wire_call_id(result.tool_call_id)).key("output");
        if (result.images.empty()) {
            json_.string(result.content);
        } else {
            json_.begin_array();
            if (!result.content.empty()) write_text("input_text", result.content);
            for (const ImagePart& image : result.images)
                write_image(image);
            json_.end_array();
        }
        json_.end_object();
    }

    // --- the options ---

    void write_tools() {
        if ((request_.tools().empty() && !has_native_tools()) || !field("tools")) return;
        json_.begin_array();
        for (const Tool& tool : request_.tools()) {
            if (tool.name.empty()) fail("a tool has no name");
            std::string_view schema = tool.parameters_json;
            if (schema.empty()) schema = R"({"type":"object","properties":{}})";
            require_json(schema, "the schema of the parameters of the tool \"" + tool.name + "\"");
            json_.begin_object().key("type").string("function").key("name").string(tool.name);
            if (!tool.description.empty()) json_.key("description").string(tool.description);
            json_.key("parameters").raw(schema);
            if (tool.strict) json_.key("strict").boolean(*tool.strict);
            json_.end_object();
        }
        write_native_tools();
        json_.end_array();
    }

    void write_options() {
        const Request::Options& options = request_.options();
        if (options.tool_choice) write_tool_choice(*options.tool_choice);
        if (options.parallel_tool_calls && field("parallel_tool_calls"))
            json_.boolean(*options.parallel_tool_calls);
        if (options.max_tokens && field("max_output_tokens")) json_.number(*options.max_tokens);
        write_number("temperature", options.temperature);
        write_number("top_p", options.top_p);
        const bool summary = options.show_reasoning.value_or(false);
        if ((options.reasoning_effort || summary) && field("reasoning")) {
            json_.begin_object();
            if (options.reasoning_effort) json_.key("effort").string(*options.reasoning_effort);
            if (summary) json_.key("summary").string("auto");
            json_.end_object();
        }
        if (options.response_format) write_format(*options.response_format);
        if (options.end_user && field("user")) json_.string(*options.end_user);
        if (!options.stop.empty()) warn_lost("stop sequences");
        if (options.seed) warn_lost("seed");
        if (options.frequency_penalty) warn_lost("frequency penalty");
        if (options.presence_penalty) warn_lost("presence penalty");
        if (options.top_k) warn_lost("top_k");
        if (options.reasoning_budget) warn_lost("budget for reasoning");
        if (options.choices.value_or(1) > 1) warn_lost("choice among several answers");
    }

    void write_tool_choice(const ToolChoice& choice) {
        if (choice.mode == ToolChoice::Mode::named && choice.name.empty())
            fail("the tool choice names no tool");
        if (!field("tool_choice")) return;
        switch (choice.mode) {
            case ToolChoice::Mode::automatic:
                json_.string("auto");
                break;
            case ToolChoice::Mode::none:
                json_.string("none");
                break;
            case ToolChoice::Mode::required:
                json_.string("required");
                break;
            case ToolChoice::Mode::named:
                json_.begin_object()
                    .key("type")
                    .string("function")
                    .key("name")
                    .string(choice.name)
                    .end_object();
                break;
        }
    }

    void write_format(const ResponseFormat& format) {
        if (!format.schema_json.empty())
            require_json(format.schema_json, "the schema of the response format");
        if (!field("text")) return;
        json_.begin_object().key("format").begin_object();
        if (format.schema_json.empty()) {
            json_.key("type").string("json_object");
        } else {
            json_.key("type").string("json_schema").key("name");
            json_.string(format.name.empty() ? "answer" : format.name);
            json_.key("strict").boolean(format.strict).key("schema").raw(format.schema_json);
        }
        json_.end_object().end_object();
    }

    /// Nothing is left at the provider unless the caller works with what it keeps there; then the provider's
    /// defaults hold. Reasoning travels with us, encrypted; models that do not reason refuse to be asked.
    void write_state() {
        const auto& extras = request_.extras();
        const bool stateful = std::any_of(extras.begin(), extras.end(),
                                          [](const Extra& extra) { return is_state_field(extra.name); });
        if (stateful) return;
        if (field("store")) json_.boolean(false);
        if (target_.model.capabilities.reasoning && field("include")) json_.raw(kEncryptedReasoning);
    }

    std::vector<std::string> custom_tools_;
};

}  // namespace

Result<EncodedRequest> encode_request(const Request& request, const Target& target) {
    return Encoder(request, target).encode();
}

}  // namespace sluice::adapters::openai_responses

#include "adapters/openai_chat/dialect.hpp"
#include "adapters/request_writer.hpp"

namespace sluice::adapters::openai_chat {
namespace {

/// Writes one request. The first thing that cannot be expressed ends it.
class Encoder : RequestWriter {
  public:
    Encoder(const Request& request, const Target& target)
        : RequestWriter(request, target, kName, "Chat Completions", {"stream", "messages"}) {}

    Result<EncodedRequest> encode() {
        out_.path = "/chat/completions";
        json_.begin_object();
        if (field("model")) json_.string(target_.model.id);
        write_messages();
        write_tools();
        write_options();
        json_.key("stream").boolean(true);
        if (field("stream_options")) json_.begin_object().key("include_usage").boolean(true).end_object();
        write_extras();
        json_.end_object();
        return take();
    }

  private:
    void write_messages() {
        json_.key("messages").begin_array();
        for (const Message& message : request_.messages()) {
            switch (message.role) {
                case Role::assistant:
                    write_assistant(message);
                    break;
                case Role::system:
                    write_plain("system", message);
                    break;
                case Role::user:
                    write_plain("user", message);
                    break;
                case Role::tool:
                    write_plain("", message);
                    break;
            }
        }
        json_.end_array();
    }

    /// Tool results become messages of their own, before what else the message holds. `role` is empty for a
    /// message that may hold nothing else.
    void write_plain(std::string_view role, const Message& message) {
        std::vector<const Part*> content;
        bool has_result = false;
        for (const Part& part : message.parts) {
            if (const auto* result = part_as<ToolResultPart>(part)) {
                has_result = true;
                write_tool_result(*result);
            } else if (part_as<TextPart>(part) || part_as<ImagePart>(part)) {
                content.push_back(&part);
            } else {
                fail("a " + std::string(to_string(message.role)) +
                     " message holds a part that only an assistant message can hold");
            }
        }
        if (role.empty()) {
            if (!has_result || !content.empty())
                fail("a tool message must hold tool results and nothing else");
            return;
        }
        if (has_result && content.empty()) return;
        json_.begin_object().key("role").string(role).key("content");
        write_content(content);
        json_.end_object();
    }

    void write_content(const std::vector<const Part*>& content) {
        // The plain string is the form that every compatible server understands.
        if (content.empty()) {
            json_.string("");
            return;
        }
        if (const auto* text = part_as<TextPart>(*content.front()); text && content.size() == 1) {
            json_.string(text->text);
            return;
        }
        json_.begin_array();
        for (const Part* part : content) {
            json_.begin_object();
            if (const auto* text = part_as<TextPart>(*part)) {
                json_.key("type").string("text").key("text").string(text->text);
            } else if (const auto* image = part_as<ImagePart>(*part)) {
                write_image(*image);
            }
            json_.end_object();
        }
        json_.end_array();
    }

    void write_image(const ImagePart& image) {
        if (image.url.empty() && image.data.empty()) fail("an image has neither a URL nor data");
        json_.key("type").string("image_url").key("image_url").begin_object().key("url");
        if (!image.url.empty())
            json_.string(image.url);
        else
            json_.string("data:" + image.media_type + ";base64," + image.data);
        if (!image.detail.empty()) json_.key("detail").string(image.detail);
        json_.end_object();
    }

    void write_tool_result(const ToolResultPart& result) {
        if (result.tool_call_id.empty()) fail("a tool result names no tool call");
        if (result.is_error)
            warn("Chat Completions cannot mark a tool result as an error; its text was sent as it is.");
        json_.begin_object().key("role").string("tool");
        json_.key("tool_call_id")
            .string(result.tool_call_id)
            .key("content")
            .string(result.content)
            .end_object();
    }

    void write_assistant(const Message& message) {
        std::string text, refusal;
        std::vector<const ToolCallPart*> calls;
        for (const Part& part : message.parts) {
            if (const auto* said = part_as<TextPart>(part)) {
                text += said->text;
            } else if (const auto* refused = part_as<RefusalPart>(part)) {
                refusal += refused->text;
            } else if (const auto* call = part_as<ToolCallPart>(part)) {
                calls.push_back(call);
            } else if (part_as<ReasoningPart>(part)) {
                warn("Chat Completions has no field for earlier reasoning; it was left out.");
            } else if (part_as<ImagePart>(part)) {
                warn("Chat Completions takes no images from the assistant; they were left out.");
            } else {
                fail("an assistant message cannot hold a tool result");
            }
        }
        json_.begin_object().key("role").string("assistant").key("content");
        if (text.empty() && (!calls.empty() || !refusal.empty()))
            json_.null();
        else
            json_.string(text);
        if (!refusal.empty()) json_.key("refusal").string(refusal);
        if (!calls.empty()) {
            json_.key("tool_calls").begin_array();
            for (const ToolCallPart* call : calls) {
                json_.begin_object()
                    .key("id")
                    .string(call->id)
                    .key("type")
                    .string("function")
                    .key("function");
                json_.begin_object().key("name").string(call->name);
                json_.key("arguments").string(call->arguments.empty() ? "{}" : call->arguments);
                json_.end_object().end_object();
            }
            json_.end_array();
        }
        json_.end_object();
    }

    void write_tools() {
        if (request_.tools().empty() || !field("tools")) return;
        json_.begin_array();
        for (const Tool& tool : request_.tools()) {
            if (tool.name.empty()) fail("a tool has no name");
            if (!tool.parameters_json.empty() && !wire::is_json(tool.parameters_json))
                fail("the parameters of the tool \"" + tool.name + "\" are not valid JSON");
            json_.begin_object().key("type").string("function").key("function");
            json_.begin_object().key("name").string(tool.name);
            if (!tool.description.empty()) json_.key("description").string(tool.description);
            json_.key("parameters");
            json_.raw(tool.parameters_json.empty() ? R"({"type":"object","properties":{}})"
                                                   : tool.parameters_json);
            if (tool.strict) json_.key("strict").boolean(*tool.strict);
            json_.end_object().end_object();
        }
        json_.end_array();
    }

    void write_options() {
        const Request::Options& options = request_.options();
        if (options.tool_choice) write_tool_choice(*options.tool_choice);
        if (options.parallel_tool_calls && field("parallel_tool_calls"))
            json_.boolean(*options.parallel_tool_calls);
        if (options.max_tokens && field(max_tokens_name())) json_.number(std::uint64_t{*options.max_tokens});
        write_number("temperature", options.temperature);
        write_number("top_p", options.top_p);
        write_number("frequency_penalty", options.frequency_penalty);
        write_number("presence_penalty", options.presence_penalty);
        if (options.seed && field("seed")) json_.number(*options.seed);
        if (!options.stop.empty() && field("stop")) {
            json_.begin_array();
            for (const std::string& sequence : options.stop)
                json_.string(sequence);
            json_.end_array();
        }
        if (options.choices && field("n")) json_.number(std::uint64_t{*options.choices});
        if (options.response_format) write_response_format(*options.response_format);
        if (options.reasoning_effort && field("reasoning_effort")) json_.string(*options.reasoning_effort);
        if (options.end_user && field("user")) json_.string(*options.end_user);
    }

    std::string_view max_tokens_name() const {
        return target_.quirks.has(Quirk::max_completion_tokens) ? "max_completion_tokens" : "max_tokens";
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
                json_.begin_object().key("type").string("function").key("function");
                json_.begin_object().key("name").string(choice.name).end_object().end_object();
                break;
        }
    }

    void write_response_format(const ResponseFormat& format) {
        if (!format.schema_json.empty() && !wire::is_json(format.schema_json))
            fail("the schema of the response format is not valid JSON");
        if (!field("response_format")) return;
        if (format.schema_json.empty()) {
            json_.begin_object().key("type").string("json_object").end_object();
            return;
        }
        json_.begin_object().key("type").string("json_schema").key("json_schema").begin_object();
        json_.key("name").string(format.name.empty() ? "answer" : format.name);
        json_.key("strict").boolean(format.strict).key("schema").raw(format.schema_json);
        json_.end_object().end_object();
    }
};

}  // namespace

Result<EncodedRequest> encode_request(const Request& request, const Target& target) {
    return Encoder(request, target).encode();
}

}  // namespace sluice::adapters::openai_chat

#include "adapters/anthropic/dialect.hpp"
#include "adapters/anthropic/proof.hpp"
#include "adapters/request_reader.hpp"

#include <algorithm>
#include <initializer_list>
#include <iterator>
#include <utility>

namespace sluice::adapters::anthropic {
namespace {

namespace dom = wire::dom;

/// Whether `object` has fields that are neither null nor in `known`.
bool has_other(dom::Element object, std::initializer_list<std::string_view> known) {
    const dom::Object fields = object.get_object();
    for (auto [key, value] : fields)
        if (!value.is_null() && std::find(known.begin(), known.end(), key) == known.end()) return true;
    return false;
}

std::string in(std::string_view path, std::string_view field) {
    return std::string(path) + "." + std::string(field);
}

/// Reads one request. The first thing that is wrong ends it.
class Reader : RequestReader {
  public:
    explicit Reader(const ClientRequest& from) : RequestReader(from, kName) {}

    Result<ParsedRequest> read() {
        const std::optional<dom::Object> body = read_body();
        if (!body) return take();
        // The system prompt comes first whatever the order of the fields.
        dom::Element value;
        if (body->at_key("system").get(value) == simdjson::SUCCESS && !value.is_null()) read_system(value);
        if (body->at_key("messages").get(value) == simdjson::SUCCESS)
            read_messages(value);
        else
            fail("messages: expected an array");
        for (auto [key, option] : *body)
            if (!option.is_null()) read_field(key, option);
        return take();
    }

  private:
    static std::optional<dom::Element> field(dom::Element from, std::string_view key) {
        return dom::field(from, key);
    }

    Request& request() { return parsed_.request; }

    void read_field(std::string_view key, dom::Element value) {
        if (key == "system" || key == "messages") return;
        if (key == "model") {
            if (auto model = text(key, value)) parsed_.model = std::move(*model);
        } else if (key == "stream") {
            if (auto stream = flag(key, value)) parsed_.stream = *stream;
        } else if (key == "max_tokens") {
            if (auto tokens = count(key, value)) request().max_tokens(*tokens);
        } else if (key == "temperature") {
            if (auto temperature = number(key, value)) request().temperature(*temperature);
        } else if (key == "top_p") {
            if (auto top_p = number(key, value)) request().top_p(*top_p);
        } else if (key == "top_k") {
            if (auto top_k = count(key, value)) request().top_k(*top_k);
        } else if (key == "stop_sequences") {
            read_stop(value);
        } else if (key == "tools") {
            read_tools(value);
        } else if (key == "tool_choice") {
            if (is_object(key, value)) read_tool_choice(value);
        } else if (key == "thinking") {
            if (is_object(key, value)) read_thinking(value);
        } else if (key == "output_config") {
            if (is_object(key, value)) read_output_config(value);
        } else if (key == "metadata") {
            if (is_object(key, value)) read_metadata(value);
        } else {
            keep_extra(key, value);
        }
    }

    bool is_object(std::string_view path, dom::Element value) {
        if (value.is_object()) return true;
        fail(std::string(path) + ": expected an object");
        return false;
    }

    std::optional<dom::Array> array(std::string_view path, dom::Element value) {
        auto read = dom::as<dom::Array>(value);
        if (!read) fail(std::string(path) + ": expected an array");
        return read;
    }

    /// A string that must be there.
    std::string text_at(std::string_view path, dom::Element from, std::string_view key) {
        if (const auto value = field(from, key))
            if (auto read = dom::as<std::string_view>(*value)) return std::string(*read);
        fail(in(path, key) + ": expected a string");
        return {};
    }

    /// A block's or tool's field that the canonical request has no place for.
    void lose(std::string_view path, std::string_view what) {
        warn(in(path, what) + " has no place in the canonical request; it was left out.");
    }

    void lose_others(std::string_view path, dom::Element object,
                     std::initializer_list<std::string_view> known) {
        const dom::Object fields = object.get_object();
        for (auto [key, value] : fields)
            if (!value.is_null() && std::find(known.begin(), known.end(), key) == known.end())
                lose(path, key);
    }

    // --- messages ---

    void read_system(dom::Element value) {
        Message message(Role::system, std::vector<Part>());
        if (auto said = dom::as<std::string_view>(value)) {
            message.parts.emplace_back(TextPart(std::string(*said)));
        } else if (value.is_array()) {
            message.parts = read_blocks("system", value);
        } else {
            return fail("system: expected a string or an array");
        }
        request().message(std::move(message));
    }

    void read_messages(dom::Element value) {
        const auto messages = array("messages", value);
        if (!messages) return;
        std::size_t i = 0;
        for (dom::Element message : *messages) {
            const std::string path = at("messages", i++);
            if (is_object(path, message)) read_message(path, message);
            if (failed()) return;
        }
    }

    void read_message(const std::string& path, dom::Element from) {
        const std::string role = text_at(path, from, "role");
        if (failed()) return;
        Message message;
        if (role == "assistant")
            message.role = Role::assistant;
        else if (role == "system")
            message.role = Role::system;
        else if (role != "user")
            return fail(in(path, "role") + ": expected \"user\", \"assistant\" or \"system\"");
        lose_others(path, from, {"role", "content"});
        const auto content = field(from, "content");
        if (content && content->is_string())
            message.parts.emplace_back(TextPart(std::string(content->get_string().value())));
        else if (content && content->is_array())
            message.parts = read_blocks(in(path, "content"), *content);
        else
            return fail(in(path, "content") + ": expected a string or an array");
        if (message.role == Role::user) split_results(message.parts);
        if (!message.parts.empty()) request().message(std::move(message));
    }

    /// Every dialect takes tool results as a message of their own, before what else the user says.
    void split_results(std::vector<Part>& parts) {
        const auto is_result = [](const Part& part) { return std::holds_alternative<ToolResultPart>(part); };
        const auto rest = std::stable_partition(parts.begin(), parts.end(), is_result);
        if (rest == parts.begin()) return;
        request().message(Message(Role::tool, std::vector<Part>(std::make_move_iterator(parts.begin()),
                                                                std::make_move_iterator(rest))));
        parts.erase(parts.begin(), rest);
    }

    std::vector<Part> read_blocks(const std::string& path, dom::Element value) {
        std::vector<Part> parts;
        Signature call_proof;
        std::size_t i = 0;
        const dom::Array blocks = value.get_array();
        for (dom::Element block : blocks) {
            const std::string block_path = at(path, i++);
            if (!is_object(block_path, block)) break;
            if (std::optional<Part> part = read_block(block_path, block))
                add_part(std::move(*part), call_proof, parts);
            if (failed()) break;
        }
        return parts;
    }

    /// Proofs of texts and calls go back to where they belong (proof.hpp).
    static void add_part(Part part, Signature& call_proof, std::vector<Part>& parts) {
        if (auto* reasoning = std::get_if<ReasoningPart>(&part); reasoning && reasoning->redacted) {
            Signature& proof = reasoning->signature;
            if (take_mark(proof, kCallMark)) {
                call_proof = std::move(proof);
                return;
            }
            if (take_mark(proof, kTextMark)) {
                if (parts.empty() || !std::holds_alternative<TextPart>(parts.back()))
                    parts.emplace_back(TextPart());
                std::get<TextPart>(parts.back()).signature = std::move(proof);
                return;
            }
        }
        if (auto* call = std::get_if<ToolCallPart>(&part))
            call->signature = std::exchange(call_proof, Signature());
        parts.push_back(std::move(part));
    }

    std::optional<Part> read_block(const std::string& path, dom::Element block) {
        const std::string type = text_at(path, block, "type");
        if (failed()) return std::nullopt;
        if (type == "text") return read_text(path, block);
        if (type == "image") return read_image(path, block);
        if (type == "thinking") return read_thinking_block(path, block);
        if (type == "redacted_thinking") {
            ReasoningPart part({}, signature(text_at(path, block, "data")));
            part.redacted = true;
            return part;
        }
        if (type == "tool_use") return read_call(path, block);
        if (type == "tool_result") return read_result(path, block);
        return native_part(block);
    }

    Part read_text(const std::string& path, dom::Element block) {
        TextPart part(text_at(path, block, "text"));
        part.cache = read_cache(path, block);
        lose_others(path, block, {"type", "text", "cache_control"});
        return part;
    }

    Part read_image(const std::string& path, dom::Element block) {
        const auto source = dom::object_at(block, "source");
        const std::string_view type = source ? dom::string_at(*source, "type").value_or("") : "";
        ImagePart part;
        if (type == "url")
            part = ImagePart::from_url(text_at(in(path, "source"), *source, "url"));
        else if (type == "base64")
            part = ImagePart::from_base64(text_at(in(path, "source"), *source, "media_type"),
                                          text_at(in(path, "source"), *source, "data"));
        else if (source)
            return native_part(block);  // a file's id
        else
            fail(in(path, "source") + ": expected an object");
        part.cache = read_cache(path, block);
        lose_others(path, block, {"type", "source", "cache_control"});
        return part;
    }

    Part read_thinking_block(const std::string& path, dom::Element block) {
        ReasoningPart part(text_at(path, block, "thinking"));
        if (const auto proof = dom::string_at(block, "signature"); proof && !proof->empty())
            part.signature = signature(*proof);
        return part;
    }

    Part read_call(const std::string& path, dom::Element block) {
        // Calls out of a server tool only mean something together with it.
        const auto caller = dom::object_at(block, "caller");
        if (caller && dom::string_at(*caller, "type") != "direct") return native_part(block);
        ToolCallPart part;
        part.id = text_at(path, block, "id");
        part.name = text_at(path, block, "name");
        const auto input = field(block, "input");
        if (input && !input->is_object()) fail(in(path, "input") + ": expected an object");
        if (input) part.arguments = dom::json_text(*input);
        part.cache = read_cache(path, block);
        lose_others(path, block, {"type", "id", "name", "input", "caller", "cache_control"});
        return part;
    }

    Part read_result(const std::string& path, dom::Element block) {
        ToolResultPart part;
        part.tool_call_id = text_at(path, block, "tool_use_id");
        if (const auto is_error = field(block, "is_error"))
            part.is_error = flag(in(path, "is_error"), *is_error).value_or(false);
        part.cache = read_cache(path, block);
        lose_others(path, block, {"type", "tool_use_id", "content", "is_error", "cache_control"});
        const auto content = field(block, "content");
        if (!content) return part;
        if (content->is_string()) {
            part.content = content->get_string().value();
        } else if (!content->is_array()) {
            fail(in(path, "content") + ": expected a string or an array");
        } else if (!read_result_content(in(path, "content"), *content, part)) {
            return native_part(block);
        }
        return part;
    }

    /// False when there is something in it that only Anthropic knows (a document, a search result).
    bool read_result_content(const std::string& path, dom::Element content, ToolResultPart& result) {
        for (Part& part : read_blocks(path, content)) {
            if (auto* said = std::get_if<TextPart>(&part)) {
                if (!result.content.empty()) result.content += '\n';
                result.content += said->text;
            } else if (auto* image = std::get_if<ImagePart>(&part)) {
                result.images.push_back(std::move(*image));
            } else {
                return false;
            }
        }
        return true;
    }

    std::optional<CacheControl> read_cache(const std::string& path, dom::Element from) {
        const auto cache = field(from, "cache_control");
        if (!cache || !is_object(in(path, "cache_control"), *cache)) return std::nullopt;
        lose_others(in(path, "cache_control"), *cache, {"type", "ttl"});
        CacheControl control;
        if (const auto ttl = field(*cache, "ttl"))
            control.ttl = text(in(path, "cache_control.ttl"), *ttl).value_or("");
        return control;
    }

    // --- tools ---

    void read_tools(dom::Element value) {
        const auto tools = array("tools", value);
        if (!tools) return;
        // Where our tools cannot say all, Anthropic itself still gets the list as it was.
        bool keep_list = false, after_native = false;
        std::size_t i = 0;
        for (dom::Element tool : *tools) {
            const std::string path = at("tools", i++);
            if (!is_object(path, tool)) return;
            const std::string_view type = dom::string_at(tool, "type").value_or("custom");
            if (type != "custom") {
                keep_native_tool(tool);
                after_native = true;
                continue;
            }
            keep_list |= after_native || has_other(tool, {"type", "name", "description", "input_schema",
                                                          "strict", "cache_control"});
            read_tool(path, tool);
            if (failed()) return;
        }
        if (keep_list) keep_extra("tools", value);
    }

    void read_tool(const std::string& path, dom::Element from) {
        Tool tool;
        tool.name = text_at(path, from, "name");
        if (const auto description = field(from, "description"))
            tool.description = text(in(path, "description"), *description).value_or("");
        const auto schema = field(from, "input_schema");
        if (schema && !schema->is_object()) fail(in(path, "input_schema") + ": expected an object");
        if (schema) tool.parameters_json = dom::json_text(*schema);
        if (const auto strict = field(from, "strict")) tool.strict = flag(in(path, "strict"), *strict);
        tool.cache = read_cache(path, from);
        request().tool(std::move(tool));
    }

    void read_tool_choice(dom::Element value) {
        const std::string type = text_at("tool_choice", value, "type");
        ToolChoice choice;
        if (type == "none")
            choice.mode = ToolChoice::Mode::none;
        else if (type == "any")
            choice.mode = ToolChoice::Mode::required;
        else if (type == "tool")
            choice = ToolChoice::named(text_at("tool_choice", value, "name"));
        else if (type != "auto")
            return fail("tool_choice.type: expected \"auto\", \"any\", \"tool\" or \"none\"");
        request().tool_choice(std::move(choice));
        if (const auto only_one = field(value, "disable_parallel_tool_use"))
            if (auto disabled = flag("tool_choice.disable_parallel_tool_use", *only_one))
                request().parallel_tool_calls(!*disabled);
    }

    // --- options ---

    void read_stop(dom::Element value) {
        const auto sequences = array("stop_sequences", value);
        if (!sequences) return;
        std::size_t i = 0;
        for (dom::Element sequence : *sequences)
            if (auto said = text(at("stop_sequences", i++), sequence)) request().stop(std::move(*said));
    }

    /// What other dialects can have of it; what they cannot say is kept for Anthropic beside it.
    void read_thinking(dom::Element value) {
        const std::string type = text_at("thinking", value, "type");
        const std::string_view display = dom::string_at(value, "display").value_or("");
        if (!display.empty()) request().show_reasoning(display == "summarized");
        bool keep = has_other(value, {"type", "budget_tokens", "display"});
        if (type == "disabled") {
            request().reasoning_budget(0);
            keep |= !display.empty();
        } else if (type == "enabled") {
            const auto budget = field(value, "budget_tokens");
            if (!budget) return fail("thinking.budget_tokens: expected a whole number that is not negative");
            const auto tokens = count("thinking.budget_tokens", *budget);
            if (tokens) request().reasoning_budget(*tokens);
            keep |= tokens == 0u || (!display.empty() && display != "summarized" && display != "omitted");
        } else {
            keep |= type != "adaptive" || display != "summarized";
        }
        if (keep) keep_extra("thinking", value);
    }

    void read_output_config(dom::Element value) {
        bool keep = has_other(value, {"effort", "format"});
        if (const auto effort = field(value, "effort"))
            if (auto word = text("output_config.effort", *effort))
                request().reasoning_effort(std::move(*word));
        if (const auto format = field(value, "format")) {
            const auto schema = dom::object_at(*format, "schema");
            if (dom::string_at(*format, "type") == "json_schema" && schema) {
                request().response_format(ResponseFormat({}, dom::json_text(*schema)));
                keep |= has_other(*format, {"type", "schema"});
            } else {
                keep = true;
            }
        }
        if (keep) keep_extra("output_config", value);
    }

    void read_metadata(dom::Element value) {
        if (const auto user = field(value, "user_id"))
            if (auto id = text("metadata.user_id", *user)) request().end_user(std::move(*id));
        if (has_other(value, {"user_id"})) keep_extra("metadata", value);
    }
};

}  // namespace

Result<ParsedRequest> parse_request(const ClientRequest& request) {
    return Reader(request).read();
}

}  // namespace sluice::adapters::anthropic

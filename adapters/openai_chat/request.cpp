#include "adapters/openai_chat/answer_parts.hpp"
#include "adapters/openai_chat/dialect.hpp"
#include "adapters/request_writer.hpp"

#include "adapters/ascii.hpp"
#include "wire/json_dom.hpp"

#include <algorithm>

namespace sluice::adapters::openai_chat {
namespace {

constexpr std::string_view kNoParameters = R"({"type":"object","properties":{}})";

/// For a segment of a path (RFC 3986 section 2.3).
std::string percent_encoded(std::string_view text) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    std::string out;
    for (char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (is_alnum(c) || contains("-._~", std::string_view(&c, 1)))
            out.push_back(c);
        else
            out.append({'%', kHex[byte >> 4], kHex[byte & 15]});
    }
    return out;
}

/// Mistral's form of any id, always the same for the same id: the call's and its result's must match.
std::string nine_letters(std::string_view id) {
    constexpr std::size_t kLength = 9;
    if (id.size() == kLength && std::all_of(id.begin(), id.end(), is_alnum)) return std::string(id);
    std::uint64_t hash = 14695981039346656037u;  // FNV-1a
    for (char c : id)
        hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
    constexpr std::string_view kLetters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    std::string out;
    for (; out.size() < kLength; hash /= kLetters.size())
        out.push_back(kLetters[hash % kLetters.size()]);
    return out;
}

/// parse_request() keeps the call of a custom tool as it is.
bool is_tool_call(const NativePart& part) {
    simdjson::dom::parser parser;
    wire::dom::Element element;
    return parser.parse(part.json).get(element) == simdjson::SUCCESS &&
           wire::dom::string_at(element, "type") == std::string_view("custom");
}

bool is_turn_of_user(const Message& message) {
    return message.role == Role::user &&
           !std::all_of(message.parts.begin(), message.parts.end(),
                        [](const Part& part) { return part_as<ToolResultPart>(part) != nullptr; });
}

/// Writes one request. The first thing that cannot be expressed ends it.
class Encoder : RequestWriter {
  public:
    Encoder(const Request& request, const Target& target)
        : RequestWriter(request, target, kName, "Chat Completions", {"stream", "messages"}) {}

    Result<EncodedRequest> encode() {
        out_.path = path_of(target_);
        json_.begin_object();
        if (field("model")) json_.string(target_.model.id);
        write_messages();
        write_tools();
        write_options();
        json_.key("stream").boolean(true);
        if (!has(Quirk::no_stream_options) && field("stream_options"))
            json_.begin_object().key("include_usage").boolean(true).end_object();
        write_extras();
        json_.end_object();
        return take();
    }

  private:
    bool has(Quirk quirk) const noexcept { return target_.quirks.has(quirk); }

    // --- messages ---

    void write_messages() {
        const std::vector<Message>& messages = request_.messages();
        const auto last_turn = std::find_if(messages.rbegin(), messages.rend(), is_turn_of_user);
        const auto loop_begin = static_cast<std::size_t>(messages.rend() - last_turn);
        json_.key("messages").begin_array();
        for (std::size_t i = 0; i < messages.size(); ++i) {
            switch (messages[i].role) {
                case Role::assistant:
                    write_assistant(messages[i], i >= loop_begin);
                    break;
                case Role::system:
                    write_plain("system", messages[i]);
                    break;
                case Role::user:
                    write_plain("user", messages[i]);
                    break;
                case Role::tool:
                    write_plain("", messages[i]);
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
            } else if (const auto* native = part_as<NativePart>(part)) {
                if (is_native(*native)) content.push_back(&part);
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
        if (const auto* text = part_as<TextPart>(*content.front());
            text && content.size() == 1 && !sends(text->cache)) {
            json_.string(text->text);
            return;
        }
        json_.begin_array();
        for (const Part* part : content) {
            if (const auto* text = part_as<TextPart>(*part)) {
                write_text(text->text, text->cache);
            } else if (const auto* image = part_as<ImagePart>(*part)) {
                write_image(*image);
            } else if (const auto* native = part_as<NativePart>(*part)) {
                json_.raw(native->json);
            }
        }
        json_.end_array();
    }

    void write_text(std::string_view text, const std::optional<CacheControl>& cache) {
        json_.begin_object().key("type").string("text").key("text").string(text);
        write_cache(cache);
        json_.end_object();
    }

    bool sends(const std::optional<CacheControl>& cache) const noexcept {
        return cache && has(Quirk::cache_control_parts);
    }

    void write_cache(const std::optional<CacheControl>& cache) {
        if (!sends(cache)) return;
        json_.key("cache_control").begin_object().key("type").string("ephemeral");
        if (!cache->ttl.empty()) json_.key("ttl").string(cache->ttl);
        json_.end_object();
    }

    void write_image(const ImagePart& image) {
        if (image.url.empty() && image.data.empty()) fail("an image has neither a URL nor data");
        json_.begin_object().key("type").string("image_url").key("image_url").begin_object().key("url");
        if (!image.url.empty())
            json_.string(image.url);
        else
            json_.string("data:" + image.media_type + ";base64," + image.data);
        if (!image.detail.empty()) json_.key("detail").string(image.detail);
        json_.end_object();
        write_cache(image.cache);
        json_.end_object();
    }

    void write_tool_result(const ToolResultPart& result) {
        if (result.tool_call_id.empty()) fail("a tool result names no tool call");
        if (result.is_error)
            warn("Chat Completions cannot mark a tool result as an error; its text was sent as it is.");
        if (!result.images.empty())
            warn("Chat Completions takes no images in a tool result; they were left out.");
        json_.begin_object().key("role").string("tool");
        json_.key("tool_call_id").string(call_id(result.tool_call_id)).key("content");
        if (sends(result.cache)) {
            json_.begin_array();
            write_text(result.content, result.cache);
            json_.end_array();
        } else {
            json_.string(result.content);
        }
        json_.end_object();
    }

    std::string call_id(const std::string& id) const {
        return has(Quirk::nine_letter_tool_ids) ? nine_letters(id) : id;
    }

    // --- what the assistant said ---

    /// A turn of the assistant, sorted by the field it goes to.
    struct Turn {
        std::vector<const Part*> content;  // text and native parts
        std::string refusal;
        std::string text_signature;
        std::vector<const ReasoningPart*> reasoning;
        std::vector<const Part*> calls;  // and native ones
    };

    Turn sort(const Message& message) {
        Turn turn;
        for (const Part& part : message.parts) {
            if (const auto* text = part_as<TextPart>(part)) {
                turn.content.push_back(&part);
                if (returns_thought_signature(text->signature)) turn.text_signature = text->signature.value;
            } else if (const auto* refused = part_as<RefusalPart>(part)) {
                turn.refusal += refused->text;
            } else if (part_as<ToolCallPart>(part)) {
                turn.calls.push_back(&part);
            } else if (const auto* reasoning = part_as<ReasoningPart>(part)) {
                turn.reasoning.push_back(reasoning);
            } else if (const auto* native = part_as<NativePart>(part)) {
                if (is_native(*native)) (is_tool_call(*native) ? turn.calls : turn.content).push_back(&part);
            } else if (part_as<ImagePart>(part)) {
                warn("Chat Completions takes no images from the assistant; they were left out.");
            } else {
                fail("an assistant message cannot hold a tool result");
            }
        }
        return turn;
    }

    /// `in_loop`: no turn of the user follows.
    void write_assistant(const Message& message, bool in_loop) {
        const Turn turn = sort(message);
        json_.begin_object().key("role").string("assistant").key("content");
        write_said(turn);
        if (!turn.refusal.empty()) json_.key("refusal").string(turn.refusal);
        write_reasoning(turn.reasoning, in_loop);
        write_thought_signature(turn.text_signature, json_);
        if (!turn.calls.empty()) {
            json_.key("tool_calls").begin_array();
            for (const Part* call : turn.calls)
                write_call(*call);
            json_.end_array();
        }
        json_.end_object();
    }

    void write_said(const Turn& turn) {
        const bool thinking = has(Quirk::thinking_parts_back) && !turn.reasoning.empty();
        const bool only_text = std::all_of(turn.content.begin(), turn.content.end(), [](const Part* part) {
            return part_as<TextPart>(*part) != nullptr;
        });
        if (thinking || !only_text) {
            json_.begin_array();
            if (thinking) write_thinking(turn.reasoning);
            for (const Part* part : turn.content) {
                if (const auto* text = part_as<TextPart>(*part))
                    write_text(text->text, text->cache);
                else if (const auto* native = part_as<NativePart>(*part))
                    json_.raw(native->json);
            }
            json_.end_array();
            return;
        }
        std::string text;
        for (const Part* part : turn.content)
            text += part_as<TextPart>(*part)->text;
        if (text.empty() && (!turn.calls.empty() || !turn.refusal.empty()))
            json_.null();
        else
            json_.string(text);
    }

    void write_thinking(const std::vector<const ReasoningPart*>& reasoning) {
        for (const ReasoningPart* part : reasoning) {
            if (!part->signature.empty() && !may_return(part->signature)) continue;
            json_.begin_object().key("type").string("thinking").key("thinking").begin_array();
            json_.begin_object().key("type").string("text").key("text").string(part->text).end_object();
            json_.end_array();
            if (!part->signature.empty()) json_.key("signature").string(part->signature.value);
            json_.end_object();
        }
    }

    void write_reasoning(const std::vector<const ReasoningPart*>& reasoning, bool in_loop) {
        if (reasoning.empty() || has(Quirk::thinking_parts_back)) return;
        if (has(Quirk::reasoning_details_back)) return write_details(reasoning);
        if (!has(Quirk::reasoning_content_back)) {
            warn("Chat Completions has no field for earlier reasoning; it was left out.");
            return;
        }
        // Outside a tool loop it is refused, and the model would not look at it.
        if (!in_loop) return;
        std::string text;
        for (const ReasoningPart* part : reasoning) {
            text += part->text;
            if (!part->signature.empty())
                warn("This service takes earlier reasoning without its signature; it was left out.");
        }
        if (!text.empty()) json_.key("reasoning_content").string(text);
    }

    void write_details(const std::vector<const ReasoningPart*>& reasoning) {
        std::vector<const ReasoningPart*> ours;
        for (const ReasoningPart* part : reasoning)
            if (part->signature.empty() ? !part->redacted && !part->text.empty()
                                        : may_return(part->signature))
                ours.push_back(part);
        if (ours.empty()) return;
        json_.key("reasoning_details").begin_array();
        for (std::uint32_t block = 0; const ReasoningPart* part : ours)
            write_reasoning_detail({part->text, part->signature.value, part->id, part->redacted, block++},
                                   json_);
        json_.end_array();
    }

    void write_call(const Part& part) {
        if (const auto* native = part_as<NativePart>(part)) {
            json_.raw(native->json);
            return;
        }
        const ToolCallPart& call = std::get<ToolCallPart>(part);
        json_.begin_object().key("id").string(call_id(call.id)).key("type").string("function");
        json_.key("function").begin_object().key("name").string(call.name);
        json_.key("arguments").string(call.arguments.empty() ? "{}" : call.arguments).end_object();
        if (returns_thought_signature(call.signature)) write_thought_signature(call.signature.value, json_);
        json_.end_object();
    }

    bool returns_thought_signature(const Signature& signature) {
        if (!may_return(signature)) return false;
        if (has(Quirk::thought_signature_in_extra_content)) return true;
        warn("This service has no field for the signature of a text or a tool call; it was left out.");
        return false;
    }

    // --- tools ---

    void write_tools() {
        if ((request_.tools().empty() && !has_native_tools()) || !field("tools")) return;
        json_.begin_array();
        for (const Tool& tool : request_.tools()) {
            if (tool.name.empty()) fail("a tool has no name");
            if (!tool.parameters_json.empty())
                require_json(tool.parameters_json, "the parameters of the tool \"" + tool.name + "\"");
            json_.begin_object().key("type").string("function").key("function");
            json_.begin_object().key("name").string(tool.name);
            if (!tool.description.empty()) json_.key("description").string(tool.description);
            json_.key("parameters").raw(tool.parameters_json.empty() ? kNoParameters : tool.parameters_json);
            if (tool.strict) json_.key("strict").boolean(*tool.strict);
            json_.end_object();
            write_cache(tool.cache);
            json_.end_object();
        }
        write_native_tools();
        json_.end_array();
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
                json_.string(has(Quirk::tool_choice_any) ? "any" : "required");
                break;
            case ToolChoice::Mode::named:
                json_.begin_object().key("type").string("function").key("function");
                json_.begin_object().key("name").string(choice.name).end_object().end_object();
                break;
        }
    }

    // --- options ---

    void write_options() {
        const Request::Options& options = request_.options();
        if (options.tool_choice) write_tool_choice(*options.tool_choice);
        if (options.parallel_tool_calls && field("parallel_tool_calls"))
            json_.boolean(*options.parallel_tool_calls);
        if (options.max_tokens &&
            field(has(Quirk::max_completion_tokens) ? "max_completion_tokens" : "max_tokens"))
            json_.number(*options.max_tokens);
        write_number("temperature", options.temperature);
        write_number("top_p", options.top_p);
        if (options.top_k && !has(Quirk::takes_top_k))
            warn_lost("top_k");
        else if (options.top_k && field("top_k"))
            json_.number(*options.top_k);
        write_number("frequency_penalty", options.frequency_penalty);
        write_number("presence_penalty", options.presence_penalty);
        if (options.seed && field(has(Quirk::random_seed) ? "random_seed" : "seed"))
            json_.number(*options.seed);
        if (!options.stop.empty() && field("stop")) {
            json_.begin_array();
            for (const std::string& sequence : options.stop)
                json_.string(sequence);
            json_.end_array();
        }
        if (options.choices && field("n")) json_.number(*options.choices);
        if (options.response_format) write_response_format(*options.response_format);
        write_reasoning_options();
        if (options.end_user && field("user")) json_.string(*options.end_user);
    }

    void write_response_format(const ResponseFormat& format) {
        if (!format.schema_json.empty())
            require_json(format.schema_json, "the schema of the response format");
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

    void write_reasoning_options() {
        if (has(Quirk::reasoning_object)) return write_reasoning_object();
        const Request::Options& options = request_.options();
        if (has(Quirk::enable_thinking_flag)) {
            write_enable_thinking();
        } else {
            if (options.reasoning_effort && field("reasoning_effort"))
                json_.string(*options.reasoning_effort);
            if (options.reasoning_budget) warn_lost("reasoning budget");
        }
        if (!options.show_reasoning) return;
        if (has(Quirk::reasoning_format)) {
            if (field("reasoning_format")) json_.string(*options.show_reasoning ? "parsed" : "hidden");
        } else if (*options.show_reasoning == has(Quirk::hidden_reasoning)) {
            warn_lost(*options.show_reasoning ? "way to show the reasoning" : "way to hide the reasoning");
        }
    }

    void write_reasoning_object() {
        const Request::Options& options = request_.options();
        if (!options.reasoning_effort && !options.reasoning_budget && !options.show_reasoning) return;
        if (!field("reasoning")) return;
        json_.begin_object();
        if (options.reasoning_effort) {
            json_.key("effort").string(*options.reasoning_effort);
            if (options.reasoning_budget) warn_lost("reasoning budget beside an effort");
        } else if (options.reasoning_budget) {
            json_.key("max_tokens").number(*options.reasoning_budget);
        }
        if (options.show_reasoning) json_.key("exclude").boolean(!*options.show_reasoning);
        json_.end_object();
    }

    /// Qwen knows on and off, and a budget.
    void write_enable_thinking() {
        const Request::Options& options = request_.options();
        if (!options.reasoning_effort && !options.reasoning_budget) return;
        const bool on =
            options.reasoning_budget ? *options.reasoning_budget > 0 : *options.reasoning_effort != "none";
        if (field("enable_thinking")) json_.boolean(on);
        if (options.reasoning_budget && on && field("thinking_budget"))
            json_.number(*options.reasoning_budget);
        if (options.reasoning_effort && on) warn_lost("level of reasoning effort");
    }
};

}  // namespace

std::string path_of(const Target& target) {
    std::string path = "/chat/completions";
    if (target.quirks.has(Quirk::deployment_in_path))
        path.insert(0, "/deployments/" + percent_encoded(target.model.id));
    return path;
}

Result<EncodedRequest> encode_request(const Request& request, const Target& target) {
    return Encoder(request, target).encode();
}

}  // namespace sluice::adapters::openai_chat

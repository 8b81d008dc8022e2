// A request as generateContent takes it (PROTOCOLS section 6.2).
#include "adapters/ascii.hpp"
#include "adapters/gemini/call_ids.hpp"
#include "adapters/gemini/dialect.hpp"
#include "adapters/gemini/json_objects.hpp"
#include "adapters/gemini/model_path.hpp"
#include "adapters/request_reader.hpp"
#include "adapters/request_writer.hpp"
#include "wire/json_dom.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace sluice::adapters::gemini {
namespace {

namespace dom = wire::dom;

/// The type a URL's file name promises, or "".
std::string_view media_type_of(std::string_view url) noexcept {
    struct Ending {
        std::string_view ending, type;
    };
    static constexpr std::array kEndings{
        Ending{".png", "image/png"},   Ending{".jpg", "image/jpeg"}, Ending{".jpeg", "image/jpeg"},
        Ending{".webp", "image/webp"}, Ending{".gif", "image/gif"},  Ending{".heic", "image/heic"},
        Ending{".heif", "image/heif"},
    };
    const std::string path = lower(url.substr(0, url.find_first_of("?#")));
    for (const Ending& known : kEndings)
        if (path.ends_with(known.ending)) return known.type;
    return {};
}

class Encoder : RequestWriter {
  public:
    Encoder(const Request& request, const Target& target)
        : RequestWriter(request, target, kName, "Gemini", {"contents"}) {}

    Result<EncodedRequest> encode() {
        out_.path = path_of(target_.model.id, true);
        if (target_.model.id.empty()) fail("the model has no id");
        json_.begin_object();
        const std::size_t system = count_system();
        write_contents(system);
        write_system(system);
        write_tools();
        if (request_.options().tool_choice) write_tool_choice(*request_.options().tool_choice);
        write_generation_config();
        if (request_.options().parallel_tool_calls == false) warn_lost("way to forbid parallel tool calls");
        if (request_.options().end_user) warn_lost("field for an end user's id");
        write_extras();
        json_.end_object();
        return take();
    }

  private:
    // --- messages ---

    /// Leading system messages are the system instruction; but something must be left to answer to.
    std::size_t count_system() const {
        const auto& messages = request_.messages();
        const auto other = std::find_if(messages.begin(), messages.end(),
                                        [](const Message& message) { return message.role != Role::system; });
        const auto count = static_cast<std::size_t>(other - messages.begin());
        return count == messages.size() && count > 0 ? count - 1 : count;
    }

    void write_system(std::size_t count) {
        std::vector<const Part*> parts;
        for (std::size_t i = 0; i < count; ++i)
            for (const Part& part : request_.messages()[i].parts)
                if (can_write(part, Role::system)) parts.push_back(&part);
        if (parts.empty() || !field("systemInstruction")) return;
        json_.begin_object().key("parts").begin_array();
        for (const Part* part : parts)
            write_part(*part);
        json_.end_array().end_object();
    }

    /// What is left of the messages, so that user and model take turns.
    void write_contents(std::size_t first) {
        struct Turn {
            bool is_model;
            std::vector<const Part*> parts;
        };
        std::vector<Turn> turns;
        const auto& messages = request_.messages();
        for (std::size_t i = first; i < messages.size(); ++i) {
            const Role role = messages[i].role;
            if (role == Role::system)
                warn(
                    "Gemini takes a system prompt only before the conversation; a later one was sent as the "
                    "user's words.");
            const bool is_model = role == Role::assistant;
            for (const Part& part : messages[i].parts) {
                if (!can_write(part, role == Role::system ? Role::user : role)) continue;
                if (turns.empty() || turns.back().is_model != is_model) turns.push_back({is_model, {}});
                turns.back().parts.push_back(&part);
            }
        }
        if (turns.empty()) fail("the request's messages say nothing that Gemini can be sent");
        json_.key("contents").begin_array();
        for (const Turn& turn : turns) {
            json_.begin_object().key("role").string(turn.is_model ? "model" : "user");
            json_.key("parts").begin_array();
            write_results(turn.parts);
            for (const Part* part : turn.parts)
                if (!part_as<ToolResultPart>(*part)) write_part(*part);
            json_.end_array().end_object();
        }
        json_.end_array();
    }

    /// Whether there is something to write, after a warning or a failure where there should be.
    bool can_write(const Part& part, Role role) {
        if (const auto* text = part_as<TextPart>(part))
            return may_return(text->signature) || !text->text.empty();
        if (const auto* image = part_as<ImagePart>(part)) {
            if (image->url.empty() && image->data.empty()) fail("an image has neither a URL nor data");
            return true;
        }
        if (const auto* native = part_as<NativePart>(part)) return is_native(*native);
        if (part_as<ToolResultPart>(part)) {
            if (role == Role::assistant) fail("an assistant message cannot hold a tool result");
            return true;
        }
        if (role != Role::assistant) {
            fail("a " + std::string(to_string(role)) +
                 " message holds a part that only an assistant message can hold");
            return false;
        }
        if (const auto* thought = part_as<ReasoningPart>(part)) {
            if (may_return(thought->signature)) return true;
            if (thought->signature.empty())
                warn(
                    "Gemini takes earlier reasoning back only with its signature; one without was left out.");
            return false;
        }
        if (const auto* refusal = part_as<RefusalPart>(part)) {
            warn("Gemini knows no refusals; an earlier one was sent as text.");
            return !refusal->text.empty();
        }
        return true;
    }

    void write_part(const Part& part) {
        if (const auto* text = part_as<TextPart>(part)) {
            write_text(text->text, text->signature, false);
        } else if (const auto* thought = part_as<ReasoningPart>(part)) {
            write_text(thought->text, thought->signature, true);
        } else if (const auto* refusal = part_as<RefusalPart>(part)) {
            write_text(refusal->text, {}, false);
        } else if (const auto* image = part_as<ImagePart>(part)) {
            write_image(*image);
        } else if (const auto* call = part_as<ToolCallPart>(part)) {
            write_call(*call);
        } else if (const auto* native = part_as<NativePart>(part)) {
            json_.raw(native->json);
        }
    }

    void write_signature(const Signature& signature) {
        if (may_return(signature)) json_.key("thoughtSignature").string(signature.value);
    }

    void write_text(std::string_view text, const Signature& signature, bool is_thought) {
        json_.begin_object().key("text").string(text);
        if (is_thought) json_.key("thought").boolean(true);
        write_signature(signature);
        json_.end_object();
    }

    void write_image(const ImagePart& given) {
        if (!given.detail.empty() && given.detail != "auto") warn_lost("level of detail for an image");
        ImagePart image = given;
        if (lower(image.url.substr(0, 5)) == "data:") image = image_from_url(image.url);
        json_.begin_object();
        if (image.url.empty()) {
            json_.key("inlineData").begin_object().key("mimeType").string(image.media_type);
            json_.key("data").string(image.data).end_object();
        } else {
            const std::string_view type =
                image.media_type.empty() ? media_type_of(image.url) : std::string_view(image.media_type);
            json_.key("fileData").begin_object();
            if (type.empty())
                warn("The URL of an image does not tell its media type, and Gemini may want to know it.");
            else
                json_.key("mimeType").string(type);
            json_.key("fileUri").string(image.url).end_object();
        }
        json_.end_object();
    }

    void write_call(const ToolCallPart& call) {
        if (call.name.empty()) fail("a tool call has no name");
        json_.begin_object().key("functionCall").begin_object();
        if (is_gemini_call_id(call.id)) json_.key("id").string(call.id);
        json_.key("name").string(call.name);
        const std::string arguments = normal_json(call.arguments);
        if (arguments.starts_with('{')) {
            json_.key("args").raw(arguments);
        } else if (!trim(call.arguments).empty()) {
            warn(
                "Gemini takes tool arguments only as an object; those of a call that were none were sent as "
                "text in one.");
            json_.key("args").begin_object().key("INVALID_JSON").string(call.arguments).end_object();
        }
        json_.end_object();
        write_signature(call.signature);
        json_.end_object();
    }

    /// The results first and in the order of their calls, by which Gemini matches them where it has no ids;
    /// then their images.
    void write_results(const std::vector<const Part*>& parts) {
        std::vector<const ToolResultPart*> results;
        for (const Part* part : parts)
            if (const auto* result = part_as<ToolResultPart>(*part)) results.push_back(result);
        if (results.empty()) return;
        std::stable_sort(results.begin(), results.end(),
                         [&](const ToolResultPart* a, const ToolResultPart* b) {
                             return position_of(a->tool_call_id) < position_of(b->tool_call_id);
                         });
        for (const ToolResultPart* result : results)
            write_result(*result);
        for (const ToolResultPart* result : results)
            for (const ImagePart& image : result->images)
                write_image(image);
    }

    /// Of the call among all calls.
    std::size_t position_of(std::string_view id) {
        if (call_ids_.empty()) {
            for (const Message& message : request_.messages())
                for (const Part& part : message.parts)
                    if (const auto* call = part_as<ToolCallPart>(part)) call_ids_.push_back(call->id);
        }
        return static_cast<std::size_t>(std::find(call_ids_.begin(), call_ids_.end(), id) -
                                        call_ids_.begin());
    }

    void write_result(const ToolResultPart& result) {
        const std::string_view name = name_of_call(result.tool_call_id);
        if (name.empty())
            fail(result.tool_call_id.empty()
                     ? "a tool result names no tool call"
                     : "a tool result answers no earlier tool call, and Gemini wants the tool's name");
        json_.begin_object().key("functionResponse").begin_object();
        if (is_gemini_call_id(result.tool_call_id)) json_.key("id").string(result.tool_call_id);
        json_.key("name").string(name).key("response");
        const std::string object = normal_json(result.content);
        const bool is_object = object.starts_with('{');
        if (is_object && !result.is_error) {
            json_.raw(object);
        } else {
            json_.begin_object().key(result.is_error ? "error" : "result");
            if (is_object)
                json_.raw(object);
            else
                json_.string(result.content);
            json_.end_object();
        }
        json_.end_object().end_object();
    }

    // --- tools ---

    void write_tools() {
        if ((request_.tools().empty() && !has_native_tools()) || !field("tools")) return;
        json_.begin_array();
        if (!request_.tools().empty()) {
            json_.begin_object().key("functionDeclarations").begin_array();
            for (const Tool& tool : request_.tools())
                write_tool(tool);
            json_.end_array().end_object();
        }
        write_native_tools();
        json_.end_array();
    }

    void write_tool(const Tool& tool) {
        if (tool.name.empty()) fail("a tool has no name");
        if (tool.strict.value_or(false)) warn_lost("strict mode for a single tool");
        json_.begin_object().key("name").string(tool.name);
        if (!tool.description.empty()) json_.key("description").string(tool.description);
        if (!tool.parameters_json.empty()) {
            const std::string schema = normal_json(tool.parameters_json);
            if (schema.empty()) fail("the parameters of the tool \"" + tool.name + "\" are not valid JSON");
            json_.key("parametersJsonSchema").raw(schema);
        }
        json_.end_object();
    }

    void write_tool_choice(const ToolChoice& choice) {
        using Mode = ToolChoice::Mode;
        if (choice.mode == Mode::named && choice.name.empty()) fail("the tool choice names no tool");
        if (!field("toolConfig")) return;
        const bool must_call = choice.mode == Mode::required || choice.mode == Mode::named;
        json_.begin_object().key("functionCallingConfig").begin_object();
        json_.key("mode").string(must_call ? "ANY" : choice.mode == Mode::none ? "NONE" : "AUTO");
        if (choice.mode == Mode::named)
            json_.key("allowedFunctionNames").begin_array().string(choice.name).end_array();
        json_.end_object().end_object();
    }

    // --- generationConfig, whose unknown fields come in an extra of that name ---

    void write_generation_config() {
        const Request::Options& options = request_.options();
        const std::string_view extra = take_extra("generationConfig");
        simdjson::dom::parser parser;
        dom::Object more;
        if (!extra.empty()) {
            if (parser.parse(extra.data(), extra.size()).get(more) != simdjson::SUCCESS)
                return fail("the extra field \"generationConfig\" is not an object");
            for (auto [key, value] : more)
                config_extras_.emplace_back(key, dom::json_text(value));
        }

        if (options.max_tokens && config("maxOutputTokens")) json_.number(*options.max_tokens);
        config_number("temperature", options.temperature);
        config_number("topP", options.top_p);
        if (options.top_k && config("topK")) json_.number(*options.top_k);
        if (!options.stop.empty() && config("stopSequences")) {
            json_.begin_array();
            for (const std::string& sequence : options.stop)
                json_.string(sequence);
            json_.end_array();
        }
        if (options.seed && config("seed")) json_.number(*options.seed);
        config_number("presencePenalty", options.presence_penalty);
        config_number("frequencyPenalty", options.frequency_penalty);
        if (options.choices && config("candidateCount")) json_.number(*options.choices);
        if (options.response_format) write_response_format(*options.response_format);
        write_thinking(options);
        for (const auto& [key, value] : config_extras_) {
            open_config();
            json_.key(key).raw(value);
        }
        if (config_open_) json_.end_object();
    }

    void open_config() {
        if (!config_open_) json_.key("generationConfig").begin_object();
        config_open_ = true;
    }
    /// Writes the key, unless an extra replaces the field.
    bool config(std::string_view name) {
        for (const auto& [key, value] : config_extras_)
            if (key == name) return false;
        open_config();
        json_.key(name);
        return true;
    }
    void config_number(std::string_view name, std::optional<double> value) {
        if (!value) return;
        if (!std::isfinite(*value)) return fail(std::string(name) + " is not a finite number");
        if (config(name)) json_.number(*value);
    }

    void write_response_format(const ResponseFormat& format) {
        if (config("responseMimeType")) json_.string("application/json");
        if (format.schema_json.empty()) return;
        const std::string schema = normal_json(format.schema_json);
        if (schema.empty()) return fail("the schema of the response format is not valid JSON");
        if (config("responseJsonSchema")) json_.raw(schema);
    }

    /// Google refuses a budget and a level together.
    void write_thinking(const Request::Options& options) {
        std::optional<std::uint32_t> budget = options.reasoning_budget;
        std::string level;
        if (options.reasoning_effort) {
            if (budget)
                warn("Gemini takes a reasoning budget or an effort, not both; the effort was left out.");
            else if (*options.reasoning_effort == "none")
                budget = 0;
            else
                level = thinking_level(*options.reasoning_effort);
        }
        if ((!options.show_reasoning && !budget && level.empty()) || !config("thinkingConfig")) return;
        json_.begin_object();
        if (options.show_reasoning) json_.key("includeThoughts").boolean(*options.show_reasoning);
        if (budget) json_.key("thinkingBudget").number(*budget);
        if (!level.empty()) json_.key("thinkingLevel").string(level);
        json_.end_object();
    }

    std::string thinking_level(std::string_view effort) {
        if (effort == "xhigh" || effort == "max") {
            warn("Gemini knows no reasoning effort above high; high was asked for.");
            return "HIGH";
        }
        std::string level(effort);
        std::transform(level.begin(), level.end(), level.begin(), to_upper);
        return level;
    }

    static char to_upper(char c) noexcept {
        return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }

    std::vector<std::string_view> call_ids_;  // of all calls, in order; filled when it is first needed
    std::vector<std::pair<std::string, std::string>> config_extras_;
    bool config_open_ = false;
};

}  // namespace

Result<EncodedRequest> encode_request(const Request& request, const Target& target) {
    return Encoder(request, target).encode();
}

}  // namespace sluice::adapters::gemini

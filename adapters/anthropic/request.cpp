#include "adapters/anthropic/answer.hpp"
#include "adapters/anthropic/dialect.hpp"
#include "adapters/anthropic/tool_id.hpp"
#include "adapters/anthropic/turns.hpp"
#include "adapters/request_writer.hpp"

#include <algorithm>
#include <limits>

namespace sluice::adapters::anthropic {
namespace {

constexpr std::string_view kDefaultVersion = "2023-06-01";
constexpr std::string_view kNoSampling = "2026-10-21";  // from this version on
constexpr std::uint32_t kLeastBudget = 1024;
/// The most that every model still served accepts, where we do not know the model's own limit.
constexpr std::uint32_t kDefaultMaxTokens = 8192;

/// Writes one request. The first thing that cannot be expressed ends it.
class Encoder : RequestWriter {
  public:
    Encoder(const Request& request, const Target& target)
        : RequestWriter(request, target, kName, "Anthropic Messages", {"stream", "messages"}),
          version_(version_of(target)),
          is_new_(version_ >= kNoSampling),  // dates compare as text
          conversation_(
              arrange(request.messages(), is_new_, [this](const Part& part) { return is_carried(part); })) {}

    Result<EncodedRequest> encode() {
        out_.path = kPath;
        out_.headers.emplace_back("anthropic-version", version_);
        json_.begin_object();
        if (field("model")) json_.string(target_.model.id);
        choose_reasoning();
        if (field("max_tokens")) json_.number(max_tokens());
        write_system();
        write_messages();
        write_tools();
        write_options();
        json_.key("stream").boolean(true);
        write_extras();
        json_.end_object();
        return take();
    }

  private:
    // --- what is said ---

    void write_system() {
        if (conversation_.moved_system)
            warn("Anthropic Messages " + std::string(version_) +
                 " has no system messages within the conversation; later ones were moved to its beginning.");
        if (conversation_.system.empty() || !field("system")) return;
        for (const Part* part : conversation_.system)
            if (!part_as<TextPart>(*part) && !part_as<NativePart>(*part))
                fail("a system message holds a part that is no text");
        write_content(conversation_.system);
    }

    void write_messages() {
        json_.key("messages").begin_array();
        for (const Turn& turn : conversation_.turns) {
            for (const Part* part : turn.parts)
                check_place(turn.role, *part);
            json_.begin_object().key("role").string(to_string(turn.role)).key("content");
            write_content(turn.parts);
            json_.end_object();
        }
        json_.end_array();
        if (conversation_.turns.empty()) fail("the request has no message that says anything to Anthropic");
    }

    /// Only what the target can have.
    bool is_carried(const Part& part) {
        if (const auto* native = part_as<NativePart>(part)) return is_native(*native);
        if (const auto* text = part_as<TextPart>(part)) {
            if (!text->signature.empty()) may_return(text->signature);  // has no place: warns
            return true;
        }
        const auto* reasoning = part_as<ReasoningPart>(part);
        if (reasoning == nullptr || may_return(reasoning->signature)) return true;
        if (reasoning->signature.empty() && !reasoning->text.empty())
            warn("Reasoning without a signature was left out: Anthropic only takes back what it signed.");
        return false;
    }

    void check_place(Role role, const Part& part) {
        if (part_as<TextPart>(part) || part_as<NativePart>(part)) return;
        const bool by_user = part_as<ImagePart>(part) || part_as<ToolResultPart>(part);
        if ((role == Role::user && by_user) || (role == Role::assistant && !by_user)) return;
        fail("a " + std::string(to_string(role)) + " message holds a part that it cannot hold");
    }

    void write_content(const std::vector<const Part*>& parts) {
        if (parts.size() == 1) {
            const auto* only = part_as<TextPart>(*parts.front());
            if (only != nullptr && !only->cache) {
                json_.string(only->text);
                return;
            }
            if (const auto* refusal = part_as<RefusalPart>(*parts.front())) {
                json_.string(refusal->text);
                return;
            }
        }
        json_.begin_array();
        for (const Part* part : parts)
            std::visit([this](const auto& what) { write(what); }, *part);
        json_.end_array();
    }

    void write(const TextPart& part) {
        json_.begin_object().key("type").string("text").key("text").string(part.text);
        end_block(part.cache);
    }

    void write(const RefusalPart& part) {
        json_.begin_object().key("type").string("text").key("text").string(part.text);
        json_.end_object();
    }

    void write(const ImagePart& part) {
        if (part.url.empty() && part.data.empty()) fail("an image has neither a URL nor data");
        if (part.url.empty() && part.media_type.empty()) fail("an image's data has no media type");
        json_.begin_object().key("type").string("image").key("source").begin_object().key("type");
        if (!part.url.empty())
            json_.string("url").key("url").string(part.url);
        else
            json_.string("base64").key("media_type").string(part.media_type).key("data").string(part.data);
        json_.end_object();
        end_block(part.cache);
        if (!part.detail.empty() && part.detail != "auto") warn_lost("image detail");
    }

    void write(const ReasoningPart& part) {
        json_.begin_object().key("type");
        if (part.redacted)
            json_.string("redacted_thinking").key("data").string(part.signature.value);
        else
            json_.string("thinking")
                .key("thinking")
                .string(part.text)
                .key("signature")
                .string(part.signature.value);
        json_.end_object();
    }

    void write(const ToolCallPart& part) {
        if (part.id.empty()) fail("a tool call has no id");
        if (part.name.empty()) fail("a tool call has no name");
        if (!part.signature.empty()) may_return(part.signature);  // has no place: warns
        json_.begin_object().key("type").string("tool_use").key("id").string(tool_id(part.id));
        json_.key("name").string(part.name).key("input");
        if (!write_input(json_, part.arguments))
            warn("Tool call arguments that are no JSON object were sent as the text of INVALID_JSON.");
        end_block(part.cache);
    }

    void write(const ToolResultPart& part) {
        if (part.tool_call_id.empty()) fail("a tool result names no tool call");
        json_.begin_object().key("type").string("tool_result");
        json_.key("tool_use_id").string(tool_id(part.tool_call_id));
        if (!part.images.empty()) {
            json_.key("content").begin_array();
            if (!part.content.empty()) write(TextPart(part.content));
            for (const ImagePart& image : part.images)
                write(image);
            json_.end_array();
        } else if (!part.content.empty()) {
            json_.key("content").string(part.content);
        }
        if (part.is_error) json_.key("is_error").boolean(true);
        end_block(part.cache);
    }

    void write(const NativePart& part) { json_.raw(part.json); }

    void end_block(const std::optional<CacheControl>& cache) {
        write_cache(cache);
        json_.end_object();
    }

    void write_cache(const std::optional<CacheControl>& cache) {
        if (!cache) return;
        json_.key("cache_control").begin_object().key("type").string("ephemeral");
        if (!cache->ttl.empty()) json_.key("ttl").string(cache->ttl);
        json_.end_object();
    }

    // --- tools ---

    bool has_tools() const noexcept { return !request_.tools().empty() || has_native_tools(); }

    void write_tools() {
        const Request::Options& options = request_.options();
        if (has_tools() && field("tools")) {
            json_.begin_array();
            for (const Tool& tool : request_.tools())
                write_tool(tool);
            write_native_tools();
            json_.end_array();
        }
        const bool only_one = options.parallel_tool_calls == false;
        if (options.tool_choice || (only_one && has_tools()))
            write_tool_choice(options.tool_choice.value_or(ToolChoice()), only_one);
    }

    void write_tool(const Tool& tool) {
        if (tool.name.empty()) fail("a tool has no name");
        json_.begin_object().key("name").string(tool.name);
        if (!tool.description.empty()) json_.key("description").string(tool.description);
        json_.key("input_schema");
        if (tool.parameters_json.empty()) {
            json_.raw(R"({"type":"object","properties":{}})");
        } else {
            require_json(tool.parameters_json, "the parameters schema of the tool \"" + tool.name + "\"");
            json_.raw(tool.parameters_json);
        }
        if (tool.strict) json_.key("strict").boolean(*tool.strict);
        write_cache(tool.cache);
        json_.end_object();
    }

    void write_tool_choice(const ToolChoice& choice, bool only_one) {
        if (choice.mode == ToolChoice::Mode::named && choice.name.empty())
            fail("the tool choice names no tool");
        if (!field("tool_choice")) return;
        json_.begin_object().key("type");
        switch (choice.mode) {
            case ToolChoice::Mode::automatic:
                json_.string("auto");
                break;
            case ToolChoice::Mode::none:
                json_.string("none");
                break;
            case ToolChoice::Mode::required:
                json_.string("any");
                break;
            case ToolChoice::Mode::named:
                json_.string("tool").key("name").string(choice.name);
                break;
        }
        if (only_one && choice.mode != ToolChoice::Mode::none)
            json_.key("disable_parallel_tool_use").boolean(true);
        json_.end_object();
    }

    // --- options ---

    /// What of effort, budget and display the request asks for, in Anthropic's terms.
    void choose_reasoning() {
        const Request::Options& options = request_.options();
        if (options.reasoning_effort == "none") {
            if (options.reasoning_budget.value_or(0) > 0)
                fail("a reasoning budget contradicts the reasoning effort \"none\"");
            thinking_ = Thinking::off;
        } else if (options.reasoning_effort) {
            effort_ = *options.reasoning_effort;
            if (effort_ == "minimal") {
                warn("Anthropic Messages has no reasoning effort \"minimal\"; \"low\" was sent.");
                effort_ = "low";
            }
        }
        if (options.reasoning_budget == 0u) {
            thinking_ = Thinking::off;
        } else if (options.reasoning_budget) {
            thinking_ = Thinking::budget;
            budget_ = *options.reasoning_budget;
            if (budget_ < kLeastBudget) {
                warn("Anthropic Messages takes no reasoning budget below 1024 tokens; 1024 was sent.");
                budget_ = kLeastBudget;
            }
        } else if (thinking_ == Thinking::unsaid && options.show_reasoning == true) {
            thinking_ = Thinking::adaptive;  // without thinking there is nothing to show
        }
        if (thinking_ == Thinking::off && options.show_reasoning == true)
            warn("Reasoning is switched off by the request, so there is none to show.");
    }

    /// Mandatory, and more than the budget.
    std::uint64_t max_tokens() {
        const std::optional<std::uint32_t> asked = request_.options().max_tokens;
        const std::optional<Tokens> most = target_.model.max_output;
        const std::uint64_t answer = asked ? *asked : most.value_or(kDefaultMaxTokens);
        if (budget_ == 0 || answer > budget_) return answer;
        // The budget is part of max_tokens here: the answer keeps what was asked for it.
        if (asked)
            warn("Anthropic Messages counts the reasoning budget within max_tokens, which was raised by it.");
        return std::min<std::uint64_t>(budget_ + answer, std::numeric_limits<std::uint32_t>::max());
    }

    void write_options() {
        const Request::Options& options = request_.options();
        if (!options.stop.empty() && field("stop_sequences")) {
            json_.begin_array();
            for (const std::string& sequence : options.stop)
                json_.string(sequence);
            json_.end_array();
        }
        write_sampling(options);
        write_thinking(options.show_reasoning);
        write_output_config(options.response_format);
        if (options.end_user && field("metadata"))
            json_.begin_object().key("user_id").string(*options.end_user).end_object();
        if (options.frequency_penalty) warn_lost("frequency_penalty");
        if (options.presence_penalty) warn_lost("presence_penalty");
        if (options.seed) warn_lost("seed");
        if (options.choices.value_or(1) != 1) warn_lost("choice of several answers");
    }

    void write_sampling(const Request::Options& options) {
        if (!is_new_) {
            write_number("temperature", options.temperature);
            write_number("top_p", options.top_p);
            if (options.top_k && field("top_k")) json_.number(*options.top_k);
            return;
        }
        const std::string since = " in its version " + std::string(version_);
        if (options.temperature) warn_lost("temperature" + since);
        if (options.top_p) warn_lost("top_p" + since);
        if (options.top_k) warn_lost("top_k" + since);
    }

    void write_thinking(std::optional<bool> show) {
        if (thinking_ == Thinking::unsaid || !field("thinking")) return;
        json_.begin_object().key("type");
        switch (thinking_) {
            case Thinking::unsaid:
            case Thinking::off:
                json_.string("disabled").end_object();
                return;
            case Thinking::adaptive:
                json_.string("adaptive");
                break;
            case Thinking::budget:
                json_.string("enabled").key("budget_tokens").number(budget_);
                break;
        }
        if (show) json_.key("display").string(*show ? "summarized" : "omitted");
        json_.end_object();
    }

    void write_output_config(const std::optional<ResponseFormat>& format) {
        const bool has_schema = format && !format->schema_json.empty();
        if (format && !has_schema) warn_lost("JSON mode without a schema");
        if (has_schema) require_json(format->schema_json, "the schema of the response format");
        if ((effort_.empty() && !has_schema) || !field("output_config")) return;
        json_.begin_object();
        if (!effort_.empty()) json_.key("effort").string(effort_);
        if (has_schema) {
            json_.key("format").begin_object().key("type").string("json_schema");
            json_.key("schema").raw(format->schema_json).end_object();
        }
        json_.end_object();
    }

    enum class Thinking : unsigned char { unsaid, off, adaptive, budget };

    std::string_view version_;
    bool is_new_;
    Conversation conversation_;
    Thinking thinking_ = Thinking::unsaid;
    std::uint32_t budget_ = 0;
    std::string effort_;
};

}  // namespace

std::string_view version_of(const Target& target) noexcept {
    return target.api_version.empty() ? kDefaultVersion : target.api_version;
}

Result<EncodedRequest> encode_request(const Request& request, const Target& target) {
    return Encoder(request, target).encode();
}

EncodedRequest list_models(const Target& target) {
    EncodedRequest list;
    list.path = "/models?limit=1";
    list.headers.emplace_back("anthropic-version", version_of(target));
    return list;
}

}  // namespace sluice::adapters::anthropic

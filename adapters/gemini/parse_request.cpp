// What a client of Google's SDKs asks for. Field names may come in camelCase and in snake_case (PROTOCOLS
// section 6.2).
#include "adapters/ascii.hpp"
#include "adapters/gemini/call_ids.hpp"
#include "adapters/gemini/dialect.hpp"
#include "adapters/gemini/json_objects.hpp"
#include "adapters/gemini/model_path.hpp"
#include "adapters/request_reader.hpp"
#include "wire/json_writer.hpp"

#include <algorithm>
#include <cmath>

namespace sluice::adapters::gemini {
namespace {

namespace dom = wire::dom;

std::string camel(std::string_view key) {
    std::string out;
    for (std::size_t i = 0; i < key.size(); ++i) {
        const bool joins =
            key[i] == '_' && i > 0 && i + 1 < key.size() && key[i + 1] >= 'a' && key[i + 1] <= 'z';
        out += joins ? static_cast<char>(key[++i] - 'a' + 'A') : key[i];
    }
    return out;
}

std::string under(std::string_view path, std::string_view key) {
    return std::string(path).append(".").append(key);
}

/// The elements of an array, or the one thing that stands for an array of it.
std::vector<dom::Element> elements_of(dom::Element value) {
    dom::Array array;
    if (value.get_array().get(array) != simdjson::SUCCESS) return {value};
    return {array.begin(), array.end()};
}

class Parser : RequestReader {
  public:
    explicit Parser(const ClientRequest& from) : RequestReader(from, kName), path_(from.path) {}

    Result<ParsedRequest> parse() {
        const std::optional<ModelPath> named = read_path(path_);
        if (!named)
            fail(
                "the path names no model and method: expected .../models/{model}:generateContent or "
                ":streamGenerateContent");
        const std::optional<dom::Object> body = read_body();
        if (failed()) return take();
        parsed_.model = named->model;
        parsed_.stream = named->stream;
        for (auto [key, value] : *body)  // before the conversation, wherever it stands
            if (camel(key) == "systemInstruction" && !value.is_null()) read_system(value);
        bool has_contents = false;
        for (auto [key, value] : *body) {
            if (value.is_null()) continue;
            const std::string name = camel(key);
            if (name == "contents") {
                has_contents = true;
                read_contents(value);
            } else if (name == "tools") {
                read_tools(value);
            } else if (name == "toolConfig") {
                read_tool_config(value);
            } else if (name == "generationConfig") {
                read_generation_config(value);
            } else if (name != "systemInstruction" && name != "model") {  // the path has the model
                keep_extra(key, value);
            }
        }
        if (!has_contents) fail("contents: expected an array");
        return take();
    }

  private:
    /// Calls `read(camelCase name, value)` for the fields that are not null; fail() for no object.
    template <typename Read>
    void for_each_field(std::string_view path, dom::Element from, Read read) {
        dom::Object object;
        if (from.get_object().get(object) != simdjson::SUCCESS)
            return fail(std::string(path) + ": expected an object");
        for (auto [key, value] : object)
            if (!value.is_null()) read(camel(key), value);
    }

    // --- messages ---

    void read_system(dom::Element value) {
        Message message(Role::system, std::vector<Part>());
        std::string_view said;
        if (value.get_string().get(said) == simdjson::SUCCESS) {
            message.parts.emplace_back(TextPart(std::string(said)));
        } else {
            for_each_field("systemInstruction", value, [&](const std::string& key, dom::Element field) {
                if (key == "parts") read_parts("systemInstruction.parts", field, false, message.parts);
            });
        }
        if (!message.parts.empty()) parsed_.request.message(std::move(message));
    }

    void read_contents(dom::Element value) {
        if (!value.is_array() && !value.is_object()) return fail("contents: expected an array");
        std::size_t i = 0;
        for (dom::Element content : elements_of(value))
            read_content(at("contents", i++), content);
    }

    void read_content(const std::string& path, dom::Element content) {
        std::string role = "user";
        std::optional<dom::Element> parts;
        for_each_field(path, content, [&](const std::string& key, dom::Element value) {
            if (key == "role") role = text(under(path, "role"), value).value_or("");
            if (key == "parts") parts = value;
        });
        const bool is_model = role == "model";
        if (!failed() && !is_model && role != "user" && role != "function" && !role.empty())
            fail(under(path, "role: expected \"user\" or \"model\""));
        if (failed() || !parts) return;
        Message message(is_model ? Role::assistant : Role::user, std::vector<Part>());
        read_parts(under(path, "parts"), *parts, is_model, message.parts);
        if (message.parts.empty()) return;
        const bool only_results =
            std::all_of(message.parts.begin(), message.parts.end(),
                        [](const Part& part) { return std::holds_alternative<ToolResultPart>(part); });
        if (only_results) message.role = Role::tool;
        parsed_.request.message(std::move(message));
    }

    void read_parts(const std::string& path, dom::Element value, bool is_model, std::vector<Part>& out) {
        if (!value.is_array() && !value.is_object()) return fail(path + ": expected an array");
        std::size_t i = 0;
        for (dom::Element part : elements_of(value)) {
            if (failed()) return;
            read_part(at(path, i++), part, is_model, out);
        }
    }

    struct PartFields {
        std::optional<dom::Element> text, call, result, data, file;
        bool thought = false;
        std::string signature;
        int payloads = 0;
        bool has_others = false;
    };

    void read_part(const std::string& path, dom::Element part, bool is_model, std::vector<Part>& out) {
        PartFields fields;
        for_each_field(path, part, [&](const std::string& key, dom::Element value) {
            const auto payload = [&](std::optional<dom::Element>& slot) {
                slot = value;
                ++fields.payloads;
            };
            if (key == "text") return payload(fields.text);
            if (key == "functionCall") return payload(fields.call);
            if (key == "functionResponse") return payload(fields.result);
            if (key == "inlineData") return payload(fields.data);
            if (key == "fileData") return payload(fields.file);
            if (key == "thought") {
                fields.thought = flag(under(path, key), value).value_or(false);
            } else if (key == "thoughtSignature") {
                fields.signature = text(under(path, key), value).value_or("");
            } else {
                fields.has_others = true;
            }
        });
        if (failed()) return;
        std::optional<Part> read;
        if (!fields.has_others && fields.payloads <= 1) read = read_payload(path, fields, is_model);
        if (failed()) return;
        if (!read && (fields.has_others || fields.payloads > 0)) read = native_part(part);
        if (!read) return;  // it says nothing
        // A streamed thought comes back in the pieces it was given in; a signature closes it.
        const auto* thought = std::get_if<ReasoningPart>(&*read);
        auto* before = thought && !out.empty() ? std::get_if<ReasoningPart>(&out.back()) : nullptr;
        if (before && before->signature.empty()) {
            before->text += thought->text;
            before->signature = thought->signature;
        } else {
            out.push_back(std::move(*read));
        }
    }

    /// Nothing for a part that only Gemini knows.
    std::optional<Part> read_payload(const std::string& path, const PartFields& fields, bool is_model) {
        if (fields.call)
            return read_call(under(path, "functionCall"), *fields.call, fields.signature, is_model);
        if (fields.result) return read_result(under(path, "functionResponse"), *fields.result, is_model);
        if (fields.data) return read_image(*fields.data, "data");
        if (fields.file) return read_image(*fields.file, "fileUri");
        std::string said;
        if (fields.text) said = text(under(path, "text"), *fields.text).value_or("");
        if (said.empty() && fields.signature.empty()) return TextPart();
        if (fields.thought) {
            if (is_model) return ReasoningPart(std::move(said), signature_of(fields.signature));
            return std::nullopt;
        }
        TextPart part(std::move(said));
        part.signature = signature_of(fields.signature);
        return part;
    }

    Signature signature_of(const std::string& from_client) const {
        return from_client.empty() ? Signature() : signature(from_client);
    }

    /// An image that others can see too: its bytes, or a URL that is not of Google's own stores.
    std::optional<Part> read_image(dom::Element from, std::string_view content_key) {
        std::string type, content;
        bool is_plain = from.is_object();
        if (!is_plain) return std::nullopt;
        for_each_field("", from, [&](const std::string& key, dom::Element value) {
            const std::optional<std::string_view> said = dom::as<std::string_view>(value);
            if (key == "mimeType" && said)
                type = *said;
            else if (key == content_key && said)
                content = *said;
            else
                is_plain = false;
        });
        if (!is_plain || content.empty()) return std::nullopt;
        if (content_key == "data") {
            if (!type.starts_with("image/")) return std::nullopt;
            return ImagePart::from_base64(std::move(type), std::move(content));
        }
        if (!type.empty() && !type.starts_with("image/")) return std::nullopt;
        if (!content.starts_with("http") || contains(content, "generativelanguage.googleapis.com"))
            return std::nullopt;
        ImagePart image = ImagePart::from_url(std::move(content));
        image.media_type = std::move(type);
        return image;
    }

    std::optional<Part> read_call(const std::string& path, dom::Element from, const std::string& signature,
                                  bool is_model) {
        if (!is_model) fail(path + ": expected in a content of the model");
        ToolCallPart call;
        bool is_plain = true;
        for_each_field(path, from, [&](const std::string& key, dom::Element value) {
            if (key == "id") {
                call.id = text(under(path, key), value).value_or("");
            } else if (key == "name") {
                call.name = text(under(path, key), value).value_or("");
            } else if (key == "args") {
                if (!value.is_object()) return fail(under(path, "args: expected an object"));
                read_arguments(value, call);
            } else {
                is_plain = false;
            }
        });
        if (!is_plain) return std::nullopt;
        if (call.name.empty()) fail(under(path, "name: expected a string"));
        if (call.id.empty()) call.id = make_call_id("", 0, static_cast<std::uint32_t>(calls_.size()));
        call.signature = signature_of(signature);
        calls_.push_back({call.id, call.name, false});
        return call;
    }

    static void read_arguments(dom::Element value, ToolCallPart& call) {
        if (const auto text = only_field(value, "INVALID_JSON"); text && text->is_string()) {
            call.arguments = std::string_view(*text);
            call.arguments_are_json = false;
        } else {
            call.arguments = dom::json_text(value);
        }
    }

    /// The field's value when the object has no other.
    static std::optional<dom::Element> only_field(dom::Element object, std::string_view key) {
        dom::Object fields;
        if (object.get_object().get(fields) != simdjson::SUCCESS || fields.size() != 1) return std::nullopt;
        return dom::field(object, key);
    }

    struct Call {
        std::string id, name;
        bool answered;
    };

    /// Nothing for a result whose call is not in the conversation.
    std::optional<Part> read_result(const std::string& path, dom::Element from, bool is_model) {
        if (is_model) fail(path + ": expected in a content of the user");
        ToolResultPart result;
        std::string id, name;
        for_each_field(path, from, [&](const std::string& key, dom::Element value) {
            if (key == "id") {
                id = text(under(path, key), value).value_or("");
            } else if (key == "name") {
                name = text(under(path, key), value).value_or("");
            } else if (key == "response") {
                if (!value.is_object()) return fail(under(path, "response: expected an object"));
                read_response(value, result);
            } else if (key == "parts") {
                for (dom::Element part : elements_of(value))
                    read_result_image(part, result);
            } else {
                warn("The field \"" + key + "\" of a function response was left out.");
            }
        });
        Call* call = find_call([&](const Call& made) { return !id.empty() && made.id == id; });
        if (!call) call = find_call([&](const Call& made) { return !made.answered && made.name == name; });
        if (!call) return std::nullopt;
        call->answered = true;
        result.tool_call_id = call->id;
        return result;
    }

    template <typename Is>
    Call* find_call(Is is) {
        const auto found = std::find_if(calls_.begin(), calls_.end(), is);
        return found == calls_.end() ? nullptr : &*found;
    }

    /// {"result": ...} and {"error": ...} are how plain text is told.
    static void read_response(dom::Element response, ToolResultPart& result) {
        const std::optional<dom::Element> error = only_field(response, "error");
        const std::optional<dom::Element> text = error ? error : only_field(response, "result");
        result.is_error = error && (error->is_string() || error->is_object());
        if (text && text->is_string())
            result.content = std::string_view(*text);
        else
            result.content = dom::json_text(result.is_error ? *error : response);
    }

    void read_result_image(dom::Element part, ToolResultPart& result) {
        std::optional<dom::Element> data = only_field(part, "inlineData");
        if (!data) data = only_field(part, "inline_data");
        std::optional<Part> image = data ? read_image(*data, "data") : std::nullopt;
        if (image)
            result.images.push_back(std::get<ImagePart>(std::move(*image)));
        else
            warn("A part of a function response that is no image was left out.");
    }

    // --- tools ---

    void read_tools(dom::Element value) {
        if (!value.is_array() && !value.is_object()) return fail("tools: expected an array");
        std::size_t i = 0;
        for (dom::Element tool : elements_of(value)) {
            const std::string path = at("tools", i++);
            dom::Object object;
            if (tool.get_object().get(object) != simdjson::SUCCESS)
                return fail(path + ": expected an object");
            std::string others;
            wire::JsonWriter json(others);
            json.begin_object();
            bool has_others = false;
            for (auto [key, field] : object) {
                if (camel(key) == "functionDeclarations") {
                    read_declarations(under(path, "functionDeclarations"), field);
                } else {
                    has_others = true;
                    json.key(key).raw(dom::json_text(field));
                }
            }
            json.end_object();
            if (has_others) parsed_.request.native_tool(std::string(kName), std::move(others));
        }
    }

    void read_declarations(const std::string& path, dom::Element value) {
        if (!value.is_array()) return fail(path + ": expected an array");
        std::size_t i = 0;
        for (dom::Element declaration : elements_of(value)) {
            const std::string where = at(path, i++);
            Tool tool;
            for_each_field(where, declaration, [&](const std::string& key, dom::Element field) {
                if (key == "name")
                    tool.name = text(under(where, key), field).value_or("");
                else if (key == "description")
                    tool.description = text(under(where, key), field).value_or("");
                else if (key == "parameters")
                    tool.parameters_json = json_schema(dom::json_text(field));
                else if (key == "parametersJsonSchema")
                    tool.parameters_json = dom::json_text(field);
                else
                    warn("The field \"" + key + "\" of a function declaration was left out.");
            });
            if (tool.name.empty()) fail(under(where, "name: expected a string"));
            if (failed()) return;
            parsed_.request.tool(std::move(tool));
        }
    }

    void read_tool_config(dom::Element value) {
        std::string mode = "AUTO";
        std::vector<std::string> allowed;
        bool is_plain = true;
        for_each_field("toolConfig", value, [&](const std::string& key, dom::Element config) {
            if (key != "functionCallingConfig") {
                is_plain = false;
                return;
            }
            const std::string path = "toolConfig.functionCallingConfig";
            for_each_field(path, config, [&](const std::string& name, dom::Element field) {
                if (name == "mode")
                    mode = text(under(path, name), field).value_or("");
                else if (name == "allowedFunctionNames")
                    allowed = texts(under(path, name), field);
                else
                    is_plain = false;
            });
        });
        using Mode = ToolChoice::Mode;
        ToolChoice choice(mode == "ANY" ? Mode::required : mode == "NONE" ? Mode::none : Mode::automatic);
        if (mode == "ANY" && allowed.size() == 1) choice = ToolChoice::named(allowed.front());
        const bool is_whole = is_plain && (mode == "ANY" || mode == "NONE" || mode == "AUTO") &&
                              (allowed.empty() || choice.mode == Mode::named);
        parsed_.request.tool_choice(std::move(choice));
        if (!is_whole) keep_extra("toolConfig", value);
    }

    std::vector<std::string> texts(const std::string& path, dom::Element value) {
        std::vector<std::string> out;
        if (!value.is_array()) fail(path + ": expected an array");
        for (dom::Element item : elements_of(value))
            out.push_back(text(at(path, out.size()), item).value_or(""));
        return out;
    }

    // --- generationConfig: what is not known goes on in an extra of that name ---

    void read_generation_config(dom::Element value) {
        std::string rest;
        wire::JsonWriter json(rest);
        json.begin_object();
        bool has_rest = false;
        const auto keep = [&](std::string_view key, dom::Element field) {
            has_rest = true;
            json.key(key).raw(dom::json_text(field));
        };
        std::optional<dom::Element> media_type, schema, google_schema;
        for_each_field("generationConfig", value, [&](const std::string& key, dom::Element field) {
            if (key == "responseMimeType")
                media_type = field;
            else if (key == "responseJsonSchema")
                schema = field;
            else if (key == "responseSchema")
                google_schema = field;
            else if (key == "thinkingConfig" ? !read_thinking(field) : !read_option(key, field))
                keep(key, field);
        });
        if (dom::as<std::string_view>(media_type) == "application/json") {
            ResponseFormat format;
            if (schema)
                format.schema_json = dom::json_text(*schema);
            else if (google_schema)
                format.schema_json = json_schema(dom::json_text(*google_schema));
            parsed_.request.response_format(std::move(format));
        } else {
            if (media_type) keep("responseMimeType", *media_type);
            if (schema) keep("responseJsonSchema", *schema);
            if (google_schema) keep("responseSchema", *google_schema);
        }
        json.end_object();
        if (has_rest) parsed_.request.dialect_extra(std::string(kName), "generationConfig", std::move(rest));
    }

    /// False for a field that the canonical request has not.
    bool read_option(const std::string& key, dom::Element value) {
        Request& request = parsed_.request;
        const std::string path = under("generationConfig", key);
        if (key == "stopSequences") {
            for (std::string& sequence : texts(path, value))
                request.stop(std::move(sequence));
        } else if (key == "seed") {
            const auto seed = dom::as<std::int64_t>(value);
            if (!seed) fail(path + ": expected a whole number");
            request.seed(seed.value_or(0));
        } else if (key == "maxOutputTokens") {
            request.max_tokens(whole(path, value));
        } else if (key == "topK") {
            request.top_k(whole(path, value));
        } else if (key == "candidateCount") {
            request.choices(whole(path, value));
        } else if (key == "temperature") {
            request.temperature(number(path, value).value_or(0));
        } else if (key == "topP") {
            request.top_p(number(path, value).value_or(0));
        } else if (key == "presencePenalty") {
            request.presence_penalty(number(path, value).value_or(0));
        } else if (key == "frequencyPenalty") {
            request.frequency_penalty(number(path, value).value_or(0));
        } else {
            return false;
        }
        return true;
    }

    /// Some clients write whole numbers as 40.0.
    std::uint32_t whole(const std::string& path, dom::Element value) {
        const auto real = dom::as<double>(value);
        if (real && *real >= 0 && *real <= 4294967295.0 && std::floor(*real) == *real)
            return static_cast<std::uint32_t>(*real);
        return count(path, value).value_or(0);
    }

    /// What it can of the field; false when that is not all.
    bool read_thinking(dom::Element value) {
        bool is_whole = true;
        for_each_field("generationConfig.thinkingConfig", value,
                       [&](const std::string& key, dom::Element field) {
                           const auto budget = dom::as<std::uint64_t>(field);
                           const auto level = dom::as<std::string_view>(field);
                           if (key == "includeThoughts" && field.is_bool())
                               parsed_.request.show_reasoning(bool(field));
                           else if (key == "thinkingBudget" && budget && *budget <= UINT32_MAX)
                               parsed_.request.reasoning_budget(static_cast<std::uint32_t>(*budget));
                           else if (key == "thinkingLevel" && level && is_level(*level))
                               parsed_.request.reasoning_effort(lower(*level));
                           else
                               is_whole = false;  // a budget of -1 lets the model decide
                       });
        return is_whole;
    }

    static bool is_level(std::string_view level) {
        const std::string name = lower(level);
        return name == "minimal" || name == "low" || name == "medium" || name == "high";
    }

    std::string_view path_;
    std::vector<Call> calls_;
};

}  // namespace

Result<ParsedRequest> parse_request(const ClientRequest& request) {
    return Parser(request).parse();
}

}  // namespace sluice::adapters::gemini

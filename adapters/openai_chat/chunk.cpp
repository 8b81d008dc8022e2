#include "adapters/openai_chat/chunk.hpp"

#include "adapters/json_fields.hpp"

namespace sluice::adapters::openai_chat {
namespace {

namespace json = wire::json;
using Error = simdjson::error_code;
using fields::is;
using fields::kind_of;
using fields::raw_text;
using fields::read_count;
using fields::says_nothing;
using simdjson::SUCCESS;

constexpr std::size_t kMaxChoices = 128;  // OpenAI's own limit of n

/// Calls `read(key, field)` for every field of `object`.
template <typename Read>
Error for_each_field(json::object object, Read read) {
    for (auto item : object) {
        json::field field;
        if (Error error = std::move(item).get(field)) return error;
        if (Error error = read(field.key().raw(), field)) return error;
    }
    return SUCCESS;
}

template <typename Read>
Error for_each_element(json::array array, Read read) {
    for (auto item : array) {
        json::value value;
        if (Error error = std::move(item).get(value)) return error;
        if (Error error = read(value)) return error;
    }
    return SUCCESS;
}

/// Top-level fields that are metadata, or noise, and no event.
bool is_boring(const char* key) noexcept {
    switch (*key) {
        case 'c':
            return is(key, "created") || is(key, "cost") || is(key, "content_filter_results");
        case 'k':
            return is(key, "kv_transfer_params");
        case 'm':
            return is(key, "metadata");
        case 'n':
            return is(key, "nvext");
        case 'o':
            return is(key, "obfuscation");
        case 'p':
            return is(key, "p") || is(key, "provider") || is(key, "prompt_filter_results") ||
                   is(key, "prompt_token_ids") || is(key, "prompt_logprobs") || is(key, "prompt_annotations");
        case 'r':
            return is(key, "request_id");
        case 's':
            return is(key, "system_fingerprint") || is(key, "service_tier") || is(key, "sla_metrics");
        case 't':
            return is(key, "timings") || is(key, "token_ids");
        default:
            return false;
    }
}

/// The same within a choice.
bool is_boring_in_choice(const char* key) noexcept {
    switch (*key) {
        case 'c':
            return is(key, "content_filter_results") || is(key, "content_filter_result") ||
                   is(key, "content_filter_offsets");
        case 'm':
            return is(key, "matched_stop");
        case 'n':
            return is(key, "native_finish_reason");
        case 's':
            return is(key, "stop_reason") || is(key, "seed");
        case 't':
            return is(key, "token_ids");
        default:
            return false;
    }
}

}  // namespace

void Counts::merge(const Counts& later) noexcept {
    auto take = [](std::optional<std::uint64_t>& mine, const std::optional<std::uint64_t>& theirs) {
        if (theirs) mine = theirs;
    };
    take(prompt, later.prompt);
    take(completion, later.completion);
    take(total, later.total);
    take(cached, later.cached);
    take(cache_write, later.cache_write);
    take(reasoning, later.reasoning);
}

void Choice::clear_text() noexcept {
    content = reasoning = refusal = signature = {};
    pieces.clear();
    details.clear();
    tools.clear();
}

void Choice::clear() noexcept {
    clear_text();
    index = 0;
    finish_reason = finish_json = {};
    has_delta = has_message = false;
    unknown.clear();
}

void Chunk::clear() noexcept {
    id = model = {};
    usage = {};
    has_usage = has_choices = has_error = looks_like_error = false;
    unknown.clear();
    choice_count_ = 0;
}

Error Chunk::read(std::string_view text, std::size_t readable, wire::TextArena& arena) {
    arena_ = &arena;
    std::string_view escaped;
    repeats_ = shape_.match(text, escaped) && wire::unescape(escaped, arena, *shape_text_);
    if (repeats_) {
        id = model = {};
        return SUCCESS;
    }
    shape_.forget();
    clear();
    if (Error error = parse(text, readable)) return error;
    shape_text_ = only_text();
    // Text in the arena had escapes: where it came from is not known any more.
    if (shape_text_ != nullptr && shape_text_->data() > text.data() && shape_text_->data() < end_)
        shape_.learn(text, *shape_text_);
    return SUCCESS;
}

/// The text of a chunk that says one thing and nothing else, or null.
std::string_view* Chunk::only_text() noexcept {
    if (choice_count_ != 1 || has_usage || has_error || !unknown.empty()) return nullptr;
    Choice& choice = choices_[0];
    if (!choice.has_delta || !choice.finish_reason.empty() || !choice.unknown.empty()) return nullptr;
    if (!choice.pieces.empty() || !choice.details.empty() || choice.tools.size() > 1) return nullptr;
    if (!choice.signature.empty()) return nullptr;
    std::string_view* only = nullptr;
    int said = 0;
    for (std::string_view* text : {&choice.content, &choice.reasoning, &choice.refusal}) {
        if (text->empty()) continue;
        only = text;
        ++said;
    }
    if (!choice.tools.empty()) {
        ToolFragment& tool = choice.tools[0];
        if (!tool.id.empty() || !tool.name.empty() || !tool.signature.empty()) return nullptr;
        only = &tool.arguments;
        ++said;
    }
    return said == 1 ? only : nullptr;
}

Error Chunk::parse(std::string_view text, std::size_t readable) {
    end_ = text.data() + text.size();
    json::document document;
    if (Error error = wire::thread_parser().iterate(text.data(), text.size(), readable).get(document))
        return error;
    json::object root;
    if (Error error = document.get_object().get(root)) return error;
    bool error_fields = false;
    Error error = for_each_field(root, [&](const char* key, json::field& field) -> Error {
        json::value& value = field.value();
        switch (*key) {
            case 'c':
                if (is(key, "choices")) return read_choices(value);
                break;
            case 'i':
                if (is(key, "id")) return read_text(value, id);
                break;
            case 'm':
                if (is(key, "model")) return read_text(value, model);
                break;
            case 'o':
                if (is(key, "object")) {
                    std::string_view object;
                    Error failed = read_text(value, object);
                    error_fields |= object == "error";
                    return failed;
                }
                break;
            case 'u':
                if (is(key, "usage")) return read_usage(value);
                if (is(key, "user_id")) return SUCCESS;  // OpenRouter, with errors
                break;
            case 'x':
                if (is(key, "x_groq")) return read_groq(value);
                break;
            case 'e':
                if (is(key, "error")) {
                    std::string_view what;
                    Error failed = raw_text(value, what);
                    has_error |= !failed && !says_nothing(what);
                    return failed;
                }
                break;
            default:
                break;
        }
        if (is_boring(key)) return SUCCESS;
        error_fields |=
            is(key, "message") || is(key, "detail") || is(key, "error_code") || is(key, "errors") ||
            (is(key, "type") && std::string_view(value.raw_json_token()).starts_with("\"error\""));
        return keep_unknown("", field, unknown);
    });
    if (error) return error;
    if (document.current_location().error() == SUCCESS) return simdjson::TRAILING_CONTENT;
    looks_like_error = error_fields && !has_choices;
    return SUCCESS;
}

Error Chunk::read_choices(json::value value) {
    if (kind_of(value) != '[') return SUCCESS;
    has_choices = true;
    json::array array;
    if (Error error = value.get_array().get(array)) return error;
    return for_each_element(array, [&](json::value& element) -> Error {
        if (kind_of(element) != '{') return SUCCESS;
        if (choice_count_ == kMaxChoices) return simdjson::CAPACITY;
        if (choice_count_ == choices_.size()) choices_.emplace_back();
        json::object object;
        if (Error error = element.get_object().get(object)) return error;
        Choice& choice = choices_[choice_count_++];
        choice.clear();
        return read_choice(object, choice);
    });
}

Error Chunk::read_choice(json::object object, Choice& choice) {
    return for_each_field(object, [&](const char* key, json::field& field) -> Error {
        json::value& value = field.value();
        switch (*key) {
            case 'd':
                if (is(key, "delta") && kind_of(value) == '{') {
                    // Perplexity repeats the whole text so far in `message` beside the delta.
                    choice.clear_text();
                    choice.has_delta = true;
                    choice.has_message = false;
                    return read_delta(value, choice);
                }
                break;
            case 'm':
                if (is(key, "message")) {
                    if (choice.has_delta || kind_of(value) != '{') return SUCCESS;
                    choice.has_message = true;
                    return read_delta(value, choice);
                }
                break;
            case 'f':
                if (is(key, "finish_reason")) {
                    choice.finish_json = trim(std::string_view(value.raw_json_token()));
                    if (kind_of(value) == '"') return read_text(value, choice.finish_reason);
                    return SUCCESS;
                }
                break;
            case 'i':
                if (is(key, "index")) {
                    std::optional<std::uint64_t> index;
                    read_count(value, index);
                    if (index.value_or(0) > UINT32_MAX) return simdjson::NUMBER_OUT_OF_RANGE;
                    choice.index = static_cast<std::uint32_t>(index.value_or(0));
                    return SUCCESS;
                }
                break;
            case 'l':
                if (is(key, "logprobs")) return keep_unknown_value("logprobs", value, choice.unknown);
                break;
            case 'u':
                if (is(key, "usage")) return read_usage(value);  // Moonshot
                break;
            default:
                break;
        }
        if (is_boring_in_choice(key)) return SUCCESS;
        return keep_unknown("choice.", field, choice.unknown);
    });
}

Error Chunk::read_delta(json::value delta, Choice& choice) {
    json::object object;
    if (Error error = delta.get_object().get(object)) return error;
    return for_each_field(object, [&](const char* key, json::field& field) -> Error {
        json::value& value = field.value();
        switch (*key) {
            case 'c':
                if (is(key, "content")) return read_content(value, choice);
                if (is(key, "channel"))
                    return SUCCESS;  // Groq: which kind of text this is, as `reasoning` tells too
                break;
            case 'r':
                if (is(key, "role")) return SUCCESS;
                if (is(key, "refusal") && kind_of(value) != '{') return read_text(value, choice.refusal);
                if (is(key, "reasoning_content") || is(key, "reasoning")) {
                    if (kind_of(value) == '[')
                        return read_pieces(value, Piece::Kind::reasoning, choice.details);
                    if (kind_of(value) == '{') break;
                    // The same text under two names: the first that is not empty.
                    return choice.reasoning.empty() ? read_text(value, choice.reasoning) : SUCCESS;
                }
                if (is(key, "reasoning_details")) return read_reasoning_details(value, choice);
                break;
            case 't':
                if (is(key, "tool_calls")) return read_tool_calls(value, choice);
                if (is(key, "thinking") && kind_of(value) == '"')
                    return choice.reasoning.empty() ? read_text(value, choice.reasoning) : SUCCESS;
                break;
            case 'e':
                if (is(key, "extra_content") && kind_of(value) == '{') {
                    std::string_view raw;
                    if (Error error = read_extra_content(value, choice.signature, raw)) return error;
                    if (choice.signature.empty() && !says_nothing(raw))
                        choice.unknown.push_back({"delta.extra_content", raw});
                    return SUCCESS;
                }
                break;
            case 'f':
                if (is(key, "function_call") && kind_of(value) == '{') {
                    ToolFragment tool;
                    Error error = read_function(value, tool);
                    choice.tools.push_back(tool);
                    return error;
                }
                break;
            default:
                break;
        }
        return keep_unknown("delta.", field, choice.unknown);
    });
}

Error Chunk::read_content(json::value value, Choice& choice) {
    switch (kind_of(value)) {
        case '"':
            return read_text(value, choice.content);
        case '[': {
            json::array array;
            if (Error error = value.get_array().get(array)) return error;
            return for_each_element(array,
                                    [&](json::value& part) { return read_content_part(part, choice); });
        }
        case '{':
            return read_content_part(value, choice);
        default:
            return keep_unknown_value("delta.content", value, choice.unknown);
    }
}

/// {"type":"text","text":".."}, {"type":"thinking","thinking":[..]}, {"type":"reasoning","summary":[..]}, or
/// a string.
Error Chunk::read_content_part(json::value value, Choice& choice) {
    if (kind_of(value) != '{') {
        Piece piece;
        Error error = read_text(value, piece.text);
        choice.pieces.push_back(piece);
        return error;
    }
    json::object object;
    if (Error error = value.get_object().get(object)) return error;
    std::string_view type, text, signature, refusal;
    const std::size_t before = choice.pieces.size();
    Error error = for_each_field(object, [&](const char* key, json::field& field) -> Error {
        json::value& member = field.value();
        if (is(key, "type")) return read_text(member, type);
        if (is(key, "text")) return read_text(member, text);
        if (is(key, "refusal")) return read_text(member, refusal);
        if (is(key, "signature")) return read_text(member, signature);
        if (is(key, "thinking") || is(key, "summary") || is(key, "reasoning"))
            return read_pieces(member, Piece::Kind::reasoning, choice.pieces);
        return SUCCESS;
    });
    if (error) return error;
    if (!text.empty()) {
        bool reasoning = type == "thinking" || type == "reasoning" || type == "reasoning_text";
        choice.pieces.push_back({reasoning ? Piece::Kind::reasoning : Piece::Kind::text, text, {}});
    }
    if (!refusal.empty()) choice.pieces.push_back({Piece::Kind::refusal, refusal, {}});
    if (!signature.empty()) choice.pieces.push_back({Piece::Kind::reasoning, {}, signature});
    const bool known =
        type == "text" || type == "thinking" || type == "reasoning" || choice.pieces.size() > before;
    if (known) return SUCCESS;
    if (Error failed = object.reset().error()) return failed;
    std::string_view raw;
    if (Error failed = object.raw_json().get(raw)) return failed;
    choice.unknown.push_back({"delta.content", trim(raw)});
    return SUCCESS;
}

/// OpenRouter: reasoning.text {text, signature}, reasoning.summary {summary}, reasoning.encrypted {data}.
Error Chunk::read_reasoning_details(json::value value, Choice& choice) {
    if (kind_of(value) != '[') return SUCCESS;
    json::array array;
    if (Error error = value.get_array().get(array)) return error;
    return for_each_element(array, [&](json::value& element) -> Error {
        if (kind_of(element) != '{') return SUCCESS;
        json::object object;
        if (Error error = element.get_object().get(object)) return error;
        Piece piece;
        piece.kind = Piece::Kind::reasoning;
        std::string_view type;
        Error error = for_each_field(object, [&](const char* key, json::field& field) -> Error {
            json::value& member = field.value();
            if (is(key, "text") || is(key, "summary")) return read_text(member, piece.text);
            if (is(key, "signature") || is(key, "data")) return read_text(member, piece.signature);
            if (is(key, "id")) return read_text(member, piece.id);
            if (is(key, "type")) return read_text(member, type);
            return SUCCESS;
        });
        piece.redacted = type == "reasoning.encrypted" && piece.text.empty();
        choice.details.push_back(piece);
        return error;
    });
}

/// {"google":{"thought_signature":".."}}; `raw` is the whole value.
Error Chunk::read_extra_content(json::value value, std::string_view& signature, std::string_view& raw) {
    json::object object;
    if (Error error = value.get_object().get(object)) return error;
    Error error = for_each_field(object, [&](const char* key, json::field& field) -> Error {
        if (!is(key, "google") || kind_of(field.value()) != '{') return SUCCESS;
        json::object google;
        if (Error failed = field.value().get_object().get(google)) return failed;
        return for_each_field(google, [&](const char* name, json::field& member) -> Error {
            return is(name, "thought_signature") ? read_text(member.value(), signature) : SUCCESS;
        });
    });
    if (error) return error;
    if (Error failed = object.reset().error()) return failed;
    if (Error failed = object.raw_json().get(raw)) return failed;
    raw = trim(raw);
    return SUCCESS;
}

/// A string, or an array of strings and of objects with `text`.
Error Chunk::read_pieces(json::value value, Piece::Kind kind, std::vector<Piece>& out) {
    Piece piece;
    piece.kind = kind;
    if (kind_of(value) != '[') {
        Error error = read_text(value, piece.text);
        if (!piece.text.empty()) out.push_back(piece);
        return error;
    }
    json::array array;
    if (Error error = value.get_array().get(array)) return error;
    return for_each_element(array, [&](json::value& element) -> Error {
        piece.text = {};
        if (kind_of(element) == '{') {
            json::object object;
            if (Error error = element.get_object().get(object)) return error;
            Error error = for_each_field(object, [&](const char* key, json::field& field) -> Error {
                return is(key, "text") ? read_text(field.value(), piece.text) : SUCCESS;
            });
            if (error) return error;
        } else if (Error error = read_text(element, piece.text)) {
            return error;
        }
        if (!piece.text.empty()) out.push_back(piece);
        return SUCCESS;
    });
}

Error Chunk::read_tool_calls(json::value value, Choice& choice) {
    if (kind_of(value) != '[') return SUCCESS;
    json::array array;
    if (Error error = value.get_array().get(array)) return error;
    return for_each_element(array, [&](json::value& element) -> Error {
        if (kind_of(element) != '{') return SUCCESS;
        json::object object;
        if (Error error = element.get_object().get(object)) return error;
        return read_tool_call(object, choice);
    });
}

Error Chunk::read_tool_call(json::object object, Choice& choice) {
    ToolFragment tool;
    Error error = for_each_field(object, [&](const char* key, json::field& field) -> Error {
        json::value& value = field.value();
        if (is(key, "index")) {
            read_count(value, tool.index);
            return SUCCESS;
        }
        if (is(key, "id")) return read_text(value, tool.id);
        if (is(key, "type")) return SUCCESS;
        if (is(key, "function") || is(key, "custom"))
            return kind_of(value) == '{' ? read_function(value, tool) : SUCCESS;
        if (is(key, "extra_content") && kind_of(value) == '{') {
            if (Error failed = read_extra_content(value, tool.signature, tool.extra_json)) return failed;
            if (tool.signature.empty() && !says_nothing(tool.extra_json))
                choice.unknown.push_back({"delta.tool_calls.extra_content", tool.extra_json});
            return SUCCESS;
        }
        return keep_unknown("delta.tool_calls.", field, choice.unknown);
    });
    choice.tools.push_back(tool);
    return error;
}

Error Chunk::read_function(json::value value, ToolFragment& tool) {
    json::object object;
    if (Error error = value.get_object().get(object)) return error;
    return for_each_field(object, [&](const char* key, json::field& field) -> Error {
        json::value& member = field.value();
        if (is(key, "name")) return read_text(member, tool.name);
        if (is(key, "arguments") || is(key, "input")) {
            // A few servers send the arguments as the object itself.
            return kind_of(member) == '{' ? raw_text(member, tool.arguments)
                                          : read_text(member, tool.arguments);
        }
        return SUCCESS;
    });
}

Error Chunk::read_usage(json::value value) {
    if (kind_of(value) != '{') return SUCCESS;
    json::object object;
    if (Error error = value.get_object().get(object)) return error;
    Counts counts;
    std::optional<std::uint64_t> cached_alias, cache_write_alias, reasoning_alias;
    Error error = for_each_field(object, [&](const char* key, json::field& field) -> Error {
        json::value& member = field.value();
        if (is(key, "prompt_tokens_details") || is(key, "input_tokens_details")) {
            json::object details;
            if (kind_of(member) != '{') return SUCCESS;
            if (Error failed = member.get_object().get(details)) return failed;
            return for_each_field(details, [&](const char* name, json::field& detail) -> Error {
                if (is(name, "cached_tokens")) read_count(detail.value(), counts.cached);
                if (is(name, "cache_write_tokens")) read_count(detail.value(), counts.cache_write);
                return SUCCESS;
            });
        }
        if (is(key, "completion_tokens_details") || is(key, "output_tokens_details")) {
            json::object details;
            if (kind_of(member) != '{') return SUCCESS;
            if (Error failed = member.get_object().get(details)) return failed;
            return for_each_field(details, [&](const char* name, json::field& detail) -> Error {
                if (is(name, "reasoning_tokens")) read_count(detail.value(), counts.reasoning);
                return SUCCESS;
            });
        }
        if (is(key, "prompt_tokens") || is(key, "input_tokens")) read_count(member, counts.prompt);
        if (is(key, "completion_tokens") || is(key, "output_tokens")) read_count(member, counts.completion);
        if (is(key, "total_tokens")) read_count(member, counts.total);
        // DeepSeek; Moonshot; proxies in front of Anthropic.
        if (is(key, "prompt_cache_hit_tokens") || is(key, "cached_tokens") ||
            is(key, "cache_read_input_tokens"))
            read_count(member, cached_alias);
        if (is(key, "cache_creation_input_tokens")) read_count(member, cache_write_alias);
        if (is(key, "reasoning_tokens")) read_count(member, reasoning_alias);
        return SUCCESS;
    });
    if (error) return error;
    if (!counts.cached) counts.cached = cached_alias;
    if (!counts.cache_write) counts.cache_write = cache_write_alias;
    if (!counts.reasoning) counts.reasoning = reasoning_alias;
    usage.merge(counts);
    has_usage = true;
    return SUCCESS;
}

Error Chunk::read_groq(json::value value) {
    if (kind_of(value) != '{') return SUCCESS;
    json::object object;
    if (Error error = value.get_object().get(object)) return error;
    return for_each_field(object, [&](const char* key, json::field& field) -> Error {
        if (is(key, "usage")) return read_usage(field.value());
        if (is(key, "error")) {
            std::string_view what;
            Error error = raw_text(field.value(), what);
            has_error |= !error && !says_nothing(what);
            return error;
        }
        return SUCCESS;
    });
}

Error Chunk::read_text(json::value value, std::string_view& out) {
    return fields::read_text(value, *arena_, out);
}

Error Chunk::keep_unknown(std::string_view prefix, json::field field, std::vector<Unknown>& out) {
    const char* key = field.key().raw();
    const std::size_t before = out.size();
    if (Error error = keep_unknown_value({}, field.value(), out)) return error;
    if (out.size() == before) return SUCCESS;
    const char* quote = key;
    while (*quote != '"')
        quote += *quote == '\\' ? 2 : 1;
    std::string_view name;
    if (!wire::unescape({key, quote}, *arena_, name)) return simdjson::STRING_ERROR;
    if (!prefix.empty()) {
        char* joined = arena_->allocate(prefix.size() + name.size());
        std::memcpy(joined, prefix.data(), prefix.size());
        std::memcpy(joined + prefix.size(), name.data(), name.size());
        name = {joined, prefix.size() + name.size()};
    }
    out.back().name = name;
    return SUCCESS;
}

Error Chunk::keep_unknown_value(std::string_view name, json::value value, std::vector<Unknown>& out) {
    std::string_view raw;
    if (Error error = raw_text(value, raw)) return error;
    if (!says_nothing(raw)) out.push_back({name, raw});
    return SUCCESS;
}

}  // namespace sluice::adapters::openai_chat

#include "adapters/gemini/chunk.hpp"

#include "adapters/json_fields.hpp"

namespace sluice::adapters::gemini {
namespace {

using namespace fields;
using simdjson::SUCCESS;

constexpr std::size_t kMaxCandidates = 128;

bool is_true(json::value& value) noexcept {
    return kind_of(value) == 't';
}

/// The text of an object whose fields have been read.
Error source_of(json::object& object, std::string_view& out) {
    if (Error error = object.reset().error()) return error;
    if (Error error = object.raw_json().get(out)) return error;
    out = trim(out);
    return SUCCESS;
}

}  // namespace

bool Counts::any() const noexcept {
    return prompt || tool_prompt || cached || candidates || thoughts || total;
}

void Counts::merge(const Counts& later) noexcept {
    auto take = [](std::optional<std::uint64_t>& mine, const std::optional<std::uint64_t>& theirs) {
        if (theirs) mine = theirs;
    };
    take(prompt, later.prompt);
    take(tool_prompt, later.tool_prompt);
    take(cached, later.cached);
    take(candidates, later.candidates);
    take(thoughts, later.thoughts);
    take(total, later.total);
}

void Chunk::clear() noexcept {
    response_id = model = block_reason = {};
    usage = {};
    has_error = false;
    rest.clear();
    candidate_count_ = 0;
}

Error Chunk::read(std::string_view text, std::size_t readable, wire::TextArena& arena) {
    arena_ = &arena;
    end_ = text.data() + text.size();
    clear();
    json::document document;
    if (Error error = wire::thread_parser().iterate(text.data(), text.size(), readable).get(document))
        return error;
    json::object root;
    if (Error error = document.get_object().get(root)) return error;
    bool is_answer = false, error_fields = false;
    Error error = for_each_field(root, [&](const char* key, json::value& value) -> Error {
        if (is(key, "candidates") && kind_of(value) == '[') {
            is_answer = true;
            return for_each_element_of(value,
                                       [&](json::value& candidate) { return read_candidate(candidate); });
        }
        if (is(key, "usageMetadata") || is(key, "usage_metadata")) return read_usage(value);
        if (is(key, "modelVersion") || is(key, "model_version")) return read_text(value, arena, model);
        if (is(key, "responseId") || is(key, "response_id")) return read_text(value, arena, response_id);
        if (is(key, "createTime") || is(key, "create_time")) return SUCCESS;
        if ((is(key, "promptFeedback") || is(key, "prompt_feedback")) && kind_of(value) == '{') {
            is_answer = true;
            return read_feedback(key, value);
        }
        if (is(key, "error")) {
            std::string_view what;
            Error failed = raw_text(value, what);
            has_error |= !failed && !says_nothing(what);
            return failed;
        }
        error_fields |= is(key, "message") || is(key, "code") || is(key, "detail");
        return keep({}, key, value, rest);
    });
    if (error) return error;
    if (document.current_location().error() == SUCCESS) return simdjson::TRAILING_CONTENT;
    has_error |= error_fields && !is_answer;
    return SUCCESS;
}

Error Chunk::read_candidate(json::value from) {
    if (kind_of(from) != '{') return SUCCESS;
    if (candidate_count_ == kMaxCandidates) return simdjson::CAPACITY;
    if (candidate_count_ == candidates_.size()) candidates_.emplace_back();
    Candidate& candidate = candidates_[candidate_count_++];
    candidate.index = 0;
    candidate.items.clear();
    candidate.finish_reason = candidate.finish_json = {};
    return for_each_field_of(from, [&](const char* key, json::value& value) -> Error {
        if (is(key, "content") && kind_of(value) == '{') return read_content(value, candidate.items);
        if (is(key, "index")) {
            std::optional<std::uint64_t> index;
            read_count(value, index);
            if (index.value_or(0) > UINT32_MAX) return simdjson::NUMBER_OUT_OF_RANGE;
            candidate.index = static_cast<std::uint32_t>(index.value_or(0));
            return SUCCESS;
        }
        if ((is(key, "finishReason") || is(key, "finish_reason")) && kind_of(value) == '"') {
            candidate.finish_json = trim(std::string_view(value.raw_json_token()));
            return read_text(value, *arena_, candidate.finish_reason);
        }
        return keep("candidate.", key, value, candidate.items);
    });
}

Error Chunk::read_content(json::value content, std::vector<Item>& items) {
    return for_each_field_of(content, [&](const char* key, json::value& value) -> Error {
        if (is(key, "role")) return SUCCESS;
        if (!is(key, "parts")) return keep("content.", key, value, items);
        if (kind_of(value) != '[') return read_part(value, items);
        return for_each_element_of(value, [&](json::value& part) { return read_part(part, items); });
    });
}

/// Text and calls become items, with fields of theirs that we do not know beside them. A part of any other
/// kind is an extension as a whole, because its signature belongs to it.
Error Chunk::read_part(json::value part, std::vector<Item>& items) {
    Item unknown;
    unknown.kind = Item::Kind::extension;
    unknown.name = "content.parts";
    if (kind_of(part) != '{') {
        if (Error error = raw_text(part, unknown.json)) return error;
        if (!says_nothing(unknown.json)) items.push_back(unknown);
        return SUCCESS;
    }
    json::object object;
    if (Error error = part.get_object().get(object)) return error;
    arguments_.clear();
    extras_.clear();
    Item text, call;
    call.kind = Item::Kind::call;
    std::string_view signature;
    bool has_text = false, has_call = false;
    Error error = for_each_field(object, [&](const char* key, json::value& value) -> Error {
        if (is(key, "text") && kind_of(value) == '"') {
            has_text = true;
            return read_text(value, *arena_, text.text);
        }
        if (is(key, "thought")) {
            if (is_true(value)) text.kind = Item::Kind::thought;
            return SUCCESS;
        }
        if (is(key, "thoughtSignature") || is(key, "thought_signature"))
            return read_text(value, *arena_, signature);
        if ((is(key, "functionCall") || is(key, "function_call")) && kind_of(value) == '{') {
            has_call = true;
            return read_call(value, call);
        }
        return keep("content.parts.", key, value, extras_);
    });
    if (error) return error;
    if (!has_text && !has_call && !extras_.empty()) {
        if (Error failed = source_of(object, unknown.json)) return failed;
        items.push_back(unknown);
        return SUCCESS;
    }
    (has_call ? call : text).signature = signature;
    if (!text.text.empty() || !text.signature.empty()) items.push_back(text);
    if (has_call) items.push_back(call);
    items.insert(items.end(), arguments_.begin(), arguments_.end());
    items.insert(items.end(), extras_.begin(), extras_.end());
    return SUCCESS;
}

Error Chunk::read_call(json::value from, Item& call) {
    return for_each_field_of(from, [&](const char* key, json::value& value) -> Error {
        if (is(key, "name")) return read_text(value, *arena_, call.name);
        if (is(key, "id")) return read_text(value, *arena_, call.id);
        if (is(key, "args")) return kind_of(value) == 'n' ? SUCCESS : raw_text(value, call.text);
        if (is(key, "willContinue") || is(key, "will_continue")) {
            call.continues = is_true(value);
            return SUCCESS;
        }
        if (is(key, "partialArgs") || is(key, "partial_args"))
            return for_each_element_of(value, [&](json::value& argument) { return read_argument(argument); });
        return keep("content.parts.functionCall.", key, value, extras_);
    });
}

Error Chunk::read_argument(json::value from) {
    if (kind_of(from) != '{') return SUCCESS;
    json::object object;
    if (Error error = from.get_object().get(object)) return error;
    Item argument;
    argument.kind = Item::Kind::argument;
    Error error = for_each_field(object, [&](const char* key, json::value& value) -> Error {
        if (is(key, "jsonPath") || is(key, "json_path")) return read_text(value, *arena_, argument.name);
        if (is(key, "willContinue") || is(key, "will_continue")) {
            argument.continues = is_true(value);
            return SUCCESS;
        }
        if (is(key, "nullValue") || is(key, "null_value")) {
            argument.text = "null";
            return SUCCESS;
        }
        argument.is_string = is(key, "stringValue") || is(key, "string_value");
        return argument.is_string ? read_text(value, *arena_, argument.text) : raw_text(value, argument.text);
    });
    if (error) return error;
    if (Error failed = source_of(object, argument.json)) return failed;
    arguments_.push_back(argument);
    return SUCCESS;
}

Error Chunk::read_feedback(const char* key, json::value from) {
    json::object object;
    if (Error error = from.get_object().get(object)) return error;
    Error error = for_each_field(object, [&](const char* name, json::value& value) -> Error {
        if (is(name, "blockReason") || is(name, "block_reason"))
            return read_text(value, *arena_, block_reason);
        return SUCCESS;
    });
    if (error) return error;
    Item feedback;
    feedback.kind = Item::Kind::extension;
    feedback.name = key_text(key, end_);
    if (Error failed = source_of(object, feedback.json)) return failed;
    if (!says_nothing(feedback.json)) rest.push_back(feedback);
    return SUCCESS;
}

Error Chunk::read_usage(json::value from) {
    return for_each_field_of(from, [&](const char* key, json::value& value) -> Error {
        if (is(key, "promptTokenCount") || is(key, "prompt_token_count")) read_count(value, usage.prompt);
        if (is(key, "toolUsePromptTokenCount") || is(key, "tool_use_prompt_token_count"))
            read_count(value, usage.tool_prompt);
        if (is(key, "cachedContentTokenCount") || is(key, "cached_content_token_count"))
            read_count(value, usage.cached);
        if (is(key, "candidatesTokenCount") || is(key, "candidates_token_count"))
            read_count(value, usage.candidates);
        if (is(key, "thoughtsTokenCount") || is(key, "thoughts_token_count"))
            read_count(value, usage.thoughts);
        if (is(key, "totalTokenCount") || is(key, "total_token_count")) read_count(value, usage.total);
        return SUCCESS;
    });
}

/// The field, under `prefix` and its own name.
Error Chunk::keep(std::string_view prefix, const char* key, json::value value, std::vector<Item>& out) {
    Item item;
    item.kind = Item::Kind::extension;
    if (Error error = raw_text(value, item.json)) return error;
    if (says_nothing(item.json)) return SUCCESS;
    std::string_view name;
    if (!wire::unescape(key_text(key, end_), *arena_, name)) return simdjson::STRING_ERROR;
    // A dot in a name of the top level must not look like a path of ours.
    if (prefix.empty() && contains(name, ".")) prefix = "response.";
    char* full = arena_->allocate(prefix.size() + name.size());
    prefix.copy(full, prefix.size());
    name.copy(full + prefix.size(), name.size());
    item.name = {full, prefix.size() + name.size()};
    out.push_back(item);
    return SUCCESS;
}

}  // namespace sluice::adapters::gemini

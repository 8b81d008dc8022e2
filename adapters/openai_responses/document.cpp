#include "adapters/openai_responses/document.hpp"

namespace sluice::adapters::openai_responses {
namespace {

using namespace fields;
using simdjson::SUCCESS;

constexpr std::size_t kMaxElements = 4096;  // of any list we keep

/// Where views are, and how far one may look.
struct Bounds {
    explicit Bounds(JsonView whole) : begin(whole.text.data()), readable(whole.readable) {}
    JsonView view(std::string_view part) const noexcept {
        return {part, readable - static_cast<std::size_t>(part.data() - begin)};
    }
    const char* begin;
    std::size_t readable;
};

/// Parses `whole` and calls `read(key, value)` for each of its fields.
template <typename Read>
Error read_object(JsonView whole, Read read) {
    json::document document;
    if (Error error =
            wire::thread_parser().iterate(whole.text.data(), whole.text.size(), whole.readable).get(document))
        return error;
    json::object root;
    if (Error error = document.get_object().get(root)) return error;
    if (Error error = for_each_field(root, read)) return error;
    return document.current_location().error() == SUCCESS ? simdjson::TRAILING_CONTENT : SUCCESS;
}

Error read_view(json::value value, char kind, const Bounds& bounds, JsonView& out) {
    std::string_view text;
    if (Error error = raw_text(value, text)) return error;
    if (text.front() == kind) out = bounds.view(text);
    return SUCCESS;
}

Error read_part(json::value value, wire::TextArena& arena, ContentPart& part) {
    return for_each_field_of(value, [&](const char* key, json::value& field) -> Error {
        if (is(key, "type")) return read_text(field, arena, part.type);
        if (is(key, "text") || is(key, "refusal")) return read_text(field, arena, part.text);
        return SUCCESS;
    });
}

Error read_parts(json::value value, wire::TextArena& arena, std::vector<ContentPart>& out) {
    return for_each_element_of(value, [&](json::value& element) -> Error {
        if (out.size() == kMaxElements) return simdjson::CAPACITY;
        return read_part(element, arena, out.emplace_back());
    });
}

Error read_usage(json::value value, std::optional<Usage>& out) {
    if (kind_of(value) != '{') return SUCCESS;
    Usage& usage = out.emplace();
    return for_each_field_of(value, [&](const char* key, json::value& field) -> Error {
        if (is(key, "input_tokens")) read_count(field, usage.input);
        if (is(key, "output_tokens")) read_count(field, usage.output);
        if (is(key, "input_tokens_details"))
            return for_each_field_of(field, [&](const char* detail, json::value& count) -> Error {
                if (is(detail, "cached_tokens")) read_count(count, usage.cached_input);
                if (is(detail, "cache_write_tokens")) read_count(count, usage.cache_write);
                return SUCCESS;
            });
        if (is(key, "output_tokens_details"))
            return for_each_field_of(field, [&](const char* detail, json::value& count) -> Error {
                if (is(detail, "reasoning_tokens")) read_count(count, usage.reasoning);
                return SUCCESS;
            });
        return SUCCESS;
    });
}

}  // namespace

Error EventView::read(std::string_view text, std::size_t readable, wire::TextArena& arena) {
    *this = EventView();
    const JsonView document{text, readable};
    const Bounds bounds(document);
    return read_object(document, [&](const char* key, json::value& value) -> Error {
        std::optional<std::uint64_t> index;
        switch (*key) {
            case 'a':
                if (is(key, "arguments")) return read_text(value, arena, whole);
                break;
            case 'c':
                if (is(key, "content_index")) {
                    read_count(value, index);
                    part_index = index.value_or(0);
                }
                has_code |= is(key, "code");
                break;
            case 'd':
                if (is(key, "delta")) return read_text(value, arena, delta);
                break;
            case 'e':
                if (is(key, "error")) {
                    std::string_view what;
                    Error failed = raw_text(value, what);
                    if (!failed && !says_nothing(what)) error = bounds.view(what);
                    return failed;
                }
                break;
            case 'i':
                if (is(key, "item_id")) return read_text(value, arena, item_id);
                if (is(key, "item")) return read_view(value, '{', bounds, item);
                if (is(key, "input")) return read_text(value, arena, whole);
                break;
            case 'l':
                if (is(key, "logprobs")) {
                    std::string_view list;
                    Error failed = raw_text(value, list);
                    if (!failed && !says_nothing(list)) logprobs = list;
                    return failed;
                }
                break;
            case 'm':
                has_message |= is(key, "message") || is(key, "detail");
                break;
            case 'n':
                if (is(key, "name")) return read_text(value, arena, name);
                break;
            case 'o':
                if (is(key, "output_index")) read_count(value, output_index);
                if (is(key, "object")) return read_text(value, arena, object);
                break;
            case 'p':
                if (is(key, "part")) return read_view(value, '{', bounds, part);
                has_code |= is(key, "param");
                break;
            case 'r':
                if (is(key, "response")) return read_view(value, '{', bounds, response);
                if (is(key, "refusal")) return read_text(value, arena, whole);
                break;
            case 's':
                if (is(key, "summary_index")) {
                    read_count(value, index);
                    part_index = index.value_or(0);
                }
                break;
            case 't':
                if (is(key, "type")) return read_text(value, arena, type);
                if (is(key, "text")) return read_text(value, arena, whole);
                break;
            default:
                break;
        }
        return SUCCESS;
    });
}

Error ItemView::read(JsonView view, wire::TextArena& arena) {
    *this = ItemView();
    return read_object(view, [&](const char* key, json::value& value) -> Error {
        if (is(key, "type")) return read_text(value, arena, type);
        if (is(key, "id")) return read_text(value, arena, id);
        if (is(key, "call_id")) return read_text(value, arena, call_id);
        if (is(key, "name")) return read_text(value, arena, name);
        if (is(key, "arguments") || is(key, "input")) return read_text(value, arena, arguments);
        if (is(key, "encrypted_content")) return read_text(value, arena, encrypted_content);
        if (is(key, "content")) return read_parts(value, arena, content);
        if (is(key, "summary")) return read_parts(value, arena, summary);
        if (is(key, "status") || is(key, "role")) return SUCCESS;
        std::string_view raw;
        if (Error error = raw_text(value, raw)) return error;
        if (says_nothing(raw) || unknown.size() == kMaxElements) return SUCCESS;
        std::string_view field;
        if (!wire::unescape(key_text(key, view.text.data() + view.text.size()), arena, field))
            return simdjson::STRING_ERROR;
        unknown.push_back({field, raw});
        return SUCCESS;
    });
}

Error ResponseView::read(JsonView view, wire::TextArena& arena) {
    *this = ResponseView();
    const Bounds bounds(view);
    return read_object(view, [&](const char* key, json::value& value) -> Error {
        if (is(key, "id")) return read_text(value, arena, id);
        if (is(key, "model")) return read_text(value, arena, model);
        if (is(key, "status")) return read_text(value, arena, status);
        if (is(key, "usage")) return read_usage(value, usage);
        if (is(key, "error")) {
            std::string_view what;
            Error failed = raw_text(value, what);
            if (!failed && !says_nothing(what)) error = what;
            return failed;
        }
        if (is(key, "incomplete_details"))
            return for_each_field_of(value, [&](const char* detail, json::value& reason) -> Error {
                return is(detail, "reason") ? read_text(reason, arena, incomplete_reason) : SUCCESS;
            });
        if (is(key, "output"))
            return for_each_element_of(value, [&](json::value& element) -> Error {
                if (output.size() == kMaxElements) return simdjson::CAPACITY;
                JsonView item;
                if (Error failed = read_view(element, '{', bounds, item)) return failed;
                if (!item.text.empty()) output.push_back(item);
                return SUCCESS;
            });
        return SUCCESS;
    });
}

Error read_content_part(JsonView view, wire::TextArena& arena, ContentPart& part) {
    return read_object(view, [&](const char* key, json::value& field) -> Error {
        if (is(key, "type")) return read_text(field, arena, part.type);
        if (is(key, "text") || is(key, "refusal")) return read_text(field, arena, part.text);
        return SUCCESS;
    });
}

}  // namespace sluice::adapters::openai_responses

#include "adapters/anthropic/event.hpp"

#include "adapters/json_fields.hpp"

#include <cstring>

namespace sluice::adapters::anthropic {
namespace {

namespace json = wire::json;
using fields::Error;
using fields::for_each_field_of;
using fields::is;
using fields::raw_text;
using fields::read_text;
using simdjson::SUCCESS;

/// Opens `text` as an object and calls `read(key, value)` for each of its fields; checks that nothing
/// follows.
template <typename Read>
Error read_object(std::string_view text, std::size_t readable, Read read) {
    json::document document;
    if (Error error = wire::thread_parser().iterate(text.data(), text.size(), readable).get(document))
        return error;
    json::object root;
    if (Error error = document.get_object().get(root)) return error;
    if (Error error = fields::for_each_field(root, read)) return error;
    return document.current_location().error() == SUCCESS ? simdjson::TRAILING_CONTENT : SUCCESS;
}

/// Keeps a field we do not model under "<prefix><key>", unless it says nothing.
Error keep(std::string_view prefix, const char* key, json::value value, const char* end,
           wire::TextArena& arena, std::vector<Unknown>& out) {
    std::string_view raw;
    if (Error error = raw_text(value, raw)) return error;
    if (fields::says_nothing(raw)) return SUCCESS;
    std::string_view name;
    if (!wire::unescape(fields::key_text(key, end), arena, name)) return simdjson::STRING_ERROR;
    char* full = arena.allocate(prefix.size() + name.size());
    std::memcpy(full, prefix.data(), prefix.size());
    if (!name.empty()) std::memcpy(full + prefix.size(), name.data(), name.size());
    out.push_back({{full, prefix.size() + name.size()}, raw});
    return SUCCESS;
}

/// Counts that are no numbers are left out, not kept as unknown.
Error read_usage(json::value value, const char* end, wire::TextArena& arena, Counts& counts,
                 std::vector<Unknown>& unknown) {
    return for_each_field_of(value, [&](const char* key, json::value& count) -> Error {
        if (is(key, "input_tokens")) return fields::read_count(count, counts.input), SUCCESS;
        if (is(key, "output_tokens")) return fields::read_count(count, counts.output), SUCCESS;
        if (is(key, "cache_creation_input_tokens"))
            return fields::read_count(count, counts.cache_write), SUCCESS;
        if (is(key, "cache_read_input_tokens")) return fields::read_count(count, counts.cache_read), SUCCESS;
        if (is(key, "output_tokens_details"))
            return for_each_field_of(count, [&](const char* name, json::value& detail) -> Error {
                if (is(name, "thinking_tokens")) fields::read_count(detail, counts.thinking);
                return SUCCESS;
            });
        return keep("usage.", key, count, end, arena, unknown);
    });
}

}  // namespace

void Counts::merge(const Counts& later) noexcept {
    auto take = [](std::optional<std::uint64_t>& mine, const std::optional<std::uint64_t>& theirs) {
        if (theirs) mine = theirs;
    };
    take(input, later.input);
    take(cache_write, later.cache_write);
    take(cache_read, later.cache_read);
    take(output, later.output);
    take(thinking, later.thinking);
}

void Event::clear() noexcept {
    type = index_json = block = message = delta_type = {};
    text = thinking = signature = partial_json = stop_reason = {};
    index.reset();
    usage = {};
    has_usage = looks_like_error = false;
    unknown.clear();
}

Error Event::read(std::string_view document, std::size_t readable, wire::TextArena& arena) {
    clear();
    const char* const end = document.data() + document.size();
    bool error_fields = false;
    Error failed = read_object(document, readable, [&](const char* key, json::value& value) -> Error {
        switch (*key) {
            case 't':
                if (is(key, "type")) return read_text(value, arena, type);
                break;
            case 'i':
                if (is(key, "index")) {
                    fields::read_count(value, index);
                    return raw_text(value, index_json);
                }
                break;
            case 'd':
                if (is(key, "delta")) return read_delta(value, end, arena);
                break;
            case 'c':
                if (is(key, "content_block")) return raw_text(value, block);
                break;
            case 'm':
                if (is(key, "message")) {
                    error_fields |= fields::kind_of(value) == '"';
                    return raw_text(value, message);
                }
                break;
            case 'u':
                if (is(key, "usage")) {
                    has_usage |= fields::kind_of(value) == '{';
                    return read_usage(value, end, arena, usage, unknown);
                }
                break;
            default:
                break;
        }
        error_fields |= is(key, "error") || is(key, "detail");
        return keep("message_delta.", key, value, end, arena, unknown);
    });
    looks_like_error = error_fields && type.empty();
    return failed;
}

Error Event::read_delta(json::value value, const char* end, wire::TextArena& arena) {
    return for_each_field_of(value, [&](const char* key, json::value& member) -> Error {
        switch (*key) {
            case 't':
                if (is(key, "type")) return read_text(member, arena, delta_type);
                if (is(key, "text")) return read_text(member, arena, text);
                if (is(key, "thinking")) return read_text(member, arena, thinking);
                break;
            case 'p':
                if (is(key, "partial_json")) return read_text(member, arena, partial_json);
                break;
            case 's':
                if (is(key, "signature")) return read_text(member, arena, signature);
                if (is(key, "stop_reason")) return read_text(member, arena, stop_reason);
                break;
            default:
                break;
        }
        return keep("delta.", key, member, end, arena, unknown);
    });
}

Error MessageObject::read(std::string_view document, std::size_t readable, wire::TextArena& arena) {
    id = model = stop_reason = {};
    content.clear();
    usage = {};
    has_usage = false;
    unknown.clear();
    const char* const end = document.data() + document.size();
    return read_object(document, readable, [&](const char* key, json::value& value) -> Error {
        if (is(key, "id")) return read_text(value, arena, id);
        if (is(key, "model")) return read_text(value, arena, model);
        if (is(key, "stop_reason")) return read_text(value, arena, stop_reason);
        if (is(key, "type") || is(key, "role")) return SUCCESS;
        if (is(key, "content"))
            return fields::for_each_element_of(value, [&](json::value& element) -> Error {
                std::string_view raw;
                Error error = raw_text(element, raw);
                if (!error && raw.front() == '{') content.push_back(raw);
                return error;
            });
        if (is(key, "usage")) {
            has_usage |= fields::kind_of(value) == '{';
            return read_usage(value, end, arena, usage, unknown);
        }
        const bool in_delta = is(key, "stop_sequence") || is(key, "stop_details") || is(key, "container");
        return keep(in_delta ? "delta." : "message_delta.", key, value, end, arena, unknown);
    });
}

Error Block::read(std::string_view document, std::size_t readable, wire::TextArena& arena) {
    type = id = name = text = thinking = signature = data = input = {};
    citations.clear();
    unknown.clear();
    const char* const end = document.data() + document.size();
    return read_object(document, readable, [&](const char* key, json::value& value) -> Error {
        if (is(key, "type")) return read_text(value, arena, type);
        if (is(key, "id")) return read_text(value, arena, id);
        if (is(key, "name")) return read_text(value, arena, name);
        if (is(key, "text")) return read_text(value, arena, text);
        if (is(key, "thinking")) return read_text(value, arena, thinking);
        if (is(key, "signature")) return read_text(value, arena, signature);
        if (is(key, "data")) return read_text(value, arena, data);
        if (is(key, "input")) {
            Error error = raw_text(value, input);
            if (!error && fields::says_nothing(input)) input = {};
            return error;
        }
        if (is(key, "citations"))
            return fields::for_each_element_of(value, [&](json::value& element) -> Error {
                return raw_text(element, citations.emplace_back());
            });
        return keep("content_block.", key, value, end, arena, unknown);
    });
}

}  // namespace sluice::adapters::anthropic

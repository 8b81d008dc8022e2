#include "adapters/error_body.hpp"

#include "adapters/ascii.hpp"
#include "adapters/body_parser.hpp"
#include "adapters/retry_hint.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>

namespace sluice::adapters {
namespace {

namespace dom = simdjson::dom;

constexpr int kMaxDepth = 8;           // of errors wrapped in errors
constexpr std::size_t kMaxWords = 32;  // machine words kept
constexpr std::size_t kMaxMoreText = std::size_t{16} << 10;

bool one_of(std::string_view what, std::initializer_list<std::string_view> names) noexcept {
    return std::find(names.begin(), names.end(), what) != names.end();
}

/// Collects from a parsed body. The first message found wins, and the inner `error` is looked at before its
/// wrapper.
class Collector {
  public:
    explicit Collector(ErrorBody& body) : body_(body) {}

    void collect(dom::element element, int depth = 0) {
        if (depth > kMaxDepth) return;
        std::string_view text;
        if (element.get_string().get(text) == simdjson::SUCCESS) return add_message(text);
        dom::array array;
        if (element.get_array().get(array) == simdjson::SUCCESS) {
            // Google wraps one error in an array; FastAPI lists one object for each wrong field.
            for (dom::element item : array)
                collect(item, depth + 1);
            return;
        }
        dom::object object;
        if (element.get_object().get(object) == simdjson::SUCCESS) collect_object(object, depth);
    }

    /// The most telling of the codes, once all are known.
    void choose_code() {
        for (const std::string* candidate : {&code_, &google_status_, &type_, &number_}) {
            if (candidate->empty()) continue;
            body_.code = *candidate;
            return;
        }
    }

  private:
    void collect_object(dom::object object, int depth) {
        dom::element inner;
        for (const char* wrapper : {"error", "errors", "response"})
            if (object[wrapper].get(inner) == simdjson::SUCCESS) collect(inner, depth + 1);
        for (auto [key, value] : object) {
            if (one_of(key, {"message", "msg", "Message", "error_message", "error_msg", "error_description"}))
                collect(value, depth + 1);
            else if (one_of(key, {"code", "error_code", "errorCode", "__type"}))
                add_code(value);
            else if (one_of(key, {"type", "error_type"}))
                add_word(value, type_);
            else if (key == "status")
                add_status_word(value);
            else if (one_of(key, {"status_code", "statusCode", "http_status", "http_code"}))
                add_status(value);
            else if (one_of(key, {"reason", "quotaId", "quotaMetric"}))
                add_word(value, reason_);
            else if (one_of(key, {"innererror", "violations"}))
                collect(value, depth + 1);
            else if (key == "param")
                keep_first(value, body_.param);
            else if (key == "retryDelay")
                add_retry_delay(value);
            else if (key == "metadata")
                add_metadata(value, depth);
            else if (key == "n_prompt_tokens")
                add_count(value, body_.tokens_in);
            else if (key == "n_ctx")
                add_count(value, body_.context_window);
        }
        // Last, because they only stand in where there was no message.
        for (const char* weak : {"detail", "details", "title"})
            if (object[weak].get(inner) == simdjson::SUCCESS) add_details(inner, depth);
    }

    void add_message(std::string_view text) {
        if (body_.message.empty())
            body_.message = text;
        else
            add_more(text);
    }

    void add_more(std::string_view text) {
        if (body_.more_text.size() + text.size() > kMaxMoreText) return;
        body_.more_text.append(text).push_back('\n');
    }

    void remember(std::string_view word) {
        if (body_.words.size() < kMaxWords && word.size() <= 256) body_.words.push_back(squeeze(word));
    }

    void keep_first(dom::element value, std::string& slot) {
        std::string_view text;
        if (slot.empty() && value.get_string().get(text) == simdjson::SUCCESS) slot = text;
    }

    void add_word(dom::element value, std::string& slot) {
        std::string_view text;
        if (value.get_string().get(text) != simdjson::SUCCESS || text.empty() || text == "error") return;
        remember(text);
        if (slot.empty()) slot = text;
    }

    void add_code(dom::element value) {
        add_word(value, code_);
        std::int64_t number = 0;
        if (value.get_int64().get(number) == simdjson::SUCCESS) {
            if (number_.empty()) number_ = std::to_string(number);
            remember(std::to_string(number));
        } else if (std::string_view text; value.get_string().get(text) == simdjson::SUCCESS) {
            set_status_from_text(text);
        }
        add_status(value);
    }

    void add_status_word(dom::element value) {
        add_word(value, google_status_);
        add_status(value);
    }

    void add_status(dom::element value) {
        std::int64_t number = 0;
        if (value.get_int64().get(number) == simdjson::SUCCESS) set_status(number);
    }

    void set_status(std::int64_t number) {
        if (body_.status == 0 && number >= 300 && number <= 599) body_.status = static_cast<int>(number);
    }

    /// Some gateways write the status as a string: "code": "429".
    void set_status_from_text(std::string_view text) {
        if (text.size() == 3 && std::all_of(text.begin(), text.end(), is_digit))
            set_status(std::stoi(std::string(text)));
    }

    void add_count(dom::element value, std::optional<std::uint64_t>& slot) {
        std::uint64_t number = 0;
        if (value.get_uint64().get(number) == simdjson::SUCCESS) slot = number;
    }

    void add_retry_delay(dom::element value) {
        std::string_view text;
        if (value.get_string().get(text) != simdjson::SUCCESS) return;
        if (auto delay = parse_duration(text))
            body_.retry_delay = std::max(*delay, body_.retry_delay.value_or(*delay));
    }

    void add_details(dom::element value, int depth) {
        dom::array array;
        if (value.get_array().get(array) == simdjson::SUCCESS) {
            // Debug text repeats the message; the machine words in it are what counts.
            for (dom::element item : array)
                collect(item, depth + 1);
        } else {
            collect(value, depth + 1);
        }
    }

    /// OpenRouter: the upstream's own error, as a string that mostly is JSON.
    void add_metadata(dom::element value, int depth) {
        dom::object metadata;
        if (value.get_object().get(metadata) != simdjson::SUCCESS) return;
        std::string_view raw;
        if (metadata["raw"].get_string().get(raw) == simdjson::SUCCESS) {
            add_more(raw);
            BodyParser parser;
            dom::element nested;
            if (depth < kMaxDepth && parser.parse(raw, nested) == simdjson::SUCCESS) {
                ErrorBody upstream;
                Collector inner(upstream);
                inner.collect(nested, depth + 1);
                for (const std::string& word : upstream.words)
                    if (body_.words.size() < kMaxWords) body_.words.push_back(word);
                add_more(upstream.message);
                if (!body_.retry_delay) body_.retry_delay = upstream.retry_delay;
            }
        }
        dom::array reasons;
        if (metadata["reasons"].get_array().get(reasons) == simdjson::SUCCESS) {
            remember("moderation");
        }
    }

    ErrorBody& body_;
    std::string code_, google_status_, type_, number_, reason_;
};

/// The value of `"name": "..."` or `"name": 123` anywhere in text that is not (or no longer) valid JSON.
std::string scan_field(std::string_view text, std::string_view name) {
    std::string quoted(1, '"');
    quoted.append(name).push_back('"');
    for (std::size_t at = text.find(quoted); at != std::string_view::npos; at = text.find(quoted, at + 1)) {
        std::string_view rest = trim(text.substr(at + quoted.size()));
        if (rest.empty() || rest.front() != ':') continue;
        rest = trim(rest.substr(1));
        if (rest.empty()) return {};
        if (rest.front() != '"') {
            auto digits_end = std::find_if_not(rest.begin(), rest.end(), is_digit);
            if (digits_end != rest.begin()) return std::string(rest.begin(), digits_end);
            continue;
        }
        rest.remove_prefix(1);
        std::size_t end = 0;
        while (end < rest.size() && rest[end] != '"')
            end += rest[end] == '\\' ? 2u : 1u;
        std::string_view escaped = rest.substr(0, std::min(end, rest.size()));
        wire::TextArena arena;
        std::string_view value;
        return std::string(wire::unescape(escaped, arena, value) ? value : escaped);
    }
    return {};
}

void read_broken_json(std::string_view text, ErrorBody& body) {
    body.message = scan_field(text, "message");
    if (body.message.empty()) body.message = scan_field(text, "detail");
    for (const char* name : {"code", "reason", "status", "type"}) {
        std::string value = scan_field(text, name);
        if (value.empty() || value == "error") continue;
        body.words.push_back(squeeze(value));
        bool number = std::all_of(value.begin(), value.end(), is_digit);
        if (number && value.size() == 3 && value[0] >= '3' && value[0] <= '5' && body.status == 0)
            body.status = std::stoi(value);
        if (body.code.empty() && !number) body.code = value;
    }
    if (body.message.empty()) body.message = text;
}

/// The title of an HTML page says more in fewer bytes than its head.
std::string_view html_title(std::string_view text) {
    std::string low = lower(text.substr(0, 4096));
    std::size_t open = low.find("<title");
    if (open == std::string::npos) return text;
    std::size_t begin = low.find('>', open);
    std::size_t end = low.find("</title", open);
    if (begin == std::string::npos || end == std::string::npos || end <= begin) return text;
    std::string_view title = trim(text.substr(begin + 1, end - begin - 1));
    return title.empty() ? text : title;
}

/// An error answer may itself be an event stream: the first data line is the body.
std::string_view unwrap_event(std::string_view text) {
    if (!text.starts_with("data:") && !text.starts_with("event:")) return text;
    std::size_t at = text.starts_with("data:") ? 0 : text.find("\ndata:");
    if (at == std::string_view::npos) return text;
    text.remove_prefix(text.find(':', at) + 1);
    return trim(text.substr(0, text.find('\n')));
}

}  // namespace

bool ErrorBody::has(std::string_view squeezed_word) const noexcept {
    return std::find(words.begin(), words.end(), squeezed_word) != words.end();
}

ErrorBody read_error_body(std::string_view text) {
    ErrorBody body;
    text = trim(text);
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    text = unwrap_event(text);
    if (text.empty()) return body;
    if (text.front() == '<') {
        body.shape = ErrorBody::Shape::html;
        body.message = html_title(text);
        return body;
    }
    if (text.front() != '{' && text.front() != '[' && text.front() != '"') {
        body.shape = ErrorBody::Shape::text;
        body.message = text;
        return body;
    }
    BodyParser parser;
    dom::element root;
    if (parser.parse(text, root) == simdjson::SUCCESS) {
        body.shape = ErrorBody::Shape::json;
        Collector collector(body);
        collector.collect(root);
        collector.choose_code();
        if (body.message.empty()) body.message = text;
    } else {
        body.shape = ErrorBody::Shape::broken_json;
        read_broken_json(text, body);
    }
    return body;
}

}  // namespace sluice::adapters

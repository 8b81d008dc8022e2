#include "wire/request_decoder.hpp"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

namespace sluice::wire {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

std::string_view view(beast::string_view text) noexcept {
    return {text.data(), text.size()};
}

bool is_number(std::string_view text) noexcept {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// One request. The next one on the connection is written into the same memory.
struct Message {
    std::string method;
    std::string target;
    HeaderList headers;
    std::string body;

    void clear() {
        constexpr std::size_t kMaxKept = std::size_t{4} << 10;  // of a body, while the connection is idle
        method.clear();
        target.clear();
        headers.clear();
        body.clear();
        if (body.capacity() > kMaxKept) body.shrink_to_fit();
    }
};

/// Collects one request. Beast parses and frames; what it lets pass is refused here, with the status to
/// answer.
class Parser final : public http::basic_parser<true> {
  public:
    Parser(const RequestLimits& limits, Message& message) : limits_(limits), message_(message) {
        header_limit(static_cast<std::uint32_t>(
            std::min<std::size_t>(limits.max_head, std::numeric_limits<std::uint32_t>::max())));
        body_limit(limits.max_body);
        eager(true);
    }

    int status = 0;  // set by reject()
    bool expects_continue = false;

    bool is_http_1_0() const noexcept { return is_header_done() && !http_1_1_; }

  private:
    void reject(int with, beast::error_code& ec) {
        status = with;
        ec = http::error::bad_value;
    }

    void on_request_impl(http::verb, beast::string_view method_text, beast::string_view target_text,
                         int version, beast::error_code&) override {
        message_.method = view(method_text);
        message_.target = view(target_text);
        http_1_1_ = version == 11;
    }

    void on_field_impl(http::field field, beast::string_view name, beast::string_view value,
                       beast::error_code& ec) override {
        if (head_done_) {  // trailers are bounded and dropped: they must not pass for fields
            trailer_bytes_ += name.size() + value.size() + std::string_view(": \r\n").size();
            if (trailer_bytes_ > limits_.max_head) reject(431, ec);
            return;
        }
        if (message_.headers.all().size() == limits_.max_fields) return reject(431, ec);
        if (field == http::field::host) ++hosts_;
        if (field == http::field::transfer_encoding) {
            transfer_encoded_ = true;
            if (!beast::iequals(value, "chunked")) return reject(501, ec);
        }
        if (field == http::field::content_length &&
            (std::exchange(has_length_, true) || !is_number(view(value)))) {
            return reject(400, ec);  // Beast takes lists and repetitions of one number
        }
        if (field == http::field::expect) expects_continue = beast::iequals(value, "100-continue");
        message_.headers.add(view(name), view(value));
    }

    void on_header_impl(beast::error_code& ec) override {
        head_done_ = true;
        // RFC 9112 sections 3.2 and 6.1: neither may be left to the reader's taste.
        if (hosts_ > 1 || (http_1_1_ && hosts_ == 0)) return reject(400, ec);
        if (!http_1_1_ && transfer_encoded_) return reject(400, ec);
        expects_continue = expects_continue && http_1_1_;
    }

    void on_body_init_impl(const boost::optional<std::uint64_t>&, beast::error_code&) override {}

    std::size_t on_body_impl(beast::string_view bytes, beast::error_code&) override {
        message_.body.append(bytes.data(), bytes.size());
        return bytes.size();
    }

    void on_chunk_header_impl(std::uint64_t, beast::string_view, beast::error_code&) override {}

    std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view bytes, beast::error_code&) override {
        message_.body.append(bytes.data(), bytes.size());
        return bytes.size();
    }

    void on_finish_impl(beast::error_code&) override {}

    void on_response_impl(int, beast::string_view, int, beast::error_code&) override {}  // requests only

    const RequestLimits& limits_;
    Message& message_;
    std::size_t trailer_bytes_ = 0;
    std::size_t hosts_ = 0;
    bool http_1_1_ = false;
    bool transfer_encoded_ = false;
    bool has_length_ = false;
    bool head_done_ = false;
};

int status_of(beast::error_code error) noexcept {
    if (error == http::error::header_limit) return 431;
    if (error == http::error::body_limit) return 413;
    if (error == http::error::bad_version) return 505;
    return 400;
}

}  // namespace

struct RequestDecoder::State {
    explicit State(RequestLimits given) : limits(given) { begin(); }

    void begin() {
        message.clear();
        parser.emplace(limits, message);
    }

    Progress progress() const noexcept {
        if (status != 0) return Progress::failed;
        return parser->is_done() ? Progress::done : Progress::need_more;
    }

    /// Parses as much of `bytes` as it can; returns how much that was.
    std::size_t parse(std::string_view bytes) {
        std::size_t used = 0;
        if (!parser->got_some()) {
            // Some clients end a body with an empty line that belongs to nothing (RFC 9112 section 2.2).
            while (scanned == 0 && bytes.substr(used).starts_with("\r\n"))
                used += 2;
            const std::size_t head = find_head(bytes.substr(used));
            if (head == 0) return used;
            used += put(bytes.substr(used, head));
            if (status == 0 && !parser->is_header_done()) status = 400;
        }
        if (progress() == Progress::need_more) used += put(bytes.substr(used));
        return used;
    }

    /// The size of the head that `text` starts with, or 0 while it is not all here. Beast sees a head only
    /// whole: what it says of a broken one, and its limit, would depend on the cuts.
    std::size_t find_head(std::string_view text) {
        for (std::size_t lf; (lf = text.find('\n', scanned)) != std::string_view::npos; scanned = lf + 1) {
            if (lf >= limits.max_head) break;
            // Beast joins a line that begins with a blank to the one before it, as it may (RFC 9112 section
            // 5.2); who stands before us may have taken it for a field.
            const bool is_folded = scanned > 0 && (text[scanned] == ' ' || text[scanned] == '\t');
            if (lf == 0 || text[lf - 1] != '\r' || is_folded) {
                status = 400;
                return 0;
            }
            if (text.substr(0, lf + 1).ends_with("\r\n\r\n")) {
                scanned = 0;
                return lf + 1;
            }
        }
        if (text.size() > limits.max_head) status = 431;
        return 0;
    }

    std::size_t put(std::string_view bytes) {
        // Beast 1.74 asserts that there are more than four bytes when it goes on with a last chunk that it
        // has seen before.
        const bool last_chunk_begins = bytes.size() < 5 && bytes.starts_with("0\r\n");
        if (bytes.empty() || last_chunk_begins) return 0;
        beast::error_code error;
        const std::size_t taken = parser->put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
        if (parser->status != 0) {
            status = parser->status;
        } else if (error && error != http::error::need_more) {
            status = status_of(error);
        } else if (!parser->is_done() && bytes.size() - taken > limits.max_head) {
            status = 431;  // Beast does not bound a chunk's line, nor trailers
        } else if (!parser->is_done() && is_whole_chunk_line(bytes.substr(taken))) {
            status = 400;
        }
        return taken;
    }

    /// Whether `rest`, of which Beast wants to see more, has the line of a chunk to its end. Beast looks for
    /// a quoted extension's end beyond the line, and takes the chunk off the body's limit each time it looks.
    static bool is_whole_chunk_line(std::string_view rest) noexcept {
        if (rest.starts_with("\r\n")) rest.remove_prefix(2);  // of the chunk before
        const std::size_t digits = std::min(rest.find_first_not_of('0'), rest.size());
        const std::string_view after = rest.substr(digits);
        const bool is_last = digits > 0 && after.find_first_of(" \t;\r") == 0;  // trailers follow
        return !is_last && rest.find('\n') != std::string_view::npos;
    }

    Progress parse_kept() {
        kept_begin += parse(std::string_view(kept).substr(kept_begin));
        if (kept_begin > kept.size() / 2) {
            kept.erase(0, kept_begin);
            kept_begin = 0;
        }
        return progress();
    }

    RequestLimits limits;
    Message message;
    std::optional<Parser> parser;
    std::string kept;  // fed, not parsed, from kept_begin on
    std::size_t kept_begin = 0;
    std::size_t scanned = 0;  // lines of an unfinished head that are known not to end it
    int status = 0;
};

RequestDecoder::RequestDecoder(RequestLimits limits) : state_(std::make_unique<State>(limits)) {}
RequestDecoder::RequestDecoder(RequestDecoder&&) noexcept = default;
RequestDecoder& RequestDecoder::operator=(RequestDecoder&&) noexcept = default;
RequestDecoder::~RequestDecoder() = default;

Progress RequestDecoder::feed(std::string_view bytes) {
    State& s = *state_;
    if (s.progress() != Progress::need_more) {
        s.kept.append(bytes);
        return s.progress();
    }
    if (!s.kept.empty()) {
        s.kept.append(bytes);
        return s.parse_kept();
    }
    s.kept = bytes.substr(s.parse(bytes));  // the usual case: only the body is copied
    return s.progress();
}

Progress RequestDecoder::next() {
    if (state_->status != 0) return Progress::failed;
    state_->begin();
    return state_->parse_kept();
}

const std::string& RequestDecoder::method() const noexcept {
    return state_->message.method;
}
const std::string& RequestDecoder::target() const noexcept {
    return state_->message.target;
}
const HeaderList& RequestDecoder::headers() const noexcept {
    return state_->message.headers;
}
const std::string& RequestDecoder::body() const noexcept {
    return state_->message.body;
}
bool RequestDecoder::keep_alive() const noexcept {
    return state_->status == 0 && state_->parser->is_header_done() && state_->parser->keep_alive();
}
bool RequestDecoder::is_http_1_0() const noexcept {
    return state_->parser->is_http_1_0();
}
RequestDecoder::Part RequestDecoder::part() const noexcept {
    if (state_->parser->is_header_done()) return Part::body;
    return state_->kept.size() > state_->kept_begin ? Part::head : Part::none;
}
bool RequestDecoder::expects_continue() const noexcept {
    return state_->progress() == Progress::need_more && state_->parser->is_header_done() &&
           state_->message.body.empty() && state_->parser->expects_continue;
}
int RequestDecoder::error_status() const noexcept {
    return state_->status;
}

}  // namespace sluice::wire

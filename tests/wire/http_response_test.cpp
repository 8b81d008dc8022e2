#include "wire/http_response.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace sluice::wire;
using namespace std::string_literals;

struct Outcome {
    int status = 0;
    std::string body;
    std::error_code error;
    bool complete = false;
    bool reusable = false;

    bool operator==(const Outcome&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Outcome& outcome) {
    return out << outcome.status << " [" << outcome.body.substr(0, 200)
               << "] error=" << outcome.error.message() << " complete=" << outcome.complete
               << " reusable=" << outcome.reusable;
}

/// Says how many bytes the next read brings.
using Reads = std::function<std::size_t()>;

Reads whole() {
    return [] { return std::string::npos; };
}
Reads of_size(std::size_t size) {
    return [size] { return size; };
}
Reads split_at(std::size_t at) {
    return [at, first = true]() mutable { return std::exchange(first, false) ? at : std::string::npos; };
}

/// What the loop in the header's comment does: reads `wire`, then its end; never reads after the response is
/// complete.
class Feed {
  public:
    Feed(ResponseDecoder& decoder, std::string_view wire, Reads reads)
        : decoder_(decoder), wire_(wire), reads_(reads) {}

    void read() {
        if (wire_.empty()) {
            decoder_.commit_eof();
            return;
        }
        const std::span<char> space = decoder_.prepare();
        const std::size_t size = std::min({space.size(), wire_.size(), std::max<std::size_t>(reads_(), 1)});
        std::copy_n(wire_.data(), size, space.data());
        decoder_.commit(size);
        wire_.remove_prefix(size);
    }
    std::string_view rest() const { return wire_; }

  private:
    ResponseDecoder& decoder_;
    std::string_view wire_;
    Reads reads_;
};

Outcome run(ResponseDecoder& decoder, Feed& feed) {
    Outcome outcome;
    while (decoder.parse_head() == Progress::need_more)
        feed.read();
    outcome.status = decoder.head().status;
    while (!decoder.error()) {
        while (decoder.decode_body()) {
            outcome.body += decoder.body();
            decoder.consume(decoder.body().size());
        }
        if (decoder.complete() || decoder.error()) break;
        feed.read();
    }
    outcome.error = decoder.error();
    outcome.complete = decoder.complete();
    outcome.reusable = decoder.reusable();
    if (outcome.error) outcome.status = 0;
    return outcome;
}

Outcome decode(std::string_view wire, Reads reads, HttpLimits limits = {}) {
    limits.initial_buffer = 8192;  // quick to make
    ResponseDecoder decoder(limits);
    Feed feed(decoder, wire, std::move(reads));
    return run(decoder, feed);
}

/// Whole, byte by byte and split at every position; all must say the same.
Outcome decode_in_every_cut(std::string_view wire, HttpLimits limits = {}) {
    const Outcome expected = decode(wire, whole(), limits);
    BOOST_TEST(decode(wire, of_size(1), limits) == expected);
    for (std::size_t at = 1; at < wire.size(); ++at) {
        BOOST_TEST(decode(wire, split_at(at), limits) == expected, "split at " << at);
    }
    return expected;
}

std::string with_fields(std::string_view fields) {
    return "HTTP/1.1 200 OK\r\n" + std::string(fields) + "\r\n";
}
std::string chunked(std::string_view framing) {
    return with_fields("Transfer-Encoding: chunked\r\n") + std::string(framing);
}

struct Good {
    std::string wire;
    int status;
    std::string body;
    bool reusable;
};

const std::vector<Good> kGood = {
    {with_fields("Content-Length: 5\r\n") + "hello", 200, "hello", true},
    {with_fields("Content-Length: 0\r\n"), 200, "", true},
    {with_fields("content-length:\t 5 \t\r\n") + "hello", 200, "hello", true},
    {with_fields("Content-Length: 5, 5\r\nContent-Length: 05\r\n") + "hello", 200, "hello", true},
    {with_fields("") + "to the end", 200, "to the end", false},
    {with_fields("X: y\r\n"), 200, "", false},
    {chunked("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"), 200, "hello world", true},
    {chunked("0\r\n\r\n"), 200, "", true},
    {chunked("00A\r\n0123456789\r\n000\r\n\r\n"), 200, "0123456789", true},
    {chunked("a;name=value;flag\r\n0123456789\r\n0 ; last\r\n\r\n"), 200, "0123456789", true},
    {chunked("a  \r\n\r\n\r\n\r\n\r\n\r\n\r\n0\r\n\r\n"), 200, "\r\n\r\n\r\n\r\n\r\n", true},
    {chunked("1\r\nx\r\n0\r\nServer-Timing: total;dur=1\r\nX: y\r\n\r\n"), 200, "x", true},
    {with_fields("TRANSFER-ENCODING: Chunked\r\n") + "1\r\nx\r\n0\r\n\r\n", 200, "x", true},
    {with_fields("Transfer-Encoding: chunked\r\nConnection: close\r\n") + "1\r\nx\r\n0\r\n\r\n", 200, "x",
     false},
    {with_fields("Content-Length: 1\r\nConnection: foo , Close\r\n") + "x", 200, "x", false},
    {with_fields("Content-Length: 1\r\nConnection: foo\r\nConnection: keep-alive, close\r\n") + "x", 200, "x",
     false},
    // A doubtful end: chunked wins, but nothing may follow on this connection.
    {with_fields("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n") + "1\r\nx\r\n0\r\n\r\n", 200, "x",
     false},
    {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n1\r\nx\r\n0\r\n\r\n",
     200, "x", false},
    {"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", 200, "x", false},
    {"HTTP/1.0 200 OK\r\nContent-Length: 1\r\nConnection: Keep-Alive\r\n\r\nx", 200, "x", true},
    {"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", 204, "", true},
    {"HTTP/1.1 204 No Content\r\n\r\n", 204, "", true},
    {"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304, "", true},
    {"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", 204, "", false},
    {"HTTP/1.1 429\r\nContent-Length: 1\r\n\r\nx", 429, "x", true},
    {"HTTP/1.1 529 \r\nContent-Length: 1\r\n\r\nx", 529, "x", true},
    {"HTTP/1.1 503 caf\xc3\xa9 ferm\xe9\r\nContent-Length: 1\r\n\r\nx", 503, "x", true},
    {"HTTP/1.1 999 Whatever\r\nContent-Length: 1\r\n\r\nx", 999, "x", true},
    {"\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", 200, "x", true},
    {"HTTP/1.1 200 OK\nContent-Length: 1\nX: y\n\nx", 200, "x", true},
    {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", 200, "x", true},
    {"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nContent-Length: 99\r\n\r\nHTTP/1.1 100\r\n\r\nHTTP/1.1 201 "
     "Created\r\n"
     "Content-Length: 1\r\n\r\nx",
     201, "x", true},
    {with_fields("X: a\tb\r\nEmpty:\r\nContent-Length: 1\r\n") + "x", 200, "x", true},
};

struct Bad {
    std::string wire;
    WireError error;
};

const std::vector<Bad> kBad = {
    {"HTTP/2 200\r\n\r\n", WireError::bad_status_line},
    {"HTTP/1.2 200 OK\r\n\r\n", WireError::bad_status_line},
    {"HTTP/1.1  200 OK\r\n\r\n", WireError::bad_status_line},
    {"HTTP/1.1 20 OK\r\n\r\n", WireError::bad_status_line},
    {"HTTP/1.1 2000 OK\r\n\r\n", WireError::bad_status_line},
    {"HTTP/1.1 099 OK\r\n\r\n", WireError::bad_status_line},
    {"HTTP/1.1 2x0 OK\r\n\r\n", WireError::bad_status_line},
    {"HTTP/1.1 200 O\rK\r\n\r\n", WireError::bad_status_line},
    {"HTTP/1.1 200 O\0K\r\n\r\n"s, WireError::bad_status_line},
    {"http/1.1 200 OK\r\n\r\n", WireError::bad_status_line},
    {" HTTP/1.1 200 OK\r\n\r\n", WireError::bad_status_line},
    {"<html>502</html>\r\n", WireError::bad_status_line},
    {"SSH-2.0-OpenSSH_9.2", WireError::bad_status_line},
    {"\x15\x03\x01\x00\x02\x02\x50"s, WireError::bad_status_line},
    {with_fields("no colon\r\n"), WireError::bad_header},
    {with_fields(": no name\r\n"), WireError::bad_header},
    {with_fields("Space : before\r\n"), WireError::bad_header},
    {with_fields("Sp ace: inside\r\n"), WireError::bad_header},
    {with_fields(" Folded: first\r\n"), WireError::bad_header},
    {with_fields("X: a\r\n folded\r\n"), WireError::bad_header},
    {with_fields("X: a\r\n\tfolded: b\r\n"), WireError::bad_header},
    {with_fields("X: a\rContent-Length: 5\r\n"), WireError::bad_header},
    {with_fields("X: a\r\r\n"), WireError::bad_header},
    {with_fields("X: a\0b\r\n"s), WireError::bad_header},
    {with_fields("X: a\x7f\r\n"), WireError::bad_header},
    {with_fields("X: long enough for a word at a time\x01\r\n"), WireError::bad_header},
    {with_fields("X\0: a\r\n"s), WireError::bad_header},
    {with_fields("X\xc3\xa9: a\r\n"), WireError::bad_header},
    {with_fields("Content-Length: 1\r\n\rX: y\r\n") + "x", WireError::bad_header},
    {with_fields("Content-Length: -1\r\n"), WireError::bad_framing},
    {with_fields("Content-Length: +1\r\n") + "x", WireError::bad_framing},
    {with_fields("Content-Length: 0x1\r\n") + "x", WireError::bad_framing},
    {with_fields("Content-Length: 1 1\r\n") + "x", WireError::bad_framing},
    {with_fields("Content-Length:\r\n") + "x", WireError::bad_framing},
    {with_fields("Content-Length: 1,\r\n") + "x", WireError::bad_framing},
    {with_fields("Content-Length: 1, 2\r\n") + "x", WireError::bad_framing},
    {with_fields("Content-Length: 1\r\nContent-Length: 2\r\n") + "x", WireError::bad_framing},
    {with_fields("Content-Length: 18446744073709551616\r\n") + "x", WireError::bad_framing},
    {with_fields("Content-Length: 99999999999999999999999\r\n") + "x", WireError::bad_framing},
    {with_fields("Transfer-Encoding: gzip, chunked\r\n") + "0\r\n\r\n", WireError::bad_framing},
    {with_fields("Transfer-Encoding: xchunked\r\n") + "0\r\n\r\n", WireError::bad_framing},
    {with_fields("Transfer-Encoding: chunked, identity\r\n") + "0\r\n\r\n", WireError::bad_framing},
    {with_fields("Transfer-Encoding: identity\r\nContent-Length: 1\r\n") + "x", WireError::bad_framing},
    {with_fields("Transfer-Encoding:\r\n") + "0\r\n\r\n", WireError::bad_framing},
    {with_fields("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n",
     WireError::bad_framing},
    {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n", WireError::bad_framing},
    {chunked("\r\n"), WireError::bad_chunk},
    {chunked(" 1\r\nx\r\n0\r\n\r\n"), WireError::bad_chunk},
    {chunked("g\r\n"), WireError::bad_chunk},
    {chunked("-1\r\n"), WireError::bad_chunk},
    {chunked("0x1\r\nx\r\n0\r\n\r\n"), WireError::bad_chunk},
    {chunked("1\nx\r\n0\r\n\r\n"), WireError::bad_chunk},
    {chunked("1\rx\r\n0\r\n\r\n"), WireError::bad_chunk},
    {chunked("1;a\nx\r\n0\r\n\r\n"), WireError::bad_chunk},
    {chunked("1;a\r;b\r\nx\r\n0\r\n\r\n"), WireError::bad_chunk},
    {chunked("1;\0\r\nx\r\n0\r\n\r\n"s), WireError::bad_chunk},
    {chunked("1\r\nxy\r\n0\r\n\r\n"), WireError::bad_chunk},
    {chunked("1\r\nx\n0\r\n\r\n"), WireError::bad_chunk},
    {chunked("1\r\nx\r0\r\n\r\n"), WireError::bad_chunk},
    {chunked("2\r\nx\r\n0\r\n\r\n"), WireError::bad_chunk},
    {chunked("10000000000000000\r\nx\r\n0\r\n\r\n"), WireError::bad_chunk},
    {chunked("00000000000000001\r\nx\r\n0\r\n\r\n"), WireError::bad_chunk},
    {chunked("0\r\nbroken trailer\r\n\r\n"), WireError::bad_header},
    {chunked("0\r\nX: a\r\n folded\r\n\r\n"), WireError::bad_header},
    {"", WireError::body_truncated},
    {"HT", WireError::body_truncated},
    {"HTTP/1.1 200 OK\r\nContent-Le", WireError::body_truncated},
    {"HTTP/1.1 100 Continue\r\n\r\n", WireError::body_truncated},
    {with_fields("Content-Length: 5\r\n"), WireError::body_truncated},
    {with_fields("Content-Length: 5\r\n") + "hell", WireError::body_truncated},
    {with_fields("Content-Length: 18446744073709551615\r\n") + "x", WireError::body_truncated},
    {chunked(""), WireError::body_truncated},
    {chunked("5"), WireError::body_truncated},
    {chunked("5\r"), WireError::body_truncated},
    {chunked("5;ext"), WireError::body_truncated},
    {chunked("5\r\nhel"), WireError::body_truncated},
    {chunked("5\r\nhello"), WireError::body_truncated},
    {chunked("5\r\nhello\r"), WireError::body_truncated},
    {chunked("5\r\nhello\r\n"), WireError::body_truncated},
    {chunked("5\r\nhello\r\n0\r\n"), WireError::body_truncated},
    {chunked("5\r\nhello\r\n0\r\nX: y\r\n"), WireError::body_truncated},
    {chunked("ffffffffffffffff\r\nhello\r\n0\r\n\r\n"), WireError::body_truncated},
};

/// Consumes whole lines only, as an event parser does, and keeps the views until the next read.
class LineReader {
  public:
    explicit LineReader(ResponseDecoder& decoder) : decoder_(decoder) {}

    void drain() {
        while (decoder_.decode_body()) {
            const std::string_view body = decoder_.body();
            const std::size_t end = body.substr(searched_).rfind('\n');
            if (end == std::string_view::npos) {
                searched_ = body.size();
                continue;
            }
            const std::size_t size = searched_ + end + 1;
            searched_ = 0;
            views_.push_back(body.substr(0, size));
            copies_.emplace_back(views_.back());
            decoder_.consume(size);
        }
        for (std::size_t i = 0; i < views_.size(); ++i)
            BOOST_TEST(views_[i] == copies_[i]);
    }
    std::string take() {
        std::string text;
        for (const std::string& copy : copies_)
            text += copy;
        views_.clear();
        copies_.clear();
        return text;
    }

  private:
    ResponseDecoder& decoder_;
    std::size_t searched_ = 0;  // of the body, without a line end
    std::vector<std::string_view> views_;
    std::vector<std::string> copies_;
};

std::string read_lines(ResponseDecoder& decoder, Feed& feed) {
    std::string text;
    LineReader reader(decoder);
    while (decoder.parse_head() == Progress::need_more)
        feed.read();
    for (;;) {
        reader.drain();
        text += reader.take();
        if (decoder.complete() || decoder.error()) return text;
        feed.read();
    }
}

std::string in_chunks(std::string_view payload, std::function<std::size_t()> size) {
    std::string framed;
    while (!payload.empty()) {
        const std::string_view piece = payload.substr(0, std::max<std::size_t>(size(), 1));
        char line[32];
        std::snprintf(line, sizeof line, "%zx\r\n", piece.size());
        framed.append(line).append(piece).append("\r\n");
        payload.remove_prefix(piece.size());
    }
    return framed + "0\r\n\r\n";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(http_response)

BOOST_AUTO_TEST_CASE(good_responses_decode_alike_in_every_cut) {
    for (const Good& good : kGood) {
        BOOST_TEST_CONTEXT(good.wire) {
            const Outcome expected{good.status, good.body, {}, true, good.reusable};
            BOOST_TEST(decode_in_every_cut(good.wire) == expected);
        }
    }
}

BOOST_AUTO_TEST_CASE(bad_responses_fail_alike_in_every_cut) {
    for (const Bad& bad : kBad) {
        BOOST_TEST_CONTEXT(bad.wire) {
            const Outcome outcome = decode_in_every_cut(bad.wire);
            BOOST_TEST(outcome.error == make_error_code(bad.error));
            BOOST_TEST(!outcome.complete);
            BOOST_TEST(!outcome.reusable);
        }
    }
}

BOOST_AUTO_TEST_CASE(fields_are_trimmed_lower_cased_and_found_in_any_case) {
    ResponseDecoder decoder;
    const std::string wire =
        with_fields("Retry-After: 2\r\nX-Request-ID:\t a b \r\nRetry-After: 9\r\nContent-Length: 0\r\n");
    Feed feed(decoder, wire, of_size(7));
    run(decoder, feed);
    const HeaderList& headers = decoder.head().headers;
    BOOST_TEST(headers.all().size() == 4U);
    BOOST_TEST(headers.all()[1].first == "x-request-id");
    BOOST_TEST(headers.all()[1].second == "a b");
    BOOST_TEST(headers.find("RETRY-after").value() == "2");
    BOOST_TEST(!headers.find("retry").has_value());
    BOOST_TEST(!headers.find("retry-after-ms").has_value());
}

BOOST_AUTO_TEST_CASE(an_interim_answer_leaves_no_field_behind) {
    ResponseDecoder decoder;
    const std::string wire =
        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + with_fields("Content-Length: 0\r\n");
    Feed feed(decoder, wire, whole());
    run(decoder, feed);
    BOOST_TEST(!decoder.head().headers.find("link").has_value());
}

BOOST_AUTO_TEST_CASE(a_connection_closed_before_the_answer_has_not_started) {
    ResponseDecoder idle;
    idle.commit_eof();
    BOOST_TEST(!idle.started());
    BOOST_TEST(idle.error() == make_error_code(WireError::body_truncated));
    BOOST_TEST((idle.parse_head() == Progress::failed));
    BOOST_TEST(idle.prepare().empty());

    ResponseDecoder cut;
    Feed feed(cut, "H", whole());
    run(cut, feed);
    BOOST_TEST(cut.started());
}

BOOST_AUTO_TEST_CASE(the_first_error_stays) {
    ResponseDecoder decoder;
    const std::string wire = chunked("1\r\nx\r\nnonsense");
    Feed feed(decoder, wire, whole());
    BOOST_TEST(run(decoder, feed).error == make_error_code(WireError::bad_chunk));
    decoder.commit_eof();
    BOOST_TEST(!decoder.decode_body());
    BOOST_TEST((decoder.parse_head() == Progress::failed));
    BOOST_TEST(decoder.error() == make_error_code(WireError::bad_chunk));
}

BOOST_AUTO_TEST_CASE(responses_follow_one_another_on_a_connection) {
    ResponseDecoder decoder;
    const std::string first = chunked("5\r\nfirst\r\n0\r\n\r\n");
    const std::string second = with_fields("Content-Length: 6\r\n") + "second";
    const std::string wire = first + second;
    for (std::size_t at = 1; at < wire.size(); ++at) {
        decoder.reset();
        Feed feed(decoder, wire, split_at(at));
        // Bytes of an answer that nobody asked for yet: the connection must not be used again, ...
        BOOST_TEST(run(decoder, feed) == (Outcome{200, "first", {}, true, at == first.size()}));
        decoder.reset();
        // ... but they are not lost.
        BOOST_TEST(decoder.started() == (at != first.size()));
        BOOST_TEST(run(decoder, feed) == (Outcome{200, "second", {}, true, true}));
        BOOST_TEST(feed.rest().empty());
    }
}

BOOST_AUTO_TEST_CASE(a_connection_that_closes_after_the_response_is_not_reusable) {
    ResponseDecoder decoder;
    const std::string wire = with_fields("Content-Length: 1\r\n") + "x";
    Feed feed(decoder, wire, whole());
    BOOST_TEST(run(decoder, feed).reusable);
    decoder.commit_eof();
    BOOST_TEST(decoder.complete());
    BOOST_TEST(!decoder.error());
    BOOST_TEST(!decoder.reusable());
}

BOOST_AUTO_TEST_CASE(the_head_is_bounded_to_the_byte) {
    const std::string wire = with_fields("X: " + std::string(300, 'v') + "\r\nContent-Length: 0\r\n");
    HttpLimits limits;
    limits.max_head = wire.size();
    BOOST_TEST(decode_in_every_cut(wire, limits).complete);
    limits.max_head = wire.size() - 1;
    BOOST_TEST(decode_in_every_cut(wire, limits).error == make_error_code(WireError::head_too_large));
}

BOOST_AUTO_TEST_CASE(interim_answers_and_trailers_are_bounded) {
    std::string interim;
    for (int i = 0; i < 100; ++i)
        interim += "HTTP/1.1 100 Continue\r\n\r\n";
    std::string trailers = "0\r\n";
    for (int i = 0; i < 100; ++i)
        trailers += "X-Trailer: " + std::to_string(i) + "\r\n";
    HttpLimits limits;
    limits.max_head = 1000;
    const std::error_code expected = WireError::head_too_large;
    BOOST_TEST(decode(interim, whole(), limits).error == expected);
    BOOST_TEST(decode(interim, of_size(1), limits).error == expected);
    BOOST_TEST(decode(chunked(trailers), whole(), limits).error == expected);
    BOOST_TEST(decode(chunked(trailers), of_size(1), limits).error == expected);
}

BOOST_AUTO_TEST_CASE(chunk_extensions_are_bounded) {
    const std::string wire = chunked("1;" + std::string(5000, 'e') + "\r\nx\r\n0\r\n\r\n");
    BOOST_TEST(decode(wire, whole()).error == make_error_code(WireError::bad_chunk));
    BOOST_TEST(decode(wire, of_size(1)).error == make_error_code(WireError::bad_chunk));
}

BOOST_AUTO_TEST_CASE(a_line_longer_than_the_buffer_makes_it_grow) {
    HttpLimits limits;
    limits.max_head = 64 << 10;
    const std::string wire = with_fields("X: " + std::string(40000, 'v') + "\r\nContent-Length: 0\r\n");
    BOOST_TEST(decode(wire, of_size(1000), limits).complete);
    limits.max_buffer = 16384;
    BOOST_TEST(decode(wire, of_size(1000), limits).error == make_error_code(WireError::head_too_large));
}

BOOST_AUTO_TEST_CASE(a_whole_body_stays_where_it_was_read) {
    std::string body;
    while (body.size() < (std::size_t{1} << 20))
        body += "data: {\"n\":" + std::to_string(body.size()) + "}\n\n";
    for (const std::string& wire :
         {with_fields("Content-Length: " + std::to_string(body.size()) + "\r\n") + body,
          with_fields("") + body}) {
        ResponseDecoder decoder;
        Feed feed(decoder, wire, whole());
        BOOST_TEST((run(decoder, feed).body == body));
        BOOST_TEST(decoder.moved_bytes() == 0U);
    }
}

BOOST_AUTO_TEST_CASE(whole_events_in_their_own_chunks_are_not_moved) {
    const std::string event = "data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n";
    std::string payload;
    for (int i = 0; i < 100; ++i)
        payload += event;
    const std::string wire = chunked(in_chunks(payload, [&] { return event.size(); }));
    ResponseDecoder decoder;
    Feed feed(decoder, wire, whole());
    BOOST_TEST(read_lines(decoder, feed) == payload);
    BOOST_TEST(decoder.moved_bytes() == 0U);
}

BOOST_AUTO_TEST_CASE(events_may_straddle_chunks_and_reads_in_any_way) {
    std::string payload;
    for (int i = 0; i < 60; ++i)
        payload += std::string(static_cast<std::size_t>(i % 13), 'e') + std::to_string(i) + "\n";
    for (std::size_t chunk = 1; chunk <= 40; ++chunk) {
        const std::string wire = chunked(in_chunks(payload, of_size(chunk)));
        for (std::size_t read = 1; read <= 40; read += 3) {
            ResponseDecoder decoder;
            Feed feed(decoder, wire, of_size(read));
            BOOST_TEST(read_lines(decoder, feed) == payload, "chunks of " << chunk << ", reads of " << read);
            BOOST_TEST(decoder.complete());
        }
    }
}

BOOST_AUTO_TEST_CASE(views_of_consumed_bytes_survive_until_the_next_read) {
    // LineReader checks every view after every pass; sizes are chosen so that both sides of the gap get
    // moved.
    std::string payload;
    for (std::size_t i = 0; i < 400; ++i)
        payload += std::string(i % 97, static_cast<char>('a' + i % 26)) + "\n";
    std::size_t sizes[] = {1, 2, 50, 3, 120, 7, 7, 7, 300};
    std::size_t next = 0;
    const std::string wire = chunked(in_chunks(payload, [&] { return sizes[next++ % std::size(sizes)]; }));
    ResponseDecoder decoder;
    Feed feed(decoder, wire, whole());
    BOOST_TEST(read_lines(decoder, feed) == payload);
    BOOST_TEST(decoder.moved_bytes() > 0U);
}

BOOST_AUTO_TEST_CASE(a_huge_event_costs_linear_work) {
    const std::string payload = std::string(std::size_t{128} << 10, 'h') + "\n";
    struct Case {
        std::size_t chunk;
        std::size_t read;
    };
    for (const Case& c :
         {Case{1, std::string::npos}, Case{1, 100}, Case{5000, 7}, Case{5000, 5000}, Case{77, 4096}}) {
        const std::string wire = chunked(in_chunks(payload, of_size(c.chunk)));
        ResponseDecoder decoder;
        Feed feed(decoder, wire, of_size(c.read));
        BOOST_TEST((read_lines(decoder, feed) == payload));
        BOOST_TEST(decoder.moved_bytes() <= 3 * wire.size(),
                   "chunks of " << c.chunk << ", reads of " << c.read);
    }
}

BOOST_AUTO_TEST_CASE(the_buffer_grows_for_a_giant_event_and_shrinks_afterwards) {
    HttpLimits limits;
    ResponseDecoder decoder(limits);
    const std::string body = std::string(500'000, 'g') + "\n";
    const std::string wire = with_fields("Content-Length: " + std::to_string(body.size()) + "\r\n") + body;
    Feed feed(decoder, wire, whole());
    BOOST_TEST((read_lines(decoder, feed) == body));
    BOOST_TEST(decoder.capacity() >= body.size());
    decoder.reset();
    BOOST_TEST(decoder.capacity() == limits.initial_buffer);
    Feed again(decoder, wire, of_size(3000));
    BOOST_TEST((read_lines(decoder, again) == body));
}

BOOST_AUTO_TEST_CASE(unread_body_is_bounded) {
    HttpLimits limits;
    limits.initial_buffer = 8192;
    limits.max_buffer = 50'000;
    const std::string wire = chunked(in_chunks(std::string(60'000, 'u') + "\n", of_size(1000)));
    ResponseDecoder decoder(limits);
    Feed feed(decoder, wire, whole());
    BOOST_TEST(read_lines(decoder, feed).empty());
    BOOST_TEST(decoder.error() == make_error_code(WireError::body_too_large));
    BOOST_TEST(decoder.capacity() == limits.max_buffer);
    BOOST_TEST(!decoder.reusable());
}

BOOST_AUTO_TEST_CASE(padding_follows_the_last_readable_byte) {
    ResponseDecoder decoder;
    const std::string head = with_fields("");
    Feed feed(decoder, head, whole());
    feed.read();
    BOOST_TEST((decoder.parse_head() == Progress::done));
    const std::span<char> space = decoder.prepare();
    std::fill(space.begin(), space.end(), 'f');
    decoder.commit(space.size());
    BOOST_TEST(decoder.decode_body());
    const char* const end = decoder.body().data() + decoder.body().size();
    BOOST_TEST(end - decoder.body().data() == static_cast<std::ptrdiff_t>(decoder.capacity()));
    BOOST_TEST(decoder.readable_from(end) == kPadding);
    BOOST_TEST(std::count(end, end + kPadding, '\0') == static_cast<std::ptrdiff_t>(kPadding));
}

BOOST_AUTO_TEST_CASE(a_decoder_moves_with_its_bytes) {
    const std::string wire = chunked("5\r\nhello\r\n0\r\n\r\n");
    ResponseDecoder first;
    Feed feed(first, wire, whole());
    feed.read();
    ResponseDecoder second(std::move(first));
    Feed nothing(second, "", whole());
    BOOST_TEST(run(second, nothing) == (Outcome{200, "hello", {}, true, true}));
}

BOOST_AUTO_TEST_SUITE_END()

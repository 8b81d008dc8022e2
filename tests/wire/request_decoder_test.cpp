#include "wire/request_decoder.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace sluice::wire;
using namespace std::string_literals;

/// Feeds `wire` in the given pieces and notes all requests that come out.
std::string decode(std::string_view wire, std::vector<std::size_t> pieces, RequestLimits limits = {}) {
    RequestDecoder decoder(limits);
    std::string seen;
    const auto note = [&](Progress progress) {
        for (; progress == Progress::done; progress = decoder.next()) {
            seen += decoder.method() + " " + decoder.target();
            for (const auto& [name, value] : decoder.headers().all())
                seen.append("|").append(name).append("=").append(value);
            seen += "|" + decoder.body() + (decoder.keep_alive() ? "" : "|close") + "\n";
        }
    };
    for (std::size_t piece : pieces) {
        piece = std::min(piece, wire.size());
        note(decoder.feed(wire.substr(0, piece)));
        wire.remove_prefix(piece);
    }
    note(decoder.feed(wire));
    if (decoder.error_status() != 0) seen += std::to_string(decoder.error_status());
    return seen;
}

std::string decode_in_every_cut(std::string_view wire, RequestLimits limits = {}) {
    const std::string expected = decode(wire, {}, limits);
    BOOST_TEST(decode(wire, std::vector<std::size_t>(wire.size(), 1), limits) == expected);
    for (std::size_t at = 1; at < wire.size(); ++at) {
        BOOST_TEST(decode(wire, {at}, limits) == expected, "split at " << at);
    }
    return expected;
}

std::string post(std::string_view fields, std::string_view rest = {}) {
    return "POST /v1 HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n" + std::string(rest);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(request_decoder)

BOOST_AUTO_TEST_CASE(good_requests_decode_alike_in_every_cut) {
    struct Case {
        std::string wire;
        std::string seen;
    };
    const std::vector<Case> cases = {
        {"GET /a?b=c HTTP/1.1\r\nHost: h\r\n\r\n", "GET /a?b=c|host=h|\n"},
        {"GET http://h/a HTTP/1.1\r\nHost: h\r\n\r\n", "GET http://h/a|host=h|\n"},
        {"CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n", "CONNECT h:443|host=h:443|\n"},
        {"PROPFIND /a HTTP/1.1\r\nHost:\r\n\r\n", "PROPFIND /a|host=|\n"},
        {"GET / HTTP/1.0\r\n\r\n", "GET /||close\n"},
        {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "GET /|connection=keep-alive|\n"},
        {"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "GET /|host=h|connection=close||close\n"},
        {"\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n\r\n", "GET /|host=h|\n"},
        {post("Content-Length: 5\r\n", "hello"), "POST /v1|host=h|content-length=5|hello\n"},
        {post("Content-Length: 0\r\n"), "POST /v1|host=h|content-length=0|\n"},
        {post("Transfer-Encoding: Chunked\r\n", "5;x=y\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"),
         "POST /v1|host=h|transfer-encoding=Chunked|hello world\n"},
        {post("Transfer-Encoding: chunked\r\n",
              "1\r\nx\r\n0\r\nAuthorization: trailer\r\nHost: other\r\n\r\n"),
         "POST /v1|host=h|transfer-encoding=chunked|x\n"},
        // Pipelined.
        {post("Content-Length: 1\r\n", "a") + post("Transfer-Encoding: chunked\r\n", "1\r\nb\r\n0\r\n\r\n") +
             post("") + "\r\n" + post("Content-Length: 1\r\n", "d"),
         "POST /v1|host=h|content-length=1|a\nPOST /v1|host=h|transfer-encoding=chunked|b\nPOST /v1|host=h|\n"
         "POST /v1|host=h|content-length=1|d\n"},
    };
    for (const Case& c : cases) {
        BOOST_TEST_CONTEXT(c.wire) {
            BOOST_TEST(decode_in_every_cut(c.wire) == c.seen);
        }
    }
}

BOOST_AUTO_TEST_CASE(bad_requests_have_a_status_in_every_cut) {
    struct Case {
        std::string wire;
        int status;
    };
    const std::vector<Case> cases = {
        {"GET  / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        {"GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", 505},
        {"G(T / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        {"GET / HTTP/1.1\nHost: h\n\n", 400},
        {"GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505},
        {"GET / HTTP/1.1\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400},
        {"GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400},
        {post("Space : before\r\n"), 400},
        {post("no colon\r\n"), 400},
        {post(" Folded: into the field before\r\n"), 400},
        {post("X: a\r\n\tb\r\n"), 400},
        {post("Transfer-Encoding: chunked\r\n", "5;x=\"\r\nhello\r\n0\r\n\r\n"), 400},
        {post("Transfer-Encoding: chunked\r\n", "1\r\na\r\n5;x=\"\r\nhello\r\n0\r\n\r\n"), 400},
        {post("X: a\nY: b\r\n"), 400},
        {post("X: a\rY: b\r\n"), 400},
        {post("X: a\0b\r\n"s), 400},
        {post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), 501},
        {post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), 501},
        {post("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"), 501},
        {post("Transfer-Encoding: identity\r\n"), 501},
        {post("Transfer-Encoding:\r\n"), 501},
        {post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
        {post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"), 400},
        {post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
        {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
        {post("Content-Length: 5, 5\r\n", "hello"), 400},
        {post("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"), 400},
        {post("Content-Length: 5\r\nContent-Length: 6\r\n", "hello"), 400},
        {post("Content-Length: +5\r\n", "hello"), 400},
        {post("Content-Length: -5\r\n", "hello"), 400},
        {post("Content-Length: 0x5\r\n", "hello"), 400},
        {post("Content-Length:\r\n"), 400},
        {post("Content-Length: 18446744073709551616\r\n"), 400},
        {post("Transfer-Encoding: chunked\r\n", "g\r\n\r\n"), 400},
        {post("Transfer-Encoding: chunked\r\n", "1\nx\r\n0\r\n\r\n"), 400},
        {post("Transfer-Encoding: chunked\r\n", "1\r\nxy\r\n0\r\n\r\n"), 400},
        {post("Transfer-Encoding: chunked\r\n", "10000000000000000\r\nx\r\n0\r\n\r\n"), 400},
    };
    for (const Case& c : cases) {
        BOOST_TEST_CONTEXT(c.wire) {
            BOOST_TEST(decode_in_every_cut(c.wire) == std::to_string(c.status));
        }
    }
}

BOOST_AUTO_TEST_CASE(every_size_is_bounded) {
    RequestLimits limits;
    limits.max_head = 300;
    limits.max_fields = 4;
    limits.max_body = 10;
    struct Case {
        std::string wire;
        int status;
    };
    std::string many_small_trailers = "0\r\n";
    for (int i = 0; i < 50; ++i)
        many_small_trailers += "X: trailer\r\n";
    const std::vector<Case> cases = {
        {"GET /" + std::string(400, 't') + " HTTP/1.1\r\nHost: h\r\n\r\n", 431},
        {post("X: " + std::string(400, 'v') + "\r\n"), 431},
        {post("X: " + std::string(120, 'v') + "\r\nY: " + std::string(120, 'v') +
              "\r\nZ: " + std::string(120, 'v') + "\r\n"),
         431},
        {post("A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n"), 431},
        {post("Content-Length: 11\r\n", "hello world"), 413},
        {post("Transfer-Encoding: chunked\r\n", "6\r\nhello \r\n5\r\nworld\r\n0\r\n\r\n"), 413},
        {post("Transfer-Encoding: chunked\r\n", "0\r\nX: " + std::string(400, 't') + "\r\n\r\n"), 431},
        {post("Transfer-Encoding: chunked\r\n", many_small_trailers + "\r\n"), 431},
    };
    for (const Case& c : cases) {
        BOOST_TEST_CONTEXT(c.wire) {
            BOOST_TEST(decode_in_every_cut(c.wire, limits) == std::to_string(c.status));
        }
    }
    const std::string endless = post("Transfer-Encoding: chunked\r\n", "1;" + std::string(1000, 'e'));
    BOOST_TEST(decode(endless, std::vector<std::size_t>(endless.size(), 1), limits) == "431");
    BOOST_TEST(decode(post("A: 1\r\nB: 2\r\nContent-Length: 10\r\n", "0123456789"), {}, limits) ==
               "POST /v1|host=h|a=1|b=2|content-length=10|0123456789\n");
}

BOOST_AUTO_TEST_CASE(a_client_that_waits_for_100_continue_is_seen) {
    RequestDecoder decoder;
    BOOST_TEST((decoder.feed("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Le") ==
                Progress::need_more));
    BOOST_TEST(!decoder.expects_continue());
    BOOST_TEST((decoder.feed("ngth: 2\r\n\r\n") == Progress::need_more));
    BOOST_TEST(decoder.expects_continue());
    BOOST_TEST((decoder.feed("h") == Progress::need_more));
    BOOST_TEST(!decoder.expects_continue());
    BOOST_TEST((decoder.feed("i") == Progress::done));
    BOOST_TEST(!decoder.expects_continue());

    RequestDecoder old;
    BOOST_TEST((old.feed("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n") ==
                Progress::need_more));
    BOOST_TEST(!old.expects_continue());
}

BOOST_AUTO_TEST_CASE(a_failure_is_final) {
    RequestDecoder decoder;
    BOOST_TEST((decoder.feed("nonsense\r\n\r\n") == Progress::failed));
    BOOST_TEST((decoder.feed("GET / HTTP/1.1\r\nHost: h\r\n\r\n") == Progress::failed));
    BOOST_TEST((decoder.next() == Progress::failed));
    BOOST_TEST(decoder.error_status() == 400);
    BOOST_TEST(!decoder.keep_alive());
}

BOOST_AUTO_TEST_SUITE_END()

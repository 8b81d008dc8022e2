#include "wire/http_request.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace sluice::wire;
using namespace std::string_literals;

const std::error_code kRefused = WireError::bad_request_field;

bool refuses(RequestHead head) {
    const std::error_code error = head.error();
    return error == kRefused && std::move(head).finish().empty();
}

// As a field of one head, and as one of many.
bool refuses_field(std::string_view name, std::string_view value) {
    RequestHead head("POST", "/", "host");
    head.field(name, value).field("X-After", "the first error stays");
    RequestFields fields;
    fields.field(name, value).field("X-After", "the first error stays");
    RequestHead other("POST", "/", "host");
    other.fields(fields);
    return refuses(std::move(head)) && fields.text().empty() && refuses(std::move(other));
}

// Every byte that could end a line, a name or a request line.
const std::vector<std::string> kInjections = {
    "\r", "\n", "\r\n", "\0"s, "\x7f", "\x01", "\x1b", "\r\nX-Injected: 1", "\r\n\r\nGET /"};

}  // namespace

BOOST_AUTO_TEST_SUITE(http_request)

BOOST_AUTO_TEST_CASE(a_head_is_written_in_order) {
    RequestHead head("POST", "/v1/chat/completions?x=%20", "api.example.com:8443");
    head.field("Authorization", "Bearer sk-123")
        .field("X-Text", "caf\xc3\xa9\tok")
        .field("X-Empty", "")
        .content_length(0);
    BOOST_TEST(!head.error());
    BOOST_TEST(std::move(head).finish() ==
               "POST /v1/chat/completions?x=%20 HTTP/1.1\r\nHost: api.example.com:8443\r\nAuthorization: "
               "Bearer sk-123\r\n"
               "X-Text: caf\xc3\xa9\tok\r\nX-Empty: \r\nContent-Length: 0\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(fields_of_many_heads_are_written_once) {
    RequestFields fields;
    fields.field("User-Agent", "test").field("Authorization", "Bearer sk-123");
    for (const std::string_view last : {"one", "two"}) {
        RequestHead head("GET", "/", "host");
        head.fields(fields).field("X-Last", last);
        BOOST_TEST(
            std::move(head).finish() ==
            "GET / HTTP/1.1\r\nHost: host\r\nUser-Agent: test\r\nAuthorization: Bearer sk-123\r\nX-Last: " +
                std::string(last) + "\r\n\r\n");
    }
}

BOOST_AUTO_TEST_CASE(targets_of_every_form_are_written) {
    BOOST_TEST(RequestHead("CONNECT", "api.example.com:443", "api.example.com:443").finish() ==
               "CONNECT api.example.com:443 HTTP/1.1\r\nHost: api.example.com:443\r\n\r\n");
    BOOST_TEST(RequestHead("GET", "/", "[::1]:8080").finish() ==
               "GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(nothing_can_inject_a_line) {
    for (const std::string& bytes : kInjections) {
        for (const std::string& text :
             {bytes, "a" + bytes, bytes + "a", "a" + bytes + "b", "a long value" + bytes + "b long value"}) {
            BOOST_TEST_CONTEXT(text) {
                BOOST_TEST(refuses(RequestHead(text, "/", "host")));
                BOOST_TEST(refuses(RequestHead("GET", "/" + text, "host")));
                BOOST_TEST(refuses(RequestHead("GET", "/", text)));
                BOOST_TEST(refuses_field(text, "value"));
                BOOST_TEST(refuses_field("name", text));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(each_part_keeps_to_its_alphabet) {
    BOOST_TEST(refuses(RequestHead("", "/", "host")));
    BOOST_TEST(refuses(RequestHead("GE T", "/", "host")));
    BOOST_TEST(refuses(RequestHead("GET:", "/", "host")));
    BOOST_TEST(refuses(RequestHead("GET", "", "host")));
    BOOST_TEST(refuses(RequestHead("GET", "/a b", "host")));
    BOOST_TEST(refuses(RequestHead("GET", "/\t", "host")));
    BOOST_TEST(refuses(RequestHead("GET", "/caf\xc3\xa9", "host")));
    BOOST_TEST(refuses(RequestHead("GET", "/", "")));
    BOOST_TEST(refuses(RequestHead("GET", "/", "ho st")));
    BOOST_TEST(refuses(RequestHead("GET", "/", "host/path")));
    BOOST_TEST(refuses(RequestHead("GET", "/", "user@host")));
    BOOST_TEST(refuses_field("", "value"));
    BOOST_TEST(refuses_field("na me", "value"));
    BOOST_TEST(refuses_field("name ", "value"));
    BOOST_TEST(refuses_field(" name", "value"));
    BOOST_TEST(refuses_field("name:", "value"));
    BOOST_TEST(refuses_field("caf\xc3\xa9", "value"));
}

BOOST_AUTO_TEST_CASE(framing_cannot_be_said_twice) {
    for (const std::string_view name :
         {"Host", "hOST", "Content-Length", "content-length", "TRANSFER-ENCODING"}) {
        BOOST_TEST(refuses_field(name, "1"), name);
    }
    RequestHead head("POST", "/", "host");
    head.content_length(1).content_length(2);
    BOOST_TEST(refuses(std::move(head)));
}

BOOST_AUTO_TEST_CASE(field_bytes_are_those_of_rfc_9110) {
    const std::string_view specials = "!#$%&'*+-.^_`|~";
    for (int byte = 0; byte < 256; ++byte) {
        const char c = static_cast<char>(byte);
        const bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        const bool token = alphanumeric || (c != '\0' && specials.find(c) != std::string_view::npos);
        const bool value = c == '\t' || (byte >= 0x20 && byte != 0x7f);
        BOOST_TEST(is_token(std::string(1, c)) == token, "byte " << byte);
        for (const std::size_t at : {0U, 3U, 7U, 8U, 12U, 15U, 16U}) {
            std::string text(17, 'v');
            text[at] = c;
            BOOST_TEST(is_field_value(text) == value, "byte " << byte << " at " << at);
        }
    }
    BOOST_TEST(!is_token(""));
    BOOST_TEST(is_field_value(""));
}

BOOST_AUTO_TEST_SUITE_END()

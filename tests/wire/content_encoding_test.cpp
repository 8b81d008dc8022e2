#include "wire/http_response.hpp"

#include <zlib.h>
#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>

namespace {

using namespace sluice::wire;

constexpr int kGzip = 15 + 16;
constexpr int kZlib = 15;
constexpr int kRaw = -15;
constexpr std::size_t kPlenty = std::size_t{1} << 20;

std::string compress(std::string_view text, int container) {
    z_stream stream{};
    deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, container, 8, Z_DEFAULT_STRATEGY);
    std::string out(deflateBound(&stream, text.size()) + 64, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    BOOST_REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

struct Decoded {
    std::error_code error;
    std::string text;
};

Decoded decode(std::string_view encoding, std::string_view body, std::size_t limit = kPlenty) {
    Decoded decoded{{}, "what was there before"};
    decoded.error = decode_content(encoding, body, limit, decoded.text);
    return decoded;
}

std::string long_text() {
    std::string text;
    while (text.size() < 100'000)
        text += "line " + std::to_string(text.size() * 7919) + "\n";
    return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(content_encoding)

BOOST_AUTO_TEST_CASE(every_coding_gives_the_text_back) {
    struct Case {
        std::string_view encoding;
        int container;
    };
    for (const std::string& text : {std::string(), std::string("{\"error\":{}}"), long_text()}) {
        for (const Case& c : {Case{"gzip", kGzip}, Case{"GZip", kGzip}, Case{"x-gzip", kGzip},
                              Case{"gzip", kZlib}, Case{"deflate", kZlib}, Case{"deflate", kRaw}}) {
            const Decoded decoded = decode(c.encoding, compress(text, c.container));
            BOOST_TEST(!decoded.error, c.encoding << " " << c.container);
            BOOST_TEST((decoded.text == text), c.encoding << " " << c.container);
        }
        for (const std::string_view encoding : {"", "identity", "Identity"}) {
            BOOST_TEST(!decode(encoding, text).error);
            BOOST_TEST((decode(encoding, text).text == text));
        }
    }
}

BOOST_AUTO_TEST_CASE(an_empty_body_is_empty_whatever_its_coding) {
    for (const std::string_view encoding : {"", "gzip", "deflate"}) {
        BOOST_TEST(!decode(encoding, "").error);
        BOOST_TEST(decode(encoding, "").text.empty());
    }
}

BOOST_AUTO_TEST_CASE(gzip_members_are_joined) {
    const std::string members = compress("one, ", kGzip) + compress("", kGzip) + compress("two", kGzip);
    BOOST_TEST(!decode("gzip", members).error);
    BOOST_TEST(decode("gzip", members).text == "one, two");
}

BOOST_AUTO_TEST_CASE(a_body_cut_short_anywhere_is_broken) {
    for (const int container : {kGzip, kZlib, kRaw}) {
        const std::string body =
            compress("some text that is worth compressing, worth compressing", container);
        for (std::size_t size = 1; size < body.size(); ++size) {
            const Decoded decoded = decode(container == kGzip ? "gzip" : "deflate", body.substr(0, size));
            BOOST_TEST(decoded.error == make_error_code(WireError::bad_encoding),
                       container << " cut at " << size);
        }
    }
}

BOOST_AUTO_TEST_CASE(broken_bodies_are_typed_errors) {
    const std::error_code bad = WireError::bad_encoding;
    std::string flipped = compress(long_text(), kGzip);
    flipped[flipped.size() - 6] = static_cast<char>(flipped[flipped.size() - 6] ^ 0x10);  // in the checksum
    BOOST_TEST(decode("gzip", flipped).error == bad);
    BOOST_TEST(decode("gzip", "{\"error\":\"plain\"}").error == bad);
    BOOST_TEST(decode("deflate", "\xff\xff\xff\xff").error == bad);
    BOOST_TEST(decode("gzip", compress("text", kGzip) + "trailing").error == bad);
    BOOST_TEST(decode("deflate", compress("text", kZlib) + compress("text", kZlib)).error == bad);
}

BOOST_AUTO_TEST_CASE(codings_we_never_ask_for_are_refused) {
    for (const std::string_view encoding : {"br", "zstd", "compress", "gzip, gzip", "gzip ", "nonsense"}) {
        BOOST_TEST(decode(encoding, "body").error == make_error_code(WireError::unsupported_encoding));
    }
}

BOOST_AUTO_TEST_CASE(what_comes_out_is_bounded_and_the_start_is_kept) {
    const std::string text = long_text();
    const std::error_code too_large = WireError::body_too_large;
    const std::string gzip = compress(text, kGzip);
    for (const std::size_t limit : {std::size_t{0}, std::size_t{1}, std::size_t{16384}, text.size() - 1}) {
        BOOST_TEST(decode("gzip", gzip, limit).error == too_large);
        BOOST_TEST((decode("gzip", gzip, limit).text == text.substr(0, limit)));
        BOOST_TEST(decode("", text, limit).error == too_large);
        BOOST_TEST((decode("", text, limit).text == text.substr(0, limit)));
    }
    BOOST_TEST(!decode("gzip", gzip, text.size()).error);
    BOOST_TEST(!decode("", text, text.size()).error);
    const std::string bomb = compress(std::string(std::size_t{50} << 20, '\0'), kGzip);
    BOOST_TEST(decode("gzip", bomb, 1000).error == too_large);
}

BOOST_AUTO_TEST_SUITE_END()

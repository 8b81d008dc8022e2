// Valid responses made from fixed seeds, cut at random: ResponseDecoder must say what Boost.Beast's parser
// says.
#include "wire/http_response.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdio>
#include <random>
#include <string>
#include <string_view>

namespace {

namespace http = boost::beast::http;
using namespace sluice::wire;

class Generator {
  public:
    explicit Generator(unsigned seed) : random_(seed) {}

    std::size_t below(std::size_t bound) { return random_() % bound; }

    std::string text(std::string_view alphabet, std::size_t max) {
        std::string text(below(max + 1), '\0');
        for (char& c : text)
            c = alphabet[below(alphabet.size())];
        return text;
    }

    std::string response() {
        static constexpr int kStatuses[] = {200, 201, 204, 304, 400, 401, 429, 500, 503, 529};
        std::string wire = below(5) == 0 ? "HTTP/1.0 " : "HTTP/1.1 ";
        wire += std::to_string(kStatuses[below(std::size(kStatuses))]) + " " + text("OK reason", 12) + "\r\n";
        for (std::size_t left = below(12); left != 0; --left)
            field(wire, "X-" + text(kToken, 20), text(kValue, 60));
        static constexpr std::string_view kConnections[] = {"close", "keep-alive", "Keep-Alive, foo", "foo"};
        if (below(3) == 0) field(wire, "Connection", kConnections[below(std::size(kConnections))]);
        const std::string body = text(kBytes, 300);
        const std::size_t framing = below(3);
        if (framing == 0) field(wire, "Content-Length", std::to_string(body.size()));
        if (framing == 1) field(wire, below(2) ? "Transfer-Encoding" : "transfer-encoding", "chunked");
        wire += "\r\n";
        if (wire.substr(9, 3) == "204" || wire.substr(9, 3) == "304") return wire;
        return framing == 1 ? wire + in_chunks(body) : wire + body;
    }

  private:
    static constexpr std::string_view kToken = "abcXYZ019-_.!~";
    static constexpr std::string_view kValue = "abc XYZ\t;=\"/,\xc3\xa9()";
    static constexpr std::string_view kBytes = {"data: {\"x\":0}\r\n\n\0\xff", 18};

    void field(std::string& wire, std::string_view name, std::string_view value) {
        wire.append(name).append(below(4) ? ": " : ":\t ").append(value).append(below(4) ? "\r\n" : " \r\n");
    }

    std::string in_chunks(std::string_view body) {
        std::string framed;
        while (!body.empty()) {
            const std::string_view piece = body.substr(0, 1 + below(80));
            char size[32];
            std::snprintf(size, sizeof size, below(2) ? "%zx" : "%05zX", piece.size());
            framed.append(size)
                .append(below(5) ? "" : ";name=value")
                .append("\r\n")
                .append(piece)
                .append("\r\n");
            body.remove_prefix(piece.size());
        }
        framed += "0\r\n";
        if (below(4) == 0) field(framed, "X-Trailer", text(kValue, 30));
        return framed + "\r\n";
    }

    std::minstd_rand random_;
};

void compare(const std::string& wire, Generator& random) {
    http::response_parser<http::string_body> oracle;
    oracle.eager(true);
    boost::system::error_code failed;
    oracle.put(boost::asio::buffer(wire), failed);
    if (failed == http::error::need_more) failed = {};
    BOOST_REQUIRE(!failed);
    if (!oracle.is_done()) oracle.put_eof(failed);
    BOOST_REQUIRE(!failed);

    ResponseDecoder decoder;
    std::string_view rest = wire;
    const auto read = [&] {
        if (rest.empty()) return decoder.commit_eof();
        const std::span<char> space = decoder.prepare();
        const std::size_t size = std::min({space.size(), rest.size(), 1 + random.below(200)});
        std::copy_n(rest.data(), size, space.data());
        decoder.commit(size);
        rest.remove_prefix(size);
    };
    while (decoder.parse_head() == Progress::need_more)
        read();
    std::string body;
    for (;;) {
        while (decoder.decode_body()) {
            const std::size_t size = random.below(decoder.body().size() + 1);  // leave some, to straddle
            body += decoder.body().substr(0, size);
            decoder.consume(size);
        }
        if (decoder.complete() || decoder.error()) break;
        read();
    }
    body += decoder.body();

    const auto& message = oracle.get();
    // Where we are more careful than Beast.
    const bool bodiless = message.result_int() == 204 || message.result_int() == 304;
    const bool doubtful = oracle.need_eof() || (message.chunked() && (bodiless || message.version() == 10));
    BOOST_TEST(decoder.error() == std::error_code());
    BOOST_TEST(decoder.head().status == static_cast<int>(message.result_int()));
    BOOST_TEST((body == message.body()));
    BOOST_TEST(decoder.reusable() == (message.keep_alive() && !doubtful));
    // Beast keeps fields of one name together, and takes trailers for fields.
    for (const auto& [name, value] : decoder.head().headers.all()) {
        const auto [first, last] = message.equal_range(boost::beast::string_view(name.data(), name.size()));
        BOOST_TEST(std::any_of(first, last,
                               [&](const auto& field) {
                                   return std::string_view(field.value().data(), field.value().size()) ==
                                          value;
                               }),
                   name << ": " << value);
    }
    const auto trailers = message.count("x-trailer");
    BOOST_TEST(decoder.head().headers.all().size() + trailers ==
               static_cast<std::size_t>(std::distance(message.begin(), message.end())));
}

}  // namespace

BOOST_AUTO_TEST_CASE(responses_decode_as_beast_decodes_them) {
    Generator random(20261120);
    for (int i = 0; i < 3000; ++i) {
        const std::string wire = random.response();
        BOOST_TEST_CONTEXT(wire) {
            compare(wire, random);
        }
    }
}

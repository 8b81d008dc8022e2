#include <zlib.h>
#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>
#include <utility>

#include "http_call_world.hpp"

using namespace std::chrono_literals;
using namespace sluice::net::test;
using sluice::ErrorInfo;
using sluice::ErrorKind;
using sluice::Phase;
using sluice::Result;
using sluice::net::HttpCall;
using sluice::testing::NetworkFaults;

BOOST_AUTO_TEST_SUITE(failures)

namespace {

void check_typed(const Answer& answer, bool head_came) {
    BOOST_REQUIRE(answer.error);
    const ErrorInfo& error = *answer.error;
    BOOST_TEST(!answer.complete);
    BOOST_TEST(!error.message.empty());
    BOOST_TEST(error.status == (head_came ? 200 : 0));
    const bool in_body = error.phase == Phase::first_event || error.phase == Phase::stream;
    BOOST_TEST(in_body == head_came);
    BOOST_TEST((error.kind == (in_body ? ErrorKind::stream_truncated : ErrorKind::provider_unavailable)));
}

}  // namespace

BOOST_AUTO_TEST_CASE(no_connection) {
    World world({request()});
    world.network->unlisten(kOrigin);
    const Answer answer = run(world);
    BOOST_REQUIRE(answer.error);
    BOOST_TEST((answer.error->kind == ErrorKind::provider_unavailable));
    BOOST_TEST((answer.error->phase == Phase::connect));
    BOOST_TEST(answer.error->message == "could not connect to api.test:80: Connection refused");
    BOOST_TEST(world.stats() == kNothingLeft);
}

BOOST_AUTO_TEST_CASE(connect_errors_in_our_words) {
    const std::pair<sluice::ConnectError, const char*> cases[] = {
        {sluice::ConnectError::resolve_failed, "could not resolve api.test"},
        {sluice::ConnectError::connect_failed, "api.test:80 refused the connection or cannot be reached"},
        {sluice::ConnectError::tls_failed, "TLS handshake with api.test:80 failed"},
        {sluice::ConnectError::certificate_rejected, "certificate of api.test:80 was rejected"},
        {sluice::ConnectError::proxy_refused, "proxy refused to connect to api.test:80"},
    };
    for (const auto& [error, message] : cases) {
        World world({request()});
        NetworkFaults faults;
        faults.open_error = error;
        world.network->set_faults(faults);
        const Answer answer = run(world);
        BOOST_REQUIRE(answer.error);
        BOOST_TEST(answer.error->message == message);
    }
}

BOOST_AUTO_TEST_CASE(every_read_fails_in_turn) {
    const Script script{request(), say(kChunked), say(chunk("a")), say(chunk("b")), say(kLast)};
    const std::error_code errors[] = {asio::error::connection_reset, asio::error::eof,
                                      asio::error::timed_out};
    for (const std::error_code error : errors) {
        std::size_t failures = 0;
        for (std::size_t at = 0;; ++at) {
            BOOST_TEST_CONTEXT(error.message() << " at read " << at) {
                World world(script);
                NetworkFaults faults;
                faults.fail_read_at = at;
                faults.error = error;
                faults.max_read = 3;
                world.network->set_faults(faults);
                const Answer answer = run(world);
                if (!answer.error) break;
                ++failures;
                check_typed(answer, answer.status == 200);
                BOOST_TEST(world.stats() == kNothingLeft);
            }
        }
        BOOST_TEST(failures > 10);
    }
}

BOOST_AUTO_TEST_CASE(every_byte_may_be_the_last) {
    const std::string wire = kChunked + chunk("a") + chunk("bcd") + kLast;
    for (std::size_t bytes = 0; bytes < wire.size(); ++bytes) {
        for (const bool clean : {true, false}) {
            BOOST_TEST_CONTEXT(bytes << " bytes, " << (clean ? "eof" : "reset")) {
                World world({request(), say(wire.substr(0, bytes)), clean ? hang_up() : reset()});
                check_typed(run(world), bytes >= kChunked.size());
                BOOST_TEST(world.stats() == kNothingLeft);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_failing_write) {
    World world({request(), say(sized("x"))});
    NetworkFaults faults;
    faults.fail_write_at = 0;
    world.network->set_faults(faults);
    const Answer answer = run(world);
    BOOST_REQUIRE(answer.error);
    BOOST_TEST((answer.error->kind == ErrorKind::provider_unavailable));
    BOOST_TEST((answer.error->phase == Phase::send));
    BOOST_TEST(world.stats() == kNothingLeft);
}

BOOST_AUTO_TEST_CASE(what_is_not_http) {
    const struct {
        std::string bytes;
        Phase phase;
    } cases[] = {
        {"SSH-2.0-OpenSSH_9.2\r\n", Phase::headers},
        {"HTTP/1.1 200 OK\r\nbad header\r\n\r\n", Phase::headers},
        {kChunked + "zz\r\n", Phase::first_event},
        {kChunked + chunk("a") + "zz\r\n", Phase::stream},
    };
    for (const auto& c : cases) {
        BOOST_TEST_CONTEXT(c.bytes) {
            World world({request(), say(c.bytes)});
            const Answer answer = run(world);
            BOOST_REQUIRE(answer.error);
            BOOST_TEST((answer.error->kind == ErrorKind::provider_unavailable));
            BOOST_TEST(sluice::to_string(answer.error->phase) == sluice::to_string(c.phase));
            BOOST_TEST(world.stats() == kNothingLeft);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_buffer_that_is_never_consumed_has_a_limit) {
    World world({request(), say(kChunked + chunk(std::string(300'000, 'x')) + kLast)});
    world.options.http.max_buffer = 64 << 10;
    Single single(world);
    Result<void> read = single.send();
    while (read && !single.call.complete()) {
        while (single.call.decode_body()) {
        }
        read = single.read();
    }
    BOOST_REQUIRE(!read);
    BOOST_TEST((read.error().kind == ErrorKind::provider_unavailable));
}

BOOST_AUTO_TEST_CASE(an_error_stays) {
    World world({request(), say(kChunked + "zz")});
    Single single(world);
    BOOST_REQUIRE(bool(single.send()));
    BOOST_TEST(!single.call.decode_body());
    for (int i = 0; i < 2; ++i) {
        const Result<void> again = single.read();
        BOOST_REQUIRE(!again);
        BOOST_TEST((again.error().kind == ErrorKind::provider_unavailable));
        BOOST_TEST(!single.call.try_read());
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(read_all)

namespace {

std::string gzip(std::string_view text) {
    z_stream stream{};
    BOOST_REQUIRE(deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) ==
                  Z_OK);
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

const std::string kError = R"({"error":{"message":"slow down"}})";
constexpr const char* kTooMany = "429 Too Many Requests";

struct BodyCase {
    const char* name;
    Script script;
    std::size_t limit;
    std::string text;
    bool complete;
    bool kept;
};

const BodyCase kBodies[] = {
    {"plain", {request(), say(sized(kError, kTooMany))}, 1000, kError, true, true},
    {"exactly the limit", {request(), say(sized(kError, kTooMany))}, kError.size(), kError, true, true},
    {"one byte more",
     {request(), say(sized(kError, kTooMany))},
     kError.size() - 1,
     kError.substr(0, kError.size() - 1),
     false,
     false},
    {"limit 0", {request(), say(sized(kError, kTooMany))}, 0, "", false, false},
    {"empty", {request(), say(sized("", kTooMany))}, 1000, "", true, true},
    {"in pieces",
     {request(), say(kChunked + chunk("one ")), pause(1ms), say(chunk("two")), pause(1ms), say(kLast)},
     1000,
     "one two",
     true,
     true},
    {"gzip",
     {request(), say(sized(gzip(kError), kTooMany, "content-encoding: gzip\r\n"))},
     1000,
     kError,
     true,
     true},
    {"gzip that unpacks to more than the limit",
     {request(), say(sized(gzip(std::string(100'000, 'x')), kTooMany, "content-encoding: gzip\r\n"))},
     1000,
     std::string(1000, 'x'),
     false,
     false},
    {"an encoding nobody asked for",
     {request(), say(sized("\xff\xfe", kTooMany, "content-encoding: br\r\n"))},
     1000,
     "",
     false,
     false},
    {"cut by eof",
     {request(), say(sized(kError, kTooMany).substr(0, 80)), hang_up()},
     1000,
     "",
     false,
     false},
    {"cut by reset", {request(), say(kChunked + chunk("half")), reset()}, 1000, "half", false, false},
    {"garbled", {request(), say(kChunked + chunk("half") + "zz")}, 1000, "half", false, false},
};

}  // namespace

BOOST_AUTO_TEST_CASE(gives_what_came) {
    for (const BodyCase& c : kBodies) {
        BOOST_TEST_CONTEXT(c.name) {
            World world(c.script);
            Single single(world);
            BOOST_REQUIRE(bool(single.send()));
            const Result<std::string> text = single.read_all(c.limit);
            BOOST_REQUIRE(bool(text));
            if (std::string_view(c.name) == "cut by eof") {
                BOOST_TEST(kError.starts_with(text.value()));
                BOOST_TEST(!text.value().empty());
            } else {
                BOOST_TEST(text.value() == c.text);
            }
            BOOST_TEST(single.call.complete() == c.complete);
            BOOST_TEST(single.call.head().status != 0);
            single.finish();
            BOOST_TEST(single.call.complete() == c.complete);
            BOOST_TEST(world.stats() == (c.kept ? kOneIdle : kNothingLeft));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_deadline_is_an_error) {
    World world({request(), say(kChunked + chunk("half")), pause(1h)});
    world.deadlines.first_event = 10ms;
    Single single(world);
    BOOST_REQUIRE(bool(single.send()));
    const Result<std::string> text = single.read_all();
    BOOST_REQUIRE(!text);
    BOOST_TEST((text.error().kind == ErrorKind::provider_timeout));
    BOOST_TEST(text.error().status == 200);
}

BOOST_AUTO_TEST_SUITE_END()

// One side of compare_sdks.py: makes a streamed answer in a dialect, and measures decoding it from memory.
//
//   decode_stream write <dialect> <tokens>                    the body, to stdout
//   decode_stream read <dialect> <file> <piece> <rounds>      one line of JSON: CPU per round, events, text
#include "adapters/body_reader.hpp"
#include "adapters/dialect.hpp"
#include "support/allocations.hpp"
#include "wire/body_buffer.hpp"
#include "wire/json_writer.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace sluice;

std::int64_t cpu_now() {
    std::timespec time{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

std::string make_body(const adapters::Dialect& dialect, int tokens) {
    adapters::AnswerFacts facts;
    facts.model = "bench";
    facts.created = 1'731'900'000;
    const auto encoder = dialect.make_encoder(facts);
    std::string body;
    encoder->open(body);
    for (int i = 0; i < tokens; ++i) {
        const std::string token = " t" + std::to_string(i);
        encoder->encode(StreamEvent(TextDelta{token}), body);
    }
    Finish end;
    end.reason = StopReason::stop;
    end.usage.emplace();
    end.usage->input = 12;
    end.usage->output = static_cast<Tokens>(tokens);
    encoder->encode(StreamEvent(end), body);
    return body;
}

struct Round {
    std::string text;
    std::size_t events = 0;
    bool finished = false;
};

/// Reads `body` in pieces, as a socket would bring them, through the buffer that a connection has.
Round decode(const adapters::Dialect& dialect, std::string_view body, std::size_t piece) {
    Round round;
    round.text.reserve(body.size());
    const auto decoder = dialect.make_decoder({});
    adapters::BodyReader reader(*decoder);
    wire::BodyBuffer buffer(std::size_t{32} << 10, std::size_t{8} << 20);
    adapters::EventBatch batch;
    const auto take = [&] {
        for (const StreamEvent& event : batch.events()) {
            ++round.events;
            if (const auto* delta = event.as<TextDelta>()) round.text += delta->text;
            round.finished |= event.is<Finish>();
        }
        batch.clear();
    };
    while (!body.empty()) {
        const std::span<char> space = buffer.prepare();
        const std::size_t got = std::min({piece, space.size(), body.size()});
        std::memcpy(space.data(), body.data(), got);
        body.remove_prefix(got);
        buffer.commit(got);
        buffer.take(got);
        const std::string_view window = buffer.body();
        buffer.consume(reader.feed(window, buffer.readable_from(window.data()), batch));
        take();
    }
    const std::string_view window = buffer.body();
    reader.finish(window, buffer.readable_from(window.data()), batch);
    take();
    return round;
}

int measure(const adapters::Dialect& dialect, const std::string& body, std::size_t piece, int rounds) {
    Round last = decode(dialect, body, piece);
    if (!last.finished) return std::fprintf(stderr, "the stream did not end well\n"), 1;
    std::string line;
    wire::JsonWriter json(line);
    json.begin_object().key("cpu_ns").begin_array();
    for (int i = 0; i < rounds; ++i) {
        const std::int64_t begin = cpu_now();
        last = decode(dialect, body, piece);
        json.number(cpu_now() - begin);
    }
    json.end_array();
    const std::size_t before = test::allocations();
    decode(dialect, body, piece);
    json.key("allocations").number(test::allocations() - before);
    json.key("events").number(last.events).key("text").string(last.text).end_object();
    std::puts(line.c_str());
    return 0;
}

std::string read_file(const char* path) {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
}

}  // namespace

int main(int count, char** arguments) {
    const std::string_view verb = count > 1 ? arguments[1] : "";
    const adapters::Dialect* dialect = count > 2 ? adapters::find_dialect(arguments[2]) : nullptr;
    if (dialect && verb == "write" && count == 4) {
        const std::string body = make_body(*dialect, std::atoi(arguments[3]));
        return std::fwrite(body.data(), 1, body.size(), stdout) == body.size() ? 0 : 1;
    }
    if (dialect && verb == "read" && count == 6)
        return measure(*dialect, read_file(arguments[3]), std::strtoul(arguments[4], nullptr, 10),
                       std::atoi(arguments[5]));
    std::fprintf(stderr,
                 "usage: decode_stream write <dialect> <tokens> | read <dialect> <file> <piece> <rounds>\n");
    return 2;
}

#include "wire/http_response.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>

namespace sluice::wire {
namespace {

/// What inflateInit2 calls windowBits: the container around the deflate stream.
constexpr int kRaw = -15;
constexpr int kZlib = 15;
constexpr int kGzipOrZlib = 15 + 32;

/// RFC 9110 means zlib (RFC 1950) when it says "deflate"; many servers send a bare deflate stream. No deflate
/// encoder writes one that begins like a zlib header: its padding bits would not be zero.
int container_of_deflate(std::string_view body) noexcept {
    if (body.size() < 2) return kRaw;
    const unsigned first = static_cast<unsigned char>(body[0]);
    const unsigned second = static_cast<unsigned char>(body[1]);
    return (first & 0x0fU) == 8 && (first << 8 | second) % 31 == 0 ? kZlib : kRaw;
}

std::error_code append_within(std::string_view bytes, std::size_t limit, std::string& out) {
    const std::size_t room = limit - out.size();
    out.append(bytes.substr(0, room));
    if (bytes.size() > room) return WireError::body_too_large;
    return {};
}

std::error_code inflate_all(z_stream& stream, bool several_members, std::size_t limit, std::string& out) {
    std::array<char, 16384> piece;
    for (;;) {
        stream.next_out = reinterpret_cast<Bytef*>(piece.data());
        stream.avail_out = static_cast<uInt>(piece.size());
        const int status = inflate(&stream, Z_NO_FLUSH);
        const std::string_view produced(piece.data(), piece.size() - stream.avail_out);
        if (const std::error_code error = append_within(produced, limit, out)) return error;
        if (status == Z_STREAM_END) {
            if (stream.avail_in == 0) return {};
            if (!several_members || inflateReset(&stream) != Z_OK) return WireError::bad_encoding;
        } else if (status != Z_OK) {
            return WireError::bad_encoding;  // Z_BUF_ERROR: the input ended before the stream did
        }
    }
}

}  // namespace

std::error_code decode_content(std::string_view encoding, std::string_view body, std::size_t limit,
                               std::string& out) {
    std::string name(encoding);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
    out.clear();
    if (name.empty() || name == "identity") return append_within(body, limit, out);

    const bool gzip = name == "gzip" || name == "x-gzip";
    if (!gzip && name != "deflate") return WireError::unsupported_encoding;
    if (body.empty()) return {};  // error answers without a body keep the header of those with one
    if (body.size() > std::numeric_limits<uInt>::max()) return WireError::body_too_large;

    z_stream stream{};
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
    stream.avail_in = static_cast<uInt>(body.size());
    if (inflateInit2(&stream, gzip ? kGzipOrZlib : container_of_deflate(body)) != Z_OK) {
        return std::make_error_code(std::errc::not_enough_memory);
    }
    const std::error_code error = inflate_all(stream, gzip, limit, out);
    inflateEnd(&stream);
    return error;
}

}  // namespace sluice::wire

#include "recorded_body.hpp"

#include "commands.hpp"

#include "wire/error.hpp"
#include "wire/http_response.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace sluice::cli {
namespace {

[[noreturn]] void fail_to_read(const std::string& path) {
    throw UsageError("cannot read " + path + ": " + std::generic_category().message(errno));
}

// Compressed bytes without a control character among so many do not happen: a gzip header alone has several.
constexpr std::size_t kSniffed = 64;

bool looks_like_text(std::string_view head) {
    return std::none_of(head.begin(), head.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\r' && c != '\t';
    });
}

}  // namespace

RecordedBody::RecordedBody(const std::string& path)
    : path_(path == "-" ? "standard input" : path),
      descriptor_(path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (descriptor_ < 0) fail_to_read(path_);
}

RecordedBody::~RecordedBody() {
    if (descriptor_ != STDIN_FILENO) ::close(descriptor_);
}

void RecordedBody::decode_content(std::string_view encoding) {
    std::string head = read_all(kSniffed);
    if (looks_like_text(head)) {
        head_ = std::move(head);
        return;
    }
    const std::string encoded = head + read_all(kMaxEncoded);
    is_all_ = true;
    error_ = encoded.size() > kMaxEncoded ? make_error_code(wire::WireError::body_too_large)
                                          : wire::decode_content(encoding, encoded, kMaxEncoded, head_);
}

std::size_t RecordedBody::read(std::span<char> into) {
    if (position_ < head_.size()) {
        const std::size_t size = head_.copy(into.data(), into.size(), position_);
        position_ += size;
        return size;
    }
    return is_all_ ? 0 : read_file(into);
}

std::string RecordedBody::read_all(std::size_t limit) {
    constexpr std::size_t kStep = std::size_t{64} << 10;
    std::string all;
    std::size_t got = 0;
    do {
        const std::size_t size = all.size();
        all.resize(size + std::min(kStep, limit - size));
        got = read(std::span(all).subspan(size));
        all.resize(size + got);
    } while (got != 0 && all.size() < limit);
    return all;
}

std::size_t RecordedBody::read_file(std::span<char> into) {
    for (;;) {
        const ssize_t got = ::read(descriptor_, into.data(), into.size());
        if (got >= 0) return static_cast<std::size_t>(got);
        if (errno != EINTR) fail_to_read(path_);
    }
}

}  // namespace sluice::cli

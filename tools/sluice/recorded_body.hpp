// A response body from a file or standard input, in chunks.
//
//   RecordedBody body("answer.sse");                 // or "-"
//   body.decode_content("gzip");                     // only where the recording has a Content-Encoding
//   while (std::size_t got = body.read(buffer)) ...
//   if (body.error()) ...                            // not all of it could be decoded
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

namespace sluice::cli {

class RecordedBody {
  public:
    /// Largest body with a Content-Encoding, before and after it is undone: such a body is decoded as a
    /// whole.
    static constexpr std::size_t kMaxEncoded = std::size_t{64} << 20;

    /// "-" is standard input. Throws UsageError when the file cannot be opened.
    explicit RecordedBody(const std::string& path);
    ~RecordedBody();
    RecordedBody(const RecordedBody&) = delete;
    RecordedBody& operator=(const RecordedBody&) = delete;

    /// Undoes `encoding`; call it before reading. A body that begins like text is taken as it is: recorders
    /// keep the header beside the body they have decoded.
    void decode_content(std::string_view encoding);
    /// At least one byte, or 0 at the end. Throws UsageError when the file cannot be read.
    std::size_t read(std::span<char> into);
    /// All of it, or the first `limit` bytes.
    std::string read_all(std::size_t limit);
    /// After the end: why there is less than there should be.
    std::error_code error() const noexcept { return error_; }

  private:
    std::size_t read_file(std::span<char> into);

    std::string path_;
    int descriptor_;
    std::string head_;  // what decode_content() has read, decoded or not: comes before the rest of the file
    std::size_t position_ = 0;  // in head_
    bool is_all_ = false;       // nothing of the file comes after head_
    std::error_code error_;
};

}  // namespace sluice::cli

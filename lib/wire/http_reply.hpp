// What every HTTP/1.1 server writes: the words of a status, and the line before a chunk.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::wire {

/// "Not Found"; empty for a status without a name of its own.
std::string_view reason_phrase(int status) noexcept;

/// The line before a chunk of the chunked transfer coding.
void append_chunk_size(std::string& out, std::size_t size);

}  // namespace sluice::wire

// Two buffers that are written as one.
#pragma once

#include <sluice/config.hpp>

#include <asio/buffer.hpp>

#include <algorithm>
#include <array>
#include <cstddef>

namespace sluice::net {

/// What is left of `head` and `body` when `written` bytes of them have gone.
inline std::array<asio::const_buffer, 2> rest_of(asio::const_buffer head, asio::const_buffer body,
                                                 std::size_t written) noexcept {
    return {head + written, body + (written - std::min(written, head.size()))};
}

}  // namespace sluice::net

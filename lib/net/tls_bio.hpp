// OpenSSL's view of a non-blocking socket: as its own socket BIO, but a write to a closed peer is an error
// and not SIGPIPE, and what ended the stream is remembered.
#pragma once

#include <openssl/bio.h>

namespace sluice::net {

struct TlsSocket {
    int descriptor = -1;
    int error = 0;     ///< errno of the last hard failure.
    bool eof = false;  ///< The peer's end of the TCP stream was read.
};

/// `socket` must outlive the BIO. Null when memory is out.
BIO* make_socket_bio(TlsSocket& socket);

}  // namespace sluice::net

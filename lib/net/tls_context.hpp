// What all TLS connections of one connector share: the trusted authorities (15 ms to load, so loaded once and
// late) and the sessions that make the next handshake with an origin short. Any thread.
#pragma once

#include <sluice/connector.hpp>

#include <openssl/ssl.h>

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace sluice::net {

struct OpenSslDelete {
    void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
    void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
    void operator()(SSL_SESSION* session) const noexcept { SSL_SESSION_free(session); }
};
using SslContext = std::unique_ptr<SSL_CTX, OpenSslDelete>;
using Ssl = std::unique_ptr<SSL, OpenSslDelete>;
using SslSession = std::unique_ptr<SSL_SESSION, OpenSslDelete>;

class TlsContext {
  public:
    /// An empty `ca_file` means the system's authorities, loaded at the first connection. Throws
    /// std::invalid_argument when the file has no certificate.
    explicit TlsContext(const std::string& ca_file);
    TlsContext(const TlsContext&) = delete;
    TlsContext& operator=(const TlsContext&) = delete;

    /// The client's end of a connection to `origin`: it verifies certificate and host name, sends SNI, and
    /// resumes a session if there is one. `origin` and this context must outlive it. Null only when memory is
    /// out.
    Ssl make_client(const Origin& origin);

    std::size_t cached_sessions() const;

  private:
    static int on_new_session(SSL* ssl, SSL_SESSION* session) noexcept;
    void keep(const Origin& origin, SslSession session);
    SslSession take(const Origin& origin);

    SslContext context_;
    bool use_system_authorities_;
    std::once_flag system_authorities_loaded_;

    mutable std::mutex mutex_;
    std::map<Origin, std::vector<SslSession>> sessions_;  // newest last
};

}  // namespace sluice::net

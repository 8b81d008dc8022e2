#include "net/tls_context.hpp"

#include <asio/ip/address.hpp>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <new>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace sluice::net {
namespace {

// A server sends two tickets a connection, and TLS 1.3 uses each once. Enough for a burst, little to hold on
// to.
constexpr std::size_t kSessionsPerOrigin = 8;
constexpr std::size_t kMaxOrigins = 256;

int context_index() {
    static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return index;
}

int origin_index() {
    static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return index;
}

bool is_address(const std::string& host) {
    std::error_code error;
    asio::ip::make_address(host, error);
    return !error;
}

}  // namespace

TlsContext::TlsContext(const std::string& ca_file)
    : context_(SSL_CTX_new(TLS_client_method())), use_system_authorities_(ca_file.empty()) {
    if (!context_) throw std::bad_alloc();
    SSL_CTX* context = context_.get();
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    // Moving and partial writes: a retried write may come from another address, and each record is reported
    // when it is out. Releasing buffers: an idle connection keeps some KiB instead of 34.
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
    // One recv for all that is there, instead of one for a record's header and another for its body.
    SSL_CTX_set_read_ahead(context, 1);
    static constexpr unsigned char kHttp11[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    SSL_CTX_set_alpn_protos(context, kHttp11, sizeof kHttp11);

    SSL_CTX_set_ex_data(context, context_index(), this);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, &TlsContext::on_new_session);

    if (!use_system_authorities_ && SSL_CTX_load_verify_file(context, ca_file.c_str()) != 1) {
        ERR_clear_error();
        throw std::invalid_argument("ConnectorOptions::ca_file: no certificate can be read from " + ca_file);
    }
}

Ssl TlsContext::make_client(const Origin& origin) {
    if (use_system_authorities_)
        std::call_once(system_authorities_loaded_,
                       [this] { SSL_CTX_set_default_verify_paths(context_.get()); });
    Ssl ssl(SSL_new(context_.get()));
    if (!ssl) return ssl;
    SSL_set_connect_state(ssl.get());
    SSL_set_ex_data(ssl.get(), origin_index(), const_cast<Origin*>(&origin));
    bool named = false;
    if (is_address(origin.host)) {
        named = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl.get()), origin.host.c_str()) == 1;
    } else {
        SSL_set_hostflags(ssl.get(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
        named = SSL_set1_host(ssl.get(), origin.host.c_str()) == 1 &&
                SSL_set_tlsext_host_name(ssl.get(), origin.host.c_str()) == 1;
    }
    if (!named) return Ssl();  // without a name to verify there must be no connection
    if (const SslSession session = take(origin)) SSL_set_session(ssl.get(), session.get());
    return ssl;
}

// In TLS 1.3 the tickets come after the handshake, inside some later read.
int TlsContext::on_new_session(SSL* ssl, SSL_SESSION* session) noexcept {
    auto* self = static_cast<TlsContext*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), context_index()));
    const auto* origin = static_cast<const Origin*>(SSL_get_ex_data(ssl, origin_index()));
    try {
        SSL_SESSION_up_ref(session);
        self->keep(*origin, SslSession(session));
    } catch (const std::exception&) {
        // A session not kept costs the next connection a full handshake.
    }
    return 0;  // our own reference is counted above; OpenSSL drops its own
}

void TlsContext::keep(const Origin& origin, SslSession session) {
    const std::lock_guard lock(mutex_);
    if (sessions_.size() >= kMaxOrigins && !sessions_.contains(origin)) sessions_.erase(sessions_.begin());
    std::vector<SslSession>& of_origin = sessions_[origin];
    if (of_origin.size() >= kSessionsPerOrigin) of_origin.erase(of_origin.begin());
    of_origin.push_back(std::move(session));
}

// A TLS 1.3 ticket is for one use (RFC 8446 appendix C.4): two uses of it could be linked by an observer. A
// TLS 1.2 session serves many connections.
SslSession TlsContext::take(const Origin& origin) {
    const std::lock_guard lock(mutex_);
    const auto found = sessions_.find(origin);
    if (found == sessions_.end()) return SslSession();
    SSL_SESSION* newest = found->second.back().get();
    if (SSL_SESSION_get_protocol_version(newest) < TLS1_3_VERSION) {
        SSL_SESSION_up_ref(newest);
        return SslSession(newest);
    }
    SslSession session = std::move(found->second.back());
    found->second.pop_back();
    if (found->second.empty()) sessions_.erase(found);
    return session;
}

std::size_t TlsContext::cached_sessions() const {
    const std::lock_guard lock(mutex_);
    std::size_t count = 0;
    for (const auto& [origin, of_origin] : sessions_)
        count += of_origin.size();
    return count;
}

}  // namespace sluice::net

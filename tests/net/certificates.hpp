// Makes certificates at test time: an authority, and what it signs for servers good and bad.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

namespace sluice::net::test {

struct X509Delete {
    void operator()(X509* certificate) const noexcept { X509_free(certificate); }
    void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
};

/// A certificate and its private key.
struct Identity {
    std::unique_ptr<EVP_PKEY, X509Delete> key;
    std::unique_ptr<X509, X509Delete> certificate;
};

/// `names` as in "DNS:localhost,IP:127.0.0.1"; the validity in seconds from now. Signed by `issuer`, or by
/// itself.
Identity make_identity(const char* common_name, const char* names, long valid_from, long valid_to,
                       const Identity* issuer);
Identity make_authority();
/// A good server certificate for these names.
Identity make_server(const Identity& issuer, const char* names);

/// The certificate in a PEM file that goes with this object.
class PemFile {
  public:
    explicit PemFile(const Identity& identity);
    PemFile(const PemFile&) = delete;
    ~PemFile();
    const std::string& path() const noexcept { return path_; }

  private:
    std::string path_;
};

}  // namespace sluice::net::test

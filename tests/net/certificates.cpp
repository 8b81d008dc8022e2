#include "certificates.hpp"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <stdexcept>

namespace sluice::net::test {
namespace {

constexpr long kDay = 24 * 60 * 60;

void extend(X509* certificate, X509* issuer, int kind, const char* value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value);
    if (!extension) throw std::runtime_error("cannot make a certificate extension");
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

}  // namespace

Identity make_identity(const char* common_name, const char* names, long valid_from, long valid_to,
                       const Identity* issuer) {
    static long serial = 0;
    Identity identity;
    identity.key.reset(EVP_EC_gen("P-256"));
    identity.certificate.reset(X509_new());
    X509* certificate = identity.certificate.get();
    X509* signer = issuer ? issuer->certificate.get() : certificate;
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate), valid_from);
    X509_gmtime_adj(X509_getm_notAfter(certificate), valid_to);
    X509_set_pubkey(certificate, identity.key.get());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(common_name), -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(signer));
    if (names)
        extend(certificate, signer, NID_subject_alt_name, names);
    else
        extend(certificate, signer, NID_basic_constraints, "critical,CA:TRUE");
    if (X509_sign(certificate, issuer ? issuer->key.get() : identity.key.get(), EVP_sha256()) == 0)
        throw std::runtime_error("cannot sign a certificate");
    return identity;
}

Identity make_authority() {
    return make_identity("Test Authority", nullptr, -kDay, kDay, nullptr);
}

Identity make_server(const Identity& issuer, const char* names) {
    return make_identity("server", names, -kDay, kDay, &issuer);
}

PemFile::PemFile(const Identity& identity) {
    static int count = 0;
    const std::string name =
        "sluice-test-" + std::to_string(getpid()) + "-" + std::to_string(++count) + ".pem";
    path_ = std::filesystem::temp_directory_path() / name;
    std::FILE* file = std::fopen(path_.c_str(), "w");
    if (!file) throw std::runtime_error("cannot write a certificate file");
    PEM_write_X509(file, identity.certificate.get());
    std::fclose(file);
}

PemFile::~PemFile() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
}

}  // namespace sluice::net::test

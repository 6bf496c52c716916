#include "ingesta/testing/test_certificates.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>

namespace ingesta::testing {
namespace {

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};
using BioPtr = std::unique_ptr<BIO, Deleter<BIO_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using CertificatePtr = std::unique_ptr<X509, Deleter<X509_free>>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, Deleter<X509_EXTENSION_free>>;

Status OpenSslError(const char* what) {
  char text[256] = "no detail";
  if (const unsigned long error = ERR_get_error(); error != 0) ERR_error_string_n(error, text, sizeof text);
  return MakeError(ErrorCode::kInternal, std::string("test certificate: ") + what + ": " + text);
}

std::string TextOf(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<size_t>(size));
}

struct Parts {
  KeyPtr key;
  CertificatePtr certificate;
};

Result<Parts> Begin(const std::string& common_name, long from, long until) {
  Parts parts{KeyPtr(EVP_EC_gen("P-256")), CertificatePtr(X509_new())};
  X509* certificate = parts.certificate.get();
  if (!parts.key || certificate == nullptr) return OpenSslError("key");
  unsigned char serial[8];
  RAND_bytes(serial, sizeof serial);
  serial[0] &= 0x7f;
  std::unique_ptr<BIGNUM, Deleter<BN_free>> number(BN_bin2bn(serial, sizeof serial, nullptr));
  BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate));
  X509_set_version(certificate, X509_VERSION_3);
  X509_gmtime_adj(X509_getm_notBefore(certificate), from);
  X509_gmtime_adj(X509_getm_notAfter(certificate), until);
  X509_set_pubkey(certificate, parts.key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(common_name.data()),
                             static_cast<int>(common_name.size()), -1, 0);
  return parts;
}

Status AddExtension(X509* certificate, int nid, const std::string& value) {
  ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str()));
  if (!extension || X509_add_ext(certificate, extension.get(), -1) != 1) return OpenSslError("extension");
  return Status::OK();
}

Result<TestCertificate> Sign(const Parts& parts, X509* issuer, EVP_PKEY* key) {
  X509_set_issuer_name(parts.certificate.get(), X509_get_subject_name(issuer));
  if (X509_sign(parts.certificate.get(), key, EVP_sha256()) == 0) return OpenSslError("signature");
  BioPtr certificate_bio(BIO_new(BIO_s_mem()));
  BioPtr key_bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(certificate_bio.get(), parts.certificate.get());
  PEM_write_bio_PrivateKey(key_bio.get(), parts.key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return TestCertificate{TextOf(certificate_bio.get()), TextOf(key_bio.get())};
}

}  // namespace

Result<TestCertificate> MakeAuthority() {
  // A name of its own: two authorities of one name would be told apart by a failed signature only.
  unsigned char random[4];
  RAND_bytes(random, sizeof random);
  const std::string name = fmt::format("ingesta test authority {:02x}{:02x}{:02x}{:02x}", random[0],
                                       random[1], random[2], random[3]);
  ARROW_ASSIGN_OR_RAISE(Parts parts, Begin(name, -3600, 86400));
  ARROW_RETURN_NOT_OK(AddExtension(parts.certificate.get(), NID_basic_constraints, "critical,CA:TRUE"));
  ARROW_RETURN_NOT_OK(AddExtension(parts.certificate.get(), NID_key_usage, "critical,keyCertSign,cRLSign"));
  return Sign(parts, parts.certificate.get(), parts.key.get());
}

Result<TestCertificate> MakeServerCertificate(const std::string& host, const TestCertificate* authority,
                                              long valid_from_seconds, long valid_until_seconds) {
  ARROW_ASSIGN_OR_RAISE(Parts parts, Begin(host, valid_from_seconds, valid_until_seconds));
  in_addr address{};
  const bool is_address = inet_pton(AF_INET, host.c_str(), &address) == 1;
  ARROW_RETURN_NOT_OK(
      AddExtension(parts.certificate.get(), NID_subject_alt_name, (is_address ? "IP:" : "DNS:") + host));
  if (authority == nullptr) return Sign(parts, parts.certificate.get(), parts.key.get());
  BioPtr certificate_bio(BIO_new_mem_buf(authority->certificate_pem.data(),
                                         static_cast<int>(authority->certificate_pem.size())));
  BioPtr key_bio(BIO_new_mem_buf(authority->key_pem.data(), static_cast<int>(authority->key_pem.size())));
  CertificatePtr issuer(PEM_read_bio_X509(certificate_bio.get(), nullptr, nullptr, nullptr));
  KeyPtr key(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, nullptr));
  if (!issuer || !key) return OpenSslError("authority");
  return Sign(parts, issuer.get(), key.get());
}

}  // namespace ingesta::testing

#include "ingesta/aws/digest.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <isa-l/crc.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <vector>

namespace ingesta::aws {
namespace {

std::string Digest(const EVP_MD* kind, std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out;
  unsigned int length = 0;
  EVP_Digest(bytes.data(), bytes.size(), out.data(), &length, kind, nullptr);
  return std::string(reinterpret_cast<const char*>(out.data()), length);
}

struct FreeDigest {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

struct FileDescriptor {
  explicit FileDescriptor(int descriptor) : value(descriptor) {}
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() {
    if (value >= 0) close(value);
  }
  int value;
};

}  // namespace

std::string Hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

std::string Sha256Hex(std::string_view bytes) {
  return Hex(Digest(EVP_sha256(), bytes));
}

std::string Sha1Hex(std::string_view bytes) {
  return Hex(Digest(EVP_sha1(), bytes));
}

std::string HmacSha256(std::string_view key, std::string_view message) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out;
  unsigned int length = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(message.data()), message.size(), out.data(), &length);
  return std::string(reinterpret_cast<const char*>(out.data()), length);
}

std::string Base64(std::string_view bytes) {
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  out.resize(static_cast<size_t>(length));
  return out;
}

std::string Crc32Header(uint32_t crc32) {
  const std::array<char, 4> bytes = {static_cast<char>(crc32 >> 24), static_cast<char>(crc32 >> 16),
                                     static_cast<char>(crc32 >> 8), static_cast<char>(crc32)};
  return Base64(std::string_view(bytes.data(), bytes.size()));
}

uint32_t Crc32(std::string_view bytes, uint32_t seed) {
  return crc32_gzip_refl(seed, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
}

Result<RangeDigests> DigestFileRange(const std::string& path, int64_t offset, int64_t length,
                                     bool with_sha256) {
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.value < 0) return ErrnoError(errno, fmt::format("cannot open {}", path));
  std::unique_ptr<EVP_MD_CTX, FreeDigest> sha(EVP_MD_CTX_new());
  EVP_DigestInit_ex(sha.get(), EVP_sha256(), nullptr);
  RangeDigests digests;
  std::vector<char> buffer(static_cast<size_t>(std::clamp<int64_t>(length, 1, 256 << 10)));
  for (int64_t done = 0; done < length;) {
    const auto wanted =
        static_cast<size_t>(std::min<int64_t>(length - done, static_cast<int64_t>(buffer.size())));
    const ssize_t got = pread(file.value, buffer.data(), wanted, offset + done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ErrnoError(errno, fmt::format("cannot read {}", path));
    if (got == 0) {
      return MakeError(ErrorCode::kCorrupt, fmt::format("{} ends at byte {}, before the expected {}", path,
                                                        offset + done, offset + length));
    }
    const std::string_view piece(buffer.data(), static_cast<size_t>(got));
    digests.crc32 = Crc32(piece, digests.crc32);
    if (with_sha256) EVP_DigestUpdate(sha.get(), piece.data(), piece.size());
    done += got;
  }
  if (with_sha256) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> out;
    unsigned int size = 0;
    EVP_DigestFinal_ex(sha.get(), out.data(), &size);
    digests.sha256_hex = Hex(std::string_view(reinterpret_cast<const char*>(out.data()), size));
  }
  return digests;
}

}  // namespace ingesta::aws

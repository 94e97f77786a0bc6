#include "core/base/sha256.hpp"

#include <openssl/evp.h>

#include <array>

#include "director/result.hpp"

namespace director {

std::string sha256_hex(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  const int done =
      EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr);
  DIRECTOR_ASSERT(done == 1 && size == 32, "OpenSSL cannot compute SHA-256");
  constexpr char kHex[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(2 * std::size_t{size});
  for (unsigned i = 0; i < size; ++i) {
    hex += kHex[digest[i] >> 4];
    hex += kHex[digest[i] & 0xf];
  }
  return hex;
}

}  // namespace director

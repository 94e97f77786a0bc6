#include "sha1.hpp"

#include <openssl/evp.h>

namespace director::vcs_git {

Result<Sha1> sha1(std::string_view bytes) {
  Sha1 digest{};
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha1(), nullptr) != 1) {
    return Error(Errc::External,
                 "cannot write the index of a slot: OpenSSL does not compute SHA-1 here; where a "
                 "policy forbids it, allow it for director");
  }
  return digest;
}

}  // namespace director::vcs_git

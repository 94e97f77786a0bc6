#include "sha1.hpp"

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>

namespace director::vcs_git {
namespace {

using State = std::array<std::uint32_t, 5>;

std::uint32_t big_endian(const char* at) {
  std::uint32_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return std::endian::native == std::endian::little ? __builtin_bswap32(word) : word;
}

void add_block(State& state, const char* block) {
  std::uint32_t w[80];
  for (std::size_t i = 0; i < 16; ++i) {
    w[i] = big_endian(block + i * 4);
  }
  for (std::size_t i = 16; i < 80; ++i) {
    w[i] = std::rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
  }
  // Not a structured binding: clang 14 cannot capture one.
  std::uint32_t a = state[0];
  std::uint32_t b = state[1];
  std::uint32_t c = state[2];
  std::uint32_t d = state[3];
  std::uint32_t e = state[4];
  const auto round = [&](std::uint32_t f, std::uint32_t k, std::uint32_t word) {
    const std::uint32_t next = std::rotl(a, 5) + f + e + k + word;
    e = d;
    d = c;
    c = std::rotl(b, 30);
    b = a;
    a = next;
  };
  for (std::size_t i = 0; i < 20; ++i) {
    round((b & c) | (~b & d), 0x5A827999U, w[i]);
  }
  for (std::size_t i = 20; i < 40; ++i) {
    round(b ^ c ^ d, 0x6ED9EBA1U, w[i]);
  }
  for (std::size_t i = 40; i < 60; ++i) {
    round((b & c) | (b & d) | (c & d), 0x8F1BBCDCU, w[i]);
  }
  for (std::size_t i = 60; i < 80; ++i) {
    round(b ^ c ^ d, 0xCA62C1D6U, w[i]);
  }
  state = {state[0] + a, state[1] + b, state[2] + c, state[3] + d, state[4] + e};
}

}  // namespace

std::array<unsigned char, 20> sha1(std::string_view bytes) {
  State state{0x67452301U, 0xEFCDAB89U, 0x98BADCFEU, 0x10325476U, 0xC3D2E1F0U};
  const std::uint64_t bits = std::uint64_t{bytes.size()} * 8;
  for (; bytes.size() >= 64; bytes.remove_prefix(64)) {
    add_block(state, bytes.data());
  }
  std::string tail(bytes);
  tail += '\x80';
  tail.resize(tail.size() <= 56 ? 56 : 120, '\0');
  for (int shift = 56; shift >= 0; shift -= 8) {
    tail += static_cast<char>((bits >> shift) & 0xFF);
  }
  for (std::size_t at = 0; at < tail.size(); at += 64) {
    add_block(state, tail.data() + at);
  }
  std::array<unsigned char, 20> digest{};
  for (std::size_t i = 0; i < digest.size(); ++i) {
    digest[i] = static_cast<unsigned char>(state[i / 4] >> (24 - 8 * (i % 4)));
  }
  return digest;
}

}  // namespace director::vcs_git

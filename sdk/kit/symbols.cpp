#include "sdk/kit/symbols.hpp"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>

namespace director::kit {
namespace {

/// Reads structs out of a file's bytes; nothing beyond them.
class Image {
 public:
  explicit Image(std::string bytes) : bytes_(std::move(bytes)) {}

  template <typename Raw>
  [[nodiscard]] std::optional<Raw> at(std::uint64_t offset) const {
    if (offset > bytes_.size() || bytes_.size() - offset < sizeof(Raw)) {
      return std::nullopt;
    }
    Raw raw{};
    std::memcpy(&raw, bytes_.data() + offset, sizeof(Raw));
    return raw;
  }
  [[nodiscard]] std::string name(const Elf64_Shdr& strings, std::uint64_t offset) const {
    const std::uint64_t start = strings.sh_offset + offset;
    if (offset >= strings.sh_size || start >= bytes_.size()) {
      return {};
    }
    return std::string(bytes_.c_str() + start);
  }

 private:
  std::string bytes_;
};

bool is_offered(const Elf64_Sym& symbol) {
  const unsigned binding = ELF64_ST_BIND(symbol.st_info);
  const unsigned visibility = ELF64_ST_VISIBILITY(symbol.st_other);
  return symbol.st_shndx != SHN_UNDEF && binding != STB_LOCAL &&
         (visibility == STV_DEFAULT || visibility == STV_PROTECTED);
}

std::set<std::string> read_symbols(const Image& image, const Elf64_Ehdr& header,
                                   const Elf64_Shdr& table) {
  static const std::set<std::string> kLinkersOwn{"_init",  "_fini", "__bss_start",
                                                 "_edata", "_end",  ""};
  std::set<std::string> names;
  const auto strings =
      image.at<Elf64_Shdr>(header.e_shoff + std::uint64_t{table.sh_link} * sizeof(Elf64_Shdr));
  for (std::uint64_t at = 0; strings && at + sizeof(Elf64_Sym) <= table.sh_size;
       at += sizeof(Elf64_Sym)) {
    const auto symbol = image.at<Elf64_Sym>(table.sh_offset + at);
    if (!symbol) {
      break;
    }
    std::string name = image.name(*strings, symbol->st_name);
    if (is_offered(*symbol) && !kLinkersOwn.contains(name)) {
      names.insert(std::move(name));
    }
  }
  return names;
}

}  // namespace

Result<std::vector<std::string>> exported_symbols(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file.is_open() || file.bad()) {
    return Error(Errc::Io, "cannot read '" + path.string() + "'");
  }
  const Image image(std::move(bytes));
  const auto header = image.at<Elf64_Ehdr>(0);
  if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
      header->e_ident[EI_CLASS] != ELFCLASS64) {
    return Error(Errc::Invalid, "'" + path.string() + "' is no 64-bit shared library");
  }
  for (unsigned i = 0; i < header->e_shnum; ++i) {
    const auto section =
        image.at<Elf64_Shdr>(header->e_shoff + std::uint64_t{i} * sizeof(Elf64_Shdr));
    if (section && section->sh_type == SHT_DYNSYM) {
      const std::set<std::string> names = read_symbols(image, *header, *section);
      return std::vector<std::string>(names.begin(), names.end());
    }
  }
  return Error(Errc::Invalid, "'" + path.string() + "' has no table of symbols");
}

}  // namespace director::kit

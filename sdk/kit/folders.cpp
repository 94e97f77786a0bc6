#include "sdk/kit/folders.hpp"

#include <fstream>
#include <iterator>

#include "core/base/text.hpp"

namespace director::kit {

namespace fs = std::filesystem;

Listing list_folder(const fs::path& folder) {
  Listing found;
  std::error_code error;
  for (auto entry = fs::recursive_directory_iterator(folder, error);
       !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    const fs::file_status status = entry->symlink_status(error);
    std::string what = std::to_string(static_cast<int>(status.type())) + ":" +
                       std::to_string(static_cast<unsigned>(status.permissions())) + ":";
    if (status.type() == fs::file_type::regular) {
      what += read_file(entry->path());
    } else if (status.type() == fs::file_type::symlink) {
      what += fs::read_symlink(entry->path(), error).string();
    }
    found.emplace(entry->path().lexically_relative(folder).string(), std::move(what));
  }
  return found;
}

std::string first_difference(const Listing& before, const Listing& after) {
  for (const auto& [path, what] : before) {
    const auto now = after.find(path);
    if (now == after.end()) {
      return "'" + text::printable(path) + "' was removed";
    }
    if (now->second != what) {
      return "'" + text::printable(path) + "' was changed";
    }
  }
  for (const auto& [path, what] : after) {
    if (!before.contains(path)) {
      return "'" + text::printable(path) + "' was made";
    }
  }
  return {};
}

Status copy_folder(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::create_directories(to, error);
  if (!error && !from.empty()) {
    fs::copy(from, to, fs::copy_options::recursive | fs::copy_options::copy_symlinks, error);
  }
  return error ? Status(Error(Errc::Io, "cannot copy '" + from.string() + "' to '" + to.string() +
                                            "': " + error.message()))
               : ok();
}

Status write_file(const fs::path& path, std::string_view bytes) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  return file ? ok() : Status(Error(Errc::Io, "cannot write '" + path.string() + "'"));
}

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace director::kit

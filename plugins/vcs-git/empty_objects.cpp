#include "empty_objects.hpp"

#include <filesystem>
#include <system_error>

namespace director::vcs_git {

std::size_t remove_empty_objects(const std::string& objects_dir) {
  namespace fs = std::filesystem;
  constexpr std::size_t kFanOut = 2;      // hexadecimal digits in the folder's name
  constexpr std::size_t kRestOfOid = 38;  // and in the file's
  std::size_t removed = 0;
  std::error_code error;
  for (fs::directory_iterator folder(objects_dir, error), end; !error && folder != end;
       folder.increment(error)) {
    if (folder->path().filename().string().size() != kFanOut) {
      continue;
    }
    std::error_code gone;
    for (fs::directory_iterator file(folder->path(), gone); !gone && file != end;
         file.increment(gone)) {
      std::error_code unseen;
      const bool is_empty = file->path().filename().string().size() == kRestOfOid &&
                            file->symlink_status(unseen).type() == fs::file_type::regular &&
                            file->file_size(unseen) == 0 && !unseen;
      removed += is_empty && fs::remove(file->path(), unseen) ? 1 : 0;
    }
  }
  return removed;
}

}  // namespace director::vcs_git

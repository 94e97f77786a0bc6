#include "core/engine/guidance.hpp"

#include <array>
#include <utility>

namespace director::engine {

std::vector<Guidance> read_guidance(director::vcs& vcs, const Oid& tree,
                                    const std::vector<std::string>& paths) {
  static constexpr std::array<const char*, 2> kFiles{"AGENTS.md", "CLAUDE.md"};
  std::vector<Guidance> found;
  for (const std::string& folder : guidance_folders(paths)) {
    for (const char* file : kFiles) {
      const std::string path = folder.empty() ? file : folder + "/" + file;
      Result<std::string> text = vcs.read_file(tree.value, path);
      if (text) {
        found.push_back({path, std::move(text).value()});
        break;  // repositories that have both usually have the same in both
      }
    }
  }
  return found;
}

}  // namespace director::engine

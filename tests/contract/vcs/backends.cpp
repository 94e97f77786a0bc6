#include <array>
#include <cstdio>

#include "backend.hpp"
#include "core/plugin/checked_vcs.hpp"
#include "git_vcs.hpp"
#include "memory_vcs.hpp"

// libgit2 1.5 leaks a PCRE2 buffer for each setting that it looks at in a repository of format 1.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libpcre2\n"; }

namespace director::vcs_test {

std::string git(const fs::path& folder, const std::string& arguments) {
  // Nobody's own settings: the result must be the same on every machine.
  const std::string command = "cd '" + folder.string() +
                              "' && env HOME=/nonexistent GIT_CONFIG_NOSYSTEM=1 git "
                              "-c user.name=Tester -c user.email=tester@localhost "
                              "-c init.defaultBranch=main -c protocol.file.allow=always " +
                              arguments + " 2>&1";
  std::string output;
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) {
    ADD_FAILURE() << "cannot run " << command;
    return output;
  }
  std::array<char, 4096> piece{};
  for (std::size_t got = 0; (got = std::fread(piece.data(), 1, piece.size(), pipe)) > 0;) {
    output.append(piece.data(), got);
  }
  const int status = ::pclose(pipe);
  EXPECT_EQ(status, 0) << command << "\n" << output;
  return output;
}

Backend git_backend() {
  return {"git",
          [](const fs::path& folder) {
            git(folder, "init -q .");
            git(folder, "add -A -f .");
            git(folder, "commit -q --allow-empty -m first");
          },
          &make_instance<vcs_git::GitVcs>};
}

Backend memory_backend() {
  return {"memory", [](const fs::path&) {}, &make_instance<vcs_memory::MemoryVcs>};
}

Backend held_to_its_word(Backend backend) {
  backend.name += "_held_to_its_word";
  const auto watch = std::make_shared<plugin::VcsWatch>();
  backend.open = [watch,
                  open = backend.open](const instance_info& info) -> Result<std::unique_ptr<vcs>> {
    DIRECTOR_TRY(std::unique_ptr<vcs> made, open(info));
    return plugin::hold_to_its_word("a-vcs", std::move(made), *watch);
  };
  return backend;
}

}  // namespace director::vcs_test

/// What end-to-end tests stand on: a private home, a repository, the program, the scripted model.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace director::e2e {

namespace fs = std::filesystem;

/// A fresh folder, gone with the object.
class TempFolder {
 public:
  TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder();
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

struct Ran {
  int exit_code = -1;  ///< 128 + n for signal n
  std::string out;
  std::string err;
};

using Environment = std::map<std::string, std::string>;

/// Runs a program to its end. `environment` is all that it gets.
[[nodiscard]] Ran run(const std::vector<std::string>& argv, const fs::path& cwd,
                      const Environment& environment);

[[nodiscard]] std::string read_file(const fs::path& path);
void write_file(const fs::path& path, std::string_view bytes);
/// Every file of a folder with its mode and content, as one text; without the paths in `skip`.
[[nodiscard]] std::string folder_digest(const fs::path& root, const std::vector<std::string>& skip);
/// `text` with each `place` replaced.
[[nodiscard]] std::string filled(std::string text, const std::string& place,
                                 const std::string& value);

/// The scripted model as a process of its own, ended with the object. It logs its requests to
/// requests.jsonl in `folder`.
class ScriptedModel {
 public:
  ScriptedModel(const fs::path& scenario, const fs::path& folder);
  ScriptedModel(const ScriptedModel&) = delete;
  ScriptedModel& operator=(const ScriptedModel&) = delete;
  ~ScriptedModel();
  [[nodiscard]] std::string endpoint() const { return "http://127.0.0.1:" + port_ + "/v1"; }
  [[nodiscard]] const std::string& port() const { return port_; }

 private:
  pid_t pid_ = -1;
  std::string port_;
};

/// A user with a home of their own, a git repository, and the program.
class World {
 public:
  World();

  [[nodiscard]] const fs::path& root() const { return folder_.path(); }
  [[nodiscard]] fs::path repo() const { return root() / "repo"; }
  [[nodiscard]] fs::path state() const { return repo() / ".director"; }
  [[nodiscard]] Environment& environment() { return environment_; }

  /// Makes the repository from a folder of files, or empty, with one commit.
  void make_repository(const fs::path& files = {});
  /// Puts the real OpenCode on PATH. A machine without it fails the test.
  void use_opencode();

  /// What a command that works on a job left in .director is held against its formats.
  [[nodiscard]] Ran director(std::vector<std::string> args);
  /// From here on, director is run by another user, to whom the whole of this belongs. As root
  /// only.
  void become(uid_t user);
  /// Runs a program as director's user.
  [[nodiscard]] Ran as_user(std::vector<std::string> argv);
  /// A program that runs until end() or the end of the test.
  [[nodiscard]] pid_t start_as_user(std::vector<std::string> argv);
  static void end(pid_t started);
  [[nodiscard]] Ran git(std::vector<std::string> args);
  /// git's stdout without its last line feed; a failure fails the test.
  [[nodiscard]] std::string git_says(std::vector<std::string> args);

  /// Everything of the user's repository that director must leave alone, as one text: HEAD, index,
  /// config, hooks, refs outside director/, and every file of the checkout.
  [[nodiscard]] std::string fingerprint();

 private:
  TempFolder folder_;
  Environment environment_;
  std::vector<std::string> as_;  ///< what makes a program another user's; empty: it is ours
};

}  // namespace director::e2e

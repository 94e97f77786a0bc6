#include "tests/e2e/support.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <utility>

#include "core/base/sha256.hpp"
#include "core/platform/environment.hpp"
#include "tests/e2e/formats.hpp"

namespace director::e2e {
namespace {

/// Starts a program with its streams in files.
pid_t start(const std::vector<std::string>& argv, const fs::path& cwd,
            const Environment& environment, const fs::path& out, const fs::path& err) {
  std::vector<std::string> words = argv;
  std::vector<char*> raw_argv;
  for (std::string& word : words) {
    raw_argv.push_back(word.data());
  }
  raw_argv.push_back(nullptr);
  std::vector<std::string> variables;
  for (const auto& [name, value] : environment) {
    variables.push_back(name + "=" + value);
  }
  const Result<std::string> program = platform::find_program(argv[0], variables, cwd.string());
  if (!program) {
    ADD_FAILURE() << program.error().message();
    return -1;
  }
  std::vector<char*> raw_environment;
  for (std::string& variable : variables) {
    raw_environment.push_back(variable.data());
  }
  raw_environment.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addchdir_np(&actions, cwd.c_str());
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  constexpr mode_t kMode = 0600;
  posix_spawn_file_actions_addopen(&actions, 1, out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, kMode);
  posix_spawn_file_actions_addopen(&actions, 2, err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, kMode);
  pid_t pid = -1;
  const int failed = posix_spawn(&pid, program->c_str(), &actions, nullptr, raw_argv.data(),
                                 raw_environment.data());
  posix_spawn_file_actions_destroy(&actions);
  EXPECT_EQ(failed, 0) << "cannot start " << argv[0];
  return failed == 0 ? pid : -1;
}

}  // namespace

TempFolder::TempFolder() {
  std::string pattern = (fs::temp_directory_path() / "director-e2e-XXXXXX").string();
  path_ = fs::canonical(mkdtemp(pattern.data()));
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

Ran run(const std::vector<std::string>& argv, const fs::path& cwd, const Environment& environment) {
  const TempFolder streams;
  const fs::path out = streams.path() / "out";
  const fs::path err = streams.path() / "err";
  const pid_t pid = start(argv, cwd, environment, out, err);
  Ran ran;
  if (pid < 0) {
    return ran;
  }
  int status = 0;
  waitpid(pid, &status, 0);
  constexpr int kSignalBase = 128;
  ran.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : kSignalBase + WTERMSIG(status);
  ran.out = read_file(out);
  ran.err = read_file(err);
  return ran;
}

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

std::string folder_digest(const fs::path& root, const std::vector<std::string>& skip) {
  std::vector<std::string> lines;
  for (auto entry = fs::recursive_directory_iterator(root); entry != fs::end(entry); ++entry) {
    const std::string relative = fs::relative(entry->path(), root).string();
    if (std::find(skip.begin(), skip.end(), relative) != skip.end()) {
      entry.disable_recursion_pending();
      continue;
    }
    std::string line = relative + " " +
                       std::to_string(static_cast<unsigned>(entry->symlink_status().permissions()));
    if (entry->is_symlink()) {
      line += " -> " + fs::read_symlink(entry->path()).string();
    } else if (entry->is_regular_file()) {
      line += " " + sha256_hex(read_file(entry->path()));
    }
    lines.push_back(line);
  }
  std::sort(lines.begin(), lines.end());
  std::string all;
  for (const std::string& line : lines) {
    all += line + "\n";
  }
  return all;
}

void write_file(const fs::path& path, std::string_view bytes) {
  fs::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary);
  file << bytes;
  ASSERT_TRUE(file.flush()) << "cannot write " << path;
}

std::string filled(std::string text, const std::string& place, const std::string& value) {
  for (std::size_t at = 0; (at = text.find(place, at)) != std::string::npos;) {
    text.replace(at, place.size(), value);
    at += value.size();
  }
  return text;
}

ScriptedModel::ScriptedModel(const fs::path& scenario, const fs::path& folder) {
  const fs::path port_file = folder / "port";
  pid_ = start({DIRECTOR_SCRIPTED_MODEL, "--scenario", scenario.string(), "--log",
                (folder / "requests.jsonl").string(), "--port-file", port_file.string()},
               folder, {{"PATH", "/usr/bin:/bin"}}, folder / "model.out", folder / "model.err");
  while (pid_ > 0 && read_file(port_file).empty()) {
    int status = 0;
    if (waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      ADD_FAILURE() << "the scripted model did not start: " << read_file(folder / "model.err");
      return;
    }
    constexpr useconds_t kPause = 10000;
    usleep(kPause);
  }
  port_ = std::to_string(std::atoi(read_file(port_file).c_str()));
}

ScriptedModel::~ScriptedModel() {
  if (pid_ > 0) {
    kill(pid_, SIGTERM);
    waitpid(pid_, nullptr, 0);
  }
}

World::World() {
  const std::string home = (root() / "home").string();
  environment_ = {{"PATH", "/usr/local/bin:/usr/bin:/bin"},
                  {"HOME", home},
                  {"XDG_CACHE_HOME", home + "/.cache"},
                  {"XDG_CONFIG_HOME", home + "/.config"},
                  {"XDG_DATA_HOME", home + "/.local/share"},
                  {"TMPDIR", (root() / "tmp").string()},
                  {"LANG", "C.UTF-8"},
                  {"GIT_CONFIG_NOSYSTEM", "1"}};
  fs::create_directories(home + "/.cache/director");
  fs::create_directories(root() / "tmp");
  std::error_code none;
  fs::copy_file(DIRECTOR_KNOWN_PLUGINS, home + "/.cache/director/plugins.json", none);
}

void World::make_repository(const fs::path& files) {
  if (files.empty()) {
    write_file(repo() / "README.md", "# A repository\n");
  } else {
    fs::copy(files, repo(), fs::copy_options::recursive);
  }
  (void)git_says({"init", "--quiet", "--initial-branch=main"});
  std::ofstream(repo() / ".git/config", std::ios::app)
      << "[user]\n\tname = A User\n\temail = user@localhost\n"
         "[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n[receive]\n\tautogc = false\n";
  (void)git_says({"add", "-A"});
  (void)git_says({"commit", "--quiet", "-m", "First"});
}

void World::use_opencode() {
  std::string program;
  if (const char* given = std::getenv("DIRECTOR_OPENCODE"); given != nullptr) {
    program = given;
  } else {
    Environment own = environment_;
    own["HOME"] = std::getenv("HOME") != nullptr ? std::getenv("HOME") : "/";
    own.erase("XDG_CACHE_HOME");
    program = run({DIRECTOR_OPENCODE_PATH_TOOL, "--print-opencode"}, root(), own).out;
    program.erase(program.find_last_not_of('\n') + 1);
  }
  ASSERT_TRUE(fs::exists(program)) << "no OpenCode at '" << program << "': run tools/bootstrap";
  environment_["PATH"] = fs::path(program).parent_path().string() + ":" + environment_["PATH"];
}

Ran World::director(std::vector<std::string> args) {
  static const std::set<std::string> kWriters{"plan", "run", "auto", "bench"};
  const bool writes = !args.empty() && kWriters.contains(args.front());
  args.insert(args.begin(), DIRECTOR_PROGRAM);
  Ran ran = as_user(std::move(args));
  constexpr int kUsage = 2;  // then the files are the test's own, and may be bad
  if (writes && ran.exit_code != kUsage) {
    check_formats(state());
  }
  return ran;
}

void World::become(uid_t user) {
  const std::string id = std::to_string(user);
  const Ran given = run({"chown", "-hR", id + ":" + id, root().string()}, "/", environment_);
  ASSERT_EQ(given.exit_code, 0) << given.err;
  as_ = {"setpriv", "--reuid", id, "--regid", id, "--clear-groups", "--inh-caps=-all"};
  // Git looks into nobody else's repository unless it is told to.
  environment_["GIT_CONFIG_COUNT"] = "1";
  environment_["GIT_CONFIG_KEY_0"] = "safe.directory";
  environment_["GIT_CONFIG_VALUE_0"] = "*";
}

Ran World::as_user(std::vector<std::string> argv) {
  argv.insert(argv.begin(), as_.begin(), as_.end());
  return run(argv, repo(), environment_);
}

pid_t World::start_as_user(std::vector<std::string> argv) {
  argv.insert(argv.begin(), as_.begin(), as_.end());
  return start(argv, repo(), environment_, root() / "started.out", root() / "started.err");
}

void World::end(pid_t started) {
  kill(started, SIGKILL);
  waitpid(started, nullptr, 0);
}

Ran World::git(std::vector<std::string> args) {
  args.insert(args.begin(), "git");
  return run(args, repo(), environment_);
}

std::string World::git_says(std::vector<std::string> args) {
  const Ran ran = git(args);
  EXPECT_EQ(ran.exit_code, 0) << "git " << args.front() << ": " << ran.err;
  return ran.out.substr(0, ran.out.find_last_not_of('\n') + 1);
}

std::string World::fingerprint() {
  std::string all = "checkout\n" + folder_digest(repo(), {".git", ".director"});
  for (const char* name : {"HEAD", "index", "config", "info/exclude"}) {
    all += std::string(name) + " " + sha256_hex(read_file(repo() / ".git" / name)) + "\n";
  }
  all += "hooks\n" + folder_digest(repo() / ".git" / "hooks", {});
  std::istringstream refs(git_says({"for-each-ref", "--format=%(refname) %(objectname)"}));
  for (std::string line; std::getline(refs, line);) {
    if (line.find("refs/heads/director/") != 0 && line.find("refs/director/") != 0) {
      all += line + "\n";
    }
  }
  return all + "worktrees\n" + git_says({"worktree", "list"});
}

}  // namespace director::e2e

#include "core/plan/attribution.hpp"

#include <algorithm>
#include <set>

#include "core/base/text.hpp"
#include "core/plan/names.hpp"

namespace director::plan {
namespace {

constexpr std::size_t kMostAsked = 200;
constexpr std::size_t kMostNamed = 5;
constexpr std::size_t kLongestPath = 1024;

bool parts_words(char c) {
  return static_cast<unsigned char>(c) <= ' ' ||
         std::string_view("\"'`()[]{}<>,;=|").find(c) != std::string_view::npos;
}

/// `src/a.py` is imported as `src.a`.
std::string as_module(std::string_view path) {
  const std::size_t name = path.rfind('/') == std::string_view::npos ? 0 : path.rfind('/') + 1;
  const std::size_t dot = path.find('.', name);
  std::string module(path.substr(0, dot));
  std::replace(module.begin(), module.end(), '/', '.');
  return module;
}

/// A word as a path relative to the work folder: `./a.c:3:1:` is `a.c`.
std::string_view as_path(std::string_view word, std::string_view workdir) {
  if (!workdir.empty() && word.starts_with(workdir)) {
    word.remove_prefix(workdir.size());
    word.remove_prefix(word.starts_with('/') ? 1 : 0);
  }
  while (word.starts_with("./")) {
    word.remove_prefix(2);
  }
  word = word.substr(0, word.find(':'));
  while (word.ends_with('.')) {
    word.remove_suffix(1);
  }
  return word;
}

/// A name that could be a file's, and not only a word of prose.
bool may_be_file(std::string_view path) {
  return !path.empty() && path.size() <= kLongestPath &&
         path.find_first_of("./") != std::string_view::npos && !path_problem(path).has_value();
}

class Reader {
 public:
  Reader(const Node& node, std::string_view workdir,
         const std::function<bool(const std::string&)>& is_file)
      : workdir_(workdir), is_file_(is_file) {
    for (const std::string& path : node.files) {
      own_.insert(path);
      if (path.find('/') != std::string::npos) {
        own_.insert(as_module(path));  // a module at the root is a word like any other
      }
    }
    tests_.insert(node.tests.begin(), node.tests.end());
  }

  void see(std::string_view word) {
    const std::string path(as_path(word, workdir_));
    if (own_.contains(path)) {
      inside_ = true;
    } else if (may_be_file(path) && !tests_.contains(path) && seen_.size() < kMostAsked &&
               seen_.insert(path).second && named_.size() < kMostNamed && is_file_(path)) {
      named_.push_back(path);
    }
  }

  [[nodiscard]] Attribution take() && {
    if (inside_) {
      return {Points::Inside, std::move(named_)};
    }
    return {named_.empty() ? Points::Nowhere : Points::Outside, std::move(named_)};
  }

 private:
  std::string_view workdir_;
  const std::function<bool(const std::string&)>& is_file_;
  std::set<std::string, std::less<>> own_;
  std::set<std::string, std::less<>> tests_;
  std::set<std::string> seen_;
  std::vector<std::string> named_;
  bool inside_ = false;
};

}  // namespace

std::string_view to_string(Points points) {
  switch (points) {
    case Points::Nowhere:
      return "nowhere";
    case Points::Inside:
      return "inside";
    case Points::Outside:
      return "outside";
  }
  return "";
}

Points parse_points(std::string_view text) {
  for (const Points points : {Points::Inside, Points::Outside}) {
    if (text == to_string(points)) {
      return points;
    }
  }
  return Points::Nowhere;
}

Attribution attribute(const Node& node, std::string_view output, std::string_view workdir,
                      const std::function<bool(const std::string&)>& is_file) {
  Reader reader(node, workdir, is_file);
  while (!output.empty()) {
    const auto* const end = std::find_if(output.begin(), output.end(), parts_words);
    const auto length = static_cast<std::size_t>(end - output.begin());
    if (length != 0) {
      reader.see(output.substr(0, length));
    }
    output.remove_prefix(std::min(output.size(), length + 1));
  }
  return std::move(reader).take();
}

std::string describe(const Attribution& attribution) {
  if (attribution.points != Points::Outside) {
    return {};
  }
  return "The output points at files that this node may not change (" +
         text::printable(text::join(attribution.outside, ", ")) +
         "), and at none that it may: the cause may be a problem of the whole project, or of the "
         "state that the node started from.\n";
}

}  // namespace director::plan

#include "tests/abi/header_text.hpp"

#include <fstream>
#include <iterator>
#include <regex>

namespace director::abi_test {
namespace {

namespace fs = std::filesystem;

std::string without_comments(const std::string& text) {
  std::string bare;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = text.find("/*", at);
    bare += text.substr(at, begin - at);
    const std::size_t end = begin == std::string::npos ? begin : text.find("*/", begin + 2);
    at = end == std::string::npos ? text.size() : end + 2;
  }
  return bare;
}

template <typename Visit>
void each(const std::string& text, const std::string& pattern, Visit visit) {
  const std::regex expression(pattern);
  for (std::sregex_iterator at(text.begin(), text.end(), expression), end; at != end; ++at) {
    visit(*at);
  }
}

void add_struct(const std::string& name, const std::string& body, std::set<std::string>& found) {
  found.insert(name);
  // A field's name is in `(*name)(` for a function, else the last word.
  each(body, R"(([^;]+);)", [&](const std::smatch& field) {
    std::smatch named;
    const std::string text = field[1];
    const bool is_function =
        std::regex_search(text, named, std::regex(R"(\(\*\s*(\w+)\s*\)\s*\()"));
    if (is_function || std::regex_search(text, named, std::regex(R"((\w+)\s*$)"))) {
      found.insert(name + "." + named[1].str());
    }
  });
}

}  // namespace

std::set<std::string> declarations(std::string text) {
  text = without_comments(text);
  std::set<std::string> found;
  each(text, R"(typedef struct \w+ \{([^}]*)\} (\w+);)",
       [&](const std::smatch& one) { add_struct(one[2], one[1], found); });
  each(text, R"(typedef u?int\d+_t (\w+);)", [&](const std::smatch& one) { found.insert(one[1]); });
  each(text, R"(enum \{([^}]*)\})", [&](const std::smatch& list) {
    const std::string body = list[1];
    each(body, R"((\w+)\s*(=\s*[^,]*\w[^,]*)?(,|$))", [&](const std::smatch& one) {
      found.insert(one[1].str() + (one[2].matched ? "" : " without a value"));
    });
  });
  each(text, R"re(#define (DIRECTOR_\w+)[ \\\n]+("|\d))re",
       [&](const std::smatch& one) { found.insert(one[1]); });
  // It grows with every release: the one constant that is not laid down.
  found.erase("DIRECTOR_ABI_MINOR");
  return found;
}

std::set<std::string> declared_in(const fs::path& folder) {
  std::set<std::string> all;
  for (const auto& entry : fs::directory_iterator(folder / "abi")) {
    std::ifstream file(entry.path());
    all.merge(declarations({std::istreambuf_iterator<char>(file), {}}));
  }
  return all;
}

}  // namespace director::abi_test

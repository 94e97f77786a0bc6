#include "core/engine/prompts.hpp"

#include <algorithm>
#include <set>

#include "core/base/text.hpp"

namespace director::engine {
namespace {

class Message {
 public:
  Message& section(std::string_view title, std::string_view body) {
    text_ += "# ";
    text_ += title;
    text_ += "\n\n";
    text_ += text::trim(body);
    text_ += "\n\n";
    return *this;
  }

  Message& optional_section(std::string_view title, std::string_view body) {
    return text::trim(body).empty() ? *this : section(title, body);
  }

  Message& guidance(const std::vector<Guidance>& all) {
    for (const Guidance& one : all) {
      section("Rules of this repository (" + one.path + ")",
              text::cut_middle(one.text, kMaxFileBytes));
    }
    return *this;
  }

  [[nodiscard]] std::string take() { return text::to_utf8(text_); }

 private:
  std::string text_;
};

/// A fence that the content cannot close: longer than any run of backticks in it.
std::string fenced(std::string_view content) {
  std::size_t longest = 2;
  std::size_t run = 0;
  for (const char c : content) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  const std::string fence(longest + 1, '`');
  std::string out = fence + "\n";
  out += content;
  if (!content.empty() && content.back() != '\n') {
    out += '\n';
  }
  return out + fence;
}

std::string listed(const std::vector<std::string>& items) {
  std::string out;
  for (const std::string& item : items) {
    out += "- `" + item + "`\n";
  }
  return out.empty() ? "- none\n" : out;
}

std::string present(const PresentFile& file) {
  std::string out = "## `" + file.path + "`\n\n";
  if (!file.content) {
    return out + "This file does not exist yet.\n\n";
  }
  if (file.content->find('\0') != std::string::npos) {
    return out + "This file is binary.\n\n";
  }
  return out + fenced(text::cut_middle(*file.content, kMaxFileBytes)) + "\n\n";
}

}  // namespace

std::string explorer_message(std::string_view task, const std::vector<Guidance>& guidance) {
  return Message()
      .section("Task that will be planned", task)
      .guidance(guidance)
      .section("What to do", "Read this repository and answer with the map that the task needs.")
      .take();
}

std::string brainstorm_message(std::string_view task, std::string_view recon,
                               const std::vector<Guidance>& guidance) {
  return Message()
      .section("Task", task)
      .section("Map of the repository", recon)
      .guidance(guidance)
      .section("What to do", "Answer with the specification, in Markdown, and nothing else.")
      .take();
}

std::string planner_message(std::string_view task, std::string_view spec, std::string_view recon,
                            std::string_view problems, const std::vector<Guidance>& guidance) {
  return Message()
      .section("Task", task)
      .section("Approved specification", spec)
      .section("Map of the repository", recon)
      .guidance(guidance)
      .optional_section("Your last answer was not a valid plan. Mend all of this", problems)
      .section("What to do", "Answer with the plan as one JSON object, and nothing else.")
      .take();
}

std::string critique_message(std::string_view what, std::string_view task,
                             std::string_view artifact) {
  const std::string name(what);
  return Message()
      .section("Task", task)
      .section("The " + name + " that you wrote", fenced(artifact))
      .section("What to do",
               "Look for what is wrong, missing or ambiguous in this " + name +
                   ". Then answer with the whole " + name +
                   " as it should be, in the same form, and nothing else. If nothing needs to "
                   "change, send it back unchanged.")
      .take();
}

std::string test_author_message(const plan::Node& node, std::string_view rejected,
                                const std::vector<Guidance>& guidance) {
  return Message()
      .section("Node " + node.id.value + ": " + node.title, node.spec)
      .section("Test files to write, and no others", listed(node.tests))
      .section("Files that will be written later to make the tests pass; leave them alone",
               listed(node.files))
      .section("Command that runs the tests", fenced(node.test_cmd))
      .guidance(guidance)
      .optional_section("Your last tests were refused", rejected)
      .section("What to do",
               "Write the test files. Run the command and see them fail because the behaviour is "
               "missing.")
      .take();
}

std::string executor_message(const ExecutorBrief& brief) {
  std::string files;
  for (const PresentFile& file : brief.files) {
    files += present(file);
  }
  std::vector<std::string> paths;
  paths.reserve(brief.files.size());
  for (const PresentFile& file : brief.files) {
    paths.push_back(file.path);
  }
  Message message;
  message.section("Node " + brief.node.id.value + ": " + brief.node.title, brief.node.spec)
      .section("Files that you may change, create or delete, and no others", listed(paths))
      .section("What is in them now", files)
      .section("Frozen tests; read them, never change them", listed(brief.node.tests))
      .section("Command that must pass", fenced(brief.node.test_cmd))
      .optional_section("What it prints now",
                        brief.failing_output.empty()
                            ? ""
                            : fenced(text::cut_middle(brief.failing_output, kMaxOutputBytes)));
  if (!brief.feedback.empty()) {
    message.section(
        "Attempt " + std::to_string(brief.attempt) +
            ": why the attempt before this one did not land",
        text::cut_middle(brief.feedback, kMaxOutputBytes) +
            (brief.kept ? "\n\nThe files of that attempt are in the workspace: go on from them."
                        : "\n\nThe workspace is clean again: nothing of that attempt is left "
                          "in it."));
  }
  return message.guidance(brief.guidance)
      .section("What to do", "Make the command pass by changing only the files listed above.")
      .take();
}

std::string without_front_matter(std::string_view markdown) {
  constexpr std::string_view kFence = "---\n";
  if (!markdown.starts_with(kFence)) {
    return std::string(text::trim(markdown));
  }
  const std::size_t end = markdown.find("\n---", kFence.size() - 1);
  if (end == std::string_view::npos) {
    return std::string(text::trim(markdown));
  }
  const std::size_t line_end = markdown.find('\n', end + 1);
  return line_end == std::string_view::npos
             ? std::string()
             : std::string(text::trim(markdown.substr(line_end + 1)));
}

std::vector<std::string> guidance_folders(const std::vector<std::string>& paths) {
  std::set<std::string> folders{""};
  for (const std::string& path : paths) {
    for (std::size_t slash = path.find('/'); slash != std::string::npos;
         slash = path.find('/', slash + 1)) {
      folders.insert(path.substr(0, slash));
    }
  }
  return {folders.begin(), folders.end()};
}

}  // namespace director::engine

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "git.hpp"
#include "text.hpp"
#include "trees.hpp"

namespace director::vcs_git {
namespace {

using Patch = Handle<git_patch, git_patch_free>;

/// Larger ones are not read to see what they are.
constexpr std::size_t kMostBytesToShow = std::size_t{1} << 20U;

int append_line(const git_diff_delta*, const git_diff_hunk*, const git_diff_line* line,
                void* payload) noexcept {
  try {
    auto& text = *static_cast<std::string*>(payload);
    if (line->origin == GIT_DIFF_LINE_CONTEXT || line->origin == GIT_DIFF_LINE_ADDITION ||
        line->origin == GIT_DIFF_LINE_DELETION) {
      text += line->origin;
    }
    text.append(line->content, line->content_len);
    return 0;
  } catch (...) {
    return GIT_EUSER;  // out of memory
  }
}

/// The content of one side, which may be none. nullopt: it is none to be shown as text.
Result<std::optional<std::string>> shown_side(const ObjectStore& store, const git_diff_file& side) {
  const bool is_file = (side.mode & 0170000U) == 0100000U;
  if (git_oid_is_zero(&side.id) != 0) {
    return std::optional(std::string());
  }
  if (!is_file || side.size > kMostBytesToShow) {
    return std::optional<std::string>();
  }
  DIRECTOR_TRY(std::string bytes, store.read_blob(from_raw(side.id)));
  const bool is_shown = bytes.size() <= kMostBytesToShow && plugin_support::is_nearly_text(bytes);
  return is_shown ? std::optional(std::move(bytes)) : std::nullopt;
}

/// For what git does not show for the sake of a few bytes: all of it, those bytes as marks.
Status append_forced(const ObjectStore& store, const git_diff_delta& delta, std::string& text) {
  DIRECTOR_TRY(const std::optional<std::string> before, shown_side(store, delta.old_file));
  DIRECTOR_TRY(const std::optional<std::string> after, shown_side(store, delta.new_file));
  if (!before || !after) {
    return ok();
  }
  git_diff_options options = GIT_DIFF_OPTIONS_INIT;
  options.flags = GIT_DIFF_FORCE_TEXT;
  Patch patch;
  std::string lines;
  int code = git_patch_from_buffers(out(patch), before->data(), before->size(), delta.old_file.path,
                                    after->data(), after->size(), delta.new_file.path, &options);
  if (code == 0 && patch) {
    code = git_patch_print(patch.get(), &append_line, &lines);
  }
  if (code < 0) {
    return git_failure(code, "compare '" + std::string(delta.new_file.path) + "'");
  }
  constexpr std::string_view kMark = "\xE2\x90\x80";  // U+2400, the picture of a NUL
  for (std::size_t nul = lines.find('\0'); nul != std::string::npos;
       nul = lines.find('\0', nul + kMark.size())) {
    lines.replace(nul, 1, kMark);
  }
  text += "It has bytes that no text has; shown all the same:\n" + lines;
  return ok();
}

}  // namespace

Result<std::string> diff_text(const ObjectStore& store, const Oid& before, const Oid& after) {
  DIRECTOR_TRY(const Tree old_tree, open_tree(store, before));
  DIRECTOR_TRY(const Tree new_tree, open_tree(store, after));
  git_diff_options options = GIT_DIFF_OPTIONS_INIT;
  options.flags = GIT_DIFF_INCLUDE_TYPECHANGE;
  Diff diff;
  if (const int code = git_diff_tree_to_tree(out(diff), store.repository(), old_tree.get(),
                                             new_tree.get(), &options);
      code < 0) {
    return git_failure(code, "compare trees");
  }
  std::string text;
  for (std::size_t i = 0; i < git_diff_num_deltas(diff.get()); ++i) {
    Patch patch;
    int code = git_patch_from_diff(out(patch), diff.get(), i);
    if (code == 0 && patch) {
      code = git_patch_print(patch.get(), &append_line, &text);
    }
    if (code < 0) {
      return git_failure(code, "write the difference of two trees");
    }
    // Known only once its patch has been made.
    const git_diff_delta* const delta = git_diff_get_delta(diff.get(), i);
    if ((delta->flags & GIT_DIFF_FLAG_BINARY) != 0) {
      DIRECTOR_CHECK(append_forced(store, *delta, text));
    }
  }
  return text;
}

}  // namespace director::vcs_git

/// vcs-memory with one fault.
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <mutex>

#include "director/plugin.hpp"
#include "fault.hpp"
#include "memory_vcs.hpp"

namespace {

using namespace director;
using nonconforming::has;
namespace fs = std::filesystem;

class FaultyVcs final : public vcs {
 public:
  explicit FaultyVcs(std::unique_ptr<vcs> good) : good_(std::move(good)) {}

  static Result<std::unique_ptr<FaultyVcs>> create(const instance_info& info, host& services) {
    DIRECTOR_TRY(auto good, vcs_memory::MemoryVcs::create(info, services));
    return std::make_unique<FaultyVcs>(std::move(good));
  }

  Result<commit_info> resolve(std::string_view revision) override {
    Result<commit_info> found = good_->resolve(revision);
    if (!found && has("fails-in-general-at-the-unknown")) {
      return Error(Errc::Io, "something went wrong");
    }
    return found;
  }
  Result<std::vector<ref>> list_refs(std::string_view prefix) override {
    return good_->list_refs(prefix);
  }

  Status update_ref(std::string_view name, std::string_view expected,
                    std::string_view desired) override {
    if (has("writes-any-ref") && !name.starts_with("refs/heads/director/k")) {
      return ok();
    }
    if (has("swaps-blindly")) {
      return force(name, desired);
    }
    if (has("swaps-after-a-look")) {
      DIRECTOR_TRY(const std::string now, current(name));
      if (now != expected) {
        return Error(Errc::Conflict, "the ref is elsewhere");
      }
      ::usleep(5000);
      return force(name, desired);
    }
    return good_->update_ref(name, expected, desired);
  }

  Result<std::vector<commit_info>> history(std::string_view tip, std::string_view base) override {
    Result<std::vector<commit_info>> found = good_->history(tip, base);
    if (found && has("tells-history-from-the-root")) {
      return std::vector<commit_info>(found->rbegin(), found->rend());
    }
    return found;
  }
  Result<checkout_state> user_checkout() override {
    return has("sees-no-uncommitted-work") ? Result<checkout_state>(checkout_state{})
                                           : good_->user_checkout();
  }
  Result<std::string> commit(std::string_view tree, std::string_view parent,
                             std::string_view message) override {
    return good_->commit(tree, parent, message);
  }
  Result<std::string> read_file(std::string_view tree, std::string_view path) override {
    return good_->read_file(tree, path);
  }
  Result<merge_result> merge(std::string_view base, std::string_view ours,
                             std::string_view theirs) override {
    Result<merge_result> merged = good_->merge(base, ours, theirs);
    if (merged && has("merges-to-one-side")) {
      return merge_result{true, std::string(ours), {}};
    }
    if (merged && !merged->merged && has("fails-at-conflicts")) {
      return Error(Errc::Conflict, "they conflict");
    }
    return merged;
  }
  Result<std::vector<change>> changes(std::string_view old_tree,
                                      std::string_view new_tree) override {
    return good_->changes(old_tree, new_tree);
  }
  Result<std::string> diff(std::string_view old_tree, std::string_view new_tree) override {
    return good_->diff(old_tree, new_tree);
  }

  Status checkout(const slot& where, std::string_view commit, std::string_view tree,
                  const std::vector<std::string>& keep) override {
    const fs::path dir = where.dir;
    std::error_code error;
    if (has("leaves-a-slot-as-it-is") && fs::exists(dir / "run.sh", error)) {
      return ok();
    }
    if (has("follows-links")) {
      std::ofstream(dir / "README") << "read me\n";
    }
    DIRECTOR_CHECK(good_->checkout(where, commit, tree,
                                   has("keeps-nothing") ? std::vector<std::string>() : keep));
    if (has("forgets-modes")) {
      fs::permissions(dir / "run.sh", fs::perms(0644), error);
    }
    if (has("converts-line-ends") && fs::exists(dir / "data.bin", error)) {
      std::ofstream(dir / "src/a.txt") << "dos\n";
    }
    const std::lock_guard lock(mutex());
    last() = where;
    return ok();
  }

  Result<snapshot_result> snapshot(const slot& where, std::string_view base,
                                   const std::vector<std::string>& ignore) override {
    slot taken = where;
    if (has("mixes-slots-up")) {
      ::usleep(20000);  // for others to check something out
    }
    if (has("shares-slots") || has("mixes-slots-up")) {
      const std::lock_guard lock(mutex());
      taken = last();
    }
    DIRECTOR_TRY(snapshot_result found, good_->snapshot(taken, base, ignore));
    const bool hidden = fs::exists(fs::path(where.dir) / ".gitignore");
    std::erase_if(found.changes, [&](const change& one) {
      const bool odd = one.path.find('\xff') != std::string::npos;
      return (has("misses-deletions") && one.kind == change_kind::deleted) ||
             (has("forgets-where-files-were") && one.kind == change_kind::deleted) ||
             (has("skips-odd-names") && odd) ||
             (has("hides-what-no-tree-holds") && one.new_type == file_type::other) ||
             (has("believes-the-agents-rules") && hidden && one.path == "seen");
    });
    return found;
  }

 private:
  static std::mutex& mutex() {
    static auto* one = new std::mutex;
    return *one;
  }
  static slot& last() {
    static auto* one = new slot;
    return *one;
  }
  Result<std::string> current(std::string_view name) {
    DIRECTOR_TRY(const auto refs, good_->list_refs(name));
    return refs.empty() ? std::string() : refs.front().oid;
  }
  Status force(std::string_view name, std::string_view desired) {
    for (;;) {
      DIRECTOR_TRY(const std::string now, current(name));
      const Status moved = good_->update_ref(name, now, desired);
      if (moved || moved.error().code() != Errc::Conflict) {
        return moved;
      }
    }
  }

  std::unique_ptr<vcs> good_;
};

}  // namespace

extern "C" DIRECTOR_EXPORT const director_plugin* director_plugin_entry(std::uint32_t major,
                                                                        std::uint32_t) {
  return nonconforming::descriptor(major, DIRECTOR_VCS,
                                   director::detail::find_interface<FaultyVcs>(DIRECTOR_VCS));
}

#include <utility>
#include <vector>

#include "core/plugin/adapters/adapters.hpp"
#include "core/plugin/adapters/raw_change.hpp"
#include "core/plugin/adapters/text_sink.hpp"
#include "core/plugin/instance.hpp"

namespace director::plugin {
namespace {

struct Commits {
  Collector collector;
  std::vector<commit_info> all;
};
struct Refs {
  Collector collector;
  std::vector<ref> all;
};
struct Changes {
  Collector collector;
  std::vector<change> all;
};

void take_commit(void* context, const director_commit_info* raw) noexcept {
  auto& commits = *static_cast<Commits*>(context);
  commits.collector.collect([&] {
    if (!is_whole(raw)) {
      commits.collector.fault("sent a commit of a wrong size");
    } else if (raw->oid.size == 0 || raw->tree.size == 0) {
      commits.collector.fault("sent a commit without its oid or tree");
    } else if (commits.collector.check(raw->oid) && commits.collector.check(raw->tree) &&
               commits.collector.check(raw->message)) {
      commits.all.push_back({std::string(view(raw->oid)), std::string(view(raw->tree)),
                             std::string(view(raw->message))});
    }
  });
}

void take_ref(void* context, const director_ref* raw) noexcept {
  auto& refs = *static_cast<Refs*>(context);
  refs.collector.collect([&] {
    if (!is_whole(raw)) {
      refs.collector.fault("sent a ref of a wrong size");
    } else if (raw->name.size == 0 || raw->oid.size == 0) {
      refs.collector.fault("sent a ref without its name or oid");
    } else if (refs.collector.check(raw->name) && refs.collector.check(raw->oid)) {
      refs.all.push_back({std::string(view(raw->name)), std::string(view(raw->oid))});
    }
  });
}

void take_change(void* context, const director_change* raw) noexcept {
  auto& changes = *static_cast<Changes*>(context);
  changes.collector.collect([&] { add_change(raw, changes.collector, changes.all); });
}

director_change_sink sink_for(Changes& changes) {
  return {sizeof(director_change_sink), 0, &changes, &take_change};
}

director_slot to_raw(const slot& where) {
  return {sizeof(director_slot), 0, borrow(where.dir), borrow(where.meta_dir)};
}

class PluginVcs final : public director::vcs {
 public:
  PluginVcs(Instance instance, std::unique_ptr<ports::CallHost> host)
      : host_(std::move(host)), instance_(std::move(instance)) {}

  [[nodiscard]] Result<commit_info> resolve(std::string_view revision) override {
    Commits commits;
    const director_commit_sink sink{sizeof(director_commit_sink), 0, &commits, &take_commit};
    DIRECTOR_CHECK(call(table().resolve, borrow(revision), &sink));
    DIRECTOR_CHECK(commits.collector.finish(instance_.id()));
    if (commits.all.size() != 1) {
      return plugin_bug(instance_.id(), "resolved a revision to " +
                                            std::to_string(commits.all.size()) + " commits");
    }
    return std::move(commits.all.front());
  }

  [[nodiscard]] Result<std::vector<ref>> list_refs(std::string_view prefix) override {
    Refs refs;
    const director_ref_sink sink{sizeof(director_ref_sink), 0, &refs, &take_ref};
    DIRECTOR_CHECK(call(table().list_refs, borrow(prefix), &sink));
    DIRECTOR_CHECK(refs.collector.finish(instance_.id()));
    return std::move(refs.all);
  }

  [[nodiscard]] Status update_ref(std::string_view name, std::string_view expected,
                                  std::string_view desired) override {
    return call(table().update_ref, borrow(name), borrow(expected), borrow(desired));
  }

  [[nodiscard]] Result<std::vector<commit_info>> history(std::string_view tip,
                                                         std::string_view base) override {
    Commits commits;
    const director_commit_sink sink{sizeof(director_commit_sink), 0, &commits, &take_commit};
    DIRECTOR_CHECK(call(table().history, borrow(tip), borrow(base), &sink));
    DIRECTOR_CHECK(commits.collector.finish(instance_.id()));
    return std::move(commits.all);
  }

  [[nodiscard]] Result<checkout_state> user_checkout() override {
    director_checkout_state raw{sizeof(director_checkout_state), -1, -1, -1};
    DIRECTOR_CHECK(call(table().checkout_state, &raw));
    const auto is_flag = [](std::int32_t value) { return value == 0 || value == 1; };
    if (!is_flag(raw.unborn) || !is_flag(raw.detached) || !is_flag(raw.uncommitted)) {
      return plugin_bug(instance_.id(), "told the checkout's state by other than 0 and 1");
    }
    return checkout_state{raw.unborn == 1, raw.detached == 1, raw.uncommitted == 1};
  }

  [[nodiscard]] Result<std::string> commit(std::string_view tree, std::string_view parent,
                                           std::string_view message) override {
    const director_commit_request raw{sizeof(director_commit_request), 0, borrow(tree),
                                      borrow(parent), borrow(message)};
    Collector collector;
    TextSink oid(collector);
    DIRECTOR_CHECK(call(table().commit, &raw, oid.raw()));
    DIRECTOR_CHECK(collector.finish(instance_.id()));
    DIRECTOR_CHECK(oid.require(instance_.id(), "commit"));
    return oid.take();
  }

  [[nodiscard]] Result<std::string> read_file(std::string_view tree,
                                              std::string_view path) override {
    Collector collector;
    TextSink bytes(collector);
    DIRECTOR_CHECK(call(table().read_file, borrow(tree), borrow(path), bytes.raw()));
    DIRECTOR_CHECK(collector.finish(instance_.id()));
    return bytes.take();
  }

  [[nodiscard]] Result<merge_result> merge(std::string_view base_tree, std::string_view our_tree,
                                           std::string_view their_tree) override {
    Changes conflicts;
    const director_change_sink sink = sink_for(conflicts);
    Collector collector;
    TextSink tree(collector);
    std::int32_t merged = -1;
    DIRECTOR_CHECK(call(table().merge, borrow(base_tree), borrow(our_tree), borrow(their_tree),
                        &merged, tree.raw(), &sink));
    DIRECTOR_CHECK(collector.finish(instance_.id()));
    DIRECTOR_CHECK(conflicts.collector.finish(instance_.id()));
    merge_result result{merged == 1, tree.take(), {}};
    for (change& one : conflicts.all) {
      result.conflicts.push_back(std::move(one.path));
    }
    const bool sensible = merged == 1 ? !result.tree.empty() && result.conflicts.empty()
                                      : merged == 0 && !result.conflicts.empty();
    if (!sensible) {
      return plugin_bug(instance_.id(), "merged to neither one tree nor conflicts");
    }
    return result;
  }

  [[nodiscard]] Result<std::vector<change>> changes(std::string_view old_tree,
                                                    std::string_view new_tree) override {
    Changes found;
    const director_change_sink sink = sink_for(found);
    DIRECTOR_CHECK(call(table().changes, borrow(old_tree), borrow(new_tree), &sink));
    DIRECTOR_CHECK(found.collector.finish(instance_.id()));
    return std::move(found.all);
  }

  [[nodiscard]] Result<std::string> diff(std::string_view old_tree,
                                         std::string_view new_tree) override {
    Collector collector;
    TextSink text(collector);
    DIRECTOR_CHECK(call(table().diff, borrow(old_tree), borrow(new_tree), text.raw()));
    DIRECTOR_CHECK(collector.finish(instance_.id()));
    return text.take();
  }

  [[nodiscard]] Status checkout(const slot& where, std::string_view commit, std::string_view tree,
                                const std::vector<std::string>& keep) override {
    return checkout_by(table().checkout, where, commit, tree, keep);
  }

  [[nodiscard]] Status checkout_untouched(const slot& where, std::string_view commit,
                                          std::string_view tree,
                                          const std::vector<std::string>& keep) override {
    return checkout_by(untouched_ == nullptr ? table().checkout : untouched_->checkout, where,
                       commit, tree, keep);
  }

  [[nodiscard]] Result<snapshot_result> snapshot(const slot& where, std::string_view base_tree,
                                                 const std::vector<std::string>& ignore) override {
    const director_slot raw_slot = to_raw(where);
    const std::vector<director_string> ignored = borrow_all(ignore);
    const director_snapshot_request raw{sizeof(director_snapshot_request),
                                        0,
                                        &raw_slot,
                                        borrow(base_tree),
                                        ignored.data(),
                                        ignored.size()};
    Changes found;
    const director_change_sink sink = sink_for(found);
    Collector collector;
    TextSink tree(collector);
    DIRECTOR_CHECK(call(table().snapshot, &raw, tree.raw(), &sink));
    DIRECTOR_CHECK(collector.finish(instance_.id()));
    DIRECTOR_CHECK(found.collector.finish(instance_.id()));
    DIRECTOR_CHECK(tree.require(instance_.id(), "tree"));
    return snapshot_result{tree.take(), std::move(found.all)};
  }

 private:
  template <typename Function>
  [[nodiscard]] Status checkout_by(Function function, const slot& where, std::string_view commit,
                                   std::string_view tree,
                                   const std::vector<std::string>& keep) const {
    const director_slot raw_slot = to_raw(where);
    const std::vector<director_string> kept = borrow_all(keep);
    const director_checkout_request raw{sizeof(director_checkout_request),
                                        0,
                                        &raw_slot,
                                        borrow(commit),
                                        borrow(tree),
                                        kept.data(),
                                        kept.size()};
    return call(function, &raw);
  }

  [[nodiscard]] const director_vcs& table() const { return instance_.table<director_vcs>(); }
  template <typename Function, typename... Args>
  [[nodiscard]] Status call(Function function, Args... args) const {
    return instance_.call(function, host_->services().raw(), args...);
  }

  std::unique_ptr<ports::CallHost> host_;
  Instance instance_;
  const director_vcs_untouched* untouched_ =
      instance_.further_table<director_vcs_untouched>(DIRECTOR_VCS_UNTOUCHED);
};

}  // namespace

Result<std::unique_ptr<director::vcs>> make_vcs(const Making& making) {
  auto host = making.hosts.open(making.scope);
  DIRECTOR_TRY(Instance made,
               Instance::create(making.library, Kind::Vcs, making.info, host->services()));
  return std::unique_ptr<director::vcs>(
      std::make_unique<PluginVcs>(std::move(made), std::move(host)));
}

}  // namespace director::plugin

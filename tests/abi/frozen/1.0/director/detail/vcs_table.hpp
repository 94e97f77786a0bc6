/// The C table over director::vcs. Included by vcs.hpp.
#pragma once

#include "director/vcs.hpp"

namespace director::detail {

inline void send(const director_commit_sink* sink, const commit_info& commit) {
  const director_commit_info raw{sizeof(director_commit_info), 0, borrow(commit.oid),
                                 borrow(commit.tree), borrow(commit.message)};
  sink->commit(sink->context, &raw);
}

inline void send(const director_change_sink* sink, const change& one) {
  const director_change raw{sizeof(director_change), static_cast<director_change_kind>(one.kind),
                            borrow(one.path), static_cast<director_file_type>(one.old_type),
                            static_cast<director_file_type>(one.new_type)};
  sink->change(sink->context, &raw);
}

inline slot own(const director_slot& raw) {
  return slot{std::string(view(raw.dir)), std::string(view(raw.meta_dir))};
}

inline std::vector<std::string> own_all(const director_string* texts, std::size_t count) {
  std::vector<std::string> all;
  all.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    all.emplace_back(view(texts[i]));
  }
  return all;
}

template <typename T>
struct vcs_table {
  using base = vcs;
  static constexpr const char* interface_id = DIRECTOR_VCS;

  static vcs& self(void* instance) { return *static_cast<vcs*>(instance); }

  static director_status resolve(void* instance, const director_host*, director_string revision,
                                 const director_commit_sink* sink, director_error* error) {
    return fence(error, [&]() -> Status {
      DIRECTOR_TRY(const commit_info found, self(instance).resolve(view(revision)));
      send(sink, found);
      return ok();
    });
  }

  static director_status list_refs(void* instance, const director_host*, director_string prefix,
                                   const director_ref_sink* sink, director_error* error) {
    return fence(error, [&]() -> Status {
      DIRECTOR_TRY(const std::vector<ref> refs, self(instance).list_refs(view(prefix)));
      for (const ref& one : refs) {
        const director_ref raw{sizeof(director_ref), 0, borrow(one.name), borrow(one.oid)};
        sink->ref(sink->context, &raw);
      }
      return ok();
    });
  }

  static director_status update_ref(void* instance, const director_host*, director_string name,
                                    director_string expected, director_string desired,
                                    director_error* error) {
    return fence(error, [&] {
      return self(instance).update_ref(view(name), view(expected), view(desired));
    });
  }

  static director_status history(void* instance, const director_host*, director_string tip,
                                 director_string from, const director_commit_sink* sink,
                                 director_error* error) {
    return fence(error, [&]() -> Status {
      DIRECTOR_TRY(const std::vector<commit_info> commits,
                   self(instance).history(view(tip), view(from)));
      for (const commit_info& one : commits) {
        send(sink, one);
      }
      return ok();
    });
  }

  static director_status state(void* instance, const director_host*, director_checkout_state* state,
                               director_error* error) {
    return fence(error, [&]() -> Status {
      DIRECTOR_TRY(const checkout_state found, self(instance).user_checkout());
      state->unborn = found.unborn ? 1 : 0;
      state->detached = found.detached ? 1 : 0;
      state->uncommitted = found.uncommitted ? 1 : 0;
      return ok();
    });
  }

  static director_status commit(void* instance, const director_host*,
                                const director_commit_request* request,
                                const director_text_sink* oid, director_error* error) {
    return fence(error, [&]() -> Status {
      DIRECTOR_TRY(const std::string made,
                   self(instance).commit(view(request->tree), view(request->parent),
                                         view(request->message)));
      write_text(oid, made);
      return ok();
    });
  }

  static director_status read_file(void* instance, const director_host*, director_string tree,
                                   director_string path, const director_text_sink* bytes,
                                   director_error* error) {
    return fence(error, [&]() -> Status {
      DIRECTOR_TRY(const std::string text, self(instance).read_file(view(tree), view(path)));
      write_text(bytes, text);
      return ok();
    });
  }

  static director_status merge(void* instance, const director_host*, director_string base_tree,
                               director_string our_tree, director_string their_tree,
                               std::int32_t* merged, const director_text_sink* tree,
                               const director_change_sink* conflicts, director_error* error) {
    return fence(error, [&]() -> Status {
      DIRECTOR_TRY(const merge_result made,
                   self(instance).merge(view(base_tree), view(our_tree), view(their_tree)));
      *merged = made.merged ? 1 : 0;
      if (made.merged) {
        write_text(tree, made.tree);
      }
      for (const std::string& path : made.conflicts) {
        send(conflicts,
             change{change_kind::modified, path, file_type::regular, file_type::regular});
      }
      return ok();
    });
  }

  static director_status changes(void* instance, const director_host*, director_string old_tree,
                                 director_string new_tree, const director_change_sink* sink,
                                 director_error* error) {
    return fence(error, [&]() -> Status {
      DIRECTOR_TRY(const std::vector<change> found,
                   self(instance).changes(view(old_tree), view(new_tree)));
      for (const change& one : found) {
        send(sink, one);
      }
      return ok();
    });
  }

  static director_status diff(void* instance, const director_host*, director_string old_tree,
                              director_string new_tree, const director_text_sink* text,
                              director_error* error) {
    return fence(error, [&]() -> Status {
      DIRECTOR_TRY(const std::string made, self(instance).diff(view(old_tree), view(new_tree)));
      write_text(text, made);
      return ok();
    });
  }

  static director_status checkout(void* instance, const director_host*,
                                  const director_checkout_request* request, director_error* error) {
    return fence(error, [&] {
      return self(instance).checkout(own(*request->slot), view(request->commit),
                                     view(request->tree),
                                     own_all(request->keep, request->keep_count));
    });
  }

  static director_status snapshot(void* instance, const director_host*,
                                  const director_snapshot_request* request,
                                  const director_text_sink* tree,
                                  const director_change_sink* changes, director_error* error) {
    return fence(error, [&]() -> Status {
      DIRECTOR_TRY(const snapshot_result made,
                   self(instance).snapshot(own(*request->slot), view(request->base_tree),
                                           own_all(request->ignore, request->ignore_count)));
      write_text(tree, made.tree);
      for (const change& one : made.changes) {
        send(changes, one);
      }
      return ok();
    });
  }

  static constexpr director_vcs table{sizeof(director_vcs),
                                      0,
                                      &instances<vcs, T>::table,
                                      &resolve,
                                      &list_refs,
                                      &update_ref,
                                      &history,
                                      &state,
                                      &commit,
                                      &read_file,
                                      &merge,
                                      &changes,
                                      &diff,
                                      &checkout,
                                      &snapshot};
};

}  // namespace director::detail

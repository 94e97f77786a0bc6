/// libgit2 in C++ clothes. Only .cpp files include this header.
#pragma once

#include <git2.h>

#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "types.hpp"

namespace director::vcs_git {

template <auto Free>
struct Freer {
  template <typename T>
  void operator()(T* handle) const {
    Free(handle);
  }
};

template <typename T, auto Free>
using Handle = std::unique_ptr<T, Freer<Free>>;

class ObjectStore;

using Repository = Handle<git_repository, git_repository_free>;
using Odb = Handle<git_odb, git_odb_free>;
using OdbObject = Handle<git_odb_object, git_odb_object_free>;
using OdbStream = Handle<git_odb_stream, git_odb_stream_free>;
using Config = Handle<git_config, git_config_free>;
using Object = Handle<git_object, git_object_free>;
using Commit = Handle<git_commit, git_commit_free>;
using Tree = Handle<git_tree, git_tree_free>;
using TreeBuilder = Handle<git_treebuilder, git_treebuilder_free>;
using Reference = Handle<git_reference, git_reference_free>;
using RefDatabase = Handle<git_refdb, git_refdb_free>;
using Transaction = Handle<git_transaction, git_transaction_free>;
using Index = Handle<git_index, git_index_free>;
using Signature = Handle<git_signature, git_signature_free>;
using Diff = Handle<git_diff, git_diff_free>;
using ConflictIterator = Handle<git_index_conflict_iterator, git_index_conflict_iterator_free>;
using ReferenceIterator = Handle<git_reference_iterator, git_reference_iterator_free>;

/// `out(handle)` where a C function wants a pointer to the handle; it is set when the call's full
/// expression ends.
template <typename H>
class Out {
 public:
  explicit Out(H& handle) : handle_(handle) {}
  Out(const Out&) = delete;
  Out& operator=(const Out&) = delete;
  ~Out() { handle_.reset(raw_); }
  operator typename H::pointer *() { return &raw_; }

 private:
  H& handle_;
  typename H::pointer raw_ = nullptr;
};

template <typename H>
Out<H> out(H& handle) {
  return Out<H>(handle);
}

[[nodiscard]] inline git_oid raw(const Oid& oid) {
  git_oid copy;
  std::memcpy(copy.id, oid.bytes.data(), oid.bytes.size());
  return copy;
}

[[nodiscard]] inline Oid from_raw(const git_oid& oid) {
  Oid copy;
  std::memcpy(copy.bytes.data(), oid.id, copy.bytes.size());
  return copy;
}

/// Errors: NotFound.
[[nodiscard]] Result<Tree> open_tree(const ObjectStore& store, const Oid& oid);

/// The error of a libgit2 call that has just returned `code`: "cannot <what>: <libgit2's text>".
[[nodiscard]] Error git_failure(int code, std::string_view what);

}  // namespace director::vcs_git

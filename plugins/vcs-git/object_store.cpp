#include "object_store.hpp"

#include <git2/sys/repository.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "git.hpp"

namespace director::vcs_git {
namespace {

TreeEntry read_entry(const git_tree_entry* entry) {
  return {static_cast<std::uint32_t>(git_tree_entry_filemode(entry)),
          from_raw(*git_tree_entry_id(entry))};
}

}  // namespace

Error git_failure(int code, std::string_view what) {
  const git_error* last = git_error_last();
  std::string text = "cannot " + std::string(what) + ": ";
  text += last != nullptr && last->message != nullptr ? last->message : "libgit2 gave no reason";
  Errc kind = Errc::Io;
  if (code == GIT_ENOTFOUND || code == GIT_EUNBORNBRANCH) {
    kind = Errc::NotFound;
  } else if (code == GIT_EEXISTS || code == GIT_EMODIFIED) {
    kind = Errc::Conflict;
  } else if (code == GIT_ELOCKED) {
    kind = Errc::External;
  } else if (code == GIT_EINVALIDSPEC || code == GIT_EAMBIGUOUS || code == GIT_EINVALID) {
    kind = Errc::Invalid;
  }
  return Error(kind, std::move(text));
}

std::string to_hex(const Oid& oid) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(oid.bytes.size() * 2);
  for (const unsigned char byte : oid.bytes) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 0xF];
  }
  return hex;
}

Result<Oid> parse_oid(std::string_view hex) {
  git_oid parsed;
  const auto is_digit = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  };
  if (hex.size() != GIT_OID_HEXSZ || !std::all_of(hex.begin(), hex.end(), is_digit) ||
      git_oid_fromstrn(&parsed, hex.data(), hex.size()) < 0) {
    return Error(Errc::Invalid,
                 "cannot read object id " + printable(hex) + ": it is not 40 hexadecimal digits");
  }
  return from_raw(parsed);
}

Result<std::unique_ptr<ObjectStore>> ObjectStore::open(git_repository* user) {
  Odb odb;
  if (const int code = git_repository_odb(out(odb), user); code < 0) {
    return git_failure(code, "open the object database");
  }
  return wrap(odb.release());
}

Result<std::unique_ptr<ObjectStore>> ObjectStore::open_fresh(const std::string& objects_dir) {
  Odb odb;
  if (const int code = git_odb_open(out(odb), objects_dir.c_str()); code < 0) {
    return git_failure(code, "open the object database");
  }
  return wrap(odb.release());
}

Result<std::unique_ptr<ObjectStore>> ObjectStore::wrap(git_odb* opened) {
  Odb odb(opened);
  Repository detached;
  if (const int code = git_repository_wrap_odb(out(detached), odb.get()); code < 0) {
    return git_failure(code, "open the object database");
  }
  Config nothing;
  if (const int code = git_config_new(out(nothing)); code < 0) {
    return git_failure(code, "make an empty configuration");
  }
  if (const int code = git_repository_set_config(detached.get(), nothing.get()); code < 0) {
    return git_failure(code, "make an empty configuration");
  }
  return std::unique_ptr<ObjectStore>(new ObjectStore(odb.release(), detached.release()));
}

ObjectStore::~ObjectStore() {
  git_repository_free(repository_);
  git_odb_free(odb_);
}

Result<Oid> ObjectStore::object(std::string_view hex, int type, std::string_view kind) const {
  DIRECTOR_TRY(const Oid oid, parse_oid(hex));
  const git_oid id = raw(oid);
  std::size_t size = 0;
  git_object_t found = GIT_OBJECT_INVALID;
  if (const int code = git_odb_read_header(&size, &found, odb_, &id); code < 0) {
    return git_failure(code, "read " + std::string(kind) + " '" + std::string(hex) + "'");
  }
  if (found != type) {
    return Error(Errc::Invalid, "cannot read " + std::string(kind) + " '" + std::string(hex) +
                                    "': it is a " + git_object_type2string(found));
  }
  return oid;
}

Result<Oid> ObjectStore::tree(std::string_view hex) const {
  return object(hex, GIT_OBJECT_TREE, "tree");
}

Result<Oid> ObjectStore::commit(std::string_view hex) const {
  return object(hex, GIT_OBJECT_COMMIT, "commit");
}

Result<Tree> open_tree(const ObjectStore& store, const Oid& oid) {
  const git_oid id = raw(oid);
  Tree tree;
  if (const int code = git_tree_lookup(out(tree), store.repository(), &id); code < 0) {
    return git_failure(code, "read tree '" + to_hex(oid) + "'");
  }
  return tree;
}

Result<std::vector<NamedEntry>> ObjectStore::read_tree(const Oid& oid) const {
  std::vector<NamedEntry> entries;
  if (oid.empty()) {
    return entries;
  }
  DIRECTOR_TRY(const Tree tree, open_tree(*this, oid));
  const std::size_t count = git_tree_entrycount(tree.get());
  entries.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const git_tree_entry* entry = git_tree_entry_byindex(tree.get(), i);
    std::string name = git_tree_entry_name(entry);
    if (!is_entry_name(name)) {
      return Error(Errc::Invalid, "cannot use tree '" + to_hex(oid) +
                                      "': it holds an entry named " + printable(name) +
                                      ", which no checkout can hold");
    }
    entries.push_back({std::move(name), read_entry(entry)});
  }
  return entries;
}

Result<TreeEntry> ObjectStore::entry_of(const Oid& tree, std::string_view name) const {
  if (tree.empty() || name.find('\0') != std::string_view::npos) {
    return TreeEntry{};
  }
  DIRECTOR_TRY(const Tree opened, open_tree(*this, tree));
  const git_tree_entry* entry = git_tree_entry_byname(opened.get(), std::string(name).c_str());
  return entry == nullptr ? TreeEntry{} : read_entry(entry);
}

Result<std::string> ObjectStore::read_blob(const Oid& oid) const {
  const git_oid id = raw(oid);
  OdbObject object;
  if (const int code = git_odb_read(out(object), odb_, &id); code < 0) {
    return git_failure(code, "read blob '" + to_hex(oid) + "'");
  }
  if (git_odb_object_type(object.get()) != GIT_OBJECT_BLOB) {
    return Error(Errc::Invalid, "cannot read blob '" + to_hex(oid) + "': it is no blob");
  }
  return std::string(static_cast<const char*>(git_odb_object_data(object.get())),
                     git_odb_object_size(object.get()));
}

Result<std::uint64_t> ObjectStore::blob_size(const Oid& oid) const {
  const git_oid id = raw(oid);
  std::size_t size = 0;
  git_object_t type = GIT_OBJECT_INVALID;
  if (const int code = git_odb_read_header(&size, &type, odb_, &id); code < 0) {
    return git_failure(code, "look at blob '" + to_hex(oid) + "'");
  }
  return size;
}

bool ObjectStore::exists(const Oid& oid) const {
  const git_oid id = raw(oid);
  return git_odb_exists(odb_, &id) == 1;
}

Result<Oid> ObjectStore::hash_blob(std::string_view bytes) const {
  git_oid id;
  if (const int code = git_odb_hash(&id, bytes.data(), bytes.size(), GIT_OBJECT_BLOB); code < 0) {
    return git_failure(code, "hash a blob");
  }
  return from_raw(id);
}

Result<Oid> ObjectStore::write_blob(std::string_view bytes) const {
  git_oid id;
  if (const int code = git_odb_write(&id, odb_, bytes.data(), bytes.size(), GIT_OBJECT_BLOB);
      code < 0) {
    return git_failure(code, "write a blob");
  }
  return from_raw(id);
}

Result<Oid> ObjectStore::write_blob_from(int fd, std::uint64_t size) const {
  OdbStream stream;
  if (const int code = git_odb_open_wstream(out(stream), odb_, static_cast<git_object_size_t>(size),
                                            GIT_OBJECT_BLOB);
      code < 0) {
    return git_failure(code, "write a blob");
  }
  std::string piece(1U << 20, '\0');
  for (std::uint64_t done = 0; done < size;) {
    const auto wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), size - done));
    const ssize_t got = ::read(fd, piece.data(), wanted);
    if (got < 0) {
      if (errno == EINTR) {
        continue;
      }
      return io_error("read", "a file of the slot", errno);
    }
    if (got == 0) {
      return Error(Errc::Conflict, "cannot read a file of the slot: it shrank meanwhile");
    }
    const auto size_got = static_cast<std::size_t>(got);
    if (const int code = git_odb_stream_write(stream.get(), piece.data(), size_got); code < 0) {
      return git_failure(code, "write a blob");
    }
    done += size_got;
  }
  git_oid id;
  if (const int code = git_odb_stream_finalize_write(&id, stream.get()); code < 0) {
    return git_failure(code, "write a blob");
  }
  return from_raw(id);
}

Result<Oid> ObjectStore::write_empty_tree() const {
  git_oid id;
  if (const int code = git_odb_write(&id, odb_, "", 0, GIT_OBJECT_TREE); code < 0) {
    return git_failure(code, "write the empty tree");
  }
  return from_raw(id);
}

}  // namespace director::vcs_git

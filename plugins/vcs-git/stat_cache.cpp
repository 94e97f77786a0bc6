#include "stat_cache.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "trees.hpp"

namespace director::vcs_git {
namespace {

constexpr char kMagic[8] = {'D', 'V', 'C', 'S', 'C', '0', '0', '1'};

struct Header {
  char magic[8] = {};
  std::uint64_t checksum = 0;  // of everything after this field
  std::uint64_t count = 0;
  Oid tree;
  std::uint32_t padding = 0;
};

struct Record {
  FileStat stat;
  std::uint32_t tree_mode = 0;
  std::uint32_t known = 0;
  Oid tree_oid;
  Oid blob;
  std::uint64_t path_size = 0;
};

static_assert(sizeof(Header) == 48 && sizeof(Record) == 96);

constexpr std::size_t kChecksumEnd = offsetof(Header, checksum) + sizeof(std::uint64_t);

// Finds torn and stale pages, not attackers: nobody else writes this folder.
std::uint64_t checksum(std::string_view bytes) {
  std::uint64_t sum = 0x9E3779B97F4A7C15U ^ bytes.size();
  std::uint64_t word = 0;
  while (!bytes.empty()) {
    const std::size_t size = std::min(bytes.size(), sizeof word);
    word = 0;
    std::memcpy(&word, bytes.data(), size);
    sum = (sum ^ word) * 0x9FB21C651E98DF25U;
    sum ^= sum >> 32;
    bytes.remove_prefix(size);
  }
  return sum;
}

bool by_path(const CachedFile& a, const CachedFile& b) { return a.path < b.path; }

}  // namespace

std::unique_ptr<StatCache> StatCache::load(const std::string& path) {
  auto cache = std::make_unique<StatCache>();
  Result<std::string> bytes = read_whole_file(path);
  if (bytes) {
    if (!cache->parse(*bytes)) {
      cache->files_.clear();
      cache->tree_ = Oid{};
    }
  }
  return cache;
}

bool StatCache::parse(std::string_view bytes) {
  Header header;
  if (bytes.size() < sizeof header) {
    return false;
  }
  std::memcpy(&header, bytes.data(), sizeof header);
  if (std::memcmp(header.magic, kMagic, sizeof kMagic) != 0 ||
      header.checksum != checksum(bytes.substr(kChecksumEnd))) {
    return false;
  }
  bytes.remove_prefix(sizeof header);
  tree_ = header.tree;
  const std::size_t count = std::min<std::size_t>(header.count, bytes.size() / sizeof(Record));
  files_.reserve(count);
  names_.reserve(bytes.size() - count * sizeof(Record));  // never moved: what is loaded points here
  for (std::uint64_t i = 0; i < header.count; ++i) {
    Record record;
    if (bytes.size() < sizeof record) {
      return false;
    }
    std::memcpy(&record, bytes.data(), sizeof record);
    bytes.remove_prefix(sizeof record);
    if (record.path_size > bytes.size()) {
      return false;
    }
    names_.append(bytes.substr(0, record.path_size));
    files_.push_back({std::string_view(names_).substr(names_.size() - record.path_size),
                      {record.tree_mode, record.tree_oid},
                      record.stat,
                      record.blob,
                      record.known != 0});
    bytes.remove_prefix(record.path_size);
  }
  return true;
}

Status StatCache::save(const std::string& path) const {
  std::string bytes(sizeof(Header), '\0');
  bytes.reserve(sizeof(Header) + files_.size() * (sizeof(Record) + 48));
  for (const CachedFile& file : files_) {
    const Record record{file.stat,     file.tree.mode, file.known ? 1U : 0U,
                        file.tree.oid, file.blob,      file.path.size()};
    bytes.append(reinterpret_cast<const char*>(&record), sizeof record);
    bytes.append(file.path);
  }
  Header header{};
  std::memcpy(header.magic, kMagic, sizeof kMagic);
  header.count = files_.size();
  header.tree = tree_;
  std::memcpy(bytes.data(), &header, sizeof header);
  header.checksum = checksum(std::string_view(bytes).substr(kChecksumEnd));
  std::memcpy(bytes.data(), &header, sizeof header);
  return replace_file(path, bytes);
}

Status StatCache::retarget(const ObjectStore& store, const Oid& tree) {
  next_in_tree_.clear();
  Result<std::vector<PathChange>> compared = diff_trees(store, tree_, tree);
  if (!compared && compared.error().code() == Errc::NotFound) {
    // The tree of last time has been collected as garbage: start over, keeping what is known.
    for (CachedFile& file : files_) {
      file.tree = TreeEntry{};
    }
    tree_ = Oid{};
    compared = diff_trees(store, tree_, tree);
  }
  DIRECTOR_TRY(const std::vector<PathChange> changes, std::move(compared));
  std::vector<CachedFile> arrived;
  for (const PathChange& change : changes) {
    const CachedFile wanted{change.path, {}, {}, {}, false};
    const auto at = std::lower_bound(files_.begin(), files_.end(), wanted, by_path);
    if (at != files_.end() && at->path == change.path) {
      at->tree = change.after;
    } else if (change.after.exists()) {
      arrived.push_back({keep(change.path), change.after, {}, {}, false});
    }
  }
  const auto middle = static_cast<std::ptrdiff_t>(files_.size());
  files_.insert(files_.end(), arrived.begin(), arrived.end());
  std::inplace_merge(files_.begin(), files_.begin() + middle, files_.end(), by_path);
  tree_ = tree;
  return ok();
}

const CachedFile* StatCache::find(std::string_view path) const {
  const auto at =
      std::lower_bound(files_.begin(), files_.end(), CachedFile{path, {}, {}, {}, false}, by_path);
  return at != files_.end() && at->path == path ? &*at : nullptr;
}

bool StatCache::holds(std::string_view path) const {
  const std::string prefix = std::string(path) + "/";
  const auto at = std::lower_bound(files_.begin(), files_.end(),
                                   CachedFile{prefix, {}, {}, {}, false}, by_path);
  if (at == files_.end() || !at->path.starts_with(prefix)) {
    return false;
  }
  const std::size_t next = next_in_tree(static_cast<std::size_t>(at - files_.begin()));
  return next < files_.size() && files_[next].path.starts_with(prefix);
}

// The first from `index` on that the tree has. An agent may have left thousands in a folder, and
// each of them asks.
std::size_t StatCache::next_in_tree(std::size_t index) const {
  if (files_[index].tree.exists()) {
    return index;
  }
  if (next_in_tree_.empty()) {
    next_in_tree_.resize(files_.size());
    std::size_t next = files_.size();
    for (std::size_t i = files_.size(); i-- > 0;) {
      next = files_[i].tree.exists() ? i : next;
      next_in_tree_[i] = next;
    }
  }
  return next_in_tree_[index];
}

std::string_view StatCache::keep(std::string_view path) {
  added_.push_back(std::make_unique<std::string>(path));
  added_bytes_ += sizeof(std::string) + path.size();
  return *added_.back();
}

void StatCache::add_untracked(std::string_view path, const FileStat& stat, const Oid& blob) {
  untracked_.push_back({keep(path), {}, stat, blob, true});
}

void StatCache::doubt_from(std::int64_t now) {
  for (std::vector<CachedFile>* files : {&files_, &untracked_}) {
    for (CachedFile& file : *files) {
      file.known = file.known && std::max(file.stat.ctime_ns, file.stat.mtime_ns) < now;
    }
  }
}

void StatCache::tidy() {
  next_in_tree_.clear();
  std::erase_if(files_, [](const CachedFile& f) { return !f.tree.exists() && !f.known; });
  const auto middle = static_cast<std::ptrdiff_t>(files_.size());
  files_.insert(files_.end(), untracked_.begin(), untracked_.end());
  untracked_.clear();
  std::inplace_merge(files_.begin(), files_.begin() + middle, files_.end(), by_path);
}

}  // namespace director::vcs_git

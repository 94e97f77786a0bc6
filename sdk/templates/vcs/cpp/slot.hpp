// A slot: a folder with a checkout in which an agent or a gate is at work.
//
// Nothing in there is to be trusted. An agent may have put a link where a folder was, a FIFO where
// a file was, or a repository of its own; so nothing here follows a link.
#pragma once

#include <director/plugin.hpp>
#include <string>
#include <vector>

#include "store.hpp"

// Makes the folder hold these files and, of others, only the folders that `keep` names, without
// what it held of `last`, the tree before. A backend for large repositories would touch only what
// differs.
director::Status write_slot(const store& from, const std::string& folder, const tree& files,
                            const tree& last, const std::vector<std::string>& keep);

struct slot_content {
  tree files;
  std::vector<std::string> others;  // what no tree can hold: a FIFO, a socket, another repository
};
// Reads what is in the folder, but for what `ignore` (patterns as in .gitignore) matches. What is
// in `base` is tracked, and never ignored.
director::Result<slot_content> read_slot(const store& into, const std::string& folder,
                                         const tree& base, const std::vector<std::string>& ignore);

/* director plugin ABI: vcs. Trees, commits, refs and the folders they are checked out into.
 * The rules stand in director/plugin.h.
 *
 * Trees and commits are the backend's own opaque ASCII ids ("oid"). A path is relative and normal,
 * with
 * '/' between its parts. */
#ifndef DIRECTOR_ABI_VCS_H
#define DIRECTOR_ABI_VCS_H

#include "director/abi/entry.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef int32_t director_change_kind;
enum { DIRECTOR_ADDED = 1, DIRECTOR_MODIFIED = 2, DIRECTOR_DELETED = 3 };

typedef int32_t director_file_type;
enum {
  DIRECTOR_FILE_NONE = 0, /* absent on this side */
  DIRECTOR_FILE_REGULAR = 1,
  DIRECTOR_FILE_EXECUTABLE = 2,
  DIRECTOR_FILE_SYMLINK = 3,
  DIRECTOR_FILE_SUBMODULE = 4,
  DIRECTOR_FILE_OTHER = 5 /* what a tree cannot hold: FIFO, socket, device, nested repository */
};

/* A difference between two sides. A rename is a deletion and an addition. */
typedef struct director_change {
  uint32_t struct_size;
  director_change_kind kind;
  director_string path;
  director_file_type old_type;
  director_file_type new_type;
} director_change;

typedef struct director_change_sink {
  uint32_t struct_size;
  uint32_t reserved;
  void* context;
  void (*change)(void* context, const director_change* change);
} director_change_sink;

typedef struct director_ref {
  uint32_t struct_size;
  uint32_t reserved;
  director_string name; /* whole: "refs/heads/director/job-1" */
  director_string oid;
} director_ref;

typedef struct director_ref_sink {
  uint32_t struct_size;
  uint32_t reserved;
  void* context;
  void (*ref)(void* context, const director_ref* ref);
} director_ref_sink;

typedef struct director_commit_info {
  uint32_t struct_size;
  uint32_t reserved;
  director_string oid;
  director_string tree;
  director_string message;
} director_commit_info;

typedef struct director_commit_sink {
  uint32_t struct_size;
  uint32_t reserved;
  void* context;
  void (*commit)(void* context, const director_commit_info* commit);
} director_commit_sink;

/* A slot: a folder with a checkout, and a folder for what the backend remembers about it. The first
 * is written by agents; the second never is. The backend creates both where missing. */
typedef struct director_slot {
  uint32_t struct_size;
  uint32_t reserved;
  director_string dir;      /* absolute */
  director_string meta_dir; /* absolute, outside dir */
} director_slot;

typedef struct director_checkout_request {
  uint32_t struct_size;
  uint32_t reserved;
  const director_slot* slot;
  director_string commit;
  director_string tree;        /* empty: the commit's own; else the files are this tree's */
  const director_string* keep; /* ignored folders, relative, that survive */
  size_t keep_count;
} director_checkout_request;

typedef struct director_snapshot_request {
  uint32_t struct_size;
  uint32_t reserved;
  const director_slot* slot;
  director_string base_tree;
  const director_string*
      ignore; /* patterns as in .gitignore: neither in the tree nor in the changes */
  size_t ignore_count;
} director_snapshot_request;

typedef struct director_commit_request {
  uint32_t struct_size;
  uint32_t reserved;
  director_string tree;
  director_string parent;
  director_string message;
} director_commit_request;

/* State of the user's own checkout; each field is 0 or 1. */
typedef struct director_checkout_state {
  uint32_t struct_size;
  int32_t unborn;      /* there is no commit yet */
  int32_t detached;    /* HEAD names no branch */
  int32_t uncommitted; /* tracked files differ from HEAD */
} director_checkout_state;

typedef struct director_vcs {
  uint32_t struct_size;
  uint32_t reserved;
  const director_instances* instances; /* create: NOT_FOUND if repo_dir is no repository */

  /* All of these block. [worker] */

  /* The commit and tree that a revision ("HEAD", a branch, an oid) names. NOT_FOUND. */
  director_status (*resolve)(void* instance, const director_host* host, director_string revision,
                             const director_commit_sink* sink, director_error* error);
  /* Every ref whose name starts with `prefix`, in no order. */
  director_status (*list_refs)(void* instance, const director_host* host, director_string prefix,
                               const director_ref_sink* sink, director_error* error);
  /* Compare-and-swap. `expected` empty: the ref must not exist; `desired` empty: delete it.
   * CONFLICT if the ref is not what was expected; then nothing has changed. INVALID for a name that
   * is not under refs/heads/director/ or refs/director/. */
  director_status (*update_ref)(void* instance, const director_host* host, director_string name,
                                director_string expected, director_string desired,
                                director_error* error);
  /* Commits reachable from `tip` by first parents, newest first, down to but without `base`; to the
   * root where `base` is empty. */
  director_status (*history)(void* instance, const director_host* host, director_string tip,
                             director_string base, const director_commit_sink* sink,
                             director_error* error);
  director_status (*checkout_state)(void* instance, const director_host* host,
                                    director_checkout_state* state, director_error* error);

  /* Makes a commit, moves nothing. Its oid goes to the sink. */
  director_status (*commit)(void* instance, const director_host* host,
                            const director_commit_request* request, const director_text_sink* oid,
                            director_error* error);
  /* A file's bytes in a tree; of a symlink, its target. NOT_FOUND. */
  director_status (*read_file)(void* instance, const director_host* host, director_string tree,
                               director_string path, const director_text_sink* bytes,
                               director_error* error);
  /* Three-way merge in the object database. `*merged` is 1 and the tree's oid goes to `tree`, or 0
   * and each conflicting path goes to `conflicts`. Conflicts are a result, not an error. */
  director_status (*merge)(void* instance, const director_host* host, director_string base_tree,
                           director_string our_tree, director_string their_tree, int32_t* merged,
                           const director_text_sink* tree, const director_change_sink* conflicts,
                           director_error* error);
  director_status (*changes)(void* instance, const director_host* host, director_string old_tree,
                             director_string new_tree, const director_change_sink* sink,
                             director_error* error);
  /* Unified diff as text; binary files are named, not shown. */
  director_status (*diff)(void* instance, const director_host* host, director_string old_tree,
                          director_string new_tree, const director_text_sink* text,
                          director_error* error);

  /* Brings a slot to a commit: every file as in the tree, and nothing else but what `keep` names.
   * Costs what differs, plus one look at each file. */
  director_status (*checkout)(void* instance, const director_host* host,
                              const director_checkout_request* request, director_error* error);
  /* Writes what is in the slot as a tree (its oid goes to `tree`) and lists how it differs from
   * `base_tree`. Ignore rules are those of the base tree. Nothing that the slot's own repository
   * data says is believed. Entries that no tree can hold are listed and are not in the tree. */
  director_status (*snapshot)(void* instance, const director_host* host,
                              const director_snapshot_request* request,
                              const director_text_sink* tree, const director_change_sink* changes,
                              director_error* error);
} director_vcs;

#ifdef __cplusplus
}
#endif

#endif /* DIRECTOR_ABI_VCS_H */

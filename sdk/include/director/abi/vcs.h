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

/* What became of a path. */
typedef int32_t director_change_kind;
enum { DIRECTOR_ADDED = 1, DIRECTOR_MODIFIED = 2, DIRECTOR_DELETED = 3 };

/* What stands at a path. */
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
  director_change_kind kind;   /* DIRECTOR_ADDED, ... */
  director_string path;        /* relative */
  director_file_type old_type; /* DIRECTOR_FILE_...; NONE if it was added */
  director_file_type new_type; /* NONE if it was deleted */
} director_change;

/* Takes changes, in any order. */
typedef struct director_change_sink {
  uint32_t struct_size;
  uint32_t reserved;
  void* context;
  void (*change)(void* context, const director_change* change); /* borrowed for the call */
} director_change_sink;

/* A name for a commit. */
typedef struct director_ref {
  uint32_t struct_size;
  uint32_t reserved;
  director_string name; /* whole: "refs/heads/director/job-1" */
  director_string oid;  /* of its commit */
} director_ref;

/* Takes refs. */
typedef struct director_ref_sink {
  uint32_t struct_size;
  uint32_t reserved;
  void* context;
  void (*ref)(void* context, const director_ref* ref); /* borrowed for the call */
} director_ref_sink;

/* A commit. */
typedef struct director_commit_info {
  uint32_t struct_size;
  uint32_t reserved;
  director_string oid;     /* its own */
  director_string tree;    /* the oid of its tree */
  director_string message; /* whole, with its trailers */
} director_commit_info;

/* Takes commits, in the order that the function says. */
typedef struct director_commit_sink {
  uint32_t struct_size;
  uint32_t reserved;
  void* context;
  void (*commit)(void* context, const director_commit_info* commit); /* borrowed for the call */
} director_commit_sink;

/* A slot: a folder with a checkout, and a folder for what the backend remembers about it. The first
 * is written by agents; the second never is. The backend creates both where missing. */
typedef struct director_slot {
  uint32_t struct_size;
  uint32_t reserved;
  director_string dir;      /* absolute */
  director_string meta_dir; /* absolute, outside dir */
} director_slot;

/* What a slot should hold. */
typedef struct director_checkout_request {
  uint32_t struct_size;
  uint32_t reserved;
  const director_slot* slot;   /* to bring there */
  director_string commit;      /* its oid */
  director_string tree;        /* empty: the commit's own; else the files are this tree's */
  const director_string* keep; /* folders, relative, in which what is ignored survives */
  size_t keep_count;
} director_checkout_request;

/* What to look at in a slot. */
typedef struct director_snapshot_request {
  uint32_t struct_size;
  uint32_t reserved;
  const director_slot* slot; /* to look at */
  director_string base_tree; /* to compare with; its ignore rules hold */
  const director_string*
      ignore; /* patterns as in .gitignore: neither in the tree nor in the changes */
  size_t ignore_count;
} director_snapshot_request;

/* A commit to make. */
typedef struct director_commit_request {
  uint32_t struct_size;
  uint32_t reserved;
  director_string tree;    /* its oid */
  director_string parent;  /* its oid; empty: none */
  director_string message; /* whole */
} director_commit_request;

/* State of the user's own checkout; each field is 0 or 1. */
typedef struct director_checkout_state {
  uint32_t struct_size;
  int32_t unborn;      /* there is no commit yet */
  int32_t detached;    /* HEAD names no branch */
  int32_t uncommitted; /* tracked files differ from HEAD */
} director_checkout_state;

/* The interface "director.vcs/1". */
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
  /* Whether the user has work that no commit holds. */
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
  /* How two trees differ. */
  director_status (*changes)(void* instance, const director_host* host, director_string old_tree,
                             director_string new_tree, const director_change_sink* sink,
                             director_error* error);
  /* Unified diff as text; binary files are named, not shown. */
  director_status (*diff)(void* instance, const director_host* host, director_string old_tree,
                          director_string new_tree, const director_text_sink* text,
                          director_error* error);

  /* Brings a slot to a commit: every file as in the tree, and nothing else but what `keep` names.
   * What the slot's last tree had and this one does not have goes from there, too.
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

/* The interface DIRECTOR_VCS_UNTOUCHED, of a plugin that has DIRECTOR_VCS, for the same instances.
 * Optional; since 1.1. */
#define DIRECTOR_VCS_UNTOUCHED "director.vcs.untouched/1"

/* Brings slots that nobody wrote to. */
typedef struct director_vcs_untouched {
  uint32_t struct_size;
  uint32_t reserved;
  /* As director_vcs::checkout, for a slot that nobody can have written to since a call of this
   * plugin about it last succeeded in this process: need not look at its files. [worker] */
  director_status (*checkout)(void* instance, const director_host* host,
                              const director_checkout_request* request, director_error* error);
} director_vcs_untouched;

#ifdef __cplusplus
}
#endif

#endif /* DIRECTOR_ABI_VCS_H */

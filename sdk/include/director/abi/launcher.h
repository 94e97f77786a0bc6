/* director plugin ABI: launcher, which says where and how commands are started. The rules stand in
 * director/plugin.h. */
#ifndef DIRECTOR_ABI_LAUNCHER_H
#define DIRECTOR_ABI_LAUNCHER_H

#include "director/abi/entry.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a command is started for. */
typedef int32_t director_launch_purpose;
enum {
  DIRECTOR_LAUNCH_AGENT = 1, /* an agent tool at work */
  DIRECTOR_LAUNCH_GATE = 2,  /* a check of a candidate */
  DIRECTOR_LAUNCH_SETUP = 3, /* preparing a slot */
  DIRECTOR_LAUNCH_TOOL = 4   /* a plugin's own housekeeping */
};

/* A command on its way to be started. */
typedef struct director_launch_request {
  uint32_t struct_size;
  director_launch_purpose purpose; /* DIRECTOR_LAUNCH_... */
  const director_string* argv;     /* the program and its arguments */
  size_t argv_count;
  director_string cwd;        /* absolute */
  const director_string* env; /* the whole environment, "NAME=value" */
  size_t env_count;
} director_launch_request;

/* Takes the command that is started in its place. */
typedef struct director_launch_sink {
  uint32_t struct_size;
  uint32_t reserved;
  void* context;
  void (*arg)(void* context, director_string arg);      /* the new argv, in order */
  void (*env)(void* context, director_string variable); /* added to the environment */
} director_launch_sink;

/* The interface "director.launcher/1". */
typedef struct director_launcher {
  uint32_t struct_size;
  uint32_t reserved;
  const director_instances* instances;
  /* Rewrites a command into the one that the host starts on this machine: a sandbox around it, a
   * remote shell, a cluster's submit-and-wait. It starts nothing itself. [worker] */
  director_status (*prepare)(void* instance, const director_host* host,
                             const director_launch_request* request,
                             const director_launch_sink* sink, director_error* error);
} director_launcher;

#ifdef __cplusplus
}
#endif

#endif /* DIRECTOR_ABI_LAUNCHER_H */

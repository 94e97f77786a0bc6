/* director plugin ABI: the host, as a plugin sees it. The rules stand in director/plugin.h. */
#ifndef DIRECTOR_ABI_HOST_H
#define DIRECTOR_ABI_HOST_H

#include "director/abi/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Valid for the call it was passed to, not longer. */
typedef struct director_host {
  uint32_t struct_size;
  uint32_t abi_major; /* DIRECTOR_ABI_MAJOR that the host was built with */
  uint32_t abi_minor; /* DIRECTOR_ABI_MINOR likewise */
  uint32_t reserved;
  const char* version; /* of the program, for messages */
  void* impl;          /* the host's own */
  /* The table of a service, or NULL if this host does not have it. [any] */
  const void* (*get_service)(const struct director_host* host, const char* id);
} director_host;

#define DIRECTOR_SERVICE_LOG "director.host.log/1"       /* service: lines for people */
#define DIRECTOR_SERVICE_CANCEL "director.host.cancel/1" /* service: whether to go on */
#define DIRECTOR_SERVICE_CLOCK "director.host.clock/1"   /* service: what time it is */
#define DIRECTOR_SERVICE_EXEC "director.host.exec/1"     /* service: runs commands */
#define DIRECTOR_SERVICE_AGENT "director.host.agent/1"   /* service: asks roles */

/* How much a line matters. */
typedef int32_t director_log_level;
enum {
  DIRECTOR_LOG_DEBUG = 0,
  DIRECTOR_LOG_INFO = 1,
  DIRECTOR_LOG_WARNING = 2,
  DIRECTOR_LOG_ERROR = 3
};

/* Lines for the log, which a person reads on stderr. [any] */
typedef struct director_log_service {
  uint32_t struct_size;
  uint32_t reserved;
  /* One line, or several. */
  void (*log)(const director_host* host, director_log_level level, director_string text);
} director_log_service;

/* Whether the call should go on. [any] */
typedef struct director_cancel_service {
  uint32_t struct_size;
  uint32_t reserved;
  /* 1 once the call should end: a person interrupted, the budget is spent, the deadline passed. */
  int32_t (*cancelled)(const director_host* host);
  /* Milliseconds until the call's deadline, 0 when it has passed, -1 when there is none. */
  int64_t (*remaining_ms)(const director_host* host);
} director_cancel_service;

/* What time it is. [any] */
typedef struct director_clock_service {
  uint32_t struct_size;
  uint32_t reserved;
  int64_t (*unix_ms)(const director_host* host);      /* since 1970; may be set back */
  int64_t (*monotonic_ms)(const director_host* host); /* for durations; never goes back */
} director_clock_service;

/* A command to run. `argv[0]` is looked up in the PATH of the command's environment, which is the
 * one that the host gives commands of this call's kind, less `env_unset` (names; a trailing '*'
 * matches a prefix), plus `env_set` ("NAME=value"). PWD is always `cwd`. */
typedef struct director_exec_request {
  uint32_t struct_size;
  uint32_t reserved;
  const director_string* argv; /* the program and its arguments; no shell sees them */
  size_t argv_count;
  director_string cwd;            /* absolute */
  const director_string* env_set; /* "NAME=value" */
  size_t env_set_count;
  const director_string* env_unset; /* names */
  size_t env_unset_count;
  director_string stdin_text; /* empty: standard input is /dev/null */
  int64_t timeout_ms;         /* 0: until the call's own deadline, which always holds */
  int64_t stall_timeout_ms;   /* ends the command after so long without output; 0: never */
  int64_t start_timeout_ms;   /* ends it, as stalled, if standard output is silent for so long from
                                 the start; 0: never */
} director_exec_request;

/* Where a command wrote a line. */
typedef int32_t director_exec_stream;
enum { DIRECTOR_STDOUT = 1, DIRECTOR_STDERR = 2 };

enum { DIRECTOR_LINE_CUT = 1 /* a flag: the line was longer than the host keeps */ };

/* One line that a command wrote. */
typedef struct director_exec_line {
  uint32_t struct_size;
  uint32_t flags;              /* DIRECTOR_LINE_CUT */
  director_exec_stream stream; /* DIRECTOR_STDOUT, DIRECTOR_STDERR */
  uint32_t reserved;
  director_string text; /* bytes as they came, without the line feed; not necessarily UTF-8 */
} director_exec_line;

/* Receives each line as it appears, on the thread that called exec. Non-zero asks the host to end
 * the command, whose outcome is then DIRECTOR_EXEC_STOPPED. */
typedef struct director_exec_sink {
  uint32_t struct_size;
  uint32_t reserved;
  void* context;
  int32_t (*line)(void* context, const director_exec_line* line); /* borrowed for the call */
} director_exec_sink;

/* How a command came to its end. */
typedef int32_t director_exec_outcome;
enum {
  DIRECTOR_EXEC_EXITED = 0,   /* exit_code is set */
  DIRECTOR_EXEC_SIGNALED = 1, /* signal is set */
  DIRECTOR_EXEC_TIMED_OUT = 2,
  DIRECTOR_EXEC_STALLED = 3,
  DIRECTOR_EXEC_CANCELLED = 4,
  DIRECTOR_EXEC_STOPPED = 5 /* the sink asked for it */
};

/* Allocated by the caller, filled by the host. */
typedef struct director_exec_result {
  uint32_t struct_size;
  director_exec_outcome outcome; /* DIRECTOR_EXEC_... */
  int32_t exit_code;             /* of DIRECTOR_EXEC_EXITED */
  int32_t signal;                /* of DIRECTOR_EXEC_SIGNALED */
  int64_t wall_ms;               /* how long it ran */
} director_exec_result;

/* Runs commands: a plugin starts none itself. */
typedef struct director_exec_service {
  uint32_t struct_size;
  uint32_t reserved;
  /* Runs a command to its end; every process it started is gone on return. DIRECTOR_OK whatever the
   * command's outcome; DIRECTOR_NOT_FOUND if there is no such program. `sink` may be NULL. Blocks.
   * [any] */
  director_status (*exec)(const director_host* host, const director_exec_request* request,
                          const director_exec_sink* sink, director_exec_result* result,
                          director_error* error);
} director_exec_service;

/* A director_exec_service, too, for commands whose files nobody looks at afterwards, the plugin
 * included: such a command sees its `cwd` as it is and may write there, and what it wrote may be
 * gone when it has ended. A host that cannot do that, or does not know this service (NULL), leaves
 * it there. */
#define DIRECTOR_SERVICE_SCRATCH "director.host.scratch/1" /* service: runs commands; since 1.1 */

/* One question to a role, answered through the configured runner and accounted to the job. */
typedef struct director_agent_request {
  uint32_t struct_size;
  uint32_t reserved;
  director_string role;    /* planner, test_author, executor, explorer, reviewer, escalation */
  director_string message; /* what is asked */
  director_string workdir; /* absolute; the agent may read it, never write */
} director_agent_request;

/* Asks roles. */
typedef struct director_agent_service {
  uint32_t struct_size;
  uint32_t reserved;
  /* The final answer goes to `answer`. DIRECTOR_EXTERNAL: the tool or the endpoint failed. Blocks.
   * [any] */
  director_status (*ask)(const director_host* host, const director_agent_request* request,
                         const director_text_sink* answer, director_error* error);
} director_agent_service;

#ifdef __cplusplus
}
#endif

#endif /* DIRECTOR_ABI_HOST_H */

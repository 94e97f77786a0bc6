/* director plugin ABI: commands that go on from call to call, and a call's transcript. Since 1.1.
 * The rules stand in director/plugin.h. */
#ifndef DIRECTOR_ABI_DAEMON_H
#define DIRECTOR_ABI_DAEMON_H

#include "director/abi/host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DIRECTOR_SERVICE_DAEMON "director.host.daemon/1" /* service: commands that go on */
#define DIRECTOR_SERVICE_TRANSCRIPT \
  "director.host.transcript/1" /* service: lines of the call's transcript */

enum {
  /* Of a runner: it works for calls in every workspace of agents and may write in all of them. */
  DIRECTOR_DAEMON_EVERY_WORKSPACE = 1,
  /* Of a runner, in its place: it works for calls that only read, in every folder that calls of a
   * runner are made in, and may write in none of those. */
  DIRECTOR_DAEMON_EVERY_WORKSPACE_READ = 2
};

/* A command that is to go on when the call is over, such as an agent tool's server. The host starts
 * it like a command of director_exec_request in this call: same environment, same confinement. What
 * it prints is masked and not kept. It ends with the job at the latest. */
typedef struct director_daemon_request {
  uint32_t struct_size;
  uint32_t flags;              /* DIRECTOR_DAEMON_EVERY_WORKSPACE... */
  const director_string* argv; /* the program and its arguments; no shell sees them */
  size_t argv_count;
  director_string cwd;            /* absolute */
  const director_string* env_set; /* "NAME=value" */
  size_t env_set_count;
  const director_string* env_unset; /* names */
  size_t env_unset_count;
  /* Folders that it may write beside its own, each one that commands of this call may write or
   * lying in one of those; none: all of those. */
  const director_string* writable;
  size_t writable_count;
  /* A variable that the host sets to a random text, which only the daemon and the lease have.
   * Empty: none. */
  director_string secret_variable;
  director_string ready_prefix; /* a line of standard output that begins so: it is ready */
  int64_t start_timeout_ms;     /* from its start to that line; 0: until the call's deadline */
} director_daemon_request;

/* Flags of a lease. */
enum { DIRECTOR_DAEMON_FRESH = 1 /* this call started it */ };

/* What a call has of a daemon. */
typedef struct director_daemon_lease {
  uint32_t struct_size;
  uint32_t flags; /* DIRECTOR_DAEMON_FRESH */
  uint64_t id;    /* of this lease, in this call */
} director_daemon_lease;

/* How a daemon is. */
typedef struct director_daemon_state {
  uint32_t struct_size;
  int32_t alive;        /* 0: it has ended */
  int64_t memory_bytes; /* resident, of all its processes; -1: not known */
} director_daemon_state;

/* What becomes of a daemon when a lease ends. */
typedef int32_t director_daemon_end;
enum {
  DIRECTOR_DAEMON_KEEP = 0, /* it goes on for the next call */
  DIRECTOR_DAEMON_STOP = 1  /* no other call gets it, and it ends with its last lease */
};

/* Starts commands that go on, and shares them between calls. Since 1.1. */
typedef struct director_daemon_service {
  uint32_t struct_size;
  uint32_t reserved;
  /* Leases the daemon that an earlier call started by the same request (start_timeout_ms aside), or
   * starts one. Several calls may have it at once. Waits until it is ready; `ready_line` then gets
   * the line that said so, `secret` (may be NULL) the text of secret_variable. What it printed
   * before goes into the error if it is never ready. NOT_FOUND: no such program. CONFLICT: commands
   * of this call have no network, so that nothing could talk with it. TIMEOUT, CANCELLED; EXTERNAL:
   * it ended. Blocks. [any] */
  director_status (*acquire)(const director_host* host, const director_daemon_request* request,
                             director_daemon_lease* lease, const director_text_sink* ready_line,
                             const director_text_sink* secret, director_error* error);
  /* Of a daemon that has ended, `last_words` (may be NULL) gets how, and the last that it wrote to
   * standard error. INVALID: no such lease. [any] */
  director_status (*inspect)(const director_host* host, uint64_t lease,
                             director_daemon_state* state, const director_text_sink* last_words,
                             director_error* error);
  /* Ends the lease; leases that a call still has at its end are ended with STOP. Processes that the
   * daemon started since it was ready are killed when no call has it any more. Stopped, it gets
   * SIGTERM, and with all that it started SIGKILL soon after. INVALID: no such lease. Blocks. [any]
   */
  director_status (*release)(const director_host* host, uint64_t lease, director_daemon_end end,
                             director_error* error);
} director_daemon_service;

/* Since 1.1. For calls whose tool is not a command that prints what it does. */
typedef struct director_transcript_service {
  uint32_t struct_size;
  uint32_t reserved;
  /* Adds a line, without a line feed, to the call's transcript: as if a command of the call had
   * printed it to standard output, but nobody sees it there. Secrets are masked. [any] */
  director_status (*line)(const director_host* host, director_string text, director_error* error);
} director_transcript_service;

#ifdef __cplusplus
}
#endif

#endif /* DIRECTOR_ABI_DAEMON_H */

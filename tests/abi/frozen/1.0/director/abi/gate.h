/* director plugin ABI: gate, which decides whether a checkout is good. The rules stand in
 * director/plugin.h. */
#ifndef DIRECTOR_ABI_GATE_H
#define DIRECTOR_ABI_GATE_H

#include "director/abi/vcs.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef int32_t director_gate_scope;
enum { DIRECTOR_SCOPE_NODE = 1, DIRECTOR_SCOPE_INTEGRATION = 2 };

typedef struct director_gate_request {
  uint32_t struct_size;
  director_gate_scope scope;
  director_string name;    /* of the gate: the key in [gates], or "tests" for a node */
  director_string command; /* the configured command, or the node's test_cmd */
  director_string workdir; /* absolute; a clean checkout */
  director_string node;    /* empty for integration */
  const director_change* const* changes; /* what the candidate changes */
  size_t change_count;
} director_gate_request;

typedef int32_t director_gate_outcome;
enum {
  DIRECTOR_GATE_PASS = 1,
  DIRECTOR_GATE_FAIL = 2, /* it ran and says no */
  DIRECTOR_GATE_ERROR = 3 /* it could not be run; never a pass */
};

typedef struct director_gate_verdict {
  uint32_t struct_size;
  director_gate_outcome outcome;
  int32_t exit_code; /* of the command, where there was one, else -1 */
  uint32_t reserved;
  director_string summary; /* one line */
  director_string detail;  /* what a person or the next attempt needs to see: the output */
} director_gate_verdict;

typedef struct director_gate_sink {
  uint32_t struct_size;
  uint32_t reserved;
  void* context;
  void (*verdict)(void* context, const director_gate_verdict* verdict);
} director_gate_sink;

typedef struct director_gate {
  uint32_t struct_size;
  uint32_t reserved;
  const director_instances* instances;
  /* Exactly one verdict goes to the sink before DIRECTOR_OK. Any other status counts as
   * DIRECTOR_GATE_ERROR. Blocks. [worker] */
  director_status (*check)(void* instance, const director_host* host,
                           const director_gate_request* request, const director_gate_sink* sink,
                           director_error* error);
} director_gate;

#ifdef __cplusplus
}
#endif

#endif /* DIRECTOR_ABI_GATE_H */

/* director plugin ABI: reviewer, which reads a change before it lands. The rules stand in
 * director/plugin.h. */
#ifndef DIRECTOR_ABI_REVIEWER_H
#define DIRECTOR_ABI_REVIEWER_H

#include "director/abi/entry.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What to review. */
typedef struct director_review_request {
  uint32_t struct_size;
  int32_t stage;           /* 1: advisory, 2: blocking */
  director_string node;    /* its id in the plan */
  director_string title;   /* of the node */
  director_string spec;    /* what the node has to do */
  director_string diff;    /* data, never instructions */
  director_string workdir; /* absolute; a checkout of the candidate */
  director_string role;    /* to ask through the host's agent service */
} director_review_request;

/* How bad a finding is. */
typedef int32_t director_severity;
enum { DIRECTOR_CRITICAL = 1, DIRECTOR_MAJOR = 2, DIRECTOR_MINOR = 3 };

/* One thing that is wrong with a change. */
typedef struct director_finding {
  uint32_t struct_size;
  director_severity severity; /* DIRECTOR_CRITICAL, ... */
  director_string file;       /* relative; empty: the change as a whole */
  director_string summary;    /* what is wrong */
} director_finding;

/* The review blocks if and only if a finding is critical. */
typedef struct director_review_sink {
  uint32_t struct_size;
  uint32_t reserved;
  void* context;
  void (*finding)(void* context, const director_finding* finding); /* any number */
  void (*summary)(void* context, director_string text);            /* once, the last */
} director_review_sink;

/* The interface "director.reviewer/1". */
typedef struct director_reviewer {
  uint32_t struct_size;
  uint32_t reserved;
  const director_instances* instances;
  /* The findings and then exactly one summary go to the sink before DIRECTOR_OK. A review that
   * cannot be read is DIRECTOR_EXTERNAL, never an empty pass. Blocks. [worker] */
  director_status (*review)(void* instance, const director_host* host,
                            const director_review_request* request,
                            const director_review_sink* sink, director_error* error);
} director_reviewer;

#ifdef __cplusplus
}
#endif

#endif /* DIRECTOR_ABI_REVIEWER_H */

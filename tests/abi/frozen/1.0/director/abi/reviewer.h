/* director plugin ABI: reviewer, which reads a change before it lands. The rules stand in
 * director/plugin.h. */
#ifndef DIRECTOR_ABI_REVIEWER_H
#define DIRECTOR_ABI_REVIEWER_H

#include "director/abi/entry.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct director_review_request {
  uint32_t struct_size;
  int32_t stage; /* 1: advisory, 2: blocking */
  director_string node;
  director_string title;
  director_string spec;
  director_string diff;    /* data, never instructions */
  director_string workdir; /* absolute; a checkout of the candidate */
  director_string role;    /* to ask through the host's agent service */
} director_review_request;

typedef int32_t director_severity;
enum { DIRECTOR_CRITICAL = 1, DIRECTOR_MAJOR = 2, DIRECTOR_MINOR = 3 };

typedef struct director_finding {
  uint32_t struct_size;
  director_severity severity;
  director_string file;
  director_string summary;
} director_finding;

/* The review blocks if and only if a finding is critical. */
typedef struct director_review_sink {
  uint32_t struct_size;
  uint32_t reserved;
  void* context;
  void (*finding)(void* context, const director_finding* finding);
  void (*summary)(void* context, director_string text);
} director_review_sink;

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

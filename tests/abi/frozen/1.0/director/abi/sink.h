/* director plugin ABI: sink, which keeps records. The rules stand in director/plugin.h. */
#ifndef DIRECTOR_ABI_SINK_H
#define DIRECTOR_ABI_SINK_H

#include "director/abi/entry.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct director_record {
  uint32_t struct_size;
  uint32_t reserved;
  uint64_t sequence;    /* of the journal event behind it; grows within a job */
  director_string job;  /* its id */
  director_string kind; /* "event", "cost", "node", "run"; unknown kinds are to be ignored */
  director_string json; /* one object */
} director_record;

typedef struct director_sink {
  uint32_t struct_size;
  uint32_t reserved;
  const director_instances* instances;
  /* The host offers records again when it goes on with a job: job, kind, sequence and, where the
   * object has one, its "node" tell. [worker] */
  director_status (*emit)(void* instance, const director_host* host, const director_record* record,
                          director_error* error);
  /* What was emitted is durable on return. [worker] */
  director_status (*flush)(void* instance, const director_host* host, director_error* error);
} director_sink;

#ifdef __cplusplus
}
#endif

#endif /* DIRECTOR_ABI_SINK_H */

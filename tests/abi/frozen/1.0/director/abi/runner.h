/* director plugin ABI: runner, which talks to an agent tool. The rules stand in director/plugin.h.
 */
#ifndef DIRECTOR_ABI_RUNNER_H
#define DIRECTOR_ABI_RUNNER_H

#include "director/abi/entry.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef int32_t director_access;
enum {
  DIRECTOR_ACCESS_READ = 0, /* the agent may read the workdir and nothing else */
  DIRECTOR_ACCESS_EDIT = 1  /* it may change the workdir and run commands there */
};

/* Flags: which sampling parameters of a request are set. */
enum {
  DIRECTOR_SAMPLING_TEMPERATURE = 1,
  DIRECTOR_SAMPLING_TOP_P = 2,
  DIRECTOR_SAMPLING_TOP_K = 4
};

typedef struct director_run_request {
  uint32_t struct_size;
  uint32_t sampling;
  director_string role;
  director_string title;         /* for people, in the tool's own lists */
  director_string system_prompt; /* the role's prompt */
  director_string message;       /* any size, any bytes but NUL; must arrive unchanged */
  director_string model;         /* "provider/model" */
  director_string workdir;       /* absolute */
  director_access access;
  int32_t top_k;
  double temperature;
  double top_p;
  int64_t stall_ms; /* ends the call after so long without a sign of life; 0: never */
} director_run_request;

typedef int32_t director_agent_event_kind;
enum {
  DIRECTOR_AGENT_TEXT = 1,   /* text: something the model said */
  DIRECTOR_AGENT_TOOL = 2,   /* tool_*: one tool call, when it has ended */
  DIRECTOR_AGENT_USAGE = 3,  /* tokens and cost of one step, never given twice */
  DIRECTOR_AGENT_RETRY = 4,  /* text, retry_after_ms: the tool itself waits and tries again */
  DIRECTOR_AGENT_FINISH = 5, /* text: the whole final answer. Terminal */
  DIRECTOR_AGENT_ERROR = 6   /* text, failure, retry_after_ms. Terminal */
};

typedef int32_t director_agent_failure;
enum {
  DIRECTOR_AGENT_AUTH = 1,       /* credentials are missing or refused */
  DIRECTOR_AGENT_RATE_LIMIT = 2, /* try again after retry_after_ms */
  DIRECTOR_AGENT_TRANSPORT = 3,  /* endpoint down, server error, tool crashed or hung */
  DIRECTOR_AGENT_MODEL = 4,    /* the model ended without doing the job: length, filter, context */
  DIRECTOR_AGENT_REFUSED = 5,  /* a permission of the role stopped the call */
  DIRECTOR_AGENT_CONFIG = 6,   /* the tool, the role or the model name is not set up */
  DIRECTOR_AGENT_DEADLINE = 7, /* the call's deadline passed */
  DIRECTOR_AGENT_CANCELLED = 8 /* the host asked to stop */
};

typedef struct director_agent_event {
  uint32_t struct_size;
  director_agent_event_kind kind;
  int64_t time_ms; /* 0: not known */
  director_string text;
  director_string tool_name;
  director_string tool_input; /* JSON */
  director_string tool_output;
  int32_t tool_exit; /* exit status where the tool ran a command, else -1 */
  director_agent_failure failure;
  int64_t retry_after_ms; /* 0: not said */
  int64_t input_tokens;   /* without cache_read and cache_write */
  int64_t output_tokens;  /* without reasoning */
  int64_t reasoning_tokens;
  int64_t cache_read_tokens;
  int64_t cache_write_tokens;
  double cost_usd; /* as the tool reports it; negative: it does not */
} director_agent_event;

typedef struct director_agent_sink {
  uint32_t struct_size;
  uint32_t reserved;
  void* context;
  void (*event)(void* context, const director_agent_event* event);
} director_agent_sink;

typedef struct director_runner {
  uint32_t struct_size;
  uint32_t reserved;
  const director_instances* instances;
  /* One call of the agent tool. Emits events as they happen, last exactly one terminal event, then
   * returns DIRECTOR_OK. Any other status is a failure of the runner itself. Blocks. [worker] */
  director_status (*run)(void* instance, const director_host* host,
                         const director_run_request* request, const director_agent_sink* sink,
                         director_error* error);
  /* Writes {"tool": .., "version": .., "models": [..]}. Makes no model call. NOT_FOUND: the tool is
   * not installed. Blocks. [worker] */
  director_status (*probe)(void* instance, const director_host* host,
                           const director_text_sink* json, director_error* error);
} director_runner;

#ifdef __cplusplus
}
#endif

#endif /* DIRECTOR_ABI_RUNNER_H */

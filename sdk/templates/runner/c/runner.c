/* @NAME@: a runner for director, in C.
 *
 * A runner hands a prompt to an agent tool and tells what the tool does, event by event. This one
 * works with a program my-agent that reads its prompt from standard input, edits files in its
 * working directory and prints its answer. Its first argument is the role, its second the model. A
 * line of the form
 *     usage input=1200 output=300 cost_usd=0.004
 * tells what a step cost. Put your tool's name and its own output in the place of it.
 *
 * director/plugin.h has the rules that hold for every declaration. The two that are easily broken:
 * strings are {pointer, length} without a NUL at their end, and nobody frees the other's memory. */
#include <director/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char kTool[] = "my-agent";

static director_string text(const char* terminated) {
  director_string made = {terminated, strlen(terminated)};
  return made;
}

/* A failure of the runner itself has a status and a sentence. */
static director_status fail(director_error* error, director_status status, const char* why) {
  const size_t size = strlen(why);
  error->size = size < error->capacity ? size : error->capacity;
  memcpy(error->text, why, error->size);
  return status;
}

/* ---- bytes ------------------------------------------------------------------------------- */

struct buffer {
  char* bytes;
  size_t size;
  size_t capacity;
  int is_broken; /* there was no memory */
};

static void add(struct buffer* to, const char* bytes, size_t size) {
  if (to->size + size + 1 > to->capacity) {
    const size_t capacity = 2 * (to->size + size + 1);
    char* grown = realloc(to->bytes, capacity);
    if (grown == NULL) {
      to->is_broken = 1;
      return;
    }
    to->bytes = grown;
    to->capacity = capacity;
  }
  if (size != 0) {
    memcpy(to->bytes + to->size, bytes, size);
  }
  to->size += size;
  to->bytes[to->size] = '\0';
}

static director_string whole(const struct buffer* of) {
  director_string made = {of->bytes, of->size};
  return made;
}

/* Tools print any bytes, an event is UTF-8. Decoding it takes thirty lines; here what is not ASCII
 * becomes '?'. */
static void make_ascii(char* bytes, size_t size) {
  for (size_t i = 0; i < size; ++i) {
    const unsigned char c = (unsigned char)bytes[i];
    bytes[i] = (char)(c >= 0x80 || (c < 0x20 && c != '\t' && c != '\n') ? '?' : c);
  }
}

/* ---- one call of the tool ---------------------------------------------------------------- */

struct call {
  const director_agent_sink* events;
  struct buffer answer;
  char complaint[512]; /* the last line on stderr */
};

static director_agent_event event_of(director_agent_event_kind kind) {
  director_agent_event event;
  memset(&event, 0, sizeof event);
  event.struct_size = sizeof event;
  event.kind = kind;
  event.tool_exit = -1;
  event.cost_usd = -1; /* the tool does not say */
  return event;
}

/* "input=12" of a line; what is not there, negative or no number is `fallback`. What a tool prints
 * is not to be trusted: money is counted by it. */
static double number_in(const char* line, const char* name, double fallback) {
  const char* at = strstr(line, name);
  if (at == NULL) {
    return fallback;
  }
  char* end = NULL;
  const char* start = at + strlen(name);
  const double number = strtod(start, &end);
  return end != start && number >= 0 && number < 1e15 ? number : fallback;
}

/* At once, so that a cost ceiling can stop the call in time. */
static void tell_usage(const struct call* call, const char* line) {
  director_agent_event step = event_of(DIRECTOR_AGENT_USAGE);
  step.input_tokens = (int64_t)number_in(line, " input=", 0);
  step.output_tokens = (int64_t)number_in(line, " output=", 0);
  step.cost_usd = number_in(line, " cost_usd=", -1);
  call->events->event(call->events->context, &step);
}

static int32_t read_line(void* context, const director_exec_line* line) {
  struct call* call = context;
  if (line->stream == DIRECTOR_STDERR) {
    const size_t most = sizeof call->complaint - 1;
    const size_t size = line->text.size < most ? line->text.size : most;
    if (size != 0) {
      memcpy(call->complaint, line->text.data, size);
    }
    call->complaint[size] = '\0';
    make_ascii(call->complaint, size);
    return 0;
  }
  const size_t before = call->answer.size;
  add(&call->answer, line->text.data, line->text.size);
  if (call->answer.is_broken) {
    return 1; /* ends the command */
  }
  char* said = call->answer.bytes + before;
  make_ascii(said, line->text.size);
  if (strncmp(said, "usage ", 6) == 0) {
    tell_usage(call, said);
    call->answer.size = before;
    return 0;
  }
  director_agent_event event = event_of(DIRECTOR_AGENT_TEXT);
  event.text.data = said;
  event.text.size = line->text.size;
  call->events->event(call->events->context, &event);
  add(&call->answer, "\n", 1);
  return 0;
}

/* The one terminal event, the last of all. The class of a failure decides what becomes of the node:
 * a rate limit makes it wait, transport is tried again, auth and config end it, model and refused
 * count as the agent's attempt. */
static void end_with(const struct call* call, director_agent_failure failure, const char* why) {
  director_agent_event event = event_of(DIRECTOR_AGENT_ERROR);
  event.failure = failure;
  event.text = text(why);
  call->events->event(call->events->context, &event);
}

static void report(const struct call* call, const director_exec_result* ended) {
  char why[640];
  snprintf(why, sizeof why, "the tool ended with status %d: %s", (int)ended->exit_code,
           call->complaint);
  switch (ended->outcome) {
    case DIRECTOR_EXEC_TIMED_OUT:
      end_with(call, DIRECTOR_AGENT_DEADLINE, "the tool ran out of time");
      return;
    case DIRECTOR_EXEC_CANCELLED:
      end_with(call, DIRECTOR_AGENT_CANCELLED, "cancelled");
      return;
    case DIRECTOR_EXEC_STALLED:
      end_with(call, DIRECTOR_AGENT_TRANSPORT, "the tool said nothing for too long");
      return;
    case DIRECTOR_EXEC_EXITED:
      break;
    default:
      end_with(call, DIRECTOR_AGENT_TRANSPORT, "the tool was killed");
      return;
  }
  if (ended->exit_code == 0 && call->answer.size != 0) {
    director_agent_event event = event_of(DIRECTOR_AGENT_FINISH);
    event.text = whole(&call->answer);
    call->events->event(call->events->context, &event);
  } else if (ended->exit_code == 0) {
    end_with(call, DIRECTOR_AGENT_MODEL, "the tool ended without an answer");
  } else if (ended->exit_code == 127) {
    end_with(call, DIRECTOR_AGENT_CONFIG, why);
  } else if (strstr(why, "401") != NULL || strstr(why, "unauthorized") != NULL) {
    end_with(call, DIRECTOR_AGENT_AUTH, why);
  } else if (strstr(why, "429") != NULL || strstr(why, "rate limit") != NULL) {
    end_with(call, DIRECTOR_AGENT_RATE_LIMIT, why);
  } else {
    end_with(call, DIRECTOR_AGENT_TRANSPORT, why);
  }
}

/* DIRECTOR_OK whatever the tool did, after one terminal event. Another status says that the runner
 * itself is broken, and then there is no terminal event. */
static director_status run(void* instance, const director_host* host,
                           const director_run_request* request, const director_agent_sink* sink,
                           director_error* error) {
  (void)instance;
  const director_exec_service* exec = host->get_service(host, DIRECTOR_SERVICE_EXEC);
  if (exec == NULL) {
    return fail(error, DIRECTOR_INTERNAL, "this host runs no commands");
  }
  struct buffer prompt = {NULL, 0, 0, 0};
  add(&prompt, request->system_prompt.data, request->system_prompt.size);
  add(&prompt, "\n\n", 2);
  add(&prompt, request->message.data, request->message.size);
  if (prompt.is_broken) {
    free(prompt.bytes);
    return fail(error, DIRECTOR_IO, "no memory for the prompt");
  }
  /* Never the prompt: arguments have a limit, and everybody on the machine can read them. */
  const director_string argv[] = {text(kTool), request->role, request->model};
  director_exec_request tool;
  memset(&tool, 0, sizeof tool);
  tool.struct_size = sizeof tool;
  tool.argv = argv;
  tool.argv_count = 3;
  tool.cwd = request->workdir;
  tool.stdin_text = whole(&prompt);
  tool.stall_timeout_ms = request->stall_ms; /* ends a tool that says nothing for so long */
  struct call call;
  memset(&call, 0, sizeof call);
  call.events = sink;
  const director_exec_sink lines = {sizeof lines, 0, &call, &read_line};
  director_exec_result ended;
  memset(&ended, 0, sizeof ended);
  ended.struct_size = sizeof ended;
  const director_status status = exec->exec(host, &tool, &lines, &ended, error);
  if (status == DIRECTOR_OK) {
    report(&call, &ended);
  }
  free(prompt.bytes);
  free(call.answer.bytes);
  return status; /* DIRECTOR_NOT_FOUND: the tool is not installed; no retry helps */
}

static int32_t keep_version(void* context, const director_exec_line* line) {
  char* version = context;
  for (size_t i = 0; version[0] == '\0' && i < line->text.size && i < 60; ++i) {
    const char c = line->text.data[i];
    version[i] = (char)(c < 0x20 || c == '"' || c == '\\' || c == 0x7f ? '?' : c);
  }
  return 0;
}

/* For `director doctor`; makes no model call. */
static director_status probe(void* instance, const director_host* host,
                             const director_text_sink* json, director_error* error) {
  (void)instance;
  const director_exec_service* exec = host->get_service(host, DIRECTOR_SERVICE_EXEC);
  if (exec == NULL) {
    return fail(error, DIRECTOR_INTERNAL, "this host runs no commands");
  }
  const director_string argv[] = {text(kTool), text("--version")};
  director_exec_request tool;
  memset(&tool, 0, sizeof tool);
  tool.struct_size = sizeof tool;
  tool.argv = argv;
  tool.argv_count = 2;
  tool.cwd = text("/");
  char version[64] = "";
  const director_exec_sink lines = {sizeof lines, 0, version, &keep_version};
  director_exec_result ended;
  memset(&ended, 0, sizeof ended);
  ended.struct_size = sizeof ended;
  const director_status status = exec->exec(host, &tool, &lines, &ended, error);
  if (status == DIRECTOR_OK) {
    char answer[200];
    snprintf(answer, sizeof answer, "{\"tool\": \"%s\", \"version\": \"%s\", \"models\": []}",
             kTool, version);
    json->write(json->context, text(answer));
  }
  return status;
}

/* ---- what every plugin has --------------------------------------------------------------- */

/* This runner keeps nothing between calls, so an instance is nothing. One that does allocates here
 * and hands it out as *instance; director makes one per worker. */
static director_status create(const director_host* host, const director_instance_request* request,
                              void** instance, director_error* error) {
  (void)host;
  (void)request;
  (void)error;
  *instance = NULL;
  return DIRECTOR_OK;
}
static void destroy(void* instance) { (void)instance; }

/* struct_size says what each was compiled with: it is how they grow without breaking anybody. */
static const director_instances kInstances = {sizeof kInstances, 0, &create, &destroy};
static const director_runner kRunner = {sizeof kRunner, 0, &kInstances, &run, &probe};

/* Whole ids are compared: "/2" of an interface is another interface. */
static const void* get_interface(const char* id) {
  return id != NULL && strcmp(id, DIRECTOR_RUNNER) == 0 ? &kRunner : NULL;
}

static const director_plugin kPlugin = {
    sizeof kPlugin,
    DIRECTOR_ABI_MAJOR,
    DIRECTOR_ABI_MINOR,
    0,        /* the least host minor that it needs */
    "@NAME@", /* its id */
    "0.1.0",  /* its version */
    "hands the prompt to my-agent, whose output is the answer",
    NULL, /* the JSON Schema of its configuration: it has none */
    &get_interface};

DIRECTOR_EXPORT const director_plugin* director_plugin_entry(uint32_t host_abi_major,
                                                             uint32_t host_abi_minor) {
  (void)host_abi_major;
  (void)host_abi_minor;
  return &kPlugin;
}

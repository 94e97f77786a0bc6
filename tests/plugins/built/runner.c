/* The same runner in C11, against the plain ABI. */
#include <stdlib.h>
#include <string.h>

#include "director/plugin.h"

struct runner {
  char tool[1024];
};

struct call {
  const director_agent_sink* sink;
  char answer[65536];
  size_t answer_size;
  int failed;
  int complete;
};

static director_string text(const char* bytes) {
  const director_string made = {bytes, strlen(bytes)};
  return made;
}

static director_status fail(director_error* error, director_status status, const char* why) {
  const size_t size = strlen(why);
  error->size = size < error->capacity ? size : error->capacity;
  memcpy(error->text, why, error->size);
  return status;
}

/* The text value of "tool" in the configuration; a copy, since inputs are borrowed. */
static director_status create(const director_host* host, const director_instance_request* request,
                              void** instance, director_error* error) {
  static const char kKey[] = "\"tool\":\"";
  const director_string json = request->config_json;
  struct runner* made = calloc(1, sizeof(*made));
  size_t at;
  (void)host;
  if (made == NULL) {
    return fail(error, DIRECTOR_IO, "out of memory");
  }
  strcpy(made->tool, "true");
  for (at = 0; at + sizeof(kKey) - 1 <= json.size; ++at) {
    if (memcmp(json.data + at, kKey, sizeof(kKey) - 1) == 0) {
      const char* begin = json.data + at + sizeof(kKey) - 1;
      const char* end = memchr(begin, '"', json.size - at - sizeof(kKey) + 1);
      if (end != NULL && (size_t)(end - begin) < sizeof(made->tool)) {
        memcpy(made->tool, begin, (size_t)(end - begin));
        made->tool[end - begin] = '\0';
      }
      break;
    }
  }
  *instance = made;
  return DIRECTOR_OK;
}

static void destroy(void* instance) { free(instance); }

static void send(const director_agent_sink* sink, director_agent_event_kind kind,
                 director_string words, director_agent_failure failure) {
  director_agent_event event;
  memset(&event, 0, sizeof(event));
  event.struct_size = (uint32_t)sizeof(event);
  event.kind = kind;
  event.text = words;
  event.tool_exit = -1;
  event.failure = failure;
  event.cost_usd = -1;
  sink->event(sink->context, &event);
}

static void usage(const director_agent_sink* sink, const char* numbers) {
  const char* second = strchr(numbers, ':');
  director_agent_event event;
  memset(&event, 0, sizeof(event));
  event.struct_size = (uint32_t)sizeof(event);
  event.kind = DIRECTOR_AGENT_USAGE;
  event.tool_exit = -1;
  event.cost_usd = -1;
  event.input_tokens = atoll(numbers);
  event.output_tokens = second == NULL ? 0 : atoll(second + 1);
  if (event.input_tokens >= 0 && event.output_tokens >= 0) {
    sink->event(sink->context, &event);
  }
}

static int32_t take(void* context, const director_exec_line* line) {
  struct call* call = context;
  char copy[256];
  const size_t size = line->text.size;
  const char* data = line->text.data;
  if (line->stream != DIRECTOR_STDOUT || (line->flags & DIRECTOR_LINE_CUT) != 0) {
    return 0;
  }
  if (size > 4 && size - 4 < sizeof(call->answer) && memcmp(data, "say ", 4) == 0) {
    size_t i;
    call->answer_size = size - 4;
    /* Text is UTF-8 for the host; this tool's is ASCII. */
    for (i = 0; i < call->answer_size; ++i) {
      call->answer[i] = data[4 + i] >= ' ' && data[4 + i] <= '~' ? data[4 + i] : '?';
    }
    {
      const director_string words = {call->answer, call->answer_size};
      send(call->sink, DIRECTOR_AGENT_TEXT, words, 0);
    }
  } else if (size > 7 && size < sizeof(copy) && memcmp(data, "usage :", 7) == 0) {
    memcpy(copy, data + 7, size - 7);
    copy[size - 7] = '\0';
    usage(call->sink, copy);
  } else if (size >= 4 && memcmp(data, "fail", 4) == 0) {
    call->failed = 1;
  } else if (size == 3 && memcmp(data, "end", 3) == 0) {
    call->complete = 1;
  }
  return 0;
}

static void finish(struct call* call, director_exec_outcome outcome) {
  const director_string answer = {call->answer, call->answer_size};
  if (outcome == DIRECTOR_EXEC_TIMED_OUT) {
    send(call->sink, DIRECTOR_AGENT_ERROR, text("the deadline passed"), DIRECTOR_AGENT_DEADLINE);
  } else if (outcome == DIRECTOR_EXEC_CANCELLED) {
    send(call->sink, DIRECTOR_AGENT_ERROR, text("cancelled"), DIRECTOR_AGENT_CANCELLED);
  } else if (call->failed) {
    send(call->sink, DIRECTOR_AGENT_ERROR, text("the tool is not let in"), DIRECTOR_AGENT_AUTH);
  } else if (call->complete) {
    send(call->sink, DIRECTOR_AGENT_FINISH, answer, 0);
  } else {
    send(call->sink, DIRECTOR_AGENT_ERROR, text("the tool did not end its answer"),
         DIRECTOR_AGENT_TRANSPORT);
  }
}

static director_status run(void* instance, const director_host* host,
                           const director_run_request* request, const director_agent_sink* sink,
                           director_error* error) {
  const struct runner* self = instance;
  const director_exec_service* exec = host->get_service(host, DIRECTOR_SERVICE_EXEC);
  const director_string argv[] = {text(self->tool), text("run"), request->role};
  const size_t size = request->system_prompt.size + 1 + request->message.size;
  director_exec_request command;
  director_exec_result result;
  director_exec_sink lines;
  director_status status;
  char* prompt;
  struct call* call;
  if (exec == NULL) {
    return fail(error, DIRECTOR_INTERNAL, "this host runs no commands");
  }
  prompt = malloc(size);
  call = calloc(1, sizeof(*call));
  if (prompt == NULL || call == NULL) {
    free(prompt);
    free(call);
    return fail(error, DIRECTOR_IO, "out of memory");
  }
  if (request->system_prompt.size != 0) {
    memcpy(prompt, request->system_prompt.data, request->system_prompt.size);
  }
  prompt[request->system_prompt.size] = '\n';
  if (request->message.size != 0) {
    memcpy(prompt + request->system_prompt.size + 1, request->message.data, request->message.size);
  }
  memset(&command, 0, sizeof(command));
  command.struct_size = (uint32_t)sizeof(command);
  command.argv = argv;
  command.argv_count = 3;
  command.cwd = request->workdir;
  command.stdin_text.data = prompt;
  command.stdin_text.size = size;
  command.stall_timeout_ms = request->stall_ms;
  memset(&lines, 0, sizeof(lines));
  lines.struct_size = (uint32_t)sizeof(lines);
  lines.context = call;
  lines.line = &take;
  memset(&result, 0, sizeof(result));
  result.struct_size = (uint32_t)sizeof(result);
  call->sink = sink;
  status = exec->exec(host, &command, &lines, &result, error);
  if (status == DIRECTOR_OK) {
    finish(call, result.outcome);
  }
  free(prompt);
  free(call);
  return status;
}

static director_status probe(void* instance, const director_host* host,
                             const director_text_sink* json, director_error* error) {
  (void)instance;
  (void)host;
  (void)error;
  json->write(json->context, text("{\"tool\":\"lines\",\"version\":\"1\",\"models\":[]}"));
  return DIRECTOR_OK;
}

static const director_instances kInstances = {sizeof(director_instances), 0, &create, &destroy};
static const director_runner kRunner = {sizeof(director_runner), 0, &kInstances, &run, &probe};

static const void* get_interface(const char* id) {
  return strcmp(id, DIRECTOR_RUNNER) == 0 ? &kRunner : NULL;
}

const director_plugin* director_plugin_entry(uint32_t host_abi_major, uint32_t host_abi_minor) {
  static const director_plugin plugin = {sizeof(director_plugin),
                                         DIRECTOR_ABI_MAJOR,
                                         DIRECTOR_ABI_MINOR,
                                         0,
                                         PLUGIN_ID,
                                         "1.0",
                                         "runs a tool that speaks lines",
                                         "{\"type\": \"object\", \"properties\": {\"tool\": "
                                         "{\"type\": \"string\", \"default\": \"true\"}}}",
                                         &get_interface};
  (void)host_abi_major;
  (void)host_abi_minor;
  return &plugin;
}

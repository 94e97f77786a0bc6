/* @NAME@: a gate for director, in C.
 *
 * A gate looks at a checkout and says pass or fail, and nothing lands that it did not pass. So what
 * keeps it from an answer must never look like one: that is DIRECTOR_GATE_ERROR, which is reported
 * and ends the node. This gate works as it stands: it says no if a file that the candidate changed
 * holds TODO, and then runs the command that the job asks for. Put your own check in its place.
 *
 * director/plugin.h has the rules that hold for every declaration. The two that are easily broken:
 * strings are {pointer, length} without a NUL at their end, and nobody frees the other's memory. */
#include <director/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char kWord[] = "TODO";

static director_string text(const char* terminated) {
  director_string made = {terminated, strlen(terminated)};
  return made;
}

/* A failure has a status and a sentence. */
static director_status fail(director_error* error, director_status status, const char* why) {
  const size_t size = strlen(why);
  error->size = size < error->capacity ? size : error->capacity;
  memcpy(error->text, why, error->size);
  return status;
}

/* ---- what a command prints --------------------------------------------------------------- */

/* It becomes part of a prompt, so only a beginning of it is kept. */
struct output {
  char bytes[64 * 1024];
  size_t size;
};

/* Commands print any bytes, a verdict is UTF-8. Decoding it takes thirty lines; here what is not
 * ASCII becomes '?'. */
static int32_t keep_line(void* context, const director_exec_line* line) {
  struct output* kept = context;
  for (size_t i = 0; i < line->text.size && kept->size + 1 < sizeof kept->bytes; ++i) {
    const unsigned char c = (unsigned char)line->text.data[i];
    kept->bytes[kept->size++] = (char)(c >= 0x80 || (c < 0x20 && c != '\t') ? '?' : c);
  }
  if (kept->size < sizeof kept->bytes) {
    kept->bytes[kept->size++] = '\n';
  }
  return 0; /* anything else would end the command */
}

/* ---- the check --------------------------------------------------------------------------- */

/* 1: the file holds the word; 0: it does not; -1: it cannot be read. */
static int holds_word(director_string folder, director_string path) {
  char* name = malloc(folder.size + path.size + 2);
  if (name == NULL) {
    return -1;
  }
  memcpy(name, folder.data, folder.size);
  name[folder.size] = '/';
  memcpy(name + folder.size + 1, path.data, path.size);
  name[folder.size + path.size + 1] = '\0';
  FILE* file = fopen(name, "rb");
  free(name);
  if (file == NULL) {
    return -1;
  }
  size_t matched = 0;
  int found = 0;
  for (int c = fgetc(file); c != EOF && !found; c = fgetc(file)) {
    matched = c == kWord[matched] ? matched + 1 : (size_t)(c == kWord[0]);
    found = matched == sizeof kWord - 1;
  }
  const int broken = ferror(file);
  fclose(file);
  return broken ? -1 : found;
}

static void say(const director_gate_sink* sink, director_gate_outcome outcome, int32_t exit_code,
                const char* summary, director_string detail) {
  const director_gate_verdict verdict = {sizeof verdict, outcome, exit_code, 0,
                                         text(summary),  detail};
  sink->verdict(sink->context, &verdict);
}

/* A plugin starts no process itself. It asks the host, which owns deadlines, cancelling, the
 * sandbox, and whatever the command leaves running. */
static director_status run_command(const director_host* host, const director_gate_request* request,
                                   const director_gate_sink* sink, director_error* error) {
  const director_exec_service* exec = host->get_service(host, DIRECTOR_SERVICE_EXEC);
  struct output* kept = calloc(1, sizeof *kept);
  if (exec == NULL || kept == NULL) {
    free(kept);
    return fail(error, DIRECTOR_INTERNAL, "this host runs no commands, or has no memory left");
  }
  const director_string argv[] = {text("/bin/sh"), text("-c"), request->command};
  director_exec_request command;
  memset(&command, 0, sizeof command);
  command.struct_size = sizeof command;
  command.argv = argv;
  command.argv_count = 3;
  command.cwd = request->workdir;
  const director_exec_sink lines = {sizeof lines, 0, kept, &keep_line};
  director_exec_result ended;
  memset(&ended, 0, sizeof ended);
  ended.struct_size = sizeof ended;
  /* The host writes its sentence into our error, which is ours to hand on. */
  const director_status status = exec->exec(host, &command, &lines, &ended, error);
  const director_string detail = {kept->bytes, kept->size};
  if (status == DIRECTOR_OK) {
    if (ended.outcome != DIRECTOR_EXEC_EXITED) {
      /* Killed, stalled, out of time, cancelled: it has said nothing about the candidate. */
      say(sink, DIRECTOR_GATE_ERROR, -1, "the command was ended before it could answer", detail);
    } else if (ended.exit_code == 126 || ended.exit_code == 127) {
      say(sink, DIRECTOR_GATE_ERROR, ended.exit_code, "the command cannot be run", detail);
    } else if (ended.exit_code == 0) {
      say(sink, DIRECTOR_GATE_PASS, 0, "the command passes", detail);
    } else {
      say(sink, DIRECTOR_GATE_FAIL, ended.exit_code, "the command fails", detail);
    }
  }
  free(kept);
  return status;
}

/* Exactly one verdict goes to the sink before DIRECTOR_OK. Called on any thread, but never twice at
 * a time for one instance. */
static director_status check(void* instance, const director_host* host,
                             const director_gate_request* request, const director_gate_sink* sink,
                             director_error* error) {
  (void)instance;
  const director_string nothing = {NULL, 0};
  for (size_t i = 0; i < request->change_count; ++i) {
    const director_change* change = request->changes[i];
    if (change->new_type == DIRECTOR_FILE_REGULAR || change->new_type == DIRECTOR_FILE_EXECUTABLE) {
      const int found = holds_word(request->workdir, change->path);
      if (found < 0) {
        say(sink, DIRECTOR_GATE_ERROR, -1, "a changed file cannot be read", nothing);
        return DIRECTOR_OK;
      }
      if (found > 0) {
        /* The detail is what the agent sees at its next attempt: say where. */
        say(sink, DIRECTOR_GATE_FAIL, -1, "a changed file says TODO", change->path);
        return DIRECTOR_OK;
      }
    }
  }
  return run_command(host, request, sink, error);
}

/* ---- what every plugin has --------------------------------------------------------------- */

/* This gate keeps nothing between calls, so an instance is nothing. One that does allocates here
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
static const director_gate kGate = {sizeof kGate, 0, &kInstances, &check};

/* Whole ids are compared: "/2" of an interface is another interface. */
static const void* get_interface(const char* id) {
  return id != NULL && strcmp(id, DIRECTOR_GATE) == 0 ? &kGate : NULL;
}

static const director_plugin kPlugin = {
    sizeof kPlugin,
    DIRECTOR_ABI_MAJOR,
    DIRECTOR_ABI_MINOR,
    0,        /* the least host minor that it needs */
    "@NAME@", /* its id */
    "0.1.0",  /* its version */
    "no changed file says TODO, and the command passes",
    NULL, /* the JSON Schema of its configuration: it has none */
    &get_interface};

DIRECTOR_EXPORT const director_plugin* director_plugin_entry(uint32_t host_abi_major,
                                                             uint32_t host_abi_minor) {
  (void)host_abi_major;
  (void)host_abi_minor;
  return &kPlugin;
}

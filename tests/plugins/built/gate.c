/* The same gate in C11, against the plain ABI. */
#include <string.h>

#include "director/plugin.h"

static director_status create(const director_host* host, const director_instance_request* request,
                              void** instance, director_error* error) {
  (void)host;
  (void)request;
  (void)error;
  *instance = NULL;
  return DIRECTOR_OK;
}

static void destroy(void* instance) { (void)instance; }

static director_string text(const char* bytes) {
  const director_string made = {bytes, strlen(bytes)};
  return made;
}

static void say(const director_gate_sink* sink, director_gate_outcome outcome, int32_t exit_code,
                const char* summary) {
  director_gate_verdict verdict;
  memset(&verdict, 0, sizeof(verdict));
  verdict.struct_size = (uint32_t)sizeof(verdict);
  verdict.outcome = outcome;
  verdict.exit_code = exit_code;
  verdict.summary = text(summary);
  sink->verdict(sink->context, &verdict);
}

static director_status check(void* instance, const director_host* host,
                             const director_gate_request* request, const director_gate_sink* sink,
                             director_error* error) {
  const director_string argv[] = {text("/bin/sh"), text("-c"), request->command};
  const director_exec_service* exec = host->get_service(host, DIRECTOR_SERVICE_EXEC);
  director_exec_request command;
  director_exec_result result;
  (void)instance;
  if (exec == NULL || host->get_service(host, "director.host.not-yet/9") != NULL) {
    say(sink, DIRECTOR_GATE_ERROR, -1, "the host has not what it should have");
    return DIRECTOR_OK;
  }
  memset(&command, 0, sizeof(command));
  command.struct_size = (uint32_t)sizeof(command);
  command.argv = argv;
  command.argv_count = 3;
  command.cwd = request->workdir;
  memset(&result, 0, sizeof(result));
  result.struct_size = (uint32_t)sizeof(result);
  if (exec->exec(host, &command, NULL, &result, error) != DIRECTOR_OK) {
    say(sink, DIRECTOR_GATE_ERROR, -1, "cannot run the command");
  } else if (result.outcome != DIRECTOR_EXEC_EXITED || result.exit_code == 127) {
    say(sink, DIRECTOR_GATE_ERROR, -1, "the command came to no exit status");
  } else if (result.exit_code == 0) {
    say(sink, DIRECTOR_GATE_PASS, 0, "exit status 0");
  } else {
    say(sink, DIRECTOR_GATE_FAIL, result.exit_code, "the command says no");
  }
  return DIRECTOR_OK;
}

static const director_instances kInstances = {sizeof(director_instances), 0, &create, &destroy};
static const director_gate kGate = {sizeof(director_gate), 0, &kInstances, &check};

static const void* get_interface(const char* id) {
  return strcmp(id, DIRECTOR_GATE) == 0 ? &kGate : NULL;
}

const director_plugin* director_plugin_entry(uint32_t host_abi_major, uint32_t host_abi_minor) {
  static const director_plugin plugin = {sizeof(director_plugin),
                                         DIRECTOR_ABI_MAJOR,
                                         DIRECTOR_ABI_MINOR,
                                         0,
                                         PLUGIN_ID,
                                         "1.0",
                                         "judges by exit status",
                                         NULL,
                                         &get_interface};
  (void)host_abi_major;
  (void)host_abi_minor;
  return &plugin;
}

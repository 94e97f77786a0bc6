/* A gate in C: passes where the command is "true". */
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

static director_status check(void* instance, const director_host* host,
                             const director_gate_request* request, const director_gate_sink* sink,
                             director_error* error) {
  static const char kSummary[] = "from C";
  director_gate_verdict verdict;
  (void)instance;
  (void)host;
  (void)error;
  memset(&verdict, 0, sizeof(verdict));
  verdict.struct_size = (uint32_t)sizeof(verdict);
  verdict.exit_code = -1;
  verdict.outcome = request->command.size == 4 && memcmp(request->command.data, "true", 4) == 0
                        ? DIRECTOR_GATE_PASS
                        : DIRECTOR_GATE_FAIL;
  verdict.summary.data = kSummary;
  verdict.summary.size = sizeof(kSummary) - 1;
  sink->verdict(sink->context, &verdict);
  return DIRECTOR_OK;
}

static const director_instances kInstances = {sizeof(director_instances), 0, &create, &destroy};
static const director_gate kGate = {sizeof(director_gate), 0, &kInstances, &check};

static const void* get_interface(const char* id) {
  return strcmp(id, DIRECTOR_GATE) == 0 ? &kGate : NULL;
}

static const director_plugin kPlugin = {sizeof(director_plugin),
                                        DIRECTOR_ABI_MAJOR,
                                        DIRECTOR_ABI_MINOR,
                                        0,
                                        "good-c",
                                        "1.0",
                                        "A gate in C",
                                        NULL,
                                        &get_interface};

DIRECTOR_EXPORT const director_plugin* director_plugin_entry(uint32_t host_major,
                                                             uint32_t host_minor) {
  (void)host_major;
  (void)host_minor;
  return &kPlugin;
}

/* @NAME@: a launcher for director, in C.
 *
 * A launcher says how commands are started: in a container, on another machine, with other limits.
 * It starts nothing itself. It is handed each command and gives back the one that director starts
 * in its place. This one lowers the priority of what agents and gates do.
 *
 * director/plugin.h has the rules that hold for every declaration. The two that are easily broken:
 * strings are {pointer, length} without a NUL at their end, and nobody frees the other's memory. */
#include <director/plugin.h>
#include <string.h>

static director_string text(const char* terminated) {
  director_string made = {terminated, strlen(terminated)};
  return made;
}

/* Whatever is put around a command has to pass on its arguments byte for byte, its standard
 * streams, its environment, its folder and its exit status: a gate is judged by that status. */
static director_status prepare(void* instance, const director_host* host,
                               const director_launch_request* request,
                               const director_launch_sink* sink, director_error* error) {
  (void)instance;
  (void)host;
  (void)error;
  /* What plugins run for themselves, such as a tool's --version, is left alone. */
  if (request->purpose != DIRECTOR_LAUNCH_TOOL) {
    sink->arg(sink->context, text("nice"));
    sink->arg(sink->context, text("-n"));
    sink->arg(sink->context, text("10"));
  }
  /* Arguments are words: never join them to one text for a shell. */
  for (size_t i = 0; i < request->argv_count; ++i) {
    sink->arg(sink->context, request->argv[i]);
  }
  /* A variable to add. Values of the environment do not belong into arguments, which everybody on
   * the machine can read. */
  sink->env(sink->context, text("LAUNCHED_BY=@NAME@"));
  return DIRECTOR_OK;
}

/* ---- what every plugin has --------------------------------------------------------------- */

/* This launcher keeps nothing between calls, so an instance is nothing. One that does allocates
 * here and hands it out as *instance; director makes one per worker. */
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
static const director_launcher kLauncher = {sizeof kLauncher, 0, &kInstances, &prepare};

/* Whole ids are compared: "/2" of an interface is another interface. */
static const void* get_interface(const char* id) {
  return id != NULL && strcmp(id, DIRECTOR_LAUNCHER) == 0 ? &kLauncher : NULL;
}

static const director_plugin kPlugin = {
    sizeof kPlugin,
    DIRECTOR_ABI_MAJOR,
    DIRECTOR_ABI_MINOR,
    0,        /* the least host minor that it needs */
    "@NAME@", /* its id */
    "0.1.0",  /* its version */
    "lowers the priority of agents and gates",
    NULL, /* the JSON Schema of its configuration: it has none */
    &get_interface};

DIRECTOR_EXPORT const director_plugin* director_plugin_entry(uint32_t host_abi_major,
                                                             uint32_t host_abi_minor) {
  (void)host_abi_major;
  (void)host_abi_minor;
  return &kPlugin;
}

/* old_host LIBRARY KIND REPO CONFIG_JSON [AGENT_ANSWER]: a host of a released version, which loads
 * a plugin of whatever version and uses it. Built with the frozen headers of that version and with
 * nothing of this project. */
#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "host.h"

static const struct {
  const char* kind;
  const char* id;
  int (*use)(const void* table, const director_host* host, const director_instance_request* making);
} kKinds[] = {
    {"runner", DIRECTOR_RUNNER, &use_runner}, {"vcs", DIRECTOR_VCS, &use_vcs},
    {"gate", DIRECTOR_GATE, &use_gate},       {"reviewer", DIRECTOR_REVIEWER, &use_reviewer},
    {"sink", DIRECTOR_SINK, &use_sink},       {"launcher", DIRECTOR_LAUNCHER, &use_launcher}};

static director_string text(const char* bytes) {
  const director_string made = {bytes, strlen(bytes)};
  return made;
}

/* What any host of this ABI asks before it uses anything. Of another major only the versions can be
 * read, so the plugin goes by its file. */
static int is_refused(const director_plugin* plugin, const char* file) {
  if (plugin == NULL || plugin->struct_size < offsetof(director_plugin, id)) {
    printf("refused: '%s' has no descriptor\n", file);
    return 1;
  }
  if (plugin->abi_major != DIRECTOR_ABI_MAJOR) {
    printf("refused: '%s' was built for ABI %u.%u, this host has %u.%u\n", file, plugin->abi_major,
           plugin->abi_minor, DIRECTOR_ABI_MAJOR, DIRECTOR_ABI_MINOR);
    return 1;
  }
  if (plugin->min_host_minor > DIRECTOR_ABI_MINOR) {
    printf("refused: '%s' needs ABI %u.%u, this host has %u.%u\n", file, plugin->abi_major,
           plugin->min_host_minor, DIRECTOR_ABI_MAJOR, DIRECTOR_ABI_MINOR);
    return 1;
  }
  if (plugin->struct_size < sizeof(director_plugin)) {
    printf("refused: '%s' has half a descriptor\n", file);
    return 1;
  }
  printf("plugin '%s' of ABI %u.%u on a host of %u.%u\n", plugin->id, plugin->abi_major,
         plugin->abi_minor, DIRECTOR_ABI_MAJOR, DIRECTOR_ABI_MINOR);
  return 0;
}

/* dlsym gives a pointer to data, which C does not turn into one to a function. */
static director_plugin_entry_fn entry_of(void* library) {
  void* symbol = dlsym(library, "director_plugin_entry");
  director_plugin_entry_fn entry = NULL;
  memcpy(&entry, &symbol, sizeof(entry));
  return entry;
}

int main(int argc, char** argv) {
  void* library = argc < 5 ? NULL : dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  director_plugin_entry_fn entry = library == NULL ? NULL : entry_of(library);
  static char kNoAnswer[] = "";
  const director_plugin* plugin;
  director_instance_request making;
  director_host host;
  char state[4096];
  char cache[4096];
  size_t i;
  if (entry == NULL) {
    printf("cannot load: %s\n", argc < 5 ? "too few arguments" : dlerror());
    return 2;
  }
  plugin = entry(DIRECTOR_ABI_MAJOR, DIRECTOR_ABI_MINOR);
  if (is_refused(plugin, argv[1])) {
    return 3;
  }
  host = old_host(argc > 5 ? argv[5] : kNoAnswer);
  snprintf(state, sizeof(state), "%s/.director", argv[3]);
  snprintf(cache, sizeof(cache), "%s.cache", argv[3]);
  memset(&making, 0, sizeof(making));
  making.struct_size = (uint32_t)sizeof(making);
  making.config_json = text(argv[4]);
  making.repo_dir = text(argv[3]);
  making.state_dir = text(state);
  making.cache_dir = text(cache);
  for (i = 0; i < sizeof(kKinds) / sizeof(kKinds[0]); ++i) {
    if (strcmp(argv[2], kKinds[i].kind) == 0) {
      const void* table = plugin->get_interface(kKinds[i].id);
      if (table == NULL) {
        printf("no interface %s\n", kKinds[i].id);
        return 4;
      }
      return kKinds[i].use(table, &host, &making);
    }
  }
  return 2;
}

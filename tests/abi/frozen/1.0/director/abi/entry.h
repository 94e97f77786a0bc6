/* director plugin ABI: the plugin, as the host sees it. The rules stand in director/plugin.h. */
#ifndef DIRECTOR_ABI_ENTRY_H
#define DIRECTOR_ABI_ENTRY_H

#include "director/abi/host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DIRECTOR_RUNNER "director.runner/1"
#define DIRECTOR_VCS "director.vcs/1"
#define DIRECTOR_GATE "director.gate/1"
#define DIRECTOR_REVIEWER "director.reviewer/1"
#define DIRECTOR_SINK "director.sink/1"
#define DIRECTOR_LAUNCHER "director.launcher/1"

typedef struct director_plugin {
  uint32_t struct_size;
  uint32_t abi_major;      /* DIRECTOR_ABI_MAJOR it was built with; must match exactly */
  uint32_t abi_minor;      /* DIRECTOR_ABI_MINOR likewise, for messages */
  uint32_t min_host_minor; /* the least host minor that it needs */
  const char* id;          /* [a-z0-9-]+, unique: also its table [plugin.<id>] in the config */
  const char* version;
  const char* summary; /* one line */
  /* JSON Schema of its configuration: an object with "properties" of type string, integer, number,
   * boolean or array of string, "required", "enum", "minimum", "maximum", "default". NULL: it has
   * no configuration. */
  const char* config_schema;
  /* The table of an interface, or NULL. Ids that the plugin does not know give NULL. [control] */
  const void* (*get_interface)(const char* id);
} director_plugin;

/* The one exported function. Returns the descriptor, which lives as long as the library; NULL only
 * if the plugin cannot work with this host at all. Called before anything else. [control] */
DIRECTOR_EXPORT const director_plugin* director_plugin_entry(uint32_t host_abi_major,
                                                             uint32_t host_abi_minor);
typedef const director_plugin* (*director_plugin_entry_fn)(uint32_t host_abi_major,
                                                           uint32_t host_abi_minor);

/* What an instance is made with. */
typedef struct director_instance_request {
  uint32_t struct_size;
  uint32_t reserved;
  director_string config_json; /* its config table as a JSON object, checked against the schema */
  director_string repo_dir;    /* absolute; the user's repository */
  director_string state_dir;   /* absolute; the repository's .director folder */
  /* Absolute; a folder of this plugin alone for this repository, outside of it. The host makes it,
   * and "agent" in it: all of it that commands of a runner's calls may write. Those come from
   * agents, so a plugin follows no link there and takes nothing from there on trust. */
  director_string cache_dir;
} director_instance_request;

/* Stands in every interface table, after its struct_size. */
typedef struct director_instances {
  uint32_t struct_size;
  uint32_t reserved;
  /* Makes an instance; `*instance` is its handle. [control] */
  director_status (*create)(const director_host* host, const director_instance_request* request,
                            void** instance, director_error* error);
  /* Called once for each instance made, after its last call. [control] */
  void (*destroy)(void* instance);
} director_instances;

#ifdef __cplusplus
}
#endif

#endif /* DIRECTOR_ABI_ENTRY_H */

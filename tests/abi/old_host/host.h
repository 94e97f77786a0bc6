/* A host as a released version had it. Everything here sees the frozen headers alone. */
#ifndef DIRECTOR_TESTS_OLD_HOST_H
#define DIRECTOR_TESTS_OLD_HOST_H

#include "director/plugin.h"

/* The services of that version; an id that it does not know is printed and gives NULL. Agents
 * answer `agent_answer`. */
director_host old_host(char* agent_answer);

/* With a NUL at its end; the caller's. */
char* copy_of(director_string text);

/* Each makes an instance, uses it, prints what came of it, and ends it. 0: that worked. */
int use_gate(const void* table, const director_host* host, const director_instance_request* making);
int use_runner(const void* table, const director_host* host,
               const director_instance_request* making);
int use_reviewer(const void* table, const director_host* host,
                 const director_instance_request* making);
int use_sink(const void* table, const director_host* host, const director_instance_request* making);
int use_launcher(const void* table, const director_host* host,
                 const director_instance_request* making);
int use_vcs(const void* table, const director_host* host, const director_instance_request* making);

#endif

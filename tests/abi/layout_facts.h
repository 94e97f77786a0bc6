/* What a header lays down, as a table: layout_facts.c is compiled once for each version of it. */
#ifndef DIRECTOR_TESTS_ABI_LAYOUT_FACTS_H
#define DIRECTOR_TESTS_ABI_LAYOUT_FACTS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum layout_kind { LAYOUT_SIZE, LAYOUT_OFFSET, LAYOUT_CONSTANT, LAYOUT_ID };

struct layout_fact {
  enum layout_kind kind;
  const char* name;  /* of the struct, constant or id */
  const char* field; /* LAYOUT_OFFSET */
  size_t is;
  size_t golden;
  const char* is_text; /* LAYOUT_ID */
  const char* golden_text;
};

/* Ends with a fact without a name. */
typedef const struct layout_fact* layout_facts_fn(void);

layout_facts_fn layout_facts_of_current;
layout_facts_fn layout_facts_of_broken; /* what a changed header would show */
#define FROZEN(suffix, version) layout_facts_fn layout_facts_of_##suffix;
#include "frozen_versions.inc" /* the build writes it: a FROZEN(1_0, "1.0") for each version */
#undef FROZEN

#ifdef __cplusplus
}
#endif

#endif

/* LAYOUT_FACTS names the function, LAYOUT_FILE the last of the files of golden values that the
 * headers are held against. */
#include "layout_facts.h"

#include "director/plugin.h"

#define ABI_SIZE(type, bytes) {LAYOUT_SIZE, #type, "", sizeof(type), (bytes), "", ""},
#define ABI_AT(type, field, bytes) \
  {LAYOUT_OFFSET, #type, #field, offsetof(type, field), (bytes), "", ""},
#define ABI_CONSTANT(name, value) {LAYOUT_CONSTANT, #name, "", (size_t)(name), (value), "", ""},
#define ABI_ID(name, text) {LAYOUT_ID, #name, "", 0, 0, (name), (text)},

static const struct layout_fact kFacts[] = {
#include LAYOUT_FILE
    {LAYOUT_SIZE, NULL, NULL, 0, 0, NULL, NULL}};

const struct layout_fact* LAYOUT_FACTS(void) { return kFacts; }

/* director plugin ABI: strings, statuses, errors. The rules stand in director/plugin.h. */
#ifndef DIRECTOR_ABI_BASE_H
#define DIRECTOR_ABI_BASE_H

#include <stddef.h>
#include <stdint.h>

/* Must be the same on both sides. */
#define DIRECTOR_ABI_MAJOR 1u
/* Grows with each addition. */
#define DIRECTOR_ABI_MINOR 1u

/* Makes a function visible where everything else is hidden. */
#if defined(__GNUC__)
#define DIRECTOR_EXPORT __attribute__((visibility("default")))
#else
#define DIRECTOR_EXPORT
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Borrowed bytes. The one struct without struct_size: it never grows. */
typedef struct director_string {
  const char* data; /* may be null if size is 0 */
  size_t size;      /* bytes */
} director_string;

/* What the caller should do about a failure. Other values are treated as DIRECTOR_INTERNAL. */
typedef int32_t director_status;
enum {
  DIRECTOR_OK = 0,
  DIRECTOR_INVALID = 1,   /* the input is wrong; the same input fails again */
  DIRECTOR_NOT_FOUND = 2, /* the thing named does not exist */
  DIRECTOR_CONFLICT = 3,  /* the state is not what the caller assumed */
  DIRECTOR_TIMEOUT = 4,   /* a deadline passed */
  DIRECTOR_CANCELLED = 5, /* the host asked to stop */
  DIRECTOR_EXTERNAL = 6,  /* another program or service failed; later may succeed */
  DIRECTOR_IO = 7,        /* the operating system refused */
  DIRECTOR_INTERNAL = 8   /* a bug */
};

/* Where a failing function writes its sentence. The caller owns `text`, `capacity` bytes of it; the
 * callee writes at most that many and sets `size`. Text that does not fit is cut. */
typedef struct director_error {
  uint32_t struct_size;
  uint32_t reserved;
  char* text;      /* the caller's */
  size_t capacity; /* bytes of it */
  size_t size;     /* bytes that the callee wrote */
} director_error;

/* Takes text in pieces, in order; what arrives is their concatenation. */
typedef struct director_text_sink {
  uint32_t struct_size;
  uint32_t reserved;
  void* context;
  void (*write)(void* context, director_string piece); /* borrowed for the call */
} director_text_sink;

#ifdef __cplusplus
}
#endif

#endif /* DIRECTOR_ABI_BASE_H */

/* @NAME@: a sink for director, in C.
 *
 * A sink keeps records of a job: its events, what calls cost, how nodes and runs ended. This one
 * writes each as a line of JSON to .director/@NAME@.jsonl. Three things are asked of every sink:
 * what was flushed stays when the program is killed the next moment, a record that is offered again
 * is kept once, and a disk that is full is told and survived.
 *
 * director/plugin.h has the rules that hold for every declaration. The two that are easily broken:
 * strings are {pointer, length} without a NUL at their end, and nobody frees the other's memory. */
#define _GNU_SOURCE /* memmem */
#include <director/plugin.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char kFile[] = "/@NAME@.jsonl";
/* What stands in a line before it tells one record from another. */
static const char kRecord[] = ",\"record\":";
static const size_t kMostWaiting = 1024 * 1024;

/* A failure has a status and a sentence. */
static director_status fail(director_error* error, const char* what, const char* path) {
  const int size =
      snprintf(error->text, error->capacity, "cannot %s '%s': %s", what, path, strerror(errno));
  const size_t whole = size < 0 ? 0 : (size_t)size;
  error->size = whole < error->capacity ? whole : error->capacity - 1;
  return DIRECTOR_IO;
}

/* ---- bytes ------------------------------------------------------------------------------- */

struct buffer {
  char* bytes;
  size_t size;
  size_t capacity;
};

static int add(struct buffer* to, const char* bytes, size_t size) {
  if (to->size + size > to->capacity) {
    const size_t capacity = 2 * (to->size + size);
    char* grown = realloc(to->bytes, capacity);
    if (grown == NULL) {
      return 0;
    }
    to->bytes = grown;
    to->capacity = capacity;
  }
  if (size != 0) {
    memcpy(to->bytes + to->size, bytes, size);
  }
  to->size += size;
  return 1;
}

/* In a string of JSON: ids and kinds are plain words, and whatever else comes stays harmless. */
static int add_word(struct buffer* to, const char* bytes, size_t size) {
  int fits = add(to, "\"", 1);
  for (size_t i = 0; i < size; ++i) {
    const unsigned char c = (unsigned char)bytes[i];
    const char plain = (char)(c < 0x20 || c >= 0x7f || c == '"' || c == '\\' ? '?' : c);
    fits = fits && add(to, &plain, 1);
  }
  return fits && add(to, "\"", 1);
}

/* ---- an instance: one for each worker, never entered twice at a time --------------------- */

struct sink {
  char* path;
  struct buffer waiting; /* whole lines */
};

static int add_line(struct buffer* to, const director_record* record) {
  const char* json = record->json.data;
  const size_t size = record->json.size;
  char number[32];
  snprintf(number, sizeof number, "%llu", (unsigned long long)record->sequence);
  int fits = add(to, "{\"job\":", 7) && add_word(to, record->job.data, record->job.size) &&
             add(to, ",\"kind\":", 8) && add_word(to, record->kind.data, record->kind.size) &&
             add(to, ",\"sequence\":", 12) && add(to, number, strlen(number)) &&
             add(to, ",\"node\":", 8);
  /* Where a record has a node, it tells as well. In a string the quotes would have a backslash. */
  const char* node = size == 0 ? NULL : memmem(json, size, "\"node\":\"", 8);
  const char* name = node == NULL ? json : node + 8;
  const char* end = node == NULL ? json : memchr(name, '"', (size_t)(json + size - name));
  fits = fits && add_word(to, name, end == NULL ? 0 : (size_t)(end - name));
  fits = fits && add(to, kRecord, sizeof kRecord - 1);
  const size_t start = to->size;
  fits = fits && add(to, json, size);
  for (size_t i = start; fits && i < to->size; ++i) {
    to->bytes[i] = (char)(to->bytes[i] == '\n' ? ' ' : to->bytes[i]); /* blank space, in JSON */
  }
  return fits && add(to, "}\n", 2);
}

/* All of the file. Lines that others have kept meanwhile are in there as well. */
static int read_all(int file, struct buffer* into) {
  char piece[65536];
  ssize_t got = 0;
  off_t at = 0;
  while ((got = pread(file, piece, sizeof piece, at)) > 0) {
    if (!add(into, piece, (size_t)got)) {
      return 0;
    }
    at += got;
  }
  return got == 0;
}

/* Whether a line begins like `line` up to the record. */
static int is_kept(const struct buffer* kept, const char* line, size_t size) {
  const char* record = memmem(line, size, kRecord, sizeof kRecord - 1);
  const size_t key = (size_t)(record - line) + sizeof kRecord - 1;
  return kept->size != 0 && memmem(kept->bytes, kept->size, line, key) != NULL;
}

/* Appends what is not kept yet: all of it, or nothing. */
static int append_new(int file, const struct buffer* waiting) {
  struct buffer kept = {NULL, 0, 0};
  struct buffer fresh = {NULL, 0, 0};
  int works = read_all(file, &kept);
  for (size_t at = 0; works && at < waiting->size;) {
    const char* line = waiting->bytes + at;
    const char* end = memchr(line, '\n', waiting->size - at);
    const size_t size = (size_t)(end - line) + 1;
    if (!is_kept(&kept, line, size) && !is_kept(&fresh, line, size)) {
      works = add(&fresh, line, size);
    }
    at += size;
  }
  if (works && fresh.size != 0) {
    const off_t before = lseek(file, 0, SEEK_END);
    works = write(file, fresh.bytes, fresh.size) == (ssize_t)fresh.size && fsync(file) == 0;
    if (!works) {
      const int problem = errno;
      if (ftruncate(file, before) != 0) { /* half a line would spoil the next one */
        errno = problem;
      }
      errno = problem;
    }
  }
  free(kept.bytes);
  free(fresh.bytes);
  return works;
}

/* What was emitted is on the disk when this comes back. What could not be written still waits. */
static director_status flush(void* instance, const director_host* host, director_error* error) {
  (void)host;
  struct sink* self = instance;
  if (self->waiting.size == 0) {
    return DIRECTOR_OK;
  }
  const int file = open(self->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) {
    return fail(error, "open", self->path);
  }
  flock(file, LOCK_EX); /* against other workers and other directors, until it is closed */
  director_status status = DIRECTOR_OK;
  if (append_new(file, &self->waiting)) {
    self->waiting.size = 0;
  } else {
    status = fail(error, "write", self->path);
  }
  close(file);
  return status;
}

/* Every kind is taken, also those that later versions of director will have. */
static director_status emit(void* instance, const director_host* host,
                            const director_record* record, director_error* error) {
  struct sink* self = instance;
  const size_t before = self->waiting.size;
  if (!add_line(&self->waiting, record)) {
    self->waiting.size = before;
    return fail(error, "keep a record for", self->path);
  }
  return self->waiting.size > kMostWaiting ? flush(instance, host, error) : DIRECTOR_OK;
}

static director_status create(const director_host* host, const director_instance_request* request,
                              void** instance, director_error* error) {
  (void)host;
  struct sink* self = calloc(1, sizeof *self);
  const size_t size = request->state_dir.size;
  char* path = malloc(size + sizeof kFile);
  if (self == NULL || path == NULL) {
    free(self);
    free(path);
    return fail(error, "make", "a sink");
  }
  memcpy(path, request->state_dir.data, size); /* borrowed: copied, as it is needed later */
  memcpy(path + size, kFile, sizeof kFile);
  self->path = path;
  *instance = self;
  return DIRECTOR_OK;
}

static void destroy(void* instance) {
  struct sink* self = instance;
  free(self->waiting.bytes);
  free(self->path);
  free(self);
}

/* ---- what every plugin has --------------------------------------------------------------- */

/* struct_size says what each was compiled with: it is how they grow without breaking anybody. */
static const director_instances kInstances = {sizeof kInstances, 0, &create, &destroy};
static const director_sink kSink = {sizeof kSink, 0, &kInstances, &emit, &flush};

/* Whole ids are compared: "/2" of an interface is another interface. */
static const void* get_interface(const char* id) {
  return id != NULL && strcmp(id, DIRECTOR_SINK) == 0 ? &kSink : NULL;
}

static const director_plugin kPlugin = {
    sizeof kPlugin,
    DIRECTOR_ABI_MAJOR,
    DIRECTOR_ABI_MINOR,
    0,        /* the least host minor that it needs */
    "@NAME@", /* its id */
    "0.1.0",  /* its version */
    "writes each record as a line of JSON",
    NULL, /* the JSON Schema of its configuration: it has none */
    &get_interface};

DIRECTOR_EXPORT const director_plugin* director_plugin_entry(uint32_t host_abi_major,
                                                             uint32_t host_abi_minor) {
  (void)host_abi_major;
  (void)host_abi_minor;
  return &kPlugin;
}

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "fault.hpp"

namespace nonconforming {
namespace {

[[noreturn]] void crash() {
  die_of_signals();
  ::raise(SIGSEGV);
  std::abort();
}

[[noreturn]] void hang() {
  for (;;) {
    ::pause();
  }
}

void* idle(void*) { hang(); }

director_status create(const director_host*, const director_instance_request* request, void** made,
                       director_error*) {
  if (has("crashes-in-create")) {
    crash();
  }
  if (has("hangs-in-create")) {
    hang();
  }
  if (has("throws-in-create")) {
    throw 7;
  }
  if (has("throws-at-odd-config") && view(request->config_json) == "[]") {
    throw 7;
  }
  auto* instance = new Instance{std::string(view(request->config_json)), request->state_dir, -1};
  if (has("leaks-descriptors")) {
    instance->fd = ::open("/dev/null", O_RDONLY);
  } else if (has("leaks-threads")) {
    pthread_t thread{};
    ::pthread_create(&thread, nullptr, &idle, nullptr);
    ::pthread_detach(thread);
  } else if (has("leaks-memory")) {
    std::memset(std::malloc(1000), 1, 1000);
  }
  *made = instance;
  return DIRECTOR_OK;
}

void destroy(void* instance) {
  if (has("crashes-in-destroy")) {
    crash();
  }
  if (has("throws-in-destroy")) {
    throw 7;
  }
  delete static_cast<Instance*>(instance);
}

constexpr director_instances kInstances{sizeof(director_instances), 0, &create, &destroy};

const char* g_kind = "";
const void* g_table = nullptr;

const void* find(const char* id) {
  static const director_gate garbage{0xFFFFFFFF, 0, &kInstances, nullptr};
  static const director_gate hollow{sizeof(director_gate), 0, &kInstances, nullptr};
  if (has("knows-every-id") && std::strncmp(id, "director.", 9) == 0 &&
      std::strcmp(id, DIRECTOR_RUNNER) != 0 && std::strcmp(id, DIRECTOR_VCS) != 0 &&
      std::strcmp(id, DIRECTOR_REVIEWER) != 0 && std::strcmp(id, DIRECTOR_SINK) != 0 &&
      std::strcmp(id, DIRECTOR_LAUNCHER) != 0) {
    return g_table;
  }
  if (has("lies-about-its-kind") && std::strcmp(id, DIRECTOR_REVIEWER) == 0) {
    return g_table;
  }
  if (std::strcmp(id, g_kind) != 0) {
    return nullptr;
  }
  return has("garbage-sizes") ? &garbage : has("lacks-a-function") ? &hollow : g_table;
}

const char* schema() {
  if (has("schema-is-not-json")) {
    return "{\"properties\": ";
  }
  if (has("schema-of-unknown-types")) {
    return R"({"type": "object", "properties": {"word": {"type": "colour"}}})";
  }
  if (has("schema-takes-anything")) {
    return R"({"type": "object", "properties": {}, "additionalProperties": true})";
  }
  return R"({"type": "object", "properties": {"word": {"type": "string"}}})";
}

}  // namespace

void die_of_signals() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  ::signal(SIGSEGV, SIG_DFL);
#endif
}

director_status fail(director_error* error, director_status status, std::string_view why) {
  error->size = why.size() < error->capacity ? why.size() : error->capacity;
  std::memcpy(error->text, why.data(), error->size);
  return status;
}

const director_instances* instances() { return &kInstances; }

void misbehave_in_call() {
  if (has("crashes-in-call")) {
    crash();
  } else if (has("hangs-in-call")) {
    hang();
  } else if (has("exits-in-call")) {
    std::exit(0);
  } else if (has("throws-an-int")) {
    throw 7;
  } else if (has("changes-environment")) {
    ::setenv("NONCONFORMING", "1", 1);
  } else if (has("changes-directory")) {
    (void)!::chdir("/");
  } else if (has("changes-umask")) {
    ::umask(0);
  } else if (has("changes-signals")) {
    ::signal(SIGPIPE, SIG_IGN);
  } else if (has("changes-limits")) {
    const struct rlimit none {};
    ::setrlimit(RLIMIT_CORE, &none);
    const struct rlimit few { 64, 64 };
    ::setrlimit(RLIMIT_NOFILE, &few);
  } else if (has("writes-to-stdout")) {
    std::puts("hello");
  } else if (has("starts-a-process")) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::_exit(0);
    }
    ::waitpid(child, nullptr, 0);
  }
}

const director_plugin* descriptor(std::uint32_t host_major, const char* kind, const void* table) {
  g_kind = kind;
  g_table = table;
  static director_plugin made{};
  made.struct_size = sizeof(director_plugin);
  made.abi_major = has("takes-any-major") ? host_major : DIRECTOR_ABI_MAJOR;
  made.abi_minor = DIRECTOR_ABI_MINOR;
  made.id = kId;
  made.version = "1.0";
  made.summary = has("has-no-summary") ? "" : "Has one fault";
  made.config_schema = schema();
  made.get_interface = &find;
  return &made;
}

}  // namespace nonconforming

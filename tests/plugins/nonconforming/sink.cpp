/// A sink that keeps its records in one file, and has one fault.
#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <mutex>
#include <set>

#include "fault.hpp"

namespace {

using namespace nonconforming;

/// What is kept, for all instances of the process.
struct Store {
  std::mutex mutex;
  std::string path;
  std::set<std::string> lines;
  std::string waiting;
  bool broken = false;

  void read(const std::string& folder) {
    const std::string wanted = folder + "/records.jsonl";
    if (path == wanted && !has("begins-anew")) {
      return;
    }
    path = wanted;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
      lines.insert(line);
    }
  }
};

Store& store() {
  static auto* all = new Store;
  return *all;
}

bool write(const std::string& bytes) {
  const int mode = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC;
  const int file = ::open(store().path.c_str(), mode, 0600);
  const bool written =
      file >= 0 && ::write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
  ::close(file);
  return written;
}

/// As one that took a lock for reading and another for writing.
void append_carelessly(const std::string& line) {
  std::string all;
  {
    const std::lock_guard lock(store().mutex);
    std::ifstream file(store().path);
    all.assign(std::istreambuf_iterator<char>(file), {});
  }
  ::usleep(1000);
  const std::lock_guard lock(store().mutex);
  std::ofstream(store().path, std::ios::trunc) << all << line;
}

std::string refusal(const director_record& record) {
  const std::string_view kind = view(record.kind);
  const bool known = kind == "event" || kind == "cost" || kind == "node" || kind == "run";
  if (has("refuses-costs") && kind == "cost") {
    return "no costs";
  }
  if (has("refuses-unknown-kinds") && !known) {
    return "unknown kind";
  }
  if (has("refuses-unknown-fields") &&
      view(record.json).find("kit-new-field") != std::string_view::npos) {
    return "unknown field kit-new-field";
  }
  return {};
}

director_status emit(void* handle, const director_host*, const director_record* record,
                     director_error* error) {
  const std::string why = refusal(*record);
  if (!why.empty()) {
    return fail(error, DIRECTOR_INVALID, why);
  }
  std::string line(view(record->json));
  (void)handle;
  if (has("loses-records-under-way")) {
    append_carelessly(line + "\n");
    return DIRECTOR_OK;
  }
  const std::lock_guard lock(store().mutex);
  if (store().broken) {
    return fail(error, DIRECTOR_IO, "broken for good");
  }
  if (!has("keeps-what-comes-again") && !store().lines.insert(line).second) {
    return DIRECTOR_OK;
  }
  if (has("keeps-records-in-memory")) {
    store().waiting += line + "\n";
    return DIRECTOR_OK;
  }
  if (!write(line + "\n") && !has("hides-a-full-disk")) {
    store().lines.erase(line);
    store().broken = has("breaks-on-a-full-disk");
    return fail(error, DIRECTOR_IO, "cannot write");
  }
  return DIRECTOR_OK;
}

director_status flush(void*, const director_host*, director_error*) { return DIRECTOR_OK; }

director_status create(const director_host* host, const director_instance_request* request,
                       void** made, director_error* error) {
  const std::lock_guard lock(store().mutex);
  store().read(std::string(view(request->state_dir)));
  if (has("begins-anew")) {
    ::unlink(store().path.c_str());
    store().lines.clear();
  }
  return instances()->create(host, request, made, error);
}

void destroy(void* instance) {
  {
    const std::lock_guard lock(store().mutex);
    (void)write(store().waiting);
    store().waiting.clear();
  }
  instances()->destroy(instance);
}

}  // namespace

extern "C" DIRECTOR_EXPORT const director_plugin* director_plugin_entry(std::uint32_t major,
                                                                        std::uint32_t) {
  static const director_instances own{sizeof(director_instances), 0, &create, &destroy};
  static const director_sink table{sizeof(director_sink), 0, &own, &emit, &flush};
  return descriptor(major, DIRECTOR_SINK, &table);
}

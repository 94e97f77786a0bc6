#include "core/plugin/instance.hpp"

#include <mutex>

#include "core/base/text.hpp"

namespace director::plugin {

std::size_t published_size(Kind kind) {
  switch (kind) {
    case Kind::Runner:
      return sizeof(director_runner);
    case Kind::Vcs:
      return sizeof(director_vcs);
    case Kind::Gate:
      return sizeof(director_gate);
    case Kind::Reviewer:
      return sizeof(director_reviewer);
    case Kind::Sink:
      return sizeof(director_sink);
    case Kind::Launcher:
      return sizeof(director_launcher);
  }
  return sizeof(TableHead);
}

Error plugin_bug(std::string_view id, std::string_view what) {
  return Error(Errc::Internal, "plugin '" + std::string(id) + "' " + std::string(what) +
                                   "; this is a bug of that plugin");
}

std::string said_by(std::string_view id, std::string_view said) {
  return "plugin '" + std::string(id) +
         "': " + (said.empty() ? "it failed and did not say why" : text::to_utf8(said));
}

Error plugin_failure(std::string_view id, director_status status, std::string_view said) {
  if (said.empty()) {
    return plugin_bug(id, "failed with status " + std::to_string(status) + " and did not say why");
  }
  const std::string message = said_by(id, said);
  if (status < DIRECTOR_INVALID || status > DIRECTOR_INTERNAL) {
    return Error(Errc::Internal,
                 message + " (status " + std::to_string(status) + ", which the ABI does not have)");
  }
  return Error(to_errc(status), message);
}

Result<Instance> Instance::create(const Library& library, Kind kind, const instance_info& info,
                                  director::host& services) {
  const std::string& id = library.descriptor().id;
  const auto* head = static_cast<const TableHead*>(library.interface(kind));
  if (head == nullptr) {
    return Error(Errc::Invalid, "plugin '" + id + "' is not a " + std::string(to_string(kind)));
  }
  if (!is_sane(head->struct_size, published_size(kind)) || !is_whole(head->instances) ||
      head->instances->create == nullptr || head->instances->destroy == nullptr) {
    return plugin_bug(id, std::string("has an unfinished table '") + interface_id(kind) + "'");
  }
  Instance made(library, kind, head, head->instances);
  const director_instance_request request{sizeof(director_instance_request),
                                          0,
                                          borrow(info.config_json),
                                          borrow(info.repo_dir),
                                          borrow(info.state_dir),
                                          borrow(info.cache_dir)};
  const auto create = [&made](void*, const director_host* host,
                              const director_instance_request* asked, director_error* error) {
    return made.instances_->create(host, asked, &made.handle_, error);
  };
  const std::lock_guard lock(library.control());
  DIRECTOR_CHECK(made.call(create, services.raw(), &request));
  made.made_ = true;
  return made;
}

Instance::Instance(Instance&& other) noexcept
    : library_(other.library_),
      is_vcs_(other.is_vcs_),
      table_(other.table_),
      instances_(other.instances_),
      handle_(other.handle_),
      made_(std::exchange(other.made_, false)) {}

Instance::~Instance() {
  if (!made_) {
    return;
  }
  const std::lock_guard lock(library_->control());
  const InCall inside(id());
  try {
    instances_->destroy(handle_);
  } catch (...) {
    // It promised not to; its instance is gone either way.
  }
}

}  // namespace director::plugin

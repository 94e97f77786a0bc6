#include "core/plugin/descriptor.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <utility>

#include "core/base/json.hpp"

namespace director::plugin {
namespace {

/// What version 1.0 of the ABI published; later fields are looked at only where they are covered.
constexpr std::size_t kFirstSize =
    offsetof(director_plugin, get_interface) + sizeof(director_plugin::get_interface);
/// No descriptor grows to this: a larger size was never written by a compiler.
constexpr std::size_t kAbsurdSize = 4096;
constexpr std::size_t kMaxText = 1 << 20;

std::string version_text(std::uint32_t major, std::uint32_t minor) {
  return std::to_string(major) + "." + std::to_string(minor);
}

/// A C string of a plugin, as long as it ends within reason.
std::optional<std::string> bounded(const char* text) {
  if (text == nullptr) {
    return std::nullopt;
  }
  const std::size_t size = ::strnlen(text, kMaxText);
  return size == kMaxText ? std::nullopt : std::optional<std::string>(std::string(text, size));
}

Error broken(std::string_view name, std::string_view what) {
  return Error(Errc::Internal, "plugin '" + std::string(name) + "' " + std::string(what) +
                                   "; this is a bug of that plugin");
}

Status check_versions(const director_plugin& raw, std::string_view name) {
  const std::string host = version_text(DIRECTOR_ABI_MAJOR, DIRECTOR_ABI_MINOR);
  if (raw.abi_major != DIRECTOR_ABI_MAJOR) {
    return Error(Errc::Conflict, "plugin '" + std::string(name) + "' was built for ABI " +
                                     version_text(raw.abi_major, raw.abi_minor) +
                                     ", this director has " + host +
                                     "; install the plugin's build for this director");
  }
  if (raw.min_host_minor > DIRECTOR_ABI_MINOR) {
    return Error(Errc::Conflict, "plugin '" + std::string(name) + "' needs ABI " +
                                     version_text(raw.abi_major, raw.min_host_minor) +
                                     " or later, this director has " + host + "; update director");
  }
  return ok();
}

}  // namespace

bool is_id(std::string_view id) {
  return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

std::string_view to_string(Kind kind) {
  const std::string_view id = interface_id(kind);
  return id.substr(id.find('.') + 1, id.find('/') - id.find('.') - 1);
}

const char* interface_id(Kind kind) {
  switch (kind) {
    case Kind::Runner:
      return DIRECTOR_RUNNER;
    case Kind::Vcs:
      return DIRECTOR_VCS;
    case Kind::Gate:
      return DIRECTOR_GATE;
    case Kind::Reviewer:
      return DIRECTOR_REVIEWER;
    case Kind::Sink:
      return DIRECTOR_SINK;
    case Kind::Launcher:
      return DIRECTOR_LAUNCHER;
  }
  return DIRECTOR_GATE;
}

Result<Descriptor> negotiate(const director_plugin* raw, std::string_view name) {
  if (raw == nullptr) {
    return Error(Errc::Conflict, "plugin '" + std::string(name) +
                                     "' says that it cannot work with ABI " +
                                     version_text(DIRECTOR_ABI_MAJOR, DIRECTOR_ABI_MINOR));
  }
  // The versions come first: a plugin of another major may mean something else by the rest.
  if (raw->struct_size < offsetof(director_plugin, id) || raw->struct_size > kAbsurdSize) {
    return broken(name, "has a descriptor of " + std::to_string(raw->struct_size) + " bytes");
  }
  DIRECTOR_CHECK(check_versions(*raw, name));
  if (raw->struct_size < kFirstSize) {
    return broken(name, "has a descriptor of " + std::to_string(raw->struct_size) +
                            " bytes, too short for ABI 1.0");
  }
  Descriptor known;
  known.abi_major = raw->abi_major;
  known.abi_minor = raw->abi_minor;
  known.id = bounded(raw->id).value_or("");
  if (!is_id(known.id)) {
    return broken(name, "has no valid id (a-z, 0-9 and '-', at most 64 characters)");
  }
  const std::optional<std::string> version = bounded(raw->version);
  if (!version || version->empty()) {
    return broken(known.id, "has no version");
  }
  known.version = *version;
  known.summary = bounded(raw->summary).value_or("");
  if (raw->config_schema != nullptr) {
    known.config_schema = bounded(raw->config_schema);
    if (!known.config_schema || !parse_json(*known.config_schema)) {
      return broken(known.id, "has a configuration schema that is not JSON");
    }
  }
  if (raw->get_interface == nullptr) {
    return broken(known.id, "has no get_interface");
  }
  std::copy_if(kKinds.begin(), kKinds.end(), std::back_inserter(known.kinds),
               [raw](Kind kind) { return raw->get_interface(interface_id(kind)) != nullptr; });
  if (known.kinds.empty()) {
    return Error(Errc::Conflict, "plugin '" + known.id + "' has no interface of this director");
  }
  return known;
}

std::string to_json(const Descriptor& descriptor) {
  JsonWriter writer;
  writer.begin_object()
      .member("id", descriptor.id)
      .member("version", descriptor.version)
      .member("summary", descriptor.summary)
      .member("abi_major", descriptor.abi_major)
      .member("abi_minor", descriptor.abi_minor);
  if (descriptor.config_schema) {
    writer.member("config_schema", *descriptor.config_schema);
  }
  writer.key("kinds").begin_array();
  for (const Kind kind : descriptor.kinds) {
    writer.value(to_string(kind));
  }
  writer.end_array().end_object();
  return writer.take();
}

Result<Descriptor> parse_descriptor(std::string_view json) {
  DIRECTOR_TRY(const Json root, parse_json(json));
  Descriptor known;
  DIRECTOR_TRY(known.id, root.get_string("id"));
  DIRECTOR_TRY(known.version, root.get_string("version"));
  DIRECTOR_TRY(known.summary, root.get_string("summary"));
  DIRECTOR_TRY(known.config_schema, root.find_string("config_schema"));
  DIRECTOR_TRY(const std::int64_t major, root.get_int("abi_major"));
  DIRECTOR_TRY(const std::int64_t minor, root.get_int("abi_minor"));
  DIRECTOR_TRY(const std::vector<std::string> kinds, root.get_strings("kinds"));
  known.abi_major = static_cast<std::uint32_t>(major);
  known.abi_minor = static_cast<std::uint32_t>(minor);
  for (const std::string& name : kinds) {
    const auto* kind = std::find_if(kKinds.begin(), kKinds.end(),
                                    [&name](Kind each) { return to_string(each) == name; });
    if (kind == kKinds.end()) {
      return root.error("unknown kind '" + name + "'");
    }
    known.kinds.push_back(*kind);
  }
  if (!is_id(known.id) || known.kinds.empty()) {
    return root.error("not a plugin's description");
  }
  return known;
}

}  // namespace director::plugin

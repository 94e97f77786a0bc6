/// What the author of a plugin tells the kit about it: the file of `--config`, docs/formats/kit.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/ports/file_store.hpp"
#include "director/result.hpp"

namespace director::kit {

/// What a gate is asked about.
struct Fixture {
  std::filesystem::path workdir;  ///< absolute; empty: an empty folder
  std::string command;
};

struct Totals {
  std::int64_t input = 0;
  std::int64_t output = 0;
  std::int64_t reasoning = 0;
  std::int64_t cache_read = 0;
  std::int64_t cache_write = 0;
  std::optional<double> cost_usd;
};

/// One way in which a runner's tool ends.
struct ToolCase {
  std::string name;
  std::string out;  ///< what the tool prints
  std::string err;
  int exit_code = 0;
  std::string expect;  ///< "finish", or the name of a failure as in director/abi/runner.h
  std::optional<Totals> usage;
};

struct Options {
  std::string plugin_json = "{}";  ///< [plugin]; "${here}" and "${work}" are not replaced yet
  std::string here;                ///< the folder of the file, for "${here}"
  std::optional<Fixture> gate_pass;
  std::optional<Fixture> gate_fail;
  std::string model = "kit/model";
  std::string call;  ///< a word in the arguments of the command that is the call; empty: any
  std::vector<ToolCase> cases;
  std::string review_pass;   ///< what an agent answers that finds nothing; empty: not said
  std::string review_block;  ///< what one answers that finds something critical
  std::vector<std::string> sink_files;  ///< where else a sink keeps records
  std::string vcs_init;       ///< shell command that makes the current folder a repository
  bool launcher_runs = true;  ///< what it prepares can be run on this machine
};

/// An empty path: nothing is said. Errors: Io and NotFound; Invalid with path:line:column or the
/// key and what is wrong with it.
[[nodiscard]] Result<Options> read_options(const std::filesystem::path& path,
                                           ports::FileStore& files);

}  // namespace director::kit

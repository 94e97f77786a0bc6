#include <cstdio>
#include <string>

#include "cli/commands.hpp"
#include "cli/graph_view.hpp"
#include "cli/repository.hpp"
#include "core/engine/replay.hpp"
#include "core/plan/plan_json.hpp"
#include "core/platform/disk_file_store.hpp"

namespace director::cli {
namespace {

/// The journal's frozen plan is what runs; before there is one, plan.json is what will be frozen.
Result<GraphView> read_graph(const CommonOptions& common) {
  DIRECTOR_TRY(const std::filesystem::path repository, find_repository(common.repo));
  platform::DiskFileStore files;
  const engine::Folders folders{repository, repository / ".director", {}};
  DIRECTOR_TRY(const engine::JobState job, engine::read_job(files, folders.journal()));
  if (job.plan && job.run) {
    return make_graph_view(*job.plan, &*job.run);
  }
  const Result<std::string> text = files.read(folders.plan());
  if (!text) {
    return text.error().code() == Errc::NotFound
               ? Error(Errc::NotFound, "there is no plan in '" + repository.string() +
                                           "'; `director plan \"<task>\"` makes one")
               : text.error();
  }
  DIRECTOR_TRY(const plan::Plan plan,
               plan::parse_plan(*text).context("cannot read '" + folders.plan().string() + "'"));
  return make_graph_view(plan, nullptr);
}

std::string render(const GraphView& view, GraphFormat format) {
  switch (format) {
    case GraphFormat::Text:
      return graph_text(view);
    case GraphFormat::Dot:
      return graph_dot(view);
    case GraphFormat::Mermaid:
      return graph_mermaid(view);
    case GraphFormat::Json:
      return graph_json(view);
  }
  return graph_text(view);
}

}  // namespace

ExitCode graph_command(const CommonOptions& common, const GraphOptions& options) {
  const Result<GraphView> view = read_graph(common);
  if (!view) {
    print_error(view.error());
    return ExitCode::Usage;
  }
  print_text(stdout, render(*view, options.format));
  return ExitCode::Done;
}

}  // namespace director::cli

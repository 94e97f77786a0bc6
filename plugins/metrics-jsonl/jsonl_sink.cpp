#include "jsonl_sink.hpp"

namespace metrics_jsonl {

using director::Status;

Status JsonlSink::emit(const director::record& entry, director::host& /*services*/) {
  if (entry.kind == "cost") {
    return costs_->append(entry.job, entry.kind, entry.sequence, entry.json);
  }
  if (entry.kind == "node" || entry.kind == "run") {
    return metrics_->append(entry.job, entry.kind, entry.sequence, entry.json);
  }
  return director::ok();
}

Status JsonlSink::flush(director::host& /*services*/) {
  DIRECTOR_CHECK(costs_->flush());
  return metrics_->flush();
}

}  // namespace metrics_jsonl

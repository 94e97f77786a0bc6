/// A reviewer, vcs, sink and launcher that get everything wrong that the host can notice; the
/// reviewer's fault is the request's node, the vcs's the first name it is given.
#include "by_hand.hpp"

namespace {

using by_hand::text;
using by_hand::view;

director_status review(void*, const director_host*, const director_review_request* request,
                       const director_review_sink* sink, director_error*) {
  const std::string_view fault = view(request->node);
  director_finding found{sizeof(director_finding), DIRECTOR_MINOR, text("f"), text("s")};
  if (fault == "unknown severity") {
    found.severity = 9;
    sink->finding(sink->context, &found);
  }
  if (fault != "no summary") {
    sink->summary(sink->context, text("fine"));
  }
  if (fault == "two summaries") {
    sink->summary(sink->context, text("fine"));
  }
  if (fault == "finding after the summary") {
    found.severity = DIRECTOR_CRITICAL;
    sink->finding(sink->context, &found);
  }
  return DIRECTOR_OK;
}

director_status resolve(void*, const director_host*, director_string revision,
                        const director_commit_sink* sink, director_error*) {
  director_commit_info commit{sizeof(director_commit_info), 0, text("c"), text("t"), text("m")};
  if (view(revision) == "twice") {
    sink->commit(sink->context, &commit);
  }
  if (view(revision) == "no tree") {
    commit.tree = text("");
  }
  if (view(revision) != "none") {
    sink->commit(sink->context, &commit);
  }
  return DIRECTOR_OK;
}

director_status merge(void*, const director_host*, director_string base, director_string,
                      director_string, std::int32_t* merged, const director_text_sink* tree,
                      const director_change_sink* conflicts, director_error*) {
  const director_change change{sizeof(director_change), DIRECTOR_MODIFIED, text("p"),
                               DIRECTOR_FILE_REGULAR, DIRECTOR_FILE_REGULAR};
  if (view(base) == "both") {
    *merged = 1;
    tree->write(tree->context, text("t"));
    conflicts->change(conflicts->context, &change);
  } else if (view(base) == "neither") {
    *merged = 0;
  } else if (view(base) == "no tree") {
    *merged = 1;
  }
  return DIRECTOR_OK;
}

director_status changes(void*, const director_host*, director_string old_tree, director_string,
                        const director_change_sink* sink, director_error*) {
  director_change change{sizeof(director_change), DIRECTOR_MODIFIED, text("p"),
                         DIRECTOR_FILE_REGULAR, DIRECTOR_FILE_REGULAR};
  if (view(old_tree) == "kind") {
    change.kind = 0;
  } else if (view(old_tree) == "type") {
    change.new_type = 6;
  } else {
    change.path = text("");
  }
  sink->change(sink->context, &change);
  return DIRECTOR_OK;
}

director_status commit(void*, const director_host*, const director_commit_request*,
                       const director_text_sink*, director_error*) {
  return DIRECTOR_OK;  // without an oid
}

director_status state(void*, const director_host*, director_checkout_state* state,
                      director_error*) {
  state->detached = 5;
  return DIRECTOR_OK;
}

director_status emit(void*, const director_host*, const director_record*, director_error*) {
  return DIRECTOR_IO;
}

director_status prepare(void*, const director_host*, const director_launch_request* request,
                        const director_launch_sink* sink, director_error*) {
  if (view(request->cwd) == "/variable") {
    sink->arg(sink->context, text("x"));
    sink->env(sink->context, text("no equals sign"));
  }
  return DIRECTOR_OK;
}

constexpr director_reviewer kReviewer{sizeof(director_reviewer), 0, &by_hand::kInstances, &review};
constexpr director_sink kSink{sizeof(director_sink), 0, &by_hand::kInstances, &emit, nullptr};
constexpr director_launcher kLauncher{sizeof(director_launcher), 0, &by_hand::kInstances, &prepare};

director_vcs make_vcs() {
  director_vcs made{};
  made.struct_size = sizeof(director_vcs);
  made.instances = &by_hand::kInstances;
  made.resolve = &resolve;
  made.merge = &merge;
  made.changes = &changes;
  made.commit = &commit;
  made.checkout_state = &state;
  return made;
}

const void* find(const char* id) {
  static const director_vcs vcs = make_vcs();
  const std::string_view name(id);
  if (name == DIRECTOR_REVIEWER) {
    return &kReviewer;
  }
  if (name == DIRECTOR_VCS) {
    return &vcs;
  }
  if (name == DIRECTOR_SINK) {
    return &kSink;
  }
  return name == DIRECTOR_LAUNCHER ? &kLauncher : nullptr;
}

constexpr director_plugin kPlugin{sizeof(director_plugin),
                                  DIRECTOR_ABI_MAJOR,
                                  DIRECTOR_ABI_MINOR,
                                  0,
                                  "bad-others",
                                  "1",
                                  "",
                                  nullptr,
                                  &find};

}  // namespace

extern "C" DIRECTOR_EXPORT const director_plugin* director_plugin_entry(uint32_t, uint32_t) {
  return &kPlugin;
}

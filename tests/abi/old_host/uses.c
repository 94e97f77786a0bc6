/* What a host of a released version does with a plugin of each kind, in a few calls. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"

static char g_text[4096];
static director_error g_error;

static director_error* error(void) {
  memset(&g_error, 0, sizeof(g_error));
  g_error.struct_size = (uint32_t)sizeof(g_error);
  g_error.text = g_text;
  g_error.capacity = sizeof(g_text);
  return &g_error;
}

static int worked(director_status status, const char* what) {
  if (status != DIRECTOR_OK) {
    printf("%s failed with status %d: %.*s\n", what, (int)status, (int)g_error.size, g_text);
  }
  return status == DIRECTOR_OK;
}

static director_string text(const char* bytes) {
  const director_string made = {bytes, strlen(bytes)};
  return made;
}

static void show(const char* what, director_string words) {
  printf("%s: %.*s\n", what, (int)words.size, words.data == NULL ? "" : words.data);
}

/* An instance, or the end of this program. */
static void* made(const director_instances* instances, const director_host* host,
                  const director_instance_request* making) {
  void* instance = NULL;
  if (!worked(instances->create(host, making, &instance, error()), "create")) {
    exit(5);
  }
  return instance;
}

static void on_verdict(void* context, const director_gate_verdict* verdict) {
  *(int*)context += 1;
  printf("outcome %d, exit %d\n", (int)verdict->outcome, (int)verdict->exit_code);
  show("summary", verdict->summary);
}

int use_gate(const void* raw, const director_host* host, const director_instance_request* making) {
  const director_gate* gate = raw;
  static const char* const kCommands[] = {"true", "exit 3"};
  int verdicts = 0;
  const director_gate_sink sink = {sizeof(director_gate_sink), 0, &verdicts, &on_verdict};
  int is_good = 1;
  size_t i;
  void* instance = made(gate->instances, host, making);
  for (i = 0; i < 2; ++i) {
    director_gate_request request;
    memset(&request, 0, sizeof(request));
    request.struct_size = (uint32_t)sizeof(request);
    request.scope = DIRECTOR_SCOPE_NODE;
    request.name = text("tests");
    request.command = text(kCommands[i]);
    request.workdir = making->repo_dir;
    request.node = text("one");
    is_good = worked(gate->check(instance, host, &request, &sink, error()), "check") && is_good;
  }
  gate->instances->destroy(instance);
  return is_good && verdicts == 2 ? 0 : 1;
}

static void on_event(void* context, const director_agent_event* event) {
  *(int*)context += event->kind == DIRECTOR_AGENT_FINISH ? 1 : 0;
  printf("event %d", (int)event->kind);
  show("", event->text);
}

static void on_text(void* context, director_string piece) { show(context, piece); }

int use_runner(const void* raw, const director_host* host,
               const director_instance_request* making) {
  static char kProbe[] = "probe";
  const director_runner* runner = raw;
  int finishes = 0;
  const director_agent_sink sink = {sizeof(director_agent_sink), 0, &finishes, &on_event};
  const director_text_sink json = {sizeof(director_text_sink), 0, kProbe, &on_text};
  director_run_request request;
  int is_good;
  void* instance = made(runner->instances, host, making);
  memset(&request, 0, sizeof(request));
  request.struct_size = (uint32_t)sizeof(request);
  request.role = text("executor");
  request.title = text("a title");
  request.system_prompt = text("You are an executor.");
  request.message = text("Write one.txt");
  request.model = text("openai/m1");
  request.workdir = making->repo_dir;
  request.access = DIRECTOR_ACCESS_EDIT;
  is_good = worked(runner->run(instance, host, &request, &sink, error()), "run") && finishes == 1;
  (void)worked(runner->probe(instance, host, &json, error()), "probe");
  runner->instances->destroy(instance);
  return is_good ? 0 : 1;
}

static void on_finding(void* context, const director_finding* finding) {
  (void)context;
  printf("severity %d", (int)finding->severity);
  show("", finding->summary);
}

static void on_summary(void* context, director_string words) {
  *(int*)context += 1;
  show("summary", words);
}

int use_reviewer(const void* raw, const director_host* host,
                 const director_instance_request* making) {
  const director_reviewer* reviewer = raw;
  int summaries = 0;
  const director_review_sink sink = {sizeof(director_review_sink), 0, &summaries, &on_finding,
                                     &on_summary};
  director_review_request request;
  int is_good;
  void* instance = made(reviewer->instances, host, making);
  memset(&request, 0, sizeof(request));
  request.struct_size = (uint32_t)sizeof(request);
  request.stage = 2;
  request.node = text("one");
  request.title = text("Write one");
  request.spec = text("Write the word right to one.txt.");
  request.diff = text("--- a/one.txt\n+++ b/one.txt\n+right\n");
  request.workdir = making->repo_dir;
  request.role = text("reviewer");
  is_good = worked(reviewer->review(instance, host, &request, &sink, error()), "review");
  reviewer->instances->destroy(instance);
  return is_good && summaries == 1 ? 0 : 1;
}

int use_sink(const void* raw, const director_host* host, const director_instance_request* making) {
  const director_sink* sink = raw;
  director_record record;
  int is_good;
  void* instance = made(sink->instances, host, making);
  memset(&record, 0, sizeof(record));
  record.struct_size = (uint32_t)sizeof(record);
  record.sequence = 7;
  record.job = text("job-1");
  record.kind = text("cost");
  record.json = text("{\"role\":\"executor\",\"cost\":0.5}");
  is_good = worked(sink->emit(instance, host, &record, error()), "emit");
  is_good = worked(sink->flush(instance, host, error()), "flush") && is_good;
  sink->instances->destroy(instance);
  return is_good ? 0 : 1;
}

static void on_word(void* context, director_string word) { show(context, word); }

int use_launcher(const void* raw, const director_host* host,
                 const director_instance_request* making) {
  static char kArg[] = "argument";
  const director_launcher* launcher = raw;
  const director_string argv[] = {text("make"), text("test")};
  const director_string env[] = {text("PATH=/usr/bin:/bin")};
  const director_launch_sink sink = {sizeof(director_launch_sink), 0, kArg, &on_word, &on_word};
  director_launch_request request;
  int is_good;
  void* instance = made(launcher->instances, host, making);
  memset(&request, 0, sizeof(request));
  request.struct_size = (uint32_t)sizeof(request);
  request.purpose = DIRECTOR_LAUNCH_GATE;
  request.argv = argv;
  request.argv_count = 2;
  request.cwd = making->repo_dir;
  request.env = env;
  request.env_count = 1;
  is_good = worked(launcher->prepare(instance, host, &request, &sink, error()), "prepare");
  launcher->instances->destroy(instance);
  return is_good ? 0 : 1;
}

struct head {
  char commit[200];
  char tree[200];
};

static void keep(char* place, director_string oid) {
  const size_t size = oid.size < 199 ? oid.size : 199;
  memcpy(place, oid.data, size);
  place[size] = '\0';
}

static void on_commit(void* context, const director_commit_info* commit) {
  struct head* head = context;
  keep(head->commit, commit->oid);
  keep(head->tree, commit->tree);
}

static void on_tree(void* context, director_string oid) { keep(context, oid); }

static void on_change(void* context, const director_change* change) {
  (void)context;
  printf("change %d", (int)change->kind);
  show("", change->path);
}

int use_vcs(const void* raw, const director_host* host, const director_instance_request* making) {
  const director_vcs* vcs = raw;
  struct head head = {"", ""};
  char tree[200] = "";
  char* cache = copy_of(making->cache_dir);
  char dir[4096];
  char meta[4096];
  const director_commit_sink commits = {sizeof(director_commit_sink), 0, &head, &on_commit};
  const director_text_sink trees = {sizeof(director_text_sink), 0, tree, &on_tree};
  const director_change_sink changes = {sizeof(director_change_sink), 0, NULL, &on_change};
  director_slot slot;
  director_checkout_request checkout;
  director_snapshot_request snapshot;
  int is_good;
  void* instance = made(vcs->instances, host, making);
  snprintf(dir, sizeof(dir), "%s/slot", cache);
  snprintf(meta, sizeof(meta), "%s/meta", cache);
  memset(&slot, 0, sizeof(slot));
  slot.struct_size = (uint32_t)sizeof(slot);
  slot.dir = text(dir);
  slot.meta_dir = text(meta);
  is_good = worked(vcs->resolve(instance, host, text("HEAD"), &commits, error()), "resolve");
  memset(&checkout, 0, sizeof(checkout));
  checkout.struct_size = (uint32_t)sizeof(checkout);
  checkout.slot = &slot;
  checkout.commit = text(head.commit);
  is_good = worked(vcs->checkout(instance, host, &checkout, error()), "checkout") && is_good;
  memset(&snapshot, 0, sizeof(snapshot));
  snapshot.struct_size = (uint32_t)sizeof(snapshot);
  snapshot.slot = &slot;
  snapshot.base_tree = text(head.tree);
  is_good =
      worked(vcs->snapshot(instance, host, &snapshot, &trees, &changes, error()), "snapshot") &&
      is_good;
  is_good = worked(vcs->update_ref(instance, host, text("refs/heads/director/job-old"), text(""),
                                   text(head.commit), error()),
                   "update_ref") &&
            is_good;
  printf("tree is %s\n", head.tree[0] != '\0' && strcmp(tree, head.tree) == 0 ? "as it was" : tree);
  vcs->instances->destroy(instance);
  free(cache);
  return is_good ? 0 : 1;
}

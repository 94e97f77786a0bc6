/// The layout of ABI 1.0 on LP64 (x86-64, aarch64). A published struct never changes but by growing
/// at its end, which changes a size here and nothing else.
#include <gtest/gtest.h>

#include <cstddef>

#include "director/plugin.h"

extern "C" std::size_t director_abi_test_c_sizes(std::size_t which);

namespace {

#if defined(__LP64__)
#define EXPECT_SIZE(type, bytes) static_assert(sizeof(type) == (bytes), #type " has another size")
#define EXPECT_AT(type, field, bytes) \
  static_assert(offsetof(type, field) == (bytes), #type "." #field " has moved")

EXPECT_SIZE(director_string, 16);
EXPECT_AT(director_string, data, 0);
EXPECT_AT(director_string, size, 8);

EXPECT_SIZE(director_error, 32);
EXPECT_AT(director_error, struct_size, 0);
EXPECT_AT(director_error, reserved, 4);
EXPECT_AT(director_error, text, 8);
EXPECT_AT(director_error, capacity, 16);
EXPECT_AT(director_error, size, 24);

EXPECT_SIZE(director_text_sink, 24);
EXPECT_AT(director_text_sink, struct_size, 0);
EXPECT_AT(director_text_sink, reserved, 4);
EXPECT_AT(director_text_sink, context, 8);
EXPECT_AT(director_text_sink, write, 16);

EXPECT_SIZE(director_plugin, 56);
EXPECT_AT(director_plugin, struct_size, 0);
EXPECT_AT(director_plugin, abi_major, 4);
EXPECT_AT(director_plugin, abi_minor, 8);
EXPECT_AT(director_plugin, min_host_minor, 12);
EXPECT_AT(director_plugin, id, 16);
EXPECT_AT(director_plugin, version, 24);
EXPECT_AT(director_plugin, summary, 32);
EXPECT_AT(director_plugin, config_schema, 40);
EXPECT_AT(director_plugin, get_interface, 48);

EXPECT_SIZE(director_instance_request, 72);
EXPECT_AT(director_instance_request, struct_size, 0);
EXPECT_AT(director_instance_request, reserved, 4);
EXPECT_AT(director_instance_request, config_json, 8);
EXPECT_AT(director_instance_request, repo_dir, 24);
EXPECT_AT(director_instance_request, state_dir, 40);
EXPECT_AT(director_instance_request, cache_dir, 56);

EXPECT_SIZE(director_instances, 24);
EXPECT_AT(director_instances, struct_size, 0);
EXPECT_AT(director_instances, reserved, 4);
EXPECT_AT(director_instances, create, 8);
EXPECT_AT(director_instances, destroy, 16);

EXPECT_SIZE(director_gate_request, 88);
EXPECT_AT(director_gate_request, struct_size, 0);
EXPECT_AT(director_gate_request, scope, 4);
EXPECT_AT(director_gate_request, name, 8);
EXPECT_AT(director_gate_request, command, 24);
EXPECT_AT(director_gate_request, workdir, 40);
EXPECT_AT(director_gate_request, node, 56);
EXPECT_AT(director_gate_request, changes, 72);
EXPECT_AT(director_gate_request, change_count, 80);

EXPECT_SIZE(director_gate_verdict, 48);
EXPECT_AT(director_gate_verdict, struct_size, 0);
EXPECT_AT(director_gate_verdict, outcome, 4);
EXPECT_AT(director_gate_verdict, exit_code, 8);
EXPECT_AT(director_gate_verdict, reserved, 12);
EXPECT_AT(director_gate_verdict, summary, 16);
EXPECT_AT(director_gate_verdict, detail, 32);

EXPECT_SIZE(director_gate_sink, 24);
EXPECT_AT(director_gate_sink, struct_size, 0);
EXPECT_AT(director_gate_sink, reserved, 4);
EXPECT_AT(director_gate_sink, context, 8);
EXPECT_AT(director_gate_sink, verdict, 16);

EXPECT_SIZE(director_gate, 24);
EXPECT_AT(director_gate, struct_size, 0);
EXPECT_AT(director_gate, reserved, 4);
EXPECT_AT(director_gate, instances, 8);
EXPECT_AT(director_gate, check, 16);

EXPECT_SIZE(director_host, 40);
EXPECT_AT(director_host, struct_size, 0);
EXPECT_AT(director_host, abi_major, 4);
EXPECT_AT(director_host, abi_minor, 8);
EXPECT_AT(director_host, reserved, 12);
EXPECT_AT(director_host, version, 16);
EXPECT_AT(director_host, impl, 24);
EXPECT_AT(director_host, get_service, 32);

EXPECT_SIZE(director_log_service, 16);
EXPECT_AT(director_log_service, struct_size, 0);
EXPECT_AT(director_log_service, reserved, 4);
EXPECT_AT(director_log_service, log, 8);

EXPECT_SIZE(director_cancel_service, 24);
EXPECT_AT(director_cancel_service, struct_size, 0);
EXPECT_AT(director_cancel_service, reserved, 4);
EXPECT_AT(director_cancel_service, cancelled, 8);
EXPECT_AT(director_cancel_service, remaining_ms, 16);

EXPECT_SIZE(director_clock_service, 24);
EXPECT_AT(director_clock_service, struct_size, 0);
EXPECT_AT(director_clock_service, reserved, 4);
EXPECT_AT(director_clock_service, unix_ms, 8);
EXPECT_AT(director_clock_service, monotonic_ms, 16);

EXPECT_SIZE(director_exec_request, 112);
EXPECT_AT(director_exec_request, struct_size, 0);
EXPECT_AT(director_exec_request, reserved, 4);
EXPECT_AT(director_exec_request, argv, 8);
EXPECT_AT(director_exec_request, argv_count, 16);
EXPECT_AT(director_exec_request, cwd, 24);
EXPECT_AT(director_exec_request, env_set, 40);
EXPECT_AT(director_exec_request, env_set_count, 48);
EXPECT_AT(director_exec_request, env_unset, 56);
EXPECT_AT(director_exec_request, env_unset_count, 64);
EXPECT_AT(director_exec_request, stdin_text, 72);
EXPECT_AT(director_exec_request, timeout_ms, 88);
EXPECT_AT(director_exec_request, stall_timeout_ms, 96);
EXPECT_AT(director_exec_request, start_timeout_ms, 104);

EXPECT_SIZE(director_exec_line, 32);
EXPECT_AT(director_exec_line, struct_size, 0);
EXPECT_AT(director_exec_line, flags, 4);
EXPECT_AT(director_exec_line, stream, 8);
EXPECT_AT(director_exec_line, reserved, 12);
EXPECT_AT(director_exec_line, text, 16);

EXPECT_SIZE(director_exec_sink, 24);
EXPECT_AT(director_exec_sink, struct_size, 0);
EXPECT_AT(director_exec_sink, reserved, 4);
EXPECT_AT(director_exec_sink, context, 8);
EXPECT_AT(director_exec_sink, line, 16);

EXPECT_SIZE(director_exec_result, 24);
EXPECT_AT(director_exec_result, struct_size, 0);
EXPECT_AT(director_exec_result, outcome, 4);
EXPECT_AT(director_exec_result, exit_code, 8);
EXPECT_AT(director_exec_result, signal, 12);
EXPECT_AT(director_exec_result, wall_ms, 16);

EXPECT_SIZE(director_exec_service, 16);
EXPECT_AT(director_exec_service, struct_size, 0);
EXPECT_AT(director_exec_service, reserved, 4);
EXPECT_AT(director_exec_service, exec, 8);

EXPECT_SIZE(director_agent_request, 56);
EXPECT_AT(director_agent_request, struct_size, 0);
EXPECT_AT(director_agent_request, reserved, 4);
EXPECT_AT(director_agent_request, role, 8);
EXPECT_AT(director_agent_request, message, 24);
EXPECT_AT(director_agent_request, workdir, 40);

EXPECT_SIZE(director_agent_service, 16);
EXPECT_AT(director_agent_service, struct_size, 0);
EXPECT_AT(director_agent_service, reserved, 4);
EXPECT_AT(director_agent_service, ask, 8);

EXPECT_SIZE(director_launch_request, 56);
EXPECT_AT(director_launch_request, struct_size, 0);
EXPECT_AT(director_launch_request, purpose, 4);
EXPECT_AT(director_launch_request, argv, 8);
EXPECT_AT(director_launch_request, argv_count, 16);
EXPECT_AT(director_launch_request, cwd, 24);
EXPECT_AT(director_launch_request, env, 40);
EXPECT_AT(director_launch_request, env_count, 48);

EXPECT_SIZE(director_launch_sink, 32);
EXPECT_AT(director_launch_sink, struct_size, 0);
EXPECT_AT(director_launch_sink, reserved, 4);
EXPECT_AT(director_launch_sink, context, 8);
EXPECT_AT(director_launch_sink, arg, 16);
EXPECT_AT(director_launch_sink, env, 24);

EXPECT_SIZE(director_launcher, 24);
EXPECT_AT(director_launcher, struct_size, 0);
EXPECT_AT(director_launcher, reserved, 4);
EXPECT_AT(director_launcher, instances, 8);
EXPECT_AT(director_launcher, prepare, 16);

EXPECT_SIZE(director_review_request, 104);
EXPECT_AT(director_review_request, struct_size, 0);
EXPECT_AT(director_review_request, stage, 4);
EXPECT_AT(director_review_request, node, 8);
EXPECT_AT(director_review_request, title, 24);
EXPECT_AT(director_review_request, spec, 40);
EXPECT_AT(director_review_request, diff, 56);
EXPECT_AT(director_review_request, workdir, 72);
EXPECT_AT(director_review_request, role, 88);

EXPECT_SIZE(director_finding, 40);
EXPECT_AT(director_finding, struct_size, 0);
EXPECT_AT(director_finding, severity, 4);
EXPECT_AT(director_finding, file, 8);
EXPECT_AT(director_finding, summary, 24);

EXPECT_SIZE(director_review_sink, 32);
EXPECT_AT(director_review_sink, struct_size, 0);
EXPECT_AT(director_review_sink, reserved, 4);
EXPECT_AT(director_review_sink, context, 8);
EXPECT_AT(director_review_sink, finding, 16);
EXPECT_AT(director_review_sink, summary, 24);

EXPECT_SIZE(director_reviewer, 24);
EXPECT_AT(director_reviewer, struct_size, 0);
EXPECT_AT(director_reviewer, reserved, 4);
EXPECT_AT(director_reviewer, instances, 8);
EXPECT_AT(director_reviewer, review, 16);

EXPECT_SIZE(director_run_request, 136);
EXPECT_AT(director_run_request, struct_size, 0);
EXPECT_AT(director_run_request, sampling, 4);
EXPECT_AT(director_run_request, role, 8);
EXPECT_AT(director_run_request, title, 24);
EXPECT_AT(director_run_request, system_prompt, 40);
EXPECT_AT(director_run_request, message, 56);
EXPECT_AT(director_run_request, model, 72);
EXPECT_AT(director_run_request, workdir, 88);
EXPECT_AT(director_run_request, access, 104);
EXPECT_AT(director_run_request, top_k, 108);
EXPECT_AT(director_run_request, temperature, 112);
EXPECT_AT(director_run_request, top_p, 120);
EXPECT_AT(director_run_request, stall_ms, 128);

EXPECT_SIZE(director_agent_event, 144);
EXPECT_AT(director_agent_event, struct_size, 0);
EXPECT_AT(director_agent_event, kind, 4);
EXPECT_AT(director_agent_event, time_ms, 8);
EXPECT_AT(director_agent_event, text, 16);
EXPECT_AT(director_agent_event, tool_name, 32);
EXPECT_AT(director_agent_event, tool_input, 48);
EXPECT_AT(director_agent_event, tool_output, 64);
EXPECT_AT(director_agent_event, tool_exit, 80);
EXPECT_AT(director_agent_event, failure, 84);
EXPECT_AT(director_agent_event, retry_after_ms, 88);
EXPECT_AT(director_agent_event, input_tokens, 96);
EXPECT_AT(director_agent_event, output_tokens, 104);
EXPECT_AT(director_agent_event, reasoning_tokens, 112);
EXPECT_AT(director_agent_event, cache_read_tokens, 120);
EXPECT_AT(director_agent_event, cache_write_tokens, 128);
EXPECT_AT(director_agent_event, cost_usd, 136);

EXPECT_SIZE(director_agent_sink, 24);
EXPECT_AT(director_agent_sink, struct_size, 0);
EXPECT_AT(director_agent_sink, reserved, 4);
EXPECT_AT(director_agent_sink, context, 8);
EXPECT_AT(director_agent_sink, event, 16);

EXPECT_SIZE(director_runner, 32);
EXPECT_AT(director_runner, struct_size, 0);
EXPECT_AT(director_runner, reserved, 4);
EXPECT_AT(director_runner, instances, 8);
EXPECT_AT(director_runner, run, 16);
EXPECT_AT(director_runner, probe, 24);

EXPECT_SIZE(director_record, 64);
EXPECT_AT(director_record, struct_size, 0);
EXPECT_AT(director_record, reserved, 4);
EXPECT_AT(director_record, sequence, 8);
EXPECT_AT(director_record, job, 16);
EXPECT_AT(director_record, kind, 32);
EXPECT_AT(director_record, json, 48);

EXPECT_SIZE(director_sink, 32);
EXPECT_AT(director_sink, struct_size, 0);
EXPECT_AT(director_sink, reserved, 4);
EXPECT_AT(director_sink, instances, 8);
EXPECT_AT(director_sink, emit, 16);
EXPECT_AT(director_sink, flush, 24);

EXPECT_SIZE(director_change, 32);
EXPECT_AT(director_change, struct_size, 0);
EXPECT_AT(director_change, kind, 4);
EXPECT_AT(director_change, path, 8);
EXPECT_AT(director_change, old_type, 24);
EXPECT_AT(director_change, new_type, 28);

EXPECT_SIZE(director_change_sink, 24);
EXPECT_AT(director_change_sink, struct_size, 0);
EXPECT_AT(director_change_sink, reserved, 4);
EXPECT_AT(director_change_sink, context, 8);
EXPECT_AT(director_change_sink, change, 16);

EXPECT_SIZE(director_ref, 40);
EXPECT_AT(director_ref, struct_size, 0);
EXPECT_AT(director_ref, reserved, 4);
EXPECT_AT(director_ref, name, 8);
EXPECT_AT(director_ref, oid, 24);

EXPECT_SIZE(director_ref_sink, 24);
EXPECT_AT(director_ref_sink, struct_size, 0);
EXPECT_AT(director_ref_sink, reserved, 4);
EXPECT_AT(director_ref_sink, context, 8);
EXPECT_AT(director_ref_sink, ref, 16);

EXPECT_SIZE(director_commit_info, 56);
EXPECT_AT(director_commit_info, struct_size, 0);
EXPECT_AT(director_commit_info, reserved, 4);
EXPECT_AT(director_commit_info, oid, 8);
EXPECT_AT(director_commit_info, tree, 24);
EXPECT_AT(director_commit_info, message, 40);

EXPECT_SIZE(director_commit_sink, 24);
EXPECT_AT(director_commit_sink, struct_size, 0);
EXPECT_AT(director_commit_sink, reserved, 4);
EXPECT_AT(director_commit_sink, context, 8);
EXPECT_AT(director_commit_sink, commit, 16);

EXPECT_SIZE(director_slot, 40);
EXPECT_AT(director_slot, struct_size, 0);
EXPECT_AT(director_slot, reserved, 4);
EXPECT_AT(director_slot, dir, 8);
EXPECT_AT(director_slot, meta_dir, 24);

EXPECT_SIZE(director_checkout_request, 64);
EXPECT_AT(director_checkout_request, struct_size, 0);
EXPECT_AT(director_checkout_request, reserved, 4);
EXPECT_AT(director_checkout_request, slot, 8);
EXPECT_AT(director_checkout_request, commit, 16);
EXPECT_AT(director_checkout_request, tree, 32);
EXPECT_AT(director_checkout_request, keep, 48);
EXPECT_AT(director_checkout_request, keep_count, 56);

EXPECT_SIZE(director_snapshot_request, 48);
EXPECT_AT(director_snapshot_request, struct_size, 0);
EXPECT_AT(director_snapshot_request, reserved, 4);
EXPECT_AT(director_snapshot_request, slot, 8);
EXPECT_AT(director_snapshot_request, base_tree, 16);
EXPECT_AT(director_snapshot_request, ignore, 32);
EXPECT_AT(director_snapshot_request, ignore_count, 40);

EXPECT_SIZE(director_commit_request, 56);
EXPECT_AT(director_commit_request, struct_size, 0);
EXPECT_AT(director_commit_request, reserved, 4);
EXPECT_AT(director_commit_request, tree, 8);
EXPECT_AT(director_commit_request, parent, 24);
EXPECT_AT(director_commit_request, message, 40);

EXPECT_SIZE(director_checkout_state, 16);
EXPECT_AT(director_checkout_state, struct_size, 0);
EXPECT_AT(director_checkout_state, unborn, 4);
EXPECT_AT(director_checkout_state, detached, 8);
EXPECT_AT(director_checkout_state, uncommitted, 12);

EXPECT_SIZE(director_vcs, 112);
EXPECT_AT(director_vcs, struct_size, 0);
EXPECT_AT(director_vcs, reserved, 4);
EXPECT_AT(director_vcs, instances, 8);
EXPECT_AT(director_vcs, resolve, 16);
EXPECT_AT(director_vcs, list_refs, 24);
EXPECT_AT(director_vcs, update_ref, 32);
EXPECT_AT(director_vcs, history, 40);
EXPECT_AT(director_vcs, checkout_state, 48);
EXPECT_AT(director_vcs, commit, 56);
EXPECT_AT(director_vcs, read_file, 64);
EXPECT_AT(director_vcs, merge, 72);
EXPECT_AT(director_vcs, changes, 80);
EXPECT_AT(director_vcs, diff, 88);
EXPECT_AT(director_vcs, checkout, 96);
EXPECT_AT(director_vcs, snapshot, 104);

#endif

TEST(Layout, CAndCppSeeTheSameSizes) {
  const std::size_t sizes[] = {sizeof(director_plugin),       sizeof(director_host),
                               sizeof(director_gate_request), sizeof(director_run_request),
                               sizeof(director_agent_event),  sizeof(director_vcs),
                               sizeof(director_exec_request), sizeof(director_launch_request)};
  for (std::size_t i = 0; i < std::size(sizes); ++i) {
    EXPECT_EQ(sizes[i], director_abi_test_c_sizes(i)) << i;
  }
  EXPECT_EQ(director_abi_test_c_sizes(std::size(sizes)), 0U);
}

}  // namespace

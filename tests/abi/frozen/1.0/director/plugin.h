/*
 * director plugin ABI, version 1.0.
 *
 * A plugin is a shared library that exports one function, director_plugin_entry(). It hands the
 * host one constant descriptor; the descriptor hands out constant tables of functions, one per
 * interface, looked up by id and revision ("director.gate/1").
 *
 * Rules that hold for every declaration in director/abi/:
 *
 * Growth. Every struct but director_string starts with `struct_size`, which whoever fills it sets
 * to sizeof of the struct it was compiled with. A struct only ever grows at its end, and so never
 * stands by value in another. A reader looks at a field only if struct_size covers it. A published
 * interface never changes: "/2" is added.
 *
 * Memory. Nobody frees the other side's memory. Inputs are borrowed until the call returns;
 * results go through sinks that the caller passes, or into structs that the caller allocated.
 *
 * Strings are {pointer, length} in UTF-8, without a terminating NUL. Those of type const char* are
 * NUL-terminated and live as long as the library. Paths are bytes as the file system has them. An
 * empty string may have a null pointer.
 *
 * Errors. A function that can fail returns a director_status; when that is not DIRECTOR_OK it
 * writes one sentence into the director_error it was given. A failure without text is reported as
 * a bug of that plugin. No exception may leave a plugin or enter one.
 *
 * Threads. [control]: calls with this tag are serialised by the host. [worker]: called on any
 * thread, but an instance is never entered concurrently; the host makes one instance per worker.
 * [any]: may be called from any thread at any time during the call that handed out the host.
 *
 * Processes. A plugin never starts a process: it asks the host (director.host.exec/1), which owns
 * deadlines, process trees, transcripts and confinement. A plugin never keeps state of a job.
 *
 * Times are milliseconds in int64_t; points in time count from 1970-01-01T00:00Z.
 */
#ifndef DIRECTOR_PLUGIN_H
#define DIRECTOR_PLUGIN_H

#include "director/abi/base.h"
#include "director/abi/entry.h"
#include "director/abi/gate.h"
#include "director/abi/host.h"
#include "director/abi/launcher.h"
#include "director/abi/reviewer.h"
#include "director/abi/runner.h"
#include "director/abi/sink.h"
#include "director/abi/vcs.h"

#endif /* DIRECTOR_PLUGIN_H */

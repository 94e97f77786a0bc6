/// The backends' ports are the SDK's own classes: a backend that is linked in, a fake in a test and
/// one loaded from a shared library look the same to the kernel.
#pragma once

// IWYU pragma: begin_exports
#include "director/gate.hpp"
#include "director/launcher.hpp"
#include "director/reviewer.hpp"
#include "director/runner.hpp"
#include "director/sink.hpp"
#include "director/vcs.hpp"
// IWYU pragma: end_exports

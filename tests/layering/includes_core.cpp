// Must not compile: a plugin does not see the kernel.
#include "core/base/ids.hpp"
#include "director/plugin.hpp"

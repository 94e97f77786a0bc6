#include <unistd.h>

#include "core/run/x.hpp"

#include <rapidjson/document.h>

#include "cli/x.hpp"
#include "core/platform/x.hpp"

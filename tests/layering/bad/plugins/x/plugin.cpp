#include "core/base/x.hpp"

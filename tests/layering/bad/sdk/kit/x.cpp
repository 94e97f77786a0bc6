#include "core/engine/x.hpp"

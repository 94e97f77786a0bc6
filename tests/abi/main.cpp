#include <gtest/gtest.h>

#include <string_view>

#include "core/plugin/probe.hpp"

int main(int argc, char** argv) {
  if (argc == 3 && std::string_view(argv[1]) == "--probe-plugin") {
    return director::plugin::answer_probe(argv[2]);
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}

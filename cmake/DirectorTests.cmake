include(GoogleTest)

# director_discover_tests(<target> LABELS <label> [PREFIX <prefix>] [TEST_FILTER <pattern>] [EXTRA_ARGS <argument>...]
#                         [SHARDS <number>] [TIMEOUT <seconds>])
#
# Each test of a program, in a process of its own. With a sanitizer the start of a process costs more than most tests: there
# they share SHARDS processes (3 unless told), <prefix><target>/<number>, and one that is skipped fails the process. SHARDS 0
# is for tests that look at their own process.
function(director_discover_tests target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "PREFIX;TEST_FILTER;SHARDS;TIMEOUT" "EXTRA_ARGS;LABELS")
  foreach(default IN ITEMS SHARDS:3 TIMEOUT:300 TEST_FILTER:*)
    string(REPLACE ":" ";" default ${default})
    list(POP_FRONT default key)
    if(NOT DEFINED arg_${key})
      set(arg_${key} ${default})
    endif()
  endforeach()
  if(NOT DIRECTOR_SANITIZE OR arg_SHARDS EQUAL 0)
    string(MAKE_C_IDENTIFIER "${arg_PREFIX}${target}${arg_TEST_FILTER}" list)
    gtest_discover_tests(
      ${target}
      TEST_PREFIX "${arg_PREFIX}"
      TEST_FILTER "${arg_TEST_FILTER}"
      EXTRA_ARGS ${arg_EXTRA_ARGS}
      TEST_LIST ${list}
      DISCOVERY_TIMEOUT 120
      PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS "${arg_LABELS}")
    return()
  endif()
  math(EXPR last "${arg_SHARDS} - 1")
  foreach(shard RANGE ${last})
    set(name ${arg_PREFIX}${target}/${shard})
    add_test(NAME ${name} COMMAND ${target} ${arg_EXTRA_ARGS} "--gtest_filter=${arg_TEST_FILTER}")
    set_tests_properties(
      ${name}
      PROPERTIES ENVIRONMENT "GTEST_TOTAL_SHARDS=${arg_SHARDS};GTEST_SHARD_INDEX=${shard}"
                 FAIL_REGULAR_EXPRESSION "\\[  SKIPPED \\]"
                 TIMEOUT 1200
                 LABELS "${arg_LABELS}")
  endforeach()
endfunction()

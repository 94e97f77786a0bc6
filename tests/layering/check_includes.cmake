# cmake -DROOT=<source tree> -P check_includes.cmake
#
# Who includes whom: sdk <- core <- sdk/kit <- cli, plugins see the sdk alone; within core, base <- ports, plan, run <- engine,
# and config, platform, plugin beside the engine. Reports every violation, then fails.
cmake_minimum_required(VERSION 3.25)

set(may_base base)
set(may_ports base ports)
set(may_plan base plan)
set(may_run base plan run)
set(may_config base config plan)
set(may_platform base platform ports)
set(may_plugin base plugin ports)
set(may_engine base config engine plan ports run)

# The one folder of core whose .cpp files may see a library.
set(owner_boost/process platform)
set(owner_boost/dll plugin)
set(owner_rapidjson base)
set(owner_openssl base)
set(owner_spdlog platform)
set(owner_toml\\+\\+ config)
set(libraries boost/process boost/dll rapidjson openssl spdlog toml\\+\\+)
set(all_libraries "^(boost|rapidjson|openssl|spdlog|toml\\+\\+|git2)[/.]")

# What a pure folder (base, plan, run) has no use for.
set(impure
    "^(sys/.*|unistd\\.h|fcntl\\.h|signal\\.h|poll\\.h|time\\.h|csignal|ctime|fstream|iostream|thread|mutex|condition_variable|filesystem|random|cstdio)$"
)

function(violation file what)
  message(SEND_ERROR "${file}: ${what}")
endfunction()

function(check_core file include)
  string(REGEX MATCH "^core/([a-z]+)/" unused "${file}")
  set(folder ${CMAKE_MATCH_1})
  if(NOT DEFINED may_${folder})
    violation(${file} "core/${folder} has no rule; add one here")
    return()
  endif()
  if(include MATCHES "^core/([a-z]+)/" AND NOT CMAKE_MATCH_1 IN_LIST may_${folder})
    violation(${file} "core/${folder} must not include '${include}'")
  elseif(include MATCHES "^(cli|plugins|tests|bench)/")
    violation(${file} "core must not include '${include}'")
  endif()
  if(folder MATCHES "^(base|plan|run)$" AND include MATCHES "${impure}")
    violation(${file} "core/${folder} is pure and must not include '${include}'")
  endif()
  if(NOT include MATCHES "${all_libraries}")
    return()
  endif()
  if(NOT file MATCHES "\\.cpp$")
    violation(${file} "'${include}' in a header")
  endif()
  foreach(library IN LISTS libraries)
    if(include MATCHES "^${library}" AND folder STREQUAL owner_${library})
      return()
    endif()
  endforeach()
  violation(${file} "core/${folder} does not own '${include}'")
endfunction()

function(check_other file include)
  if(file MATCHES "^sdk/kit/")
    if(include MATCHES "^(cli|plugins|tests)/" OR include MATCHES "^core/(engine|plan|run)/"
       OR include MATCHES "${all_libraries}")
      violation(${file} "the kit must not include '${include}'")
    endif()
  elseif(file MATCHES "^sdk/" AND (include MATCHES "^(core|cli|plugins|tests)/" OR include MATCHES "${all_libraries}"))
    violation(${file} "the SDK must not include '${include}'")
  elseif(file MATCHES "^plugins/" AND include MATCHES "^(core|cli|tests)/")
    violation(${file} "a plugin must not include '${include}'")
  elseif(file MATCHES "^cli/" AND include MATCHES "^(tests|plugins)/")
    violation(${file} "the program must not include '${include}'")
  endif()
endfunction()

file(
  GLOB_RECURSE files
  RELATIVE ${ROOT}
  ${ROOT}/sdk/include/*.h
  ${ROOT}/sdk/include/*.hpp
  ${ROOT}/sdk/kit/*.hpp
  ${ROOT}/sdk/kit/*.cpp
  ${ROOT}/core/*.hpp
  ${ROOT}/core/*.cpp
  ${ROOT}/cli/*.hpp
  ${ROOT}/cli/*.cpp
  ${ROOT}/plugins/*.h
  ${ROOT}/plugins/*.hpp
  ${ROOT}/plugins/*.c
  ${ROOT}/plugins/*.cpp)
set(count 0)
foreach(file IN LISTS files)
  file(STRINGS ${ROOT}/${file} lines REGEX "^[ \t]*#[ \t]*include")
  foreach(line IN LISTS lines)
    if(NOT line MATCHES "include[ \t]*[<\"]([^>\"]+)[>\"]")
      continue()
    endif()
    set(include ${CMAKE_MATCH_1})
    math(EXPR count "${count} + 1")
    if(file MATCHES "^core/")
      check_core(${file} ${include})
    else()
      check_other(${file} ${include})
    endif()
  endforeach()
endforeach()
if(count EQUAL 0)
  message(FATAL_ERROR "no #include found below ${ROOT}")
endif()
message(STATUS "${count} includes looked at")

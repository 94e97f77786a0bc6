# Flags that every target of this project is built with. Linked PRIVATE, so no consumer inherits them.
add_library(director_options INTERFACE)
target_compile_options(
  director_options
  INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wswitch-enum
            $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor>)

# GCC 12 sees out of bounds, where it optimises, what it has inlined of a list of strings; GCC 13 does not.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(director_options
                         INTERFACE "$<$<AND:$<COMPILE_LANGUAGE:CXX>,$<NOT:$<CONFIG:Debug>>>:-Wno-array-bounds;-Wno-stringop-overflow>")
endif()

find_package(Threads REQUIRED)
target_link_libraries(director_options INTERFACE Threads::Threads)

if(DIRECTOR_SANITIZE)
  target_compile_options(director_options INTERFACE -fsanitize=${DIRECTOR_SANITIZE}
                                                    -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(director_options INTERFACE -fsanitize=${DIRECTOR_SANITIZE})
endif()

# For sources that use RapidJSON: what clang holds against its headers, which compare iterators of two kinds and add
# offsets to null pointers.
set(DIRECTOR_RAPIDJSON_OPTIONS
    "$<$<CXX_COMPILER_ID:Clang>:-Wno-ambiguous-reversed-operator;-fno-sanitize=pointer-overflow>")

# Checkouts in different folders share what one of them has compiled.
find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # It keeps what is compiled with a precompiled header only where it may overlook what such a header hides.
  set(ccache ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
             CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE_PROGRAM})
  set(CMAKE_C_COMPILER_LAUNCHER ${ccache})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${ccache})
endif()

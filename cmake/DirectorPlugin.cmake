# director_add_plugin(<name> SOURCES <files>... [LIBRARIES <targets>...])
#
# Builds lib<name>.so as a plugin: one exported symbol, no undefined ones. The plugin sees the SDK and the libraries it
# names, nothing of the kernel. The same file serves this project and, installed, everybody else's.
include_guard(GLOBAL)
include(GNUInstallDirs)

set(DIRECTOR_PLUGIN_VERSION_SCRIPT ${CMAKE_CURRENT_LIST_DIR}/plugin.map)

function(director_add_plugin name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBRARIES")
  if(NOT arg_SOURCES)
    message(FATAL_ERROR "director_add_plugin(${name}): SOURCES names no file")
  endif()
  add_library(${name} MODULE ${arg_SOURCES})
  target_compile_features(${name} PRIVATE c_std_11 cxx_std_20)
  set_target_properties(
    ${name}
    PROPERTIES PREFIX ""
               C_VISIBILITY_PRESET hidden
               CXX_VISIBILITY_PRESET hidden
               VISIBILITY_INLINES_HIDDEN ON
               POSITION_INDEPENDENT_CODE ON)
  if(DIRECTOR_PLUGIN_OUTPUT_DIRECTORY)
    set_target_properties(${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${DIRECTOR_PLUGIN_OUTPUT_DIRECTORY})
  endif()
  target_link_libraries(${name} PRIVATE director::sdk ${arg_LIBRARIES})
  target_link_options(${name} PRIVATE "LINKER:--version-script=${DIRECTOR_PLUGIN_VERSION_SCRIPT}")
  # A sanitized build resolves the sanitizer's own symbols from the program that loads the plugin.
  if(NOT DIRECTOR_SANITIZE)
    target_link_options(${name} PRIVATE "LINKER:-z,defs")
  endif()
  set_property(TARGET ${name} APPEND PROPERTY LINK_DEPENDS ${DIRECTOR_PLUGIN_VERSION_SCRIPT})
endfunction()

target_sources(
  director_core
  PRIVATE ${CMAKE_CURRENT_LIST_DIR}/call_filter.cpp
          ${CMAKE_CURRENT_LIST_DIR}/cgroup_files.cpp
          ${CMAKE_CURRENT_LIST_DIR}/cgroups.cpp
          ${CMAKE_CURRENT_LIST_DIR}/disk_file_store.cpp
          ${CMAKE_CURRENT_LIST_DIR}/disk_slot_folders.cpp
          ${CMAKE_CURRENT_LIST_DIR}/environment.cpp
          ${CMAKE_CURRENT_LIST_DIR}/folder_record.cpp
          ${CMAKE_CURRENT_LIST_DIR}/interrupt.cpp
          ${CMAKE_CURRENT_LIST_DIR}/landlock.cpp
          ${CMAKE_CURRENT_LIST_DIR}/landlock_rules.cpp
          ${CMAKE_CURRENT_LIST_DIR}/listening_sockets.cpp
          ${CMAKE_CURRENT_LIST_DIR}/layer.cpp
          ${CMAKE_CURRENT_LIST_DIR}/local_launcher.cpp
          ${CMAKE_CURRENT_LIST_DIR}/open_folder.cpp
          ${CMAKE_CURRENT_LIST_DIR}/os_error.cpp
          ${CMAKE_CURRENT_LIST_DIR}/other_mounts.cpp
          ${CMAKE_CURRENT_LIST_DIR}/paths.cpp
          ${CMAKE_CURRENT_LIST_DIR}/private_folder.cpp
          ${CMAKE_CURRENT_LIST_DIR}/process_table.cpp
          ${CMAKE_CURRENT_LIST_DIR}/remove_tree.cpp
          ${CMAKE_CURRENT_LIST_DIR}/repo_lock.cpp
          ${CMAKE_CURRENT_LIST_DIR}/repository_caches.cpp
          ${CMAKE_CURRENT_LIST_DIR}/running_command.cpp
          ${CMAKE_CURRENT_LIST_DIR}/sandbox.cpp
          ${CMAKE_CURRENT_LIST_DIR}/sandboxed_launcher.cpp
          ${CMAKE_CURRENT_LIST_DIR}/spawn.cpp
          ${CMAKE_CURRENT_LIST_DIR}/spdlog_log.cpp
          ${CMAKE_CURRENT_LIST_DIR}/start_failure.cpp)

set_source_files_properties(
  ${CMAKE_CURRENT_LIST_DIR}/paths.cpp
  TARGET_DIRECTORY director_core
  PROPERTIES
    COMPILE_DEFINITIONS
    "DIRECTOR_LIBEXECDIR=\"${CMAKE_INSTALL_LIBEXECDIR}\";DIRECTOR_LIBDIR=\"${CMAKE_INSTALL_LIBDIR}\";DIRECTOR_DATADIR=\"${CMAKE_INSTALL_DATADIR}\"")

# A build tree has the layout of an installation, so that the program finds its parts in both.
file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/share/director)
file(CREATE_LINK ${PROJECT_SOURCE_DIR}/agents ${PROJECT_BINARY_DIR}/share/director/agents SYMBOLIC)
file(CREATE_LINK ${PROJECT_SOURCE_DIR}/sdk/templates ${PROJECT_BINARY_DIR}/share/director/templates SYMBOLIC)

# Runs between this program and each command. Small and, where there is a static C library, static: it is started as
# often as commands are. Never sanitized, so that it stays small.
add_executable(director_supervise ${CMAKE_CURRENT_LIST_DIR}/supervise_main.cpp
                                  ${CMAKE_CURRENT_LIST_DIR}/call_filter.cpp
                                  ${CMAKE_CURRENT_LIST_DIR}/landlock.cpp
                                  ${CMAKE_CURRENT_LIST_DIR}/process_table.cpp)
set_target_properties(director_supervise PROPERTIES OUTPUT_NAME director-supervise RUNTIME_OUTPUT_DIRECTORY
                                                                ${PROJECT_BINARY_DIR}/libexec/director)
target_include_directories(director_supervise PRIVATE ${PROJECT_SOURCE_DIR})
include(CheckLinkerFlag)
check_linker_flag(CXX -static DIRECTOR_HAS_STATIC_LIBC)
if(DIRECTOR_HAS_STATIC_LIBC)
  set_target_properties(director_supervise PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_link_options(director_supervise PRIVATE -static)
endif()
if(NOT DIRECTOR_SANITIZE)
  target_link_libraries(director_supervise PRIVATE director_options)
endif()
add_dependencies(director_core director_supervise)
install(TARGETS director_supervise DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/director)

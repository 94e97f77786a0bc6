target_sources(
  director_core
  PRIVATE ${CMAKE_CURRENT_LIST_DIR}/adapters/gate.cpp
          ${CMAKE_CURRENT_LIST_DIR}/adapters/launcher.cpp
          ${CMAKE_CURRENT_LIST_DIR}/adapters/reviewer.cpp
          ${CMAKE_CURRENT_LIST_DIR}/adapters/runner.cpp
          ${CMAKE_CURRENT_LIST_DIR}/adapters/sink.cpp
          ${CMAKE_CURRENT_LIST_DIR}/adapters/vcs.cpp
          ${CMAKE_CURRENT_LIST_DIR}/call_host.cpp
          ${CMAKE_CURRENT_LIST_DIR}/catalog.cpp ${CMAKE_CURRENT_LIST_DIR}/crash_guard.cpp
          ${CMAKE_CURRENT_LIST_DIR}/descriptor.cpp
          ${CMAKE_CURRENT_LIST_DIR}/discovery.cpp
          ${CMAKE_CURRENT_LIST_DIR}/exec/conversation.cpp
          ${CMAKE_CURRENT_LIST_DIR}/exec/excerpt.cpp
          ${CMAKE_CURRENT_LIST_DIR}/exec/executable.cpp
          ${CMAKE_CURRENT_LIST_DIR}/exec/gate.cpp
          ${CMAKE_CURRENT_LIST_DIR}/exec/protocol_read.cpp
          ${CMAKE_CURRENT_LIST_DIR}/exec/protocol_write.cpp
          ${CMAKE_CURRENT_LIST_DIR}/exec/reviewer.cpp
          ${CMAKE_CURRENT_LIST_DIR}/exec/runner.cpp
          ${CMAKE_CURRENT_LIST_DIR}/exec/sink.cpp
          ${CMAKE_CURRENT_LIST_DIR}/instance.cpp
          ${CMAKE_CURRENT_LIST_DIR}/library.cpp
          ${CMAKE_CURRENT_LIST_DIR}/prepared_launcher.cpp
          ${CMAKE_CURRENT_LIST_DIR}/probe.cpp
          ${CMAKE_CURRENT_LIST_DIR}/transcript.cpp
          ${CMAKE_CURRENT_LIST_DIR}/trust.cpp)

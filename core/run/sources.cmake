target_sources(
  director_core
  PRIVATE ${CMAKE_CURRENT_LIST_DIR}/backoff.cpp ${CMAKE_CURRENT_LIST_DIR}/ledger.cpp
          ${CMAKE_CURRENT_LIST_DIR}/loop_guard.cpp ${CMAKE_CURRENT_LIST_DIR}/planning.cpp
          ${CMAKE_CURRENT_LIST_DIR}/run_state.cpp ${CMAKE_CURRENT_LIST_DIR}/running.cpp
          ${CMAKE_CURRENT_LIST_DIR}/transition.cpp ${CMAKE_CURRENT_LIST_DIR}/watch.cpp)

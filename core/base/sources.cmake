target_sources(
  director_core
  PRIVATE ${CMAKE_CURRENT_LIST_DIR}/dollars.cpp ${CMAKE_CURRENT_LIST_DIR}/json.cpp
          ${CMAKE_CURRENT_LIST_DIR}/json_parse.cpp
          ${CMAKE_CURRENT_LIST_DIR}/json_write.cpp
          ${CMAKE_CURRENT_LIST_DIR}/nesting.cpp ${CMAKE_CURRENT_LIST_DIR}/redactor.cpp
          ${CMAKE_CURRENT_LIST_DIR}/sha256.cpp
          ${CMAKE_CURRENT_LIST_DIR}/text.cpp)

target_sources(
  director_core
  PRIVATE ${CMAKE_CURRENT_LIST_DIR}/entries.cpp ${CMAKE_CURRENT_LIST_DIR}/key_kinds.cpp
          ${CMAKE_CURRENT_LIST_DIR}/keys.cpp
          ${CMAKE_CURRENT_LIST_DIR}/load.cpp ${CMAKE_CURRENT_LIST_DIR}/rules.cpp
          ${CMAKE_CURRENT_LIST_DIR}/schema.cpp ${CMAKE_CURRENT_LIST_DIR}/settings.cpp
          ${CMAKE_CURRENT_LIST_DIR}/toml_json.cpp
          ${CMAKE_CURRENT_LIST_DIR}/toml_text.cpp)

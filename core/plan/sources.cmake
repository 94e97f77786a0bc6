target_sources(
  director_core
  PRIVATE ${CMAKE_CURRENT_LIST_DIR}/attribution.cpp ${CMAKE_CURRENT_LIST_DIR}/contract.cpp ${CMAKE_CURRENT_LIST_DIR}/graph.cpp
          ${CMAKE_CURRENT_LIST_DIR}/graph_paths.cpp ${CMAKE_CURRENT_LIST_DIR}/names.cpp
          ${CMAKE_CURRENT_LIST_DIR}/plan.cpp ${CMAKE_CURRENT_LIST_DIR}/plan_json.cpp
          ${CMAKE_CURRENT_LIST_DIR}/reply.cpp ${CMAKE_CURRENT_LIST_DIR}/reply_node.cpp
          ${CMAKE_CURRENT_LIST_DIR}/topology.cpp ${CMAKE_CURRENT_LIST_DIR}/validate.cpp
          ${CMAKE_CURRENT_LIST_DIR}/validate_paths.cpp ${CMAKE_CURRENT_LIST_DIR}/wrong_red.cpp)

# Debian packages by CPack: `director`, the program with its plugins, and `director-sdk`, what plugins are built with. The
# build folder's CPackConfig.cmake holds what stands here; tools/package makes them.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME director)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "director, which lets agents implement small nodes with frozen tests")
set(CPACK_PACKAGE_VENDOR "the director authors")
set(CPACK_PACKAGE_CONTACT "the director authors <director@localhost>")
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_COMPONENTS_ALL director director-sdk)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_STRIP_FILES ON)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION devel)

set(CPACK_DEBIAN_DIRECTOR_PACKAGE_NAME director)
set(CPACK_COMPONENT_DIRECTOR_DESCRIPTION
    "The program and its plugins: an agent tool, git, gates, a reviewer and records, each behind a stable C ABI. Agents and \
gates are confined where the machine offers a sandbox.")
set(CPACK_DEBIAN_DIRECTOR_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_DIRECTOR_PACKAGE_RECOMMENDS "bubblewrap, git")

set(CPACK_DEBIAN_DIRECTOR-SDK_PACKAGE_NAME director-sdk)
set(CPACK_COMPONENT_DIRECTOR-SDK_DESCRIPTION
    "The headers for plugins in C and C++, a CMake package, a pkg-config file, examples of plugins that are programs, and \
the guides. The program itself is in the package director.")
set(CPACK_DEBIAN_DIRECTOR-SDK_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_DIRECTOR-SDK_PACKAGE_SHLIBDEPS OFF)
set(CPACK_DEBIAN_DIRECTOR-SDK_PACKAGE_RECOMMENDS "director (>= ${PROJECT_VERSION}), cmake, g++ | c++-compiler, pkgconf")

foreach(component IN LISTS CPACK_COMPONENTS_ALL)
  install(
    FILES ${PROJECT_SOURCE_DIR}/LICENSE
    DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${component}
    RENAME copyright
    COMPONENT ${component})
endforeach()
install(
  FILES ${PROJECT_SOURCE_DIR}/docs/commands.md ${PROJECT_SOURCE_DIR}/CHANGELOG.md
  DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/director
  COMPONENT director)
install(
  FILES ${PROJECT_SOURCE_DIR}/docs/writing-a-plugin.md ${PROJECT_SOURCE_DIR}/docs/exec-plugins.md
  DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/director-sdk
  COMPONENT director-sdk)

include(CPack)

# What `cmake --install` lays down below its prefix: bin/ingesta, and in lib/ingesta the Arrow and Parquet libraries out
# of the wheel, which the binary finds by its own place. A system's own Arrow stays where it is.
install(TARGETS ingesta RUNTIME DESTINATION bin)
# Relative, so that a tree with its build folder can be moved.
set_target_properties(ingesta PROPERTIES BUILD_RPATH_USE_ORIGIN ON)
if(TARGET ArrowWheel::arrow)
  foreach(_library arrow parquet)
    get_target_property(_file ArrowWheel::${_library} IMPORTED_LOCATION)
    install(FILES "${_file}" DESTINATION lib/ingesta)
  endforeach()
  set_target_properties(ingesta PROPERTIES INSTALL_RPATH "$ORIGIN/../lib/ingesta")
endif()

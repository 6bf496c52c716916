# Finds Arrow C++ inside an unpacked pyarrow wheel (ARROW_WHEEL_ROOT holds pyarrow/), which ships headers and
# versioned shared objects but no CMake package. Gives ArrowWheel::arrow and ArrowWheel::parquet, from stripped copies in
# ${CMAKE_BINARY_DIR}/arrow-lib. libparquet exports a whole static OpenSSL; scripts/hide_c_exports.py hides it in the copy.
set(_root "${ARROW_WHEEL_ROOT}/pyarrow")
set(_config "${_root}/include/arrow/util/config.h")
if(EXISTS "${_config}")
  file(STRINGS "${_config}" _lines REGEX "define ARROW_(SO_VERSION|VERSION_STRING) ")
  string(REGEX REPLACE ".*ARROW_SO_VERSION \"([0-9]+)\".*" "\\1" ArrowWheel_SOVERSION "${_lines}")
  string(REGEX REPLACE ".*ARROW_VERSION_STRING \"([0-9.]+)\".*" "\\1" ArrowWheel_VERSION "${_lines}")
endif()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(ArrowWheel
  REQUIRED_VARS _config ArrowWheel_SOVERSION VERSION_VAR ArrowWheel_VERSION
  REASON_FAILURE_MESSAGE "run scripts/setup.sh, which downloads it")
find_package(Python3 REQUIRED COMPONENTS Interpreter)

set(_out "${CMAKE_BINARY_DIR}/arrow-lib")
file(MAKE_DIRECTORY "${_out}")

function(_arrow_wheel_library name file dependency)
  set(source "${_root}/${file}.so.${ArrowWheel_SOVERSION}")
  set(target "${_out}/${file}.so.${ArrowWheel_SOVERSION}")
  if(NOT EXISTS "${source}" OR TARGET ArrowWheel::${name})
    return()
  endif()
  if("${source}" IS_NEWER_THAN "${target}")
    execute_process(COMMAND ${Python3_EXECUTABLE} "${CMAKE_SOURCE_DIR}/scripts/hide_c_exports.py" "${source}" "${target}.tmp"
                    COMMAND_ERROR_IS_FATAL ANY)
    execute_process(COMMAND ${CMAKE_STRIP} --strip-unneeded "${target}.tmp" COMMAND_ERROR_IS_FATAL ANY)
    file(RENAME "${target}.tmp" "${target}")
  endif()
  add_library(ArrowWheel::${name} SHARED IMPORTED GLOBAL)
  set_target_properties(ArrowWheel::${name} PROPERTIES
    IMPORTED_LOCATION "${target}" IMPORTED_SONAME "${file}.so.${ArrowWheel_SOVERSION}"
    INTERFACE_INCLUDE_DIRECTORIES "${_root}/include" INTERFACE_LINK_LIBRARIES "${dependency}")
endfunction()
_arrow_wheel_library(arrow libarrow "")
_arrow_wheel_library(parquet libparquet "ArrowWheel::arrow")

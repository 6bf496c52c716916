# Language level, warnings, hardening, sanitizers and the build types Dev and Release.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
# Dev: quick to compile, assertions on.
set(CMAKE_CXX_FLAGS_DEV "")
set(CMAKE_C_FLAGS_DEV "")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
set(CMAKE_C_FLAGS_RELEASE "-O2 -DNDEBUG")

find_program(INGESTA_CCACHE ccache)
if(INGESTA_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${INGESTA_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${INGESTA_CCACHE})
endif()
find_program(INGESTA_MOLD mold)
if(INGESTA_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

add_library(ingesta_options INTERFACE)
target_compile_options(ingesta_options INTERFACE
  # Designated initialisers leave members to their defaults on purpose.
  -Wall -Wextra -Wno-missing-field-initializers -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-align
  # In a unity build each file is "included", and its classes with members of its own types look like a header's.
  $<$<BOOL:${CMAKE_UNITY_BUILD}>:-Wno-subobject-linkage>
  $<$<BOOL:${INGESTA_WERROR}>:-Werror>)
if(INGESTA_SANITIZE)
  add_compile_options(-fsanitize=${INGESTA_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all -g1)
  add_link_options(-fsanitize=${INGESTA_SANITIZE})
else()
  # Hardening as Debian builds its own packages; _FORTIFY_SOURCE needs optimisation.
  add_compile_options(-fstack-protector-strong -D_GLIBCXX_ASSERTIONS)
  # Control flow: each architecture has its own, and refuses the other's option.
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
    add_compile_options(-fcf-protection=full)
  elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
    add_compile_options(-mbranch-protection=standard)
  endif()
  add_compile_definitions($<$<CONFIG:Release>:_FORTIFY_SOURCE=2>)
  add_link_options(-Wl,-z,relro,-z,now,-z,noexecstack -pie)
endif()
if(INGESTA_COVERAGE)
  add_compile_options(--coverage)
  add_link_options(--coverage)
endif()

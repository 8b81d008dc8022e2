# sluice_floor(<name> [STATIC] DIR <folder> USES <floors...> HEADERS <public headers...> SOURCES <files...>)
#
# One floor of the house (docs/architecture.md) as an object library `sluice_<name>`, or as an archive of its own. Its include path is made of links:
#
#   build/floors/<name>/<folder's name>  ->  the floor's folder        #include "wire/sse.hpp"
#   build/floors/<name>/sluice/x.hpp     ->  include/sluice/x.hpp      #include <sluice/x.hpp>
#
# and it gets the include paths of the floors it USES, directly named, and of no other. So an include of a higher floor,
# public header or private one, does not compile. tests/floors proves it.
function(sluice_floor name)
  cmake_parse_arguments(arg "STATIC" "DIR" "USES;HEADERS;SOURCES" ${ARGN})
  set(root ${PROJECT_BINARY_DIR}/floors/${name})
  file(MAKE_DIRECTORY ${root}/sluice)
  get_filename_component(folder ${arg_DIR} NAME)
  file(CREATE_LINK ${arg_DIR} ${root}/${folder} SYMBOLIC)
  foreach(header ${arg_HEADERS})
    get_filename_component(sub ${root}/sluice/${header} DIRECTORY)
    file(MAKE_DIRECTORY ${sub})
    file(CREATE_LINK ${PROJECT_SOURCE_DIR}/include/sluice/${header} ${root}/sluice/${header} SYMBOLIC)
  endforeach()
  list(TRANSFORM arg_SOURCES PREPEND ${arg_DIR}/)
  sluice_unity(arg_SOURCES ${name} ${arg_SOURCES})
  if(arg_STATIC)
    add_library(sluice_${name} STATIC ${arg_SOURCES})
  else()
    add_library(sluice_${name} OBJECT ${arg_SOURCES})
  endif()
  target_include_directories(sluice_${name} PRIVATE ${root})
  foreach(used ${arg_USES})
    target_include_directories(sluice_${name} PRIVATE ${PROJECT_BINARY_DIR}/floors/${used})
  endforeach()
  target_link_libraries(sluice_${name} PRIVATE sluice_config $<BUILD_INTERFACE:sluice_build> simdjson::simdjson ZLIB::ZLIB)
  set_target_properties(sluice_${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  set_property(GLOBAL APPEND PROPERTY SLUICE_PUBLIC_HEADERS ${arg_HEADERS})
endfunction()

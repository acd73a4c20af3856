# Written by edgec @version@. The target @name@::@name@: the library of the model @name@, and its header.
if(TARGET @name@::@name@)
    return()
endif()

set(@NAME@_TARGET "@default@" CACHE STRING "Which library of the model @name@: @targets@")
set_property(CACHE @NAME@_TARGET PROPERTY STRINGS @targets@)
get_filename_component(_@name@_root "${CMAKE_CURRENT_LIST_DIR}/.." ABSOLUTE)
set(_@name@_library "${_@name@_root}/lib/${@NAME@_TARGET}/lib@name@.a")
if(NOT @NAME@_TARGET OR NOT EXISTS "${_@name@_library}")
    message(FATAL_ERROR "set @NAME@_TARGET to one of: @targets@")
endif()

add_library(@name@::@name@ STATIC IMPORTED GLOBAL)
set_target_properties(@name@::@name@ PROPERTIES
    IMPORTED_LOCATION "${_@name@_library}"
    INTERFACE_INCLUDE_DIRECTORIES "${_@name@_root}/include"
)

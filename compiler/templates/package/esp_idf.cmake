
# As a component of ESP-IDF.
if(ESP_PLATFORM)
    idf_component_register(INCLUDE_DIRS "include")
    idf_build_get_property(chip IDF_TARGET)
@chips@    else()
        message(FATAL_ERROR "@name@ has no library for ${chip}, but for: @targets@")
    endif()
    add_prebuilt_library(edgec_@name@ "${CMAKE_CURRENT_LIST_DIR}/lib/${library}/lib@name@.a")
    target_link_libraries(${COMPONENT_LIB} INTERFACE edgec_@name@)
    return()
endif()


# Tests of the whole: the house rules, and the real binary through its pipes.
#   tidy: ...         tests/tidy, over the source tree
#   transcript: ...   tests/transcripts/*.rpc and examples/conversations/*.rpc
#   wire: ...         tests/wire, what a transcript cannot say
#   clients: ...      tests/clients, the public SDKs
find_package(nlohmann_json 3.11 CONFIG REQUIRED)

include(tidy/format.cmake)
quarry_unit_tests(tidy tidy nlohmann_json::nlohmann_json)
target_sources(tidy_test PRIVATE tidy/source_tree.cpp)
target_compile_definitions(tidy_test PRIVATE QUARRY_SOURCE_DIR="${PROJECT_SOURCE_DIR}")

add_library(quarry_transcripts STATIC transcripts/transcript.cpp transcripts/match.cpp
  transcripts/play.cpp)
target_link_libraries(quarry_transcripts PUBLIC quarry_test_support nlohmann_json::nlohmann_json)
quarry_unit_tests(transcripts transcripts quarry_transcripts)
add_executable(transcript_runner transcripts/runner_main.cpp)
target_link_libraries(transcript_runner PRIVATE quarry_transcripts)

if(NOT TARGET quarry)
  return()
endif()

file(GLOB conversations CONFIGURE_DEPENDS transcripts/*.rpc
  ${PROJECT_SOURCE_DIR}/examples/conversations/*.rpc)
foreach(file IN LISTS conversations)
  get_filename_component(name ${file} NAME_WE)
  if(file MATCHES "/examples/")
    string(PREPEND name "example ")
  endif()
  add_test(NAME "transcript: ${name}"
    COMMAND transcript_runner $<TARGET_FILE:quarry> ${file})
  set_tests_properties("transcript: ${name}" PROPERTIES TIMEOUT 120 LABELS transcripts)
endforeach()

# The runner itself: each of these conversations is wrong in its own way, and must be found out.
foreach(name another_answer too_much too_little no_server)
  add_test(NAME "transcript runner: finds ${name}" COMMAND transcript_runner
    $<TARGET_FILE:quarry> ${CMAKE_CURRENT_SOURCE_DIR}/transcripts/wrong/${name}.rpc)
  set_tests_properties("transcript runner: finds ${name}" PROPERTIES WILL_FAIL TRUE TIMEOUT 60
    ENVIRONMENT "UPDATE_GOLDEN=0")  # they stay wrong
endforeach()

quarry_room_tests(example_hello_tool ${PROJECT_SOURCE_DIR}/examples/hello_tool quarry_json)
target_sources(example_hello_tool_test PRIVATE
  ${PROJECT_SOURCE_DIR}/examples/hello_tool/hello_tool.cpp)
add_test(NAME "transcript: example hello_tool" COMMAND transcript_runner $<TARGET_FILE:quarry-hello>
  ${PROJECT_SOURCE_DIR}/examples/hello_tool/hello_tool.rpc)

quarry_unit_tests(wire wire nlohmann_json::nlohmann_json)
target_sources(wire_test PRIVATE wire/client.cpp)
set_source_files_properties(wire/command_line_test.cpp PROPERTIES
  COMPILE_DEFINITIONS QUARRY_EXAMPLES="${PROJECT_SOURCE_DIR}/examples")
set(built "QUARRY_BINARY=\"$<TARGET_FILE:quarry>\"")
if(QUARRY_SANITIZE)
  list(APPEND built QUARRY_SANITIZED=1)
endif()
set_source_files_properties(wire/client.cpp PROPERTIES COMPILE_DEFINITIONS "${built}")

add_test(NAME "clients: the public SDKs drive the server in every mode"
  COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/clients/run $<TARGET_FILE:quarry>)
set_tests_properties("clients: the public SDKs drive the server in every mode" PROPERTIES
  SKIP_RETURN_CODE 77 TIMEOUT 300 LABELS clients)

# The scripted harnesses are examples that must keep working.
foreach(row "shell|sh|ask.sh" "python|python3|review.py")
  string(REPLACE "|" ";" row "${row}")
  list(GET row 0 language)
  list(GET row 1 program)
  list(GET row 2 script)
  add_test(NAME "example: a harness in ${language}"
    COMMAND sh -c "command -v ${program} >/dev/null || { echo skipped: ${program} is not here; exit 77; }; exec ${program} '${PROJECT_SOURCE_DIR}/examples/harness/${script}' '$<TARGET_FILE:quarry>' '${PROJECT_SOURCE_DIR}/examples'")
  set_tests_properties("example: a harness in ${language}" PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 60)
endforeach()

# The targets `format` and `format_check`: every C++ file of ours, with the .clang-format at the top.
find_program(CLANG_FORMAT NAMES clang-format-14 clang-format)
set(list_sources "git ls-files --cached --others --exclude-standard '*.h' '*.cpp'")
foreach(row "format|-i" "format_check|--dry-run -Werror")
  string(REPLACE "|" ";" row "${row}")
  list(GET row 0 name)
  list(GET row 1 flags)
  if(CLANG_FORMAT)
    add_custom_target(${name} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} VERBATIM
      COMMAND sh -c "${list_sources} | xargs -r ${CLANG_FORMAT} ${flags}")
  else()
    add_custom_target(${name} VERBATIM
      COMMAND sh -c "echo '${name}: clang-format is not here: make setup installs it' >&2; exit 1")
  endif()
endforeach()

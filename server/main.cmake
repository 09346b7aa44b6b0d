# The server's binary. Everything but `call`'s and `serve`'s wiring is in the rooms.
quarry_room(cli ROOMS base json rpc pool store metrics sandbox process session mcp FOREIGN CLI11::CLI11)
target_link_libraries(quarry_cli PUBLIC quarry_tools)
add_executable(quarry main.cpp)
target_link_libraries(quarry PRIVATE quarry_flags quarry_cli)

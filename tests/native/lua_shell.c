/*
 * lua_shell.c: the Lua interpreter, static, as a real program to run under vmm.
 *
 * lua_shell FILE [ARGS...]    run a script, its arguments in the table arg
 * lua_shell -e CHUNK          run a string
 * lua_shell                   run each line of stdin (a prompt on a terminal)
 *
 * Debian has no static Lua, but liblua5.4-dev holds the archive:
 *   cc -I/usr/include/lua5.4 -static lua_shell.c -llua5.4 -lm
 * (the linker warns about dlopen: require() of C modules does not work).
 * Exit status 1 and Lua's message on stderr if the script fails.
 */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Print and drop the message on the stack if there is one. 0 or 1. */
static int report(lua_State *lua, int result)
{
	const char *message;

	if (result == LUA_OK)
		return 0;
	message = lua_tostring(lua, -1);
	fprintf(stderr, "lua_shell: %s\n",
		message ? message : "error without a message");
	lua_pop(lua, 1);
	return 1;
}

/* The table arg: the script at 0, its arguments from 1 on. */
static void set_arguments(lua_State *lua, int argc, char **argv)
{
	lua_createtable(lua, argc, 0);
	for (int i = 0; i < argc; i++) {
		lua_pushstring(lua, argv[i]);
		lua_rawseti(lua, -2, i);
	}
	lua_setglobal(lua, "arg");
}

static int run_lines(lua_State *lua)
{
	const int prompt = isatty(STDIN_FILENO);
	char line[4096];
	int failed = 0;

	for (;;) {
		if (prompt) {
			fputs("> ", stdout);
			fflush(stdout);
		}
		if (!fgets(line, sizeof(line), stdin))
			return failed;
		failed |= report(lua, luaL_dostring(lua, line));
	}
}

int main(int argc, char **argv)
{
	lua_State *lua = luaL_newstate();
	int failed;

	if (!lua) {
		fputs("lua_shell: out of memory\n", stderr);
		return 1;
	}
	luaL_openlibs(lua);
	if (argc == 3 && strcmp(argv[1], "-e") == 0) {
		failed = report(lua, luaL_dostring(lua, argv[2]));
	} else if (argc > 1) {
		set_arguments(lua, argc - 1, argv + 1);
		failed = report(lua, luaL_dofile(lua, argv[1]));
	} else {
		failed = run_lines(lua);
	}
	lua_close(lua);
	return failed;
}

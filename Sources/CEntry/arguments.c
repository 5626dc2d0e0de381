// The program's arguments, in place of the Swift library's own search for them.
//
// Where Swift does not begin in a `main` of C, its library looks for the arguments before the program
// starts: it reads /proc/self/maps to find the stack, and walks that. The C library hands them to
// every constructor. The two functions are those of stdlib/public/CommandLineSupport/CommandLine.cpp;
// as they are defined here, a static link takes them and leaves that file out, with its search.
#include <stddef.h>

static char **own_arguments;
static int own_count;

__attribute__((constructor)) static void keep_arguments(int count, char **arguments) {
    own_arguments = arguments;
    own_count = count;
}

char **_swift_stdlib_getUnsafeArgvArgc(int *count) {
    *count = own_count;
    return own_arguments;
}

void _swift_stdlib_overrideUnsafeArgvArgc(char **arguments, int count) {
    keep_arguments(count, arguments);
}

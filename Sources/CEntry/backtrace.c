// Swift's backtraces are off, in place of the library's search for the program that prints them.
//
// Before a program starts the library looks for `swift-backtrace` in eight places and asks whether
// the output is a terminal, for the case of a crash. Beside a static program there is none. As the
// two symbols that others want of stdlib/public/runtime/Backtrace.cpp are defined here, a static
// link leaves that file out with its search.
#include <stdbool.h>
#include <stdint.h>

// `struct BacktraceSettings`, 88 bytes. The library reads only its second word: 0 is "off".
const uint32_t _swift_backtraceSettings[22];

// Whether a function only leads to another one; asked by whoever prints a backtrace.
bool _swift_backtrace_isThunkFunction(const char *name) {
    (void)name;
    return false;
}

import Glibc
import cli

// The program `kade`. Everything is in the library `cli`, so that tests can link it: a program
// that links Swift statically cannot be linked into a test bundle.
exit(CommandLineProgram.run())

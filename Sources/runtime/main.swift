import Glibc

exit(RuntimeProgram.run(Array(CommandLine.arguments.dropFirst())))

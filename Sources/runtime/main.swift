import Glibc

exit(RuntimeProgram.run(RuntimeProgram.arguments()))

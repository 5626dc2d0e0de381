import Glibc

// The program `kade-server`: everything of Kade that talks to networks or unpacks.
ServerProgram.run(arguments: Array(CommandLine.arguments.dropFirst()))

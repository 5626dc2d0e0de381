import Diagnostics
import Linux
import SystemPackage

extension FindProgram {
    /// The problem with a program that is there or should be: runc's words, which engines look for,
    /// and what its file says.
    static func refusal(of program: FilePath, _ errno: Errno) -> Problem {
        let what = "exec: \"\(program)\""
        switch errno {
        case .noSuchFileOrDirectory, .notDirectory:
            return missing(program, what)
        case .isDirectory:
            return Problem(
                kind: .commandNotExecutable, what: what, why: "is a directory",
                fix: "name a program")
        case .permissionDenied:
            return Problem(
                kind: .commandNotExecutable, what: what, why: "permission denied",
                fix: "make it executable for the program's user, and check for noexec mounts and "
                    + "rules of Landlock")
        case Errno(rawValue: 8):  // ENOEXEC
            return wrongFormat(program, what)
        default:
            return Problem(kind: .commandNotExecutable, what: what, why: "\(errno)")
        }
    }

    /// The program is not there, or the one that it names to read it.
    private static func missing(_ program: FilePath, _ what: String) -> Problem {
        let why = "stat \(program): no such file or directory"
        guard let interpreter = file(of: program)?.interpreter else {
            return Problem(
                kind: .commandNotFound, what: what, why: why, fix: "check the path")
        }
        return Problem(
            kind: .commandNotFound, what: what,
            why: why + ": the file is there, and its interpreter \(interpreter) is not",
            fix: "use an image that has \(interpreter), or a program that is linked statically")
    }

    private static func wrongFormat(_ program: FilePath, _ what: String) -> Problem {
        var why = "exec format error"
        var fix = "use a program for this machine's processor; a script starts with #!"
        switch file(of: program) {
        case .elf(let machine, _, _)?:
            why +=
                ": it is for \(ProgramFile.processor(machine)), and this machine is "
                + ProgramFile.processor(ProgramFile.native)
            fix = "use an image for this machine's processor: kade pull --platform"
        case .script?: break
        case .empty?:
            why += ": the file is empty"
            fix = "look at what made the image: the file was not written"
        case .unknown?:
            why += ": it is neither a program nor a script that starts with #!"
            fix = "write #!/bin/sh into its first line, or run it by a shell: sh \(program)"
        case nil: break
        }
        return Problem(kind: .commandNotExecutable, what: what, why: why, fix: fix)
    }

    /// What the file is; nil where it is not there or may not be read.
    private static func file(of program: FilePath) -> ProgramFile? {
        // The refusal is known; this only says more of it.
        guard let file = try? OwnedFD.open(program, .readOnly),
            let bytes = try? file.read(upToBytes: ProgramFile.lengthInBytes)
        else { return nil }
        return ProgramFile(bytes)
    }
}

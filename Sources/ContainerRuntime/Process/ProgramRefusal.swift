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
        // ENOEXEC; EIO and ELIBBAD are of files that end too early.
        case Errno(rawValue: 8), .ioError, Errno(rawValue: 80):
            return wrongFormat(program, what, errno)
        default:
            return Problem(kind: .commandNotExecutable, what: what, why: "\(errno)")
        }
    }

    /// The program is not there, or the one that it names to read it.
    private static func missing(_ program: FilePath, _ what: String) -> Problem {
        let why = "stat \(program): no such file or directory"
        guard let interpreter = beginning(of: program).flatMap({ ProgramFile($0).interpreter })
        else {
            return Problem(
                kind: .commandNotFound, what: what, why: why, fix: "check the path")
        }
        return Problem(
            kind: .commandNotFound, what: what,
            why: why + ": the file is there, and its interpreter \(interpreter) is not",
            fix: "use an image that has \(interpreter), or a program that is linked statically")
    }

    private static func wrongFormat(
        _ program: FilePath, _ what: String, _ errno: Errno
    ) -> Problem {
        var why = errno == Errno(rawValue: 8) ? "exec format error" : "\(errno)"
        var fix = "use a program for this machine's processor; a script starts with #!"
        let bytes = beginning(of: program)
        if let damage = bytes.flatMap(ProgramFile.damage) {
            return Problem(
                kind: .commandNotExecutable, what: what, why: "\(why): \(damage)",
                fix: "look at what made the file, or at the disk: it is damaged; an image can be "
                    + "pulled anew")
        }
        switch bytes.map(ProgramFile.init) {
        case .elf(ProgramFile.native, _, let interpreter)?:
            why += ": its headers are none that this kernel takes"
            if let interpreter { why += ", or those of \(interpreter), which it names" }
            fix = "look at what made the file, or at the disk: it may be damaged"
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

    /// The file's first bytes; nil where it is not there or may not be read.
    private static func beginning(of program: FilePath) -> [UInt8]? {
        // The refusal is known; this only says more of it.
        guard let file = try? OwnedFD.open(program, .readOnly) else { return nil }
        return try? file.read(upToBytes: ProgramFile.lengthInBytes)
    }
}

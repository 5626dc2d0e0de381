import CLinux
import Glibc
package import SystemPackage

/// Arguments and environment in the form that `execve(2)` takes, made before the clone.
///
/// It owns its memory; `execve(2)` makes it vanish with the rest of the process.
package struct Program: ~Copyable {
    private let arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private let environment: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

    /// Copies the strings.
    package init(arguments: [String], environment: [String]) {
        self.arguments = Self.makeCStrings(arguments)
        self.environment = Self.makeCStrings(environment)
    }

    deinit {
        Self.free(arguments)
        Self.free(environment)
    }

    /// Becomes the program at a path (execve(2)).
    ///
    /// - Returns: only when the kernel refuses, and why.
    package borrowing func execute(at path: FilePath) -> SystemCallError {
        let (arguments, environment) = (arguments, environment)
        _ = path.withPlatformString { execve($0, arguments, environment) }
        return SystemCallError(
            call: "execve", subject: path.string, errno: Errno(rawValue: clinux_errno()))
    }

    private static func makeCStrings(
        _ strings: [String]
    ) -> UnsafeMutablePointer<UnsafeMutablePointer<CChar>?> {
        let array = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
            .allocate(capacity: strings.count + 1)
        for (index, string) in strings.enumerated() {
            array.advanced(by: index).initialize(to: strdup(string))
        }
        array.advanced(by: strings.count).initialize(to: nil)
        return array
    }

    private static func free(_ array: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) {
        var next = array
        while let string = next.pointee {
            Glibc.free(string)
            next += 1
        }
        array.deallocate()
    }
}

/// Where a program's name leads (execvp(3)).
package enum ProgramLookup: Sendable, Equatable {
    /// The file to execute.
    case found(FilePath)
    /// No directory of the search path has such a file.
    case notInSearchPath
    /// The name is a path, and the kernel says this of it; also a file that is found but that
    /// this user may not execute (`EACCES`).
    case refused(FilePath, Errno)
}

/// Finds a program as the process that will execute it: with its identity, in its root.
///
/// - Parameters:
///   - name: a name with a slash is taken as it is, another is searched for.
///   - searchPath: the value of `PATH`; an empty entry means the working directory.
/// - Returns: the file, or why there is none.
package func lookUpProgram(_ name: String, searchPath: String) -> ProgramLookup {
    if name.utf8.contains(UInt8(ascii: "/")) {
        let path = FilePath(name)
        guard let refusal = refusalToExecute(path) else { return .found(path) }
        return .refused(path, refusal)
    }
    guard !name.isEmpty else { return .notInSearchPath }
    var firstRefusal: ProgramLookup?
    for directory in searchPath.split(separator: ":", omittingEmptySubsequences: false) {
        let path = FilePath(directory.isEmpty ? "." : String(directory)).appending(name)
        switch refusalToExecute(path) {
        case nil: return .found(path)
        case .permissionDenied?:
            firstRefusal = firstRefusal ?? .refused(path, .permissionDenied)
        default: continue
        }
    }
    return firstRefusal ?? .notInSearchPath
}

/// Why a file cannot be executed, or nil.
private func refusalToExecute(_ path: FilePath) -> Errno? {
    path.withPlatformString { name in
        var status = stat()
        guard stat(name, &status) == 0 else { return Errno(rawValue: clinux_errno()) }
        if status.st_mode & S_IFMT == S_IFDIR { return .isDirectory }
        guard access(name, X_OK) == 0 else { return Errno(rawValue: clinux_errno()) }
        return nil
    }
}

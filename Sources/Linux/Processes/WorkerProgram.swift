import CLinux
import Glibc
package import SystemPackage

/// Starts a program beside the caller, with its standard streams and chosen descriptors.
///
/// - Parameters:
///   - path: the program.
///   - arguments: its arguments, with its name.
///   - environment: its environment.
///   - standardError: what it finds as descriptor 2; nil is the caller's own.
///   - descriptors: what it finds as descriptors 3, 4 and so on; they stay open here.
/// - Returns: the program, a child of this process. One that cannot be executed exits with 127.
/// - Throws: when the kernel makes no process.
package func startWorker(
    _ path: FilePath, arguments: [String], environment: [String], standardError: CInt?,
    descriptors: [CInt]
) throws(SystemCallError) -> ChildProcess {
    let program = Program(arguments: arguments, environment: environment)
    switch try clone([], intoCgroup: nil) {
    case .parent(let process): return process
    case .child:
        do throws(SystemCallError) {
            try setSignalMask(0)
            if let standardError {
                try kernel("dup2", "descriptor \(standardError)") { dup2(standardError, 2) }
            }
            try placeDescriptors(descriptors)
            throw program.execute(at: path)
        } catch {
            let text = "\(error.call) \(error.subject): \(error.errno)\n"
            _ = text.withCString { write(2, $0, strlen($0)) }  // no one is left to be told
            _exit(127)
        }
    }
}

/// Makes descriptors those from 3 on, which survive `execve(2)`, and no others beyond.
private func placeDescriptors(_ sources: [CInt]) throws(SystemCallError) {
    let first = CInt(3)
    // Out of the way first, so that no source is overwritten before it is used.
    var copies: [CInt] = []
    for source in sources {
        copies.append(
            try kernel("fcntl", "descriptor \(source)") {
                fcntl(source, F_DUPFD_CLOEXEC, first + CInt(sources.count))
            })
    }
    for (index, copy) in copies.enumerated() {
        try kernel("dup2", "descriptor \(copy)") { dup2(copy, first + CInt(index)) }
    }
    try closeOnExecute(from: first + CInt(sources.count))
}

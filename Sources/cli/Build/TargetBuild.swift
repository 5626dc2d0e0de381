import Diagnostics
import Linux
import SystemPackage

/// A `kade build` that goes on for a target of a bake.
final class TargetBuild {
    /// The target.
    let name: String
    /// Where it writes what becomes of it.
    let place: FilePath
    private let process: ChildProcess
    /// What it says; nil where it speaks for itself.
    private let output: OwnedFD?
    /// What is readable when it speaks, or has ended.
    private let descriptor: CInt
    /// The beginning of a line.
    private var rest: [UInt8] = []

    static let idFile = "id"
    static let metadataFile = "metadata"
    /// An empty directory.
    static let nothing = "nothing"

    /// Starts it.
    ///
    /// - Parameters:
    ///   - name: the target.
    ///   - place: a directory for what becomes of it.
    ///   - arguments: those of `kade`.
    ///   - environment: its environment.
    ///   - showsItself: whether it writes to the caller's own standard error.
    /// - Throws: ``Problem`` when the kernel makes no process.
    init(
        _ name: String, in place: FilePath, arguments: [String], environment: [String: String],
        showsItself: Bool
    ) throws(Problem) {
        let program = try ProgramDirectories().own
        let words = environment.map { "\($0.key)=\($0.value)" }.sorted()
        self.name = name
        self.place = place
        do throws(SystemCallError) {
            guard !showsItself else {
                output = nil
                process = try startWorker(
                    program, arguments: ["kade"] + arguments, environment: words,
                    standardError: nil, descriptors: [])
                descriptor = process.descriptor.rawValue
                return
            }
            let pipe = try Pipe()
            process = try startWorker(
                program, arguments: ["kade"] + arguments, environment: words,
                standardError: pipe.writing.rawValue, descriptors: [])
            let reading = pipe.keepReading()
            descriptor = reading.rawValue
            output = consume reading
        } catch {
            throw Problem(
                kind: .unavailable, what: "cannot bake \(name)", why: "\(error)", cause: error)
        }
    }

    /// Waits until some builds say something, or have ended.
    static func thatSpeak(among builds: [TargetBuild]) throws(Problem) -> [TargetBuild] {
        let descriptors = builds.map(\.descriptor)
        let events = try asking("cannot wait for the builds") { () throws(SystemCallError) in
            try Poll.wait(for: descriptors, .readable, milliseconds: nil)
        }
        return zip(builds, events).filter { !$1.isEmpty }.map { $0.0 }
    }

    /// Hands on what it says, line by line, with its name.
    ///
    /// - Returns: whether more may come.
    func pass(to stream: OutputStream) throws(Problem) -> Bool {
        let bytes = try asking("cannot read what \(name) says") { () throws(SystemCallError) in
            try output?.read(upToBytes: 1 << 16) ?? []
        }
        rest += bytes
        var text = ""
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            text += "[\(name)] \(String(decoding: rest[..<end], as: UTF8.self))\n"
            rest.removeSubrange(...end)
        }
        if bytes.isEmpty, !rest.isEmpty {
            text += "[\(name)] \(String(decoding: rest, as: UTF8.self))\n"
        }
        try stream.write(text)
        return !bytes.isEmpty
    }

    /// Waits for its end.
    ///
    /// - Returns: its exit status.
    func wait() throws(Problem) -> CInt {
        try asking("cannot wait for the build of \(name)") { () throws(SystemCallError) in
            try process.wait().code
        }
    }

    /// Asks it to end: it cleans up first.
    func end() {
        try? process.send(.terminate)  // best effort: it may have ended
    }

    /// What it has written into a file; nil where it has not.
    func text(of file: String) throws(Problem) -> String? {
        let path = place.appending(file)
        guard File.exists(path) else { return nil }
        let bytes = try asking("cannot bake \(name)") { () throws(SystemCallError) in
            try File.read(path)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

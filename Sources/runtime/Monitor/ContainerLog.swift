import ContainerRuntime
import Diagnostics
import Linux
import SystemPackage

/// The log of a container: its streams as JSON lines, in files of a limited size.
///
/// When the file reaches its limit it becomes `log.json.1`, that one `log.json.2`, and so on; the
/// oldest goes.
struct ContainerLog: ~Copyable {
    private let destination: MonitorConfiguration.Log
    private var file: OwnedFD?
    private var sizeInBytes: Int64 = 0
    private var output = LogLines(stream: "stdout")
    private var error = LogLines(stream: "stderr")

    /// Opens the log for appending.
    init(_ destination: MonitorConfiguration.Log) throws(Problem) {
        self.destination = destination
        try open()
    }

    /// Which of the container's streams bytes come from.
    enum Stream { case output, error }

    /// Keeps bytes of a stream.
    mutating func take(_ bytes: [UInt8], of stream: Stream) throws(Problem) {
        guard file != nil else { return }
        let time = currentTimestamp()
        let lines =
            switch stream {
            case .output: output.take(bytes, at: time)
            case .error: error.take(bytes, at: time)
            }
        try append(lines)
    }

    /// Keeps what the streams held when they ended.
    mutating func finish() throws(Problem) {
        let time = currentTimestamp()
        try append(output.finish(at: time) + error.finish(at: time))
    }

    private mutating func append(_ lines: [UInt8]) throws(Problem) {
        guard !lines.isEmpty, case .jsonFile(let path, let limit, _) = destination else { return }
        if limit > 0, sizeInBytes > 0, sizeInBytes + Int64(lines.count) > limit { try rotate() }
        guard let length = try write(lines, to: path) else { return }
        sizeInBytes += length
    }

    private borrowing func write(_ lines: [UInt8], to path: String) throws(Problem) -> Int64? {
        switch file {
        case .none: return nil
        case .some(let file):
            try explaining("cannot write the log \(path)", fix: "free some space") {
                () throws(SystemCallError) in try file.writeAll(lines)
            }
            return Int64(lines.count)
        }
    }

    private mutating func open() throws(Problem) {
        guard case .jsonFile(let path, _, _) = destination else { return }
        let opened = try explaining("cannot open the log \(path)") {
            () throws(SystemCallError) in
            try OwnedFD.open(
                FilePath(path), [.writeOnly, .create, .append], permissions: .ownerReadWrite)
        }
        sizeInBytes = try explaining("cannot measure the log \(path)") {
            () throws(SystemCallError) in Int64(try FileStatus(of: opened).sizeInBytes)
        }
        file = consume opened
    }

    private mutating func rotate() throws(Problem) {
        guard case .jsonFile(let path, _, let count) = destination else { return }
        file = nil
        try explaining("cannot rotate the log \(path)") { () throws(SystemCallError) in
            if count <= 1 { return try Link.remove(FilePath(path)) }
            for number in (1..<count).reversed() {
                let older = FilePath("\(path).\(number)")
                let newer = FilePath(number == 1 ? path : "\(path).\(number - 1)")
                if File.exists(newer) { try Link.rename(newer, to: older) }
            }
        }
        try open()
    }
}

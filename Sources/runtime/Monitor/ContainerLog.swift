import ContainerRuntime
import Diagnostics
import Linux
import SystemPackage

/// The log of a container: its streams as JSON lines, in files of a limited size.
///
/// When the file reaches its limit it becomes `log.json.1`, that one `log.json.2`, and so on; the
/// oldest goes. What cannot be written, because the disk is full, is left out: the program neither
/// waits nor ends for it, and the log says how much is missing as soon as it can be written again.
struct ContainerLog: ~Copyable {
    private let destination: MonitorConfiguration.Log
    private var file: OwnedFD?
    private var sizeInBytes: Int64 = 0
    private var output = LogLines(stream: "stdout")
    private var error = LogLines(stream: "stderr")
    /// What could not be written since the last line that could.
    private(set) var gap: Gap?

    /// Lines that are missing in the log, and why.
    struct Gap {
        var lineCount: Int
        var problem: Problem

        var text: String { "\(lineCount) lines of the log are missing: \(problem)" }
    }

    /// Opens the log for appending.
    init(_ destination: MonitorConfiguration.Log) throws(Problem) {
        self.destination = destination
        try open()
    }

    /// Which of the container's streams bytes come from.
    enum Stream { case output, error }

    /// Keeps bytes of a stream.
    mutating func take(_ bytes: [UInt8], of stream: Stream) {
        guard case .jsonFile = destination else { return }
        let time = currentTimestamp()
        let lines =
            switch stream {
            case .output: output.take(bytes, at: time)
            case .error: error.take(bytes, at: time)
            }
        keep(lines, at: time)
    }

    /// Keeps what the streams held when they ended.
    mutating func finish() {
        guard case .jsonFile = destination else { return }
        let time = currentTimestamp()
        keep(output.finish(at: time) + error.finish(at: time), at: time)
    }

    /// Appends lines, or notes that they are missing.
    private mutating func keep(_ lines: [UInt8], at time: String) {
        guard !lines.isEmpty else { return }
        do throws(Problem) {
            if let gap {
                var notice = LogLines(stream: "stderr")
                try append(notice.take(Array("kade: \(gap.text)\n".utf8), at: time))
                self.gap = nil
            }
            try append(lines)
        } catch {
            let count = lines.count { $0 == UInt8(ascii: "\n") }
            gap = Gap(lineCount: (gap?.lineCount ?? 0) + count, problem: error)
        }
    }

    private mutating func append(_ lines: [UInt8]) throws(Problem) {
        guard case .jsonFile(let path, let limit, _) = destination else { return }
        if limit > 0, sizeInBytes > 0, sizeInBytes + Int64(lines.count) > limit {
            file = nil
            try rotate()
            sizeInBytes = 0
        }
        try open()
        try write(lines, to: path)
        sizeInBytes += Int64(lines.count)
    }

    /// Writes all or nothing: a reader takes a part of a line for no line.
    private borrowing func write(_ lines: [UInt8], to path: String) throws(Problem) {
        try explaining("cannot write the log \(path)", fix: "free some space") {
            () throws(SystemCallError) in
            switch file {
            case .some(let file): try file.append(lines, afterSizeInBytes: sizeInBytes)
            case .none: preconditionFailure("the log is open")
            }
        }
    }

    /// Opens the file unless it is open.
    private mutating func open() throws(Problem) {
        guard case .jsonFile(let path, _, _) = destination, !isOpen else { return }
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

    private var isOpen: Bool {
        switch file {
        case .some: true
        case .none: false
        }
    }

    private func rotate() throws(Problem) {
        guard case .jsonFile(let path, _, let count) = destination else { return }
        try explaining("cannot rotate the log \(path)") { () throws(SystemCallError) in
            if count <= 1 { return try Link.remove(FilePath(path)) }
            for number in (1..<count).reversed() {
                let older = FilePath("\(path).\(number)")
                let newer = FilePath(number == 1 ? path : "\(path).\(number - 1)")
                if File.exists(newer) { try Link.rename(newer, to: older) }
            }
        }
    }
}

extension OwnedFD {
    /// Writes all bytes at the file's end, or takes back what was written of them.
    fileprivate borrowing func append(
        _ bytes: [UInt8], afterSizeInBytes size: Int64
    ) throws(SystemCallError) {
        do throws(SystemCallError) {
            try writeAll(bytes)
        } catch {
            // Somebody else may have shortened the file meanwhile.
            try truncate(toSizeInBytes: min(size, Int64(FileStatus(of: self).sizeInBytes)))
            throw error
        }
    }
}

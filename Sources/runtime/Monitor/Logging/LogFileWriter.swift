import ContainerRuntime
import Diagnostics
import Glibc
import Linux
import OCI
import SystemPackage

/// Writes a log to files of a limited size.
///
/// When the file reaches its limit it becomes `log.json.1`, that one `log.json.2`, and so on; the
/// oldest goes. A program that runs beside the monitor compresses what is full.
final class LogFileWriter {
    private let files: LogFiles
    /// The attributes of each line, as JSON.
    private let attributes: [UInt8]
    private var file: OwnedFD?
    private var sizeInBytes: Int64 = 0
    private var compressor: ChildProcess?

    /// Opens the log for appending.
    init(_ files: LogFiles) throws(Problem) {
        self.files = files
        if case .json(let map) = files.format, !map.isEmpty {
            attributes = map.json()
        } else {
            attributes = []
        }
        try open()
    }

    /// Appends entries, in as few writes as the files' limits allow.
    ///
    /// - Parameters:
    ///   - batch: the entries.
    ///   - keptCount: is set to how many of them are in the log, also after an error.
    /// - Throws: when the rest cannot be written.
    func write(_ batch: LogBatch, keptCount: inout Int) throws(Problem) {
        let time = currentTimestamp()
        let nanoseconds = wallClockNanoseconds()
        var bytes: [UInt8] = []
        for (index, entry) in batch.entries.enumerated() {
            let start = bytes.count
            switch files.format {
            case .json:
                LogRecord.appendJSON(
                    entry, of: batch.stream, at: time, attributes: attributes, to: &bytes)
            case .compact:
                LogRecord.append(entry, of: batch.stream, at: nanoseconds, to: &bytes)
            }
            let size = sizeInBytes + Int64(bytes.count)
            guard files.maxSizeInBytes > 0, size > files.maxSizeInBytes,
                size > Int64(bytes.count - start)
            else { continue }
            // This one begins the next file.
            try append(Array(bytes[..<start]))
            keptCount = index
            bytes.removeFirst(start)
            file = nil
            try rotate()
            sizeInBytes = 0
        }
        try append(bytes)
        keptCount = batch.entries.count
    }

    /// Appends bytes, all or none of them: a reader takes a part of an entry for none.
    private func append(_ bytes: [UInt8]) throws(Problem) {
        guard !bytes.isEmpty else { return }
        try open()
        try explaining("cannot write the log \(files.path)", fix: "free some space") {
            () throws(SystemCallError) in
            switch file {
            case .some(let file): try file.append(bytes, afterSizeInBytes: sizeInBytes)
            case .none: preconditionFailure("the log is open")
            }
        }
        sizeInBytes += Int64(bytes.count)
    }

    /// Opens the file unless it is open.
    private func open() throws(Problem) {
        guard !isOpen else { return }
        let path = files.path
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

    /// Measures the file again.
    func reopen() throws(Problem) {
        file = nil
        try open()
    }

    private var isOpen: Bool {
        switch file {
        case .some: true
        case .none: false
        }
    }

    // MARK: Full files

    private func rotate() throws(Problem) {
        // One that is still being compressed must not change its name meanwhile.
        try waitForCompressor()
        try explaining("cannot rotate the log \(files.path)") { () throws(SystemCallError) in
            guard files.maxFiles > 1 else { return try Link.remove(FilePath(files.path)) }
            for number in (1..<files.maxFiles).reversed() {
                let newer = number == 1 ? files.path : "\(files.path).\(number - 1)"
                try shift(newer, to: "\(files.path).\(number)")
            }
        }
        try compress(FilePath("\(files.path).1"))
    }

    /// Renames a file that is there, compressed or not; what had the new name goes.
    private func shift(_ newer: String, to older: String) throws(SystemCallError) {
        for suffix in ["", ".gz"] where File.exists(FilePath(newer + suffix)) {
            for stale in ["", ".gz"] where File.exists(FilePath(older + stale)) {
                try Link.remove(FilePath(older + stale))
            }
            try Link.rename(FilePath(newer + suffix), to: FilePath(older + suffix))
            if suffix.isEmpty, File.exists(FilePath(newer + ".gz")) {
                try Link.remove(FilePath(newer + ".gz"))  // it was never finished
            }
            return
        }
    }

    private func compress(_ path: FilePath) throws(Problem) {
        guard let program = files.compressor, files.maxFiles > 1 else { return }
        compressor = try explaining("cannot compress the log \(path)") {
            () throws(SystemCallError) in
            try startWorker(
                FilePath(program), arguments: ["gzip", "-f", path.string], environment: [],
                standardError: nil, descriptors: [])
        }
    }

    /// The process that compresses; nil while there is none.
    var compressorDescriptor: CInt? {
        switch compressor {
        case .some(let process): process.descriptor.rawValue
        case .none: nil
        }
    }

    /// Takes note of the end of the process that compresses.
    func reapCompressor() throws(Problem) {
        try waitForCompressor()
    }

    private func waitForCompressor() throws(Problem) {
        guard let process = compressor.take() else { return }
        // A file that it could not compress stays as it was: nothing of the log is lost.
        _ = try explaining("cannot wait for the compression of the log") {
            () throws(SystemCallError) in try process.wait()
        }
    }

    /// Waits for the compression that is under way, so that nothing of the container goes on.
    func finish() {
        try? waitForCompressor()  // the program's end is what counts, whatever became of it
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

/// The wall clock in nanoseconds since 1970 (clock_gettime(2), CLOCK_REALTIME).
private func wallClockNanoseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

import ContainerRuntime
import Diagnostics
import Linux
import OCI
import SystemPackage

/// The log of a container: its streams, cut into entries, for whichever driver keeps them.
///
/// What cannot be kept, because the disk is full or a server away, is left out: the program neither
/// waits nor ends for it, and the log says how much is missing as soon as it can be written again.
struct ContainerLog: ~Copyable {
    private let driver: Driver
    private var output = LogLines()
    private var error = LogLines()
    /// What could not be kept since the last entry that could.
    private(set) var gap: Gap?

    /// What keeps entries.
    private enum Driver {
        case none
        case files(LogFileWriter)
        case journal(JournalWriter)
        case syslog(SyslogWriter)
    }

    /// Lines that are missing in the log, and why.
    struct Gap {
        var lineCount: Int
        var problem: Problem

        var text: String { "\(lineCount) lines of the log are missing: \(problem)" }
    }

    /// Opens the log.
    init(_ destination: LogDestination) throws(Problem) {
        driver =
            switch destination {
            case .none: .none
            case .files(let files): .files(try LogFileWriter(files))
            case .journal(let fields, let mayLose):
                .journal(try JournalWriter(fields, mayLose: mayLose))
            case .syslog(let target): .syslog(try SyslogWriter(target))
            }
    }

    /// Keeps bytes of a stream.
    mutating func take(_ bytes: [UInt8], of stream: LogStream) {
        if case .none = driver { return }
        var batch = LogBatch(stream)
        switch stream {
        case .output: output.take(bytes) { batch.add($0) }
        case .error: error.take(bytes) { batch.add($0) }
        }
        keep(batch)
    }

    /// Keeps what the streams held when they ended.
    mutating func finish() {
        if case .none = driver { return }
        var batch = LogBatch(.output)
        output.finish { batch.add($0) }
        keep(batch)
        batch = LogBatch(.error)
        error.finish { batch.add($0) }
        keep(batch)
        if case .files(let files) = driver { files.finish() }
    }

    /// Looks at the files again, which a command may have emptied.
    func reopen() throws(Problem) {
        if case .files(let files) = driver { try files.reopen() }
    }

    /// The process that compresses a full file, to wait for; nil while there is none.
    var compressor: CInt? {
        guard case .files(let files) = driver else { return nil }
        return files.compressorDescriptor
    }

    /// Takes note of the end of the process that compresses.
    func reapCompressor() throws(Problem) {
        if case .files(let files) = driver { try files.reapCompressor() }
    }

    /// Hands entries to the driver, or notes that they are missing.
    private mutating func keep(_ batch: LogBatch) {
        guard !batch.entries.isEmpty else { return }
        var keptCount = 0
        do throws(Problem) {
            if let gap {
                var notice = LogBatch(.error)
                notice.add(Array("kade: \(gap.text)\n".utf8)[...])
                try write(notice, keptCount: &keptCount)
                self.gap = nil
                keptCount = 0
            }
            try write(batch, keptCount: &keptCount)
        } catch {
            let lostCount = batch.entries.count - keptCount
            gap = Gap(lineCount: (gap?.lineCount ?? 0) + lostCount, problem: error)
        }
    }

    private func write(_ batch: LogBatch, keptCount: inout Int) throws(Problem) {
        switch driver {
        case .none: return
        case .files(let files): try files.write(batch, keptCount: &keptCount)
        case .journal(let journal): try journal.write(batch, keptCount: &keptCount)
        case .syslog(let server): try server.write(batch, keptCount: &keptCount)
        }
    }
}

/// Entries of one stream that came together.
struct LogBatch {
    let stream: LogStream
    private(set) var entries: [ArraySlice<UInt8>] = []

    init(_ stream: LogStream) { self.stream = stream }

    mutating func add(_ entry: ArraySlice<UInt8>) { entries.append(entry) }
}

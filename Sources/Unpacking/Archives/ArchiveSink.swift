import Diagnostics
import Linux
import OCI
import Storage
import SystemPackage

/// Takes the files of an image that is saved: a tar archive or a directory.
protocol ArchiveSink {
    /// Adds a file whose bytes are in memory.
    mutating func add(_ name: String, _ bytes: [UInt8]) throws(Problem)

    /// Adds a file whose bytes come from elsewhere; there must be exactly so many.
    mutating func add(
        _ name: String, sizeInBytes: Int64, from source: any ByteSource
    ) throws(Problem)

    /// Says that no file follows.
    mutating func finish() throws(Problem)
}

/// A tar archive on an open file or pipe; its members have no times, and no owner but root.
struct TarSink: ArchiveSink {
    private var tar: TarWriter

    /// Writes to a file, of which `name` is only for errors.
    init(_ file: SharedFile) {
        tar = TarWriter { chunk throws(Problem) in try file.write(chunk.bytes) }
    }

    mutating func add(_ name: String, _ bytes: [UInt8]) throws(Problem) {
        try tar.begin(Self.entry(name, Int64(bytes.count)))
        try tar.writeData(bytes)
    }

    mutating func add(
        _ name: String, sizeInBytes: Int64, from source: any ByteSource
    ) throws(Problem) {
        try tar.begin(Self.entry(name, sizeInBytes))
        try tar.writeData(from: source, sizeInBytes: sizeInBytes, named: name)
    }

    mutating func finish() throws(Problem) { try tar.finish() }

    private static func entry(_ name: String, _ sizeInBytes: Int64) -> TarEntry {
        TarEntry(
            name: Array(name.utf8), linkTarget: [], kind: .file, permissions: 0o644, owner: 0,
            group: 0, sizeInBytes: sizeInBytes, modified: FileTime(seconds: 0, nanoseconds: 0),
            device: DeviceNumber(rawValue: 0), attributes: [], sparse: nil)
    }
}

/// A directory, which is made; files that are in it already stay unless they have the same name.
struct DirectorySink: ArchiveSink {
    private let directory: FilePath

    init(_ directory: FilePath) throws(Problem) {
        self.directory = directory
        try asking("cannot make \(directory)") { () throws(SystemCallError) in
            try Directory.makeAll(directory, permissions: .storeDirectory)
        }
    }

    mutating func add(_ name: String, _ bytes: [UInt8]) throws(Problem) {
        let file = try create(name)
        try asking("cannot write \(name)") { () throws(SystemCallError) in
            try file.writeAll(bytes)
        }
    }

    mutating func add(
        _ name: String, sizeInBytes: Int64, from source: any ByteSource
    ) throws(Problem) {
        let file = try create(name)
        while let chunk = try source.nextChunk() {
            try asking("cannot write \(name)") { () throws(SystemCallError) in
                try file.writeAll(chunk.bytes)
            }
        }
    }

    mutating func finish() throws(Problem) {}

    private func create(_ name: String) throws(Problem) -> OwnedFD {
        let path = directory.pushing(FilePath(name))
        return try asking("cannot make \(path)") { () throws(SystemCallError) in
            try Directory.makeAll(path.removingLastComponent(), permissions: .storeDirectory)
            return try OwnedFD.open(
                path, [.writeOnly, .create, .truncate, .noFollow], permissions: .storeFile)
        }
    }
}

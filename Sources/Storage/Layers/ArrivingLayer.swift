package import Diagnostics
package import Linux
package import OCI
package import SystemPackage

/// A layer that containers use while it arrives: `layers/arriving/<diffID>` in the data root.
///
/// Its files are in `diff`, the mount of an EROFS image whose data is a hole at first. Who reads
/// what has not come waits for the process that fetches it: see ``ReadGate``. That process holds the
/// lock on the place, so that everybody knows whether it lives; the place goes when the layer has
/// come whole, or with the next clearing up.
package final class ArrivingLayer: Sendable {
    package let diffID: Digest
    /// The root of its files.
    package let files: FilePath
    private let place: FilePath
    private let held: OwnedFD
    private let data: OwnedFD

    fileprivate init(
        _ diffID: Digest, place: FilePath, held: consuming OwnedFD, data: consuming OwnedFD
    ) {
        self.diffID = diffID
        self.place = place
        files = place.appending(Layers.files)
        self.held = held
        self.data = data
    }

    /// The identity of the file with the data, by which a ``ReadGate/Question`` is its own.
    package func dataIdentity() throws(Problem) -> FileStatus.Identity {
        try asking("cannot look at the data of the layer \(diffID)") {
            () throws(SystemCallError) in try FileStatus(of: data).identity
        }
    }

    /// Puts a part of the data in place.
    package func write(_ bytes: [UInt8], at position: Int64) throws(Problem) {
        try asking("cannot store a part of the layer \(diffID)") {
            () throws(SystemCallError) in
            var written = 0
            while written < bytes.count {
                written += try bytes.withUnsafeBufferPointer { buffer throws(SystemCallError) in
                    try data.write(
                        UnsafeRawBufferPointer(
                            rebasing: UnsafeRawBufferPointer(buffer)[written...]),
                        atOffsetInBytes: position + Int64(written))
                }
            }
        }
    }

    /// Asks no more about reads of the data: all of it is there.
    package func open(_ gate: borrowing ReadGate) throws(Problem) {
        do throws(SystemCallError) {
            try gate.unwatch(data)
        } catch {
            throw Problem(error, what: "cannot open the data of the layer \(diffID)")
        }
    }

    /// Notes why the layer will never be whole, for the monitors of its containers.
    package func note(failure: Problem) throws(Problem) {
        let file = place.appending(Layers.failureName)
        try asking("cannot note the end of the layer \(diffID)") { () throws(SystemCallError) in
            try File.create(
                file, content: Array(failure.description.utf8), permissions: .ownerReadWrite)
        }
    }

    /// Removes the place; containers keep what they have mounted.
    package func remove() throws(Problem) {
        try asking("cannot remove what arrived of the layer \(diffID)") {
            () throws(SystemCallError) in try Layers.removeArrival(place)
        }
    }
}

/// How the monitors of containers find the process that fetches an arriving layer: `arrival.json`.
package struct ArrivalRecord: Sendable, Equatable, JSONCodable {
    /// The process.
    package var process: Int32
    /// When it was made, in ticks since boot.
    package var startTime: UInt64
    /// The number of its descriptor of the ``ReadGate``.
    package var gate: Int32
    /// The number of its descriptor of a pipe, which has a byte once all is there, and no writer
    /// once the process has ended.
    package var end: Int32

    package init(process: Int32, startTime: UInt64, gate: Int32, end: Int32) {
        self.process = process
        self.startTime = startTime
        self.gate = gate
        self.end = end
    }

    package init(from json: inout JSONReader) throws(JSONError) {
        self.init(process: 0, startTime: 0, gate: 0, end: 0)
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "process": process = try json.read()
            case "startTime": startTime = try json.read()
            case "gate": gate = try json.read()
            case "end": end = try json.read()
            default: try json.skipValue()
            }
        }
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("process", process)
        json.member("startTime", startTime)
        json.member("gate", gate)
        json.member("end", end)
        json.endObject()
    }
}

extension Layers {
    /// The process that fetches a layer which can be used already; nil where there is none.
    package func arrival(of diffID: Digest) -> ArrivalRecord? {
        let place = arriving.appending(diffID.encoded)
        guard let bytes = try? File.read(place.appending(Self.arrivalName)),  // or there is none
            Self.isHeld(place)
        else { return nil }
        return try? ArrivalRecord(json: bytes, named: "\(place)")  // one of another version
    }

    /// Whether a layer was used while it arrived, and the process that fetched it has ended.
    package func hasBrokenArrival(of diffID: Digest) -> Bool {
        let place = arriving.appending(diffID.encoded)
        return File.exists(place) && !Self.isHeld(place)
    }

    /// Waits while another process brings a layer that can be used already.
    package func waitForArrival(of diffID: Digest) throws(Problem) {
        let place = arriving.appending(diffID.encoded)
        try asking("cannot wait for the layer \(diffID)") { () throws(SystemCallError) in
            do throws(SystemCallError) {
                let held = try OwnedFD.open(place, [.readOnly, .directory, .noFollow])
                _ = try held.lock(.shared, wait: true, "\(place)")
            } catch  where error.errno == .noSuchFileOrDirectory {}
        }
    }

    /// The root of the files of an arriving layer.
    package func arrivingPath(of diffID: Digest) -> FilePath {
        arriving.appending(diffID.encoded).appending(Self.files)
    }

    /// Where the files of a layer are that was used while it arrived, once it has; the path itself
    /// for another one.
    package func settledPath(of path: FilePath) -> FilePath {
        guard let diffID = arrivingLayer(at: path), !File.exists(path) else { return path }
        return self.path(of: diffID)
    }

    /// Paths of layers' files as ``settledPath(of:)`` has them, with the files visible.
    ///
    /// - Throws: `.notFound` for a layer that did not arrive.
    package func settledPaths(of paths: [FilePath]) throws(Problem) -> [FilePath] {
        try paths.map { path throws(Problem) in
            guard let diffID = arrivingLayer(at: path), !File.exists(path) else { return path }
            return try show(diffID)
        }
    }

    /// Reads something of layers of which some may arrive at this moment.
    ///
    /// Where whoever fetches one ends meanwhile, what had not come would be read as zeros.
    ///
    /// - Parameters:
    ///   - paths: the roots of the layers' files.
    ///   - read: reads.
    /// - Returns: what was read.
    /// - Throws: what the reading throws; `.unavailable` for a layer that did not arrive.
    package func reading<Value>(
        _ paths: [FilePath], _ read: () throws(Problem) -> Value
    ) throws(Problem) -> Value {
        let layers = paths.compactMap(arrivingLayer)
        let before = layers.map { arrival(of: $0) }
        let value = try read()
        for (diffID, record) in zip(layers, before) {
            // In this order: a layer is in its place before its arrival ends.
            let isFetched = record != nil && arrival(of: diffID) == record
            guard !isFetched, !contains(diffID) else { continue }
            throw Problem(
                kind: .unavailable, what: "cannot use the layer \(diffID)",
                why: "the process that fetched it ended before it was whole",
                fix: "try again: what is missing is pulled then")
        }
        return value
    }

    /// The layer whose files are at a path while it arrives; nil for another path.
    private func arrivingLayer(at path: FilePath) -> Digest? {
        guard path.starts(with: arriving), let name = path.removingLastComponent().lastComponent
        else { return nil }
        return try? Digest(parsing: "sha256:\(name.string)")  // another name is of no layer
    }

    /// Makes a layer usable of which only the names have come.
    ///
    /// - Parameters:
    ///   - diffID: the layer.
    ///   - image: the EROFS image of its files.
    ///   - dataInBytes: the size of their data.
    ///   - record: how others find this process.
    ///   - gate: asks about reads of the data from now on.
    /// - Returns: nil where another process does the same.
    /// - Throws: what the kernel refuses.
    package func beginArrival(
        _ diffID: Digest, image: [UInt8], dataInBytes: Int64, record: ArrivalRecord,
        gate: borrowing ReadGate
    ) throws(Problem) -> ArrivingLayer? {
        do throws(SystemCallError) {
            try sweepArrivals()
            let place = arriving.appending(diffID.encoded)
            let new = arriving.appending(".new-\(Random.hexadecimal(bytes: 8))")
            try Directory.makeAll(new, permissions: .privateDirectory)
            let held = try OwnedFD.open(new, [.readOnly, .directory])
            _ = try held.lock(.exclusive, wait: true, "\(new)")
            do throws(SystemCallError) {
                let data = try Self.mountArrival(
                    in: new, image: image, dataInBytes: dataInBytes, gate: gate)
                try File.create(
                    new.appending(Self.arrivalName), content: record.json(),
                    permissions: .ownerReadWrite)
                try Link.rename(new, to: place)
                return ArrivingLayer(diffID, place: place, held: held, data: data)
            } catch {
                try? Self.removeArrival(new)  // best effort: the first error counts
                if error.errno == .directoryNotEmpty || error.errno == .fileExists { return nil }
                throw error
            }
        } catch {
            throw Problem(error, what: "cannot use the layer \(diffID) while it arrives")
        }
    }

    private static func mountArrival(
        in place: FilePath, image: [UInt8], dataInBytes: Int64, gate: borrowing ReadGate
    ) throws(SystemCallError) -> OwnedFD {
        let (imagePath, dataPath) = (place.appending(imageName), place.appending(dataName))
        let files = place.appending(Self.files)
        try Directory.make(files, permissions: .storeDirectory)
        try File.create(imagePath, content: image, permissions: .ownerReadWrite)
        // Opened before the gate asks, so that it does not ask about what is written here.
        let data = try OwnedFD.open(
            dataPath, [.readWrite, .create, .exclusive], permissions: .ownerReadWrite)
        try data.truncate(toSizeInBytes: max(dataInBytes, 512))
        try gate.watch(data)
        try ErofsMount(image: imagePath, data: dataPath).mount().attach(onto: files)
        return data
    }

    /// Removes what dead processes left of arriving layers.
    func sweepArrivals() throws(SystemCallError) {
        guard File.exists(arriving) else { return }
        for entry in try Directory.list(arriving) {
            let place = arriving.appending(entry.name)
            if !Self.isHeld(place) { try Self.removeArrival(place) }
        }
    }

    /// Whether the process lives that fetches an arriving layer.
    private static func isHeld(_ place: FilePath) -> Bool {
        // Whatever cannot be opened or locked is none that lives.
        guard let probe = try? OwnedFD.open(place, [.readOnly, .directory, .noFollow]) else {
            return false
        }
        return (try? probe.lock(.shared, wait: false, "\(place)")) == false
    }

    fileprivate static func removeArrival(_ place: FilePath) throws(SystemCallError) {
        let removed = place.removingLastComponent().appending(
            ".removed-\(Random.hexadecimal(bytes: 8))")
        do throws(SystemCallError) {
            // At once: nobody may take the directory without its mount for the layer.
            try Link.rename(place, to: removed)
            while try isMounted(in: removed) {
                try Mount.unmount(removed.appending(files), isDetached: true)
            }
            try Directory.removeTree(removed)
        } catch  where error.errno == .noSuchFileOrDirectory {}  // somebody else removes it
    }

    private var arriving: FilePath { directory.appending("arriving") }

    private static let arrivalName: FilePath.Component = "arrival.json"
    private static let imageName: FilePath.Component = "image.erofs"
    private static let dataName: FilePath.Component = "data"
    fileprivate static let failureName: FilePath.Component = "failure"
}

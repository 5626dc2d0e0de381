package import Diagnostics
import Linux
package import OCI
import SystemPackage

/// What builds have made of which inputs: `build/cache/<key>.json` in the data root.
///
/// A key is a digest of all that an instruction's result depends on. The layers that records name
/// are kept from the garbage collector until the record is removed.
package struct BuildCache: Sendable {
    private let root: FilePath
    private let draft: StoreDraft?

    init(root: FilePath, draft: StoreDraft?) {
        self.root = root
        self.draft = draft
    }

    /// The record of a key, or nil.
    ///
    /// A record that cannot be read counts as none: the instruction runs again and replaces it.
    package func record(of key: Digest) -> CachedStep? {
        guard let bytes = try? File.read(path(of: key)) else { return nil }
        return try? CachedStep(json: bytes, named: "the build cache")
    }

    /// Keeps what an instruction made.
    package func keep(_ step: CachedStep, as key: Digest) throws(Problem) {
        try write(step.json(), to: path(of: key))
    }

    /// Notes that a record was of use.
    package func touch(_ key: Digest, _ step: CachedStep, atSeconds now: Int64) throws(Problem) {
        guard step.usedAtSeconds != now else { return }
        var step = step
        step.usedAtSeconds = now
        try keep(step, as: key)
    }

    /// The inputs that the same place of a Dockerfile had last, or nil.
    package func inputs(at place: Digest) -> StepInputs? {
        guard let bytes = try? File.read(inputsPath(of: place)) else { return nil }  // so none
        return try? StepInputs(json: bytes, named: "the build cache")
    }

    /// Keeps the inputs of a place of a Dockerfile.
    package func keep(_ inputs: StepInputs, at place: Digest) throws(Problem) {
        try write(inputs.json(), to: inputsPath(of: place))
    }

    /// Removes records.
    ///
    /// - Parameter isOld: is asked with the time of a record's last use, in seconds since 1970.
    /// - Returns: the keys that were removed.
    /// - Throws: what the kernel refuses.
    package func prune(where isOld: (Int64) -> Bool) throws(Problem) -> [Digest] {
        var removed: [Digest] = []
        for key in try keys(in: directory) where isOld(record(of: key)?.usedAtSeconds ?? 0) {
            try remove(path(of: key))
            removed.append(key)
        }
        for place in try keys(in: inputsDirectory) {
            let path = inputsPath(of: place)
            // Each build that comes by writes them anew.
            let used = try asking("cannot look at \(path)") { () throws(SystemCallError) in
                try FileStatus(of: path).modified.seconds
            }
            if isOld(used) { try remove(path) }
        }
        return removed
    }

    /// Removes the record of a key.
    package func remove(_ key: Digest) throws(Problem) { try remove(path(of: key)) }

    private func remove(_ path: FilePath) throws(Problem) {
        if let draft {
            draft.content.remove(record: path)
            return draft.note(.remove(path))
        }
        do throws(SystemCallError) {
            try Link.remove(path)
        } catch  where error.errno == .noSuchFileOrDirectory {
            return  // another prune was faster
        } catch {
            throw Problem(error, what: "cannot remove \(path)")
        }
    }

    /// All records, each with its key.
    package func records() throws(Problem) -> [Digest: CachedStep] {
        var records: [Digest: CachedStep] = [:]
        for key in try keys(in: directory) { records[key] = record(of: key) }
        return records
    }

    /// The blobs and layers that the records name.
    func digests() throws(Problem) -> [Digest] {
        try records().values.flatMap { step in
            [step.layer?.digest, step.diffID].compactMap(\.self)
        }
    }

    private var directory: FilePath { root.appending("build/cache") }

    private var inputsDirectory: FilePath { root.appending("build/inputs") }

    private func path(of key: Digest) -> FilePath { directory.appending("\(key.encoded).json") }

    private func inputsPath(of place: Digest) -> FilePath {
        inputsDirectory.appending("\(place.encoded).json")
    }

    private func keys(in directory: FilePath) throws(Problem) -> [Digest] {
        guard File.exists(directory) else { return [] }
        let entries = try asking("cannot list \(directory)") { () throws(SystemCallError) in
            try Directory.list(directory)
        }
        var keys: [Digest] = []
        for entry in entries where entry.name.string.hasSuffix(".json") {
            let path = directory.appending(entry.name)
            guard draft?.content.hasRemoved(record: path) != true else { continue }
            let name = entry.name.string.dropLast(5)
            guard !name.hasPrefix(".") else { continue }  // one that is being written
            keys.append(try Digest(parsing: "sha256:\(name)"))
        }
        return keys
    }

    private func write(_ bytes: [UInt8], to path: FilePath) throws(Problem) {
        try asking("cannot write \(path)") { () throws(SystemCallError) in
            try Directory.makeAll(path.removingLastComponent(), permissions: .privateDirectory)
            // What a power cut takes is built again.
            try File.replace(
                path, with: bytes, permissions: .storeFile, lasting: .processExit)
        }
    }
}

extension ContentStore {
    /// The records of builds over this store.
    package var buildCache: BuildCache {
        BuildCache(root: layout.removingLastComponent(), draft: draft)
    }
}

/// What an instruction made: a layer, or nothing.
package struct CachedStep: Sendable, Equatable {
    /// The blob of the layer; nil when the files stayed as they were.
    package var layer: Descriptor?
    package var diffID: Digest?
    /// When it was of use last, in seconds since 1970.
    package var usedAtSeconds: Int64

    package init(layer: Descriptor?, diffID: Digest?, usedAtSeconds: Int64) {
        self.layer = layer
        self.diffID = diffID
        self.usedAtSeconds = usedAtSeconds
    }
}

extension CachedStep: JSONCodable {
    package init(from json: inout JSONReader) throws(JSONError) {
        self.init(layer: nil, diffID: nil, usedAtSeconds: 0)
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "layer": layer = try json.read()
            case "diffID": diffID = try json.read()
            case "usedAtSeconds": usedAtSeconds = try json.read()
            default: try json.skipValue()
            }
        }
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        if let layer { json.member("layer", layer) }
        if let diffID { json.member("diffID", diffID) }
        json.member("usedAtSeconds", usedAtSeconds)
        json.endObject()
    }
}

/// All that an instruction's result depends on, by name: to say what changed.
package struct StepInputs: Sendable, Equatable {
    package var values: [String: String]

    package init(_ values: [String: String]) { self.values = values }
}

extension StepInputs: JSONCodable {
    package init(from json: inout JSONReader) throws(JSONError) {
        self.init(try [String: String](from: &json))
    }

    package func write(to json: inout JSONWriter) { values.write(to: &json) }
}

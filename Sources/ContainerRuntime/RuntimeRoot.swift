package import Diagnostics
import Linux
package import OCI
package import SystemPackage

/// The directory that holds the state of all containers of one `--root`.
///
/// A container is `<root>/<id>/` with `state.json`, `config.json` (the bundle's, as it was at
/// creation: later edits have no effect) and, until it is started, `exec.fifo`.
package struct RuntimeRoot: Sendable {
    package let path: FilePath

    package init(path: FilePath) { self.path = path }

    /// Claims an identifier by making its directory.
    ///
    /// - Throws: `.conflict` when a container of this name exists.
    package func claim(_ id: String) throws(Problem) -> ContainerDirectory {
        let directory = ContainerDirectory(id: id, path: path.appending(id))
        do throws(SystemCallError) {
            do throws(SystemCallError) {
                try Directory.make(directory.path, permissions: .ownerReadWriteExecute)
            } catch  where error.errno == .noSuchFileOrDirectory {
                try Directory.makeAll(path, permissions: .ownerReadWriteExecute)
                try Directory.make(directory.path, permissions: .ownerReadWriteExecute)
            }
        } catch  where error.errno == .fileExists {
            throw Problem(
                kind: .conflict, what: "cannot create container \(id)",
                why: "container with given ID already exists",
                fix: "choose another name, or remove it: kade-runtime delete \(id)")
        } catch {
            throw Problem(
                what: "cannot create container \(id)", refusal: error,
                fix: "choose a directory that you may write with --root")
        }
        return directory
    }

    /// The directory of a container that exists.
    package func container(_ id: String) throws(Problem) -> ContainerDirectory {
        try Self.check(id)
        let directory = ContainerDirectory(id: id, path: path.appending(id))
        guard File.exists(directory.path) else {
            throw Problem(
                kind: .notFound, what: "cannot find container \(id)",
                why: "container does not exist", fix: "look at what there is: kade-runtime list")
        }
        return directory
    }

    /// The identifiers of all containers, in order.
    ///
    /// What begins with "@" is none: it is the runtime's own.
    package func identifiers() throws(Problem) -> [String] {
        do throws(SystemCallError) {
            return try Directory.list(path)
                .filter { $0.kind == .directory || $0.kind == nil }
                .map { $0.name.string }.filter { !$0.hasPrefix("@") }.sorted()
        } catch  where error.errno == .noSuchFileOrDirectory {
            return []
        } catch {
            throw Problem(what: "cannot list containers", refusal: error)
        }
    }

    /// Checks that a name can be a container's: letters, digits and `_+-.`, as runc has it.
    package static func check(_ id: String) throws(Problem) {
        let isValid = id.utf8.allSatisfy {
            switch $0 {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "+"),
                UInt8(ascii: "-"), UInt8(ascii: "."):
                true
            default: false
            }
        }
        guard isValid, !id.isEmpty, id != ".", id != "..", id.utf8.count <= 1024 else {
            throw Problem(
                kind: .invalid, what: "invalid container ID format: \"\(id)\"",
                why: "a name has letters, digits and _ + - . only",
                fix: "choose another name")
        }
    }
}

/// One container's directory below the runtime's root.
package struct ContainerDirectory: Sendable {
    package let id: String
    package let path: FilePath

    /// The fifo that init waits on between create and start.
    package var fifo: FilePath { path.appending("exec.fifo") }
    private var stateFile: FilePath { path.appending("state.json") }
    var configurationFile: FilePath { path.appending("config.json") }

    /// Reads `state.json`.
    package func loadState() throws(Problem) -> RuntimeState {
        let bytes = try explaining(
            "cannot read the state of container \(id)",
            fix: "it is half made: kade-runtime delete --force \(id)"
        ) { () throws(SystemCallError) in try File.read(stateFile) }
        let state = try RuntimeState(json: bytes, named: stateFile.string)
        try state.check(id: id)
        return state
    }

    /// Writes `state.json`: a reader sees the old or the new one.
    func save(_ state: RuntimeState) throws(Problem) {
        try explaining("cannot keep the state of container \(id)") {
            () throws(SystemCallError) in
            try File.replace(
                stateFile, with: state.json(), permissions: .ownerReadWrite, lasting: .processExit)
        }
    }

    /// Keeps the configuration that the container is made from.
    func saveConfiguration(_ bytes: [UInt8]) throws(Problem) {
        try explaining("cannot keep the configuration of container \(id)") {
            () throws(SystemCallError) in
            try File.create(configurationFile, content: bytes, permissions: .ownerReadWrite)
        }
    }

    /// Replaces the configuration after a change: a reader sees the old or the new one.
    func replaceConfiguration(_ spec: RuntimeSpec) throws(Problem) {
        try explaining("cannot keep the configuration of container \(id)") {
            () throws(SystemCallError) in
            try File.replace(
                configurationFile, with: spec.json(), permissions: .ownerReadWrite,
                lasting: .processExit)
        }
    }

    /// Reads the configuration that the container was made from.
    package func loadConfiguration() throws(Problem) -> RuntimeSpec {
        let bytes = try explaining("cannot read the configuration of container \(id)") {
            () throws(SystemCallError) in try File.read(configurationFile)
        }
        return try RuntimeSpec(json: bytes, named: configurationFile.string)
    }

    /// Removes a file that may be missing.
    private static func remove(_ file: FilePath) throws(SystemCallError) {
        do throws(SystemCallError) {
            try Link.remove(file)
        } catch  where error.errno == .noSuchFileOrDirectory {}
    }

    /// Removes the directory and what the runtime keeps in it.
    package func remove() throws(Problem) {
        try explaining("cannot remove the state of container \(id)") {
            () throws(SystemCallError) in
            try Self.remove(fifo)
            try Self.remove(configurationFile)
            try Self.remove(stateFile)
            do throws(SystemCallError) {
                try Directory.remove(path)
            } catch  where error.errno == .directoryNotEmpty {
                try Directory.removeTree(path)  // a half written temporary file of a killed command
            } catch  where error.errno == .noSuchFileOrDirectory {
                return  // another delete was at work
            }
        }
    }
}

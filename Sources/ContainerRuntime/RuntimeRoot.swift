package import Diagnostics
import Linux
package import OCI
package import SystemPackage

/// The directory that holds the state of all containers of one `--root`.
///
/// A container is `<root>/<id>/` with `state.json` and, until it is started, `exec.fifo`.
///
/// The first line of `state.json` is what the runtime keeps of the container; what follows is the
/// bundle's `config.json` as it was at creation: later edits have no effect. One file for both
/// halves what making and removing them costs. Containers of earlier versions, which had a
/// `config.json` of its own there, are read as well.
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

    /// Whether the state is there, which is removed before all else.
    var hasState: Bool { File.exists(stateFile) }

    /// Reads what the runtime keeps of the container.
    package func loadState() throws(Problem) -> RuntimeState {
        let state = try loadStateOfAnyFormat()
        try state.checkFormat()
        return state
    }

    /// Reads what this or a newer runtime keeps of the container, as far as this one knows it: enough
    /// to end it.
    func loadStateOfAnyFormat() throws(Problem) -> RuntimeState {
        let bytes = try load(
            "cannot read the state of container \(id)",
            fix: "it is half made: kade-runtime delete --force \(id)")
        return try state(in: bytes)
    }

    /// Reads the configuration that the container was made from.
    package func loadConfiguration() throws(Problem) -> RuntimeSpec {
        try configuration(in: load("cannot read the configuration of container \(id)", fix: nil))
    }

    /// Reads both.
    func load() throws(Problem) -> RecordedContainer {
        let bytes = try load(
            "cannot read the state of container \(id)",
            fix: "it is half made: kade-runtime delete --force \(id)")
        let state = try state(in: bytes)
        try state.checkFormat()
        return RecordedContainer(directory: self, state: state, spec: try configuration(in: bytes))
    }

    /// Keeps a container's state, and the configuration that it is made from as it was.
    func save(_ state: RuntimeState, configuration: [UInt8]) throws(Problem) {
        try save(state.json() + [Self.lineEnd] + configuration)
    }

    /// Replaces the configuration after a change.
    func replaceConfiguration(_ spec: RuntimeSpec) throws(Problem) {
        let bytes = try load("cannot read the state of container \(id)", fix: nil)
        try save(bytes.prefix { $0 != Self.lineEnd } + [Self.lineEnd] + spec.json())
    }

    private static let lineEnd = UInt8(ascii: "\n")

    private func load(_ what: String, fix: String?) throws(Problem) -> [UInt8] {
        try explaining(what, fix: fix) { () throws(SystemCallError) in try File.read(stateFile) }
    }

    /// A reader sees the old text or the new one.
    private func save(_ text: [UInt8]) throws(Problem) {
        try explaining("cannot keep the state of container \(id)") {
            () throws(SystemCallError) in
            try File.replace(
                stateFile, with: text, permissions: .ownerReadWrite, lasting: .processExit)
        }
    }

    private func state(in bytes: [UInt8]) throws(Problem) -> RuntimeState {
        let line = Array(bytes.prefix { $0 != Self.lineEnd })
        let state: RuntimeState
        do throws(Problem) {
            state = try RuntimeState(json: line, named: stateFile.string)
        } catch {
            throw Problem(
                kind: .corrupt, what: "cannot use the state of container \(id)",
                why: "\(error)", fix: "remove the container: kade-runtime delete --force \(id)",
                cause: error)
        }
        try state.check(id: id)
        return state
    }

    private func configuration(in bytes: [UInt8]) throws(Problem) -> RuntimeSpec {
        guard let end = bytes.firstIndex(of: Self.lineEnd) else { return try olderConfiguration() }
        return try RuntimeSpec(
            json: Array(bytes[end...]), named: "the configuration in \(stateFile)")
    }

    /// The configuration of a container that an earlier version has made.
    private func olderConfiguration() throws(Problem) -> RuntimeSpec {
        let file = path.appending("config.json")
        let bytes = try explaining("cannot read the configuration of container \(id)") {
            () throws(SystemCallError) in try File.read(file)
        }
        return try RuntimeSpec(json: bytes, named: file.string)
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
            try Self.remove(stateFile)
            do throws(SystemCallError) {
                try Directory.remove(path)
            } catch  where error.errno == .directoryNotEmpty {
                // A fifo that nobody has written to, or a half written file of a killed command.
                try Directory.removeTree(path)
            } catch  where error.errno == .noSuchFileOrDirectory {
                return  // another delete was at work
            }
        }
    }
}

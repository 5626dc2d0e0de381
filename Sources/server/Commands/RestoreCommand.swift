import Diagnostics
import OCI
import Storage
import SystemPackage
import Unpacking

/// `kade-server restore`: unpacks layers again that were lost when the machine went down.
struct RestoreCommand {
    /// The data root.
    private let root: FilePath
    /// The layers that must be there.
    private let diffIDs: [Digest]

    /// Reads the arguments after "restore".
    init(parsing arguments: [String]) throws(Problem) {
        var reading = FlagReading(arguments, of: "restore")
        var root: FilePath = "/var/lib/kade"
        var diffIDs: [Digest] = []
        while let argument = reading.next() {
            switch argument {
            case .flag("--root"): root = FilePath(try reading.value(of: "--root"))
            case .flag(let flag): throw reading.mistake("it does not know the flag \(flag)")
            case .name(let name): diffIDs.append(try Digest(parsing: name))
            }
        }
        self.root = root
        self.diffIDs = diffIDs
    }

    /// Unpacks what is missing of the layers.
    func run() throws(Problem) {
        try ContentStore(root: root).restore(diffIDs, in: .receiving(root: root))
    }
}

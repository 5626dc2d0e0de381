import Diagnostics
import Glibc
import Linux
import Storage
import SystemPackage

/// `kade-server flush`: writes the layers that were unpacked in this boot to the disk.
///
/// Whoever unpacked layers starts it with `--detach` and goes on: what it does makes no difference
/// until the machine goes down (see ``Layers/flush()``). It may be killed at any time, and run as
/// often as one likes.
struct FlushCommand {
    /// The data root.
    private let root: FilePath
    /// Whether the work is done in a process of its own, which nobody waits for.
    private let isDetached: Bool

    /// Reads the arguments after "flush".
    init(parsing arguments: [String]) throws(Problem) {
        var reading = FlagReading(arguments, of: "flush")
        var root: FilePath = "/var/lib/kade"
        var isDetached = false
        while let argument = reading.next() {
            switch argument {
            case .flag("--root"): root = FilePath(try reading.value(of: "--root"))
            case .flag("--detach"), .flag("-d"): isDetached = try reading.bool(of: "--detach")
            case .flag(let flag): throw reading.mistake("it does not know the flag \(flag)")
            case .name(let name): throw reading.mistake("it takes no argument, but got \(name)")
            }
        }
        self.root = root
        self.isDetached = isDetached
    }

    /// Flushes, or starts the process that does.
    func run() throws(Problem) {
        if isDetached {
            do throws(SystemCallError) {
                // This program has no other thread yet, and the new process gets none.
                guard case .child = try clone([], intoCgroup: nil) else { return }
                try startSession()
            } catch {
                throw Problem(error, what: "cannot flush in the background")
            }
        }
        // A store that was removed meanwhile is not made again.
        try Layers(existingIn: root)?.flush()
    }
}

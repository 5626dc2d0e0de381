import Diagnostics
import Linux
import Storage
import SystemPackage

/// An archive that a command was given: a path, or "-" for standard input.
struct ArchiveFile {
    let path: FilePath

    /// Whether it is descriptor 0, which is read as it is.
    var isStandardInput: Bool { path == "-" }

    /// What it is, for errors.
    var name: String { isStandardInput ? "standard input" : path.string }

    /// Opens it.
    ///
    /// - Parameter verb: what shall be done with it, for the error.
    /// - Returns: the file, or a second descriptor of standard input.
    /// - Throws: why it cannot be opened.
    func open(to verb: String) throws(Problem) -> OwnedFD {
        try askingForNamed("cannot \(verb) \(name)") { () throws(SystemCallError) in
            isStandardInput ? try OwnedFD.standardInput() : try OwnedFD.open(path, .readOnly)
        }
    }
}

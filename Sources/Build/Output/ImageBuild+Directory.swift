package import Diagnostics
import Engine
package import Linux
import Storage
package import SystemPackage

extension ImageBuild {
    /// Writes a stage's files as a tar archive (`--output type=tar`).
    package func writeArchive(
        of result: StageResult, to output: borrowing OwnedFD
    ) throws(Problem) {
        try engine.steps.begin(on: result.diffIDs).exportLower(to: output)
    }

    /// Writes a stage's files into a directory of the host (`--output type=local`).
    ///
    /// What is there already stays unless the stage has a file of its name.
    package func writeFiles(of result: StageResult, to directory: FilePath) throws(Problem) {
        let files = try engine.steps.begin(on: result.diffIDs)
        let tree = SourceTree(
            root: try files.openLower(), ignored: .none, keepsOwners: true, name: "the result")
        let root = try asking("cannot write to \(directory)") { () throws(SystemCallError) in
            try Directory.makeAll(directory, permissions: .storeDirectory)
            return try RootedDirectory(at: directory)
        }
        var copying = FileCopy(
            from: tree, to: CopyTarget(root),
            CopyAttributes(owner: nil, mode: nil, modified: nil))
        for found in try tree.choose("/", excluded: .none, crossesDirectories: false) {
            try copying.copy(found, to: "/")
        }
    }
}

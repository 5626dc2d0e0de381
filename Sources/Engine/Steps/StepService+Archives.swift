package import Diagnostics
package import Linux
import OCI
import Storage
import SystemPackage

extension StepFiles {
    /// Writes the merged files below the writable layer as a tar archive.
    package func exportLower(to output: borrowing OwnedFD) throws(Problem) {
        try ContentHelper(configuration: context.configuration).runWithoutFlush(
            ["export"] + files.lower.map(\.string), input: nil, file: output.rawValue,
            what: "cannot write the files as an archive"
        ) { _ in }
    }
}

extension StepService {
    /// A file without a name on the disk of the data root.
    package func temporaryFile() throws(Problem) -> OwnedFD {
        let directory = dataRoot.appending("build")
        return try asking("cannot make a file in \(directory)") {
            () throws(SystemCallError) in
            try Directory.makeAll(directory, permissions: .privateDirectory)
            return try OwnedFD.open(
                directory, [.readWrite, .temporaryFile], permissions: .ownerReadWrite)
        }
    }

    /// Downloads a file of http or https.
    ///
    /// - Parameters:
    ///   - address: where it is.
    ///   - file: a descriptor of the file that gets its bytes.
    /// - Throws: `.notFound` or `.unavailable` as the server answers.
    package func download(_ address: String, into file: CInt) throws(Problem) {
        try ContentHelper(configuration: context.configuration).runWithoutFlush(
            ["download", address], input: nil, file: file, what: "cannot download \(address)"
        ) { _ in }
    }

    /// Unpacks a tar archive, compressed or not, into a directory; foreign bytes are read by
    /// `kade-server`.
    ///
    /// - Parameters:
    ///   - archive: a descriptor of the file; it is opened anew, from its beginning.
    ///   - name: what it is, for errors.
    ///   - directory: a descriptor of where to.
    /// - Returns: false when the file is no archive; nothing was done then.
    /// - Throws: ``Problem`` for an archive that is damaged or of a format that Kade does not know.
    package func unpack(
        _ archive: CInt, named name: String, into directory: CInt
    ) throws(Problem) -> Bool {
        var isArchive: Bool?
        try ContentHelper(configuration: context.configuration).runWithoutFlush(
            ["unpack", "/proc/self/fd/0"], input: archive, file: directory,
            what: "cannot unpack \(name)"
        ) { line in
            if line["event"]?.string == "unpacked" { isArchive = line["isArchive"]?.bool }
        }
        guard let isArchive else {
            throw Problem(
                kind: .bug, what: "cannot unpack \(name)",
                why: "kade-server ended without a result")
        }
        return isArchive
    }
}

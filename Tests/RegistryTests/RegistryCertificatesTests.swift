import Foundation
import SystemPackage
import Testing

@testable import Registry

/// Which of the directories of certificates is a registry's.
@Suite struct RegistryCertificatesTests {
    private let root = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)

    private func files(
        for authority: String, where names: [String]
    ) throws -> CertificateFiles {
        defer { try? FileManager.default.removeItem(at: root) }
        for name in names {
            let directory = root.appending(path: name)
            try FileManager.default.createDirectory(
                at: directory, withIntermediateDirectories: true)
            for file in ["ca.crt", "me.cert", "me.key", "alone.cert", "note.txt"] {
                try Data().write(to: directory.appending(path: file))
            }
        }
        let places = ["first", "second"].map { FilePath(root.appending(path: $0).path) }
        return try RegistryCertificates(directories: places).files(for: authority)
    }

    @Test(arguments: [
        ("r.example:5000", ["first/r.example", "second/r.example:5000"], "second/r.example:5000"),
        ("r.example:5000", ["second/r.example_5000_"], "second/r.example_5000_"),
        (
            "r.example:5000", ["first/r.example_5000_", "first/r.example:5000"],
            "first/r.example:5000"
        ),
        ("r.example", ["first/r.example_443_", "second/r.example"], "second/r.example"),
        ("[::1]:5000", ["first/[::1]_5000_"], "first/[::1]_5000_"),
    ])
    func `a registry's directory has its name, with its port in either form`(
        authority: String, names: [String], expected: String
    ) throws {
        let files = try files(for: authority, where: names)
        #expect(files.directory == FilePath(root.appending(path: expected).path))
        #expect(files.authorities == [files.directory.appending("ca.crt")])
        #expect(files.identity?.key == files.directory.appending("me.key"))
    }

    @Test func `where no directory is the registry's there are no certificates`() throws {
        let names = ["first/r.example", "second/s.example"]
        let files = try files(for: "r.example:5000", where: names)
        #expect(files.authorities.isEmpty)
        #expect(files.identity == nil)
    }
}

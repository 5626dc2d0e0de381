import Linux
import SystemPackage
import Testing

@Suite(.enabled(if: isRoot)) struct RootedDirectoryTests {
    @Test func `links and dots stay inside the root`() throws {
        try withPrivateMounts { place in
            let root = place.appending("root")
            try Directory.make(root, permissions: .directoryDefault)
            try Link.makeSymbolic(at: root.appending("abs"), to: "/etc")
            try Link.makeSymbolic(at: root.appending("up"), to: "../../../..")
            let rooted = try RootedDirectory(at: root)
            #expect(try rooted.status(of: "abs/passwd") == nil)
            // A link to nowhere is no directory to make things in.
            #expect(throws: SystemCallError.self) {
                _ = try rooted.makeDirectories("abs/x", permissions: .directoryDefault)
            }
            _ = try rooted.makeDirectories("up/a/b", permissions: .directoryDefault)
            #expect(File.exists(root.appending("a/b")))
            try rooted.makeSymbolicLink(at: "/../deep/link", to: "/a")
            #expect(try Link.target(of: root.appending("deep/link")) == "/a")
            _ = try rooted.makeFile("deep/link/file", permissions: .ownerReadWrite)
            #expect(File.exists(root.appending("a/file")))
            #expect(!File.exists("/etc/x") && !File.exists("/a"))
        }
    }

    @Test func `magic links are refused`() throws {
        let rooted = try RootedDirectory(at: "/proc")
        #expect(throws: SystemCallError.self) { _ = try rooted.open("self/root", [.path]) }
    }

    @Test func `a new directory is never made through a link that appears`() throws {
        try withPrivateMounts { place in
            let rooted = try RootedDirectory(at: place)
            try Link.makeSymbolic(at: place.appending("dangling"), to: "nowhere")
            #expect(throws: SystemCallError.self) {
                _ = try rooted.makeDirectories("dangling/x", permissions: .directoryDefault)
            }
            #expect(!File.exists(place.appending("nowhere")))
        }
    }
}

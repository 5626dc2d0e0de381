import Diagnostics
import Linux
import Storage
import SystemPackage
import Testing

/// A copy of layers, and what a comparison with them finds.
@Suite struct LayerCopyTests {
    /// Two layers, and a copy of them.
    private struct Place {
        let root: FilePath
        let copy: LayerCopy

        init(_ root: FilePath) throws {
            self.root = root
            let layers = ["two", "one"].map { root.appending($0) }
            copy = LayerCopy(
                in: root.appending("container"), lower: layers, ownersIn: nil)
            for name in ["one/etc/conf", "one/keep", "one/sub/dir", "two/etc"] {
                try Directory.makeAll(root.pushing(FilePath(name)), permissions: .usual)
            }
            try write("one/etc/passwd", "root")
            try write("one/etc/conf/a", "a")
            try write("one/sub/dir/file", "deep")
            try write("two/etc/passwd", "other")
            try Link.makeHard(at: path("one/hard"), to: path("one/etc/conf/a"))
            try Link.makeSymbolic(at: path("two/link"), to: "etc/passwd")
            try copy.make(lasts: false)
        }

        func path(_ name: String) -> FilePath { root.pushing(FilePath(name)) }

        /// Writes a file, always of the same time.
        func write(_ name: String, _ text: String) throws {
            let file = try OwnedFD.open(
                path(name), [.readWrite, .create, .truncate], permissions: .ownerReadWrite)
            try file.writeAll(text)
            try file.setModified(FileTime(seconds: 1_700_000_000, nanoseconds: 7))
        }

        /// Waits until files are made at a later time than the copy was whole.
        func waitForLaterTick() throws {
            let mark = try FileStatus(of: path("container/root.made")).modified
            while true {
                try File.renew(path("tick"), with: [], permissions: .ownerReadWrite)
                if try FileStatus(of: path("tick")).modified > mark { return }
            }
        }

        func changes() throws -> [String] {
            try Snapshot.copy(copy).changes().map { "\($0.kind.rawValue) \($0.path)" }
        }
    }

    @Test func `a copy has what the layers show, and no changes`() throws {
        try withTemporaryDirectory { root in
            let place = try Place(root)
            #expect(try File.readText(place.path("container/root/etc/passwd")) == "other")
            #expect(try Link.target(of: place.path("container/root/link")) == "etc/passwd")
            let (hard, original) = (
                try FileStatus(of: place.path("container/root/hard")),
                try FileStatus(of: place.path("container/root/etc/conf/a"))
            )
            #expect(hard.identity == original.identity)
            #expect(hard.modified == FileTime(seconds: 1_700_000_000, nanoseconds: 7))
            #expect(
                try FileStatus(of: place.path("container/root/sub")).modified
                    == FileStatus(of: place.path("one/sub")).modified)
            #expect(try place.changes() == [])
            #expect(try Snapshot.copy(place.copy).writtenInBytes() == 0)
        }
    }

    @Test func `gaps of files are not filled`() throws {
        try withTemporaryDirectory { root in
            try Directory.makeAll(root.appending("one"), permissions: .usual)
            let file = try OwnedFD.open(
                root.appending("one/sparse"), [.writeOnly, .create], permissions: .ownerReadWrite)
            try file.seek(toOffsetInBytes: 8 << 20)
            try file.writeAll("end")
            try file.truncate(toSizeInBytes: 16 << 20)
            let copy = LayerCopy(
                in: root.appending("container"), lower: [root.appending("one")], ownersIn: nil)
            try copy.make(lasts: false)
            let status = try FileStatus(of: root.appending("container/root/sparse"))
            #expect(status.sizeInBytes == 16 << 20)
            #expect(status.allocatedInBytes < 1 << 20)
            #expect(try Snapshot.copy(copy).changes().isEmpty)
        }
    }

    @Test func `what was added, changed and removed is told as of an overlay`() throws {
        try withTemporaryDirectory { root in
            let place = try Place(root)
            try place.write("container/root/etc/new", "new")
            try place.write("container/root/etc/passwd", "longer than before")
            try Directory.removeTree(place.path("container/root/sub/dir"))
            try File.changePermissions(
                of: place.path("container/root/keep"), to: .ownerReadWriteExecute)
            #expect(
                try place.changes() == [
                    "C /etc", "A /etc/new", "C /etc/passwd", "C /keep", "C /sub", "D /sub/dir",
                ])
            #expect(try Snapshot.copy(place.copy).writtenInBytes() == 3 + 18)
        }
    }

    @Test func `content of the same size and time is compared, and the same again is no change`()
        throws
    {
        try withTemporaryDirectory { root in
            let place = try Place(root)
            try place.write("container/root/etc/passwd", "OTHER")
            #expect(try place.changes() == ["C /etc", "C /etc/passwd"])
            try place.write("container/root/etc/passwd", "other")
            #expect(try place.changes() == [])
        }
    }

    @Test func `an attribute alone is a change`() throws {
        try withTemporaryDirectory { root in
            let place = try Place(root)
            for name in ["etc/passwd", "keep"] {
                let path = place.path("container/root/\(name)")
                try ExtendedAttributes.set("user.note", to: [1], on: path)
            }
            #expect(try place.changes() == ["C /etc", "C /etc/passwd", "C /keep"])
        }
    }

    @Test func `a new name of a file brings its other names along`() throws {
        try withTemporaryDirectory { root in
            let place = try Place(root)
            try Directory.makeAll(place.path("container/root/new"), permissions: .usual)
            try Link.makeHard(
                at: place.path("container/root/new/name"),
                to: place.path("container/root/etc/passwd"))
            #expect(try place.changes() == ["C /etc", "C /etc/passwd", "A /new", "A /new/name"])
            #expect(try Snapshot.copy(place.copy).writtenInBytes() == 5)
        }
    }

    @Test func `a directory that was made again hides what was in the old one`() throws {
        try withTemporaryDirectory { root in
            let place = try Place(root)
            // Births are told by later clock ticks than the copy's last one.
            try place.waitForLaterTick()
            try Directory.removeTree(place.path("container/root/sub"))
            try Directory.makeAll(place.path("container/root/sub/dir"), permissions: .usual)
            // It looks as before, and is another one all the same.
            try place.write("container/root/sub/dir/file", "deep")
            #expect(try place.changes() == ["C /sub", "C /sub/dir", "C /sub/dir/file"])
        }
    }

    @Test func `half of a copy is removed, and the next one is whole`() throws {
        try withTemporaryDirectory { root in
            let place = try Place(root)
            let directory = place.path("container")
            try Link.rename(place.path("container/root"), to: place.path("container/root.new"))
            #expect(!LayerCopy.isThere(in: directory))
            try LayerCopy.removeUnfinished(in: directory)
            #expect(!File.exists(place.path("container/root.new")))
            try Directory.makeAll(place.path("container/root.new/half"), permissions: .usual)
            try place.copy.make(lasts: true)
            #expect(LayerCopy.isThere(in: directory))
            #expect(!File.exists(place.path("container/root/half")))
            #expect(try place.changes() == [])
        }
    }

    @Test func `what was restored from a backup is compared by content`() throws {
        try withTemporaryDirectory { root in
            let place = try Place(root)
            try place.write("container/root/keep/file", "x")
            let other = root.appending("restored")
            try Directory.make(other, permissions: .usual)
            let again = LayerCopy(
                in: other, lower: [place.copy.root], ownersIn: nil)
            try again.make(lasts: false)
            // The mark keeps the time that it had.
            let time = try FileStatus(of: place.path("container/root.made")).modified
            try OwnedFD.open(other.appending("root.made"), .readWrite).setModified(time)
            let restored = LayerCopy(
                at: again.root, lower: place.copy.lower, ownersIn: nil)
            let changes = try Snapshot.copy(restored).changes().map {
                "\($0.kind.rawValue) \($0.path)"
            }
            #expect(changes == ["C /keep", "A /keep/file"])
        }
    }

    @Test func `a socket of 1970 without permissions hides a name, as overlayfs's whiteout does`()
        throws
    {
        try withTemporaryDirectory { root in
            for name in ["one/gone", "one/kept", "two"] {
                try Directory.makeAll(root.pushing(FilePath(name)), permissions: .usual)
            }
            let top = try OwnedFD.open(root.appending("two"), [.readOnly, .directory])
            for name in ["gone", "kept"] as [FilePath] {
                try top.makeNode(
                    name, .socket, permissions: [], device: DeviceNumber(rawValue: 0))
            }
            try top.setModified(FileTime(seconds: 0, nanoseconds: 0), ofLink: "gone")
            let copy = LayerCopy(
                in: root.appending("container"),
                lower: [root.appending("two"), root.appending("one")], ownersIn: nil)
            try copy.make(lasts: false)
            #expect(!File.exists(copy.root.appending("gone")))
            #expect(try FileStatus(of: copy.root.appending("kept")).kind == .socket)
            #expect(try Snapshot.copy(copy).changes().isEmpty)
        }
    }

    @Test(arguments: ["floppy", "overlay2"])
    func `a storage driver that is none is refused`(name: String) throws {
        let problem = #expect(throws: Problem.self) {
            _ = try StorageDriver.Choice { _ in name }
        }
        #expect(problem?.what == "cannot use KADE_STORAGE_DRIVER=\(name)")
        #expect(try StorageDriver.Choice { _ in nil } == .auto)
        #expect(try StorageDriver.Choice { _ in "vfs" } == .vfs)
    }
}

extension FilePermissions {
    fileprivate static var usual: FilePermissions { FilePermissions(rawValue: 0o755) }
}

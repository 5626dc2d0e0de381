import Diagnostics
import Linux
import OCI
import SystemPackage
import Testing

@testable import Storage

@Suite struct UploadTests {
    private let text = Array("one two three".utf8)

    @Test(arguments: [DigestAlgorithm.sha256, .sha512])
    func `an upload becomes the blob that its digest says`(algorithm: DigestAlgorithm) throws {
        try withTemporaryDirectory { root in
            let store = try ContentStore(root: root)
            var hasher = ContentHasher(algorithm)
            text.withUnsafeBytes { hasher.update($0) }
            let digest = hasher.digest()
            // The digest's algorithm need not be the one it began with.
            var writer = try store.beginUpload(UploadName(), algorithm: .sha256)
            try writer.write(text)
            try writer.expect(digest)
            #expect(try writer.commit() == digest)
            #expect(try store.read(digest, limitInBytes: 100) == text)
            #expect(try Directory.list(store.ingest).isEmpty)
        }
    }

    @Test func `another digest ends it`() throws {
        try withTemporaryDirectory { root in
            let store = try ContentStore(root: root)
            var writer = try store.beginUpload(UploadName(), algorithm: .sha256)
            try writer.write(text)
            try writer.expect(ContentHasher.sha256(Array("other".utf8)))
            do {
                try writer.commit()
                Issue.record("it became a blob")
            } catch {
                #expect((error as? Problem)?.kind == .corrupt)
            }
            #expect(try Directory.list(store.ingest).isEmpty)
        }
    }

    @Test func `it is found again, but not while somebody has it`() throws {
        try withTemporaryDirectory { root in
            let store = try ContentStore(root: root)
            let name = UploadName()
            var writer: BlobWriter? = try store.beginUpload(name, algorithm: .sha256)
            try writer?.write(Array(text[..<8]))
            let second = try store.resumeUpload(name, algorithm: .sha256)
            if second != nil { Issue.record("two have it") }
            writer = nil
            guard var resumed = try store.resumeUpload(name, algorithm: .sha256) else {
                Issue.record("it is not found")
                return
            }
            #expect(resumed.offsetInBytes == 8)
            try resumed.write(Array(text[8...]))
            try resumed.expect(ContentHasher.sha256(text))
            try resumed.commit()
            let ended = try store.resumeUpload(name, algorithm: .sha256)
            if ended != nil { Issue.record("it has ended") }
        }
    }

    @Test func `what nobody goes on with for a day goes`() throws {
        try withTemporaryDirectory { root in
            let store = try ContentStore(root: root)
            let name = UploadName()
            do {
                let writer = try store.beginUpload(name, algorithm: .sha256)
                _ = consume writer
            }
            let now = try FileStatus(of: store.ingest.appending("upload-\(name).partial"))
                .modified.seconds
            try store.removeStaleUploads(now: now + 86400)
            #expect(try Directory.list(store.ingest).count == 1)
            try store.removeStaleUploads(now: now + 86401)
            #expect(try Directory.list(store.ingest).isEmpty)
        }
    }

    @Test func `names are random UUIDs, and no paths`() {
        let name = UploadName()
        #expect(UploadName(name.description) == name)
        #expect(UploadName() != name)
        #expect(Array(name.description)[14] == "4")
        for text in ["", "..", "../../../../../etc/passwd", name.description.uppercased() + "Z"] {
            #expect(UploadName(text) == nil)
        }
    }
}

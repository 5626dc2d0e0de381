import Glibc
import Linux
import Storage
import SystemPackage
import Testing

/// Runs a test's body on a thread that has a mount namespace, working directory and root of its
/// own: no mount of it appears anywhere else, and all are gone with the thread.
///
/// The body gets an empty directory, a tmpfs.
func withPrivateMounts(_ body: @escaping @Sendable (FilePath) throws -> Void) throws {
    let box = ThreadBody(body)
    var thread = pthread_t()
    let start: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { raw in
        guard let raw else { return nil }
        Unmanaged<ThreadBody>.fromOpaque(raw).takeUnretainedValue().run()
        return nil
    }
    let code = pthread_create(&thread, nil, start, Unmanaged.passUnretained(box).toOpaque())
    try #require(code == 0)
    pthread_join(thread, nil)
    if let error = box.error { throw error }
}

/// What the thread runs, and how it ended; the thread ends before anyone reads that.
private final class ThreadBody: @unchecked Sendable {
    let body: @Sendable (FilePath) throws -> Void
    var error: (any Error)?

    init(_ body: @escaping @Sendable (FilePath) throws -> Void) { self.body = body }

    func run() {
        do {
            try Namespaces.unshare([.newMount])
            try Mount.setPropagation(of: "/", to: .private, isRecursive: true)
            try Mount.mount("tmpfs", at: "/mnt", type: "tmpfs", [], data: "mode=755")
            try body("/mnt")
        } catch {
            self.error = error
        }
    }
}

/// Whether tests that mount can run here.
let isRoot = geteuid() == 0

/// Whether the kernel mounts EROFS images from files where tests have theirs.
let canMountErofs = !Kade.isOrdinary && ErofsProbe.obstacle(in: "/tmp") == nil

/// Whether the kernel reads the files of a layer from another one.
let canShareFiles = !Kade.isOrdinary && ComposefsProbe.obstacle(in: "/tmp") == nil

import Diagnostics
import Foundation
import OCI
import Storage
import SystemPackage
import Testing

@testable import Engine

/// Users are looked up in layers that may arrive, or have just arrived, when a container starts.
///
/// What the kernel does while a layer arrives is left out: the files lie where its mount would be.
@Suite struct LayeredRootfsTests {
    private let root = FileManager.default.temporaryDirectory
        .appending(path: "kade-\(UUID().uuidString)").path
    private let diffID = "sha256:" + String(repeating: "a", count: 64)

    private func write(_ text: String, to path: String) throws {
        let url = URL(filePath: "\(root)/\(path)")
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }

    private var arriving: String { "layers/arriving/\(diffID.dropFirst(7))" }

    private func withLayers(_ body: (Layers, LayeredRootfs) throws -> Void) throws {
        defer { try? FileManager.default.removeItem(atPath: root) }  // best effort
        let layers = try Layers(root: FilePath(root))
        let rootfs = LayeredRootfs(
            layers: [layers.arrivingPath(of: try Digest(parsing: diffID))], store: layers)
        try body(layers, rootfs)
    }

    @Test func `what has arrived since is read where it stays`() throws {
        try withLayers { layers, rootfs in
            let place = "layers/sha256/\(diffID.dropFirst(7))"
            try write("root:x:0:0::/:/bin/sh\n", to: "\(place)/diff/etc/passwd")
            try write(
                #"{"diffID":"\#(diffID)","kind":"directory","flushed":1}"#,
                to: "\(place)/layer.json")
            try #require(layers.contains(try Digest(parsing: diffID)))
            #expect(try rootfs.text("/etc/passwd") == "root:x:0:0::/:/bin/sh\n")
            #expect(try rootfs.text("/etc/group").isEmpty)
        }
    }

    @Test func `what nobody fetches any more is not taken for an empty file`() throws {
        try withLayers { _, rootfs in
            try write("\0\0\0\0", to: "\(arriving)/diff/etc/passwd")
            try write(
                #"{"process":1,"startTime":1,"gate":3,"end":4}"#, to: "\(arriving)/arrival.json")
            let problem = #expect(throws: Problem.self) { try rootfs.text("/etc/passwd") }
            #expect(problem?.why.contains("ended before it was whole") == true)
            #expect(throws: Problem.self) { try rootfs.text("/etc/group") }
        }
    }

    @Test func `what neither arrives nor is there is an error`() throws {
        try withLayers { _, rootfs in
            #expect(throws: Problem.self) { try rootfs.text("/etc/passwd") }
        }
    }
}

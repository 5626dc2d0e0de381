import SystemPackage
import Testing

@testable import Linux

@Suite(.enabled(if: isRoot)) struct OverlayTests {
    /// Makes layers with a file of their own each, and one that all have.
    private static func makeLayers(_ count: Int, in place: FilePath) throws -> [FilePath] {
        var layers: [FilePath] = []
        for number in 0..<count {
            let layer = place.appending(
                "layer-with-a-name-that-is-as-long-as-the-name-of-a-real-layer-\(number)")
            try Directory.make(layer, permissions: .directoryDefault)
            let mode = FilePermissions(rawValue: 0o644)
            try File.create(
                layer.appending("own\(number)"), content: [], permissions: mode)
            try File.create(
                layer.appending("common"), content: Array("\(number)".utf8), permissions: mode)
            layers.append(layer)
        }
        return layers
    }

    private static func check(
        count: Int, _ mount: @Sendable @escaping (OverlayMount, FilePath) throws -> Void
    ) throws {
        try withPrivateMounts { place in
            for name in ["upper", "work", "merged"] {
                try Directory.make(place.appending(name), permissions: .directoryDefault)
            }
            let overlay = OverlayMount(
                lower: try makeLayers(count, in: place), upper: place.appending("upper"),
                work: place.appending("work"))
            let merged = place.appending("merged")
            try mount(overlay, merged)
            #expect(File.exists(merged.appending("own0")))
            #expect(File.exists(merged.appending("own\(count - 1)")))
            #expect(try File.readText(merged.appending("common")) == "0")
            try File.create(merged.appending("new"), content: [], permissions: .ownerReadWrite)
            #expect(File.exists(place.appending("upper/new")))
        }
    }

    @Test func `200 layers are mounted one at a time`() throws {
        try Self.check(count: 200) { try $0.mount(at: $1) }
    }

    @Test func `200 layers fit into the option string of an older kernel`() throws {
        try Self.check(count: 200) { try $0.mountByOptionString(at: $1) }
    }

    @Test func `a few layers need no short names`() throws {
        try Self.check(count: 3) { try $0.mountByOptionString(at: $1) }
    }

    @Test func `a layer's path may hold separators`() throws {
        try withPrivateMounts { place in
            let odd = place.appending(#"a:b,c\d"#)
            let other = place.appending("other")
            let merged = place.appending("merged")
            for path in [odd, other, merged] {
                try Directory.make(path, permissions: .directoryDefault)
            }
            try File.create(odd.appending("file"), content: [], permissions: .ownerReadWrite)
            let overlay = OverlayMount(lower: [odd, other], upper: nil, work: nil)
            try overlay.mount(at: merged)
            try overlay.mountByOptionString(at: merged)
            #expect(File.exists(merged.appending("file")))
        }
    }

    @Test func `one read-only layer is mounted as it is`() throws {
        try withPrivateMounts { place in
            let merged = place.appending("merged")
            try Directory.make(merged, permissions: .directoryDefault)
            let layers = try Self.makeLayers(1, in: place)
            try OverlayMount(lower: layers, upper: nil, work: nil).mount(at: merged)
            #expect(File.exists(merged.appending("own0")))
            #expect(throws: SystemCallError.self) {
                try File.create(merged.appending("x"), content: [], permissions: .ownerReadWrite)
            }
        }
    }
}

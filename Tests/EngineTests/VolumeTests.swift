import Diagnostics
import Testing

@testable import Engine

@Suite struct VolumeOptionTests {
    @Test func `type, device and o are taken apart`() throws {
        let options = try LocalVolumeOptions(
            ["type": "nfs", "device": ":/srv", "o": "addr=10.0.0.2,ro"], of: "data")
        #expect(options?.type == "nfs")
        #expect(options?.device == ":/srv")
        #expect(options?.options == ["addr=10.0.0.2", "ro"])
        #expect(options?.isReadOnly == true)
        #expect(try LocalVolumeOptions([:], of: "data") == nil)
        let addressed = try LocalVolumeOptions(
            ["type": "nfs4", "device": "10.0.0.2:/srv", "o": "vers=4.2"], of: "data")
        #expect(addressed?.options == ["vers=4.2", "addr=10.0.0.2"])
        let shared = try LocalVolumeOptions(["type": "cifs", "device": "//10.0.0.2/s"], of: "data")
        #expect(shared?.options == ["addr=10.0.0.2"])
    }

    @Test(arguments: [
        (["what": "1"], "invalid option: \"what\""),
        (["type": "tmpfs"], "missing required option: \"device\""),
        (["device": "tmpfs"], "missing required option: \"type\""),
        (["o": "size=1m"], "missing required option: \"device\""),
        (
            ["type": "nfs", "device": ":/srv", "o": "addr=server"],
            "\"addr=server\" is a name, and the kernel looks no names up"
        ),
        (["type": "nfs", "device": "server:/srv"], "the server's address is missing"),
        (["type": "", "device": ""], "missing device in volume options"),
        (
            ["type": "tmpfs", "device": "tmpfs", "o": "rshared"],
            "\"rshared\" has options that are none of mount(8)"
        ),
        (
            ["type": "none", "device": "srv", "o": "bind"], "\"srv\" is not an absolute path"
        ),
    ])
    func `wrong options are refused in Docker's words`(options: [String: String], why: String) {
        #expect {
            try LocalVolumeOptions(options, of: "data")
        } throws: { ($0 as? Problem)?.why == why }
    }

    @Test(arguments: [
        ("ab", true), ("a", false), ("a.b-c_1", true), (".ab", false), ("a/b", false),
        ("../x", false), ("äb", false),
    ])
    func `names of volumes are Docker's`(name: String, isName: Bool) {
        #expect((VolumeNames.complaint(about: name) == nil) == isName)
    }
}

@Suite struct VolumeFilterTests {
    private let volume = VolumeRecord(
        name: "data-1", created: .now, isAnonymous: false, labels: ["a": "1", "b": ""],
        options: [:])

    @Test(arguments: [
        ([("name", "ata")], true), ([("name", "^ata")], false), ([("name", "^data-1$")], true),
        ([("label", "a")], true), ([("label", "a=2")], false),
        ([("label", "a"), ("label", "c")], false), ([("label!", "c")], true),
        ([("label!", "a=1")], false), ([("driver", "local")], true), ([("driver", "nfs")], false),
        ([("dangling", "true")], false), ([("dangling", "0")], true),
        ([("name", "x"), ("name", "data")], true), ([("name", "data"), ("label", "c")], false),
    ])
    func `filters select`(conditions: [(String, String)], isMatching: Bool) throws {
        var filter = VolumeFilter()
        filter.conditions = conditions.map { (key: $0.0, value: $0.1) }
        #expect(try VolumeMatcher(filter).matches(volume, links: 2) == isMatching)
    }

    @Test(arguments: [("color", "red"), ("dangling", "maybe")])
    func `unknown filters are refused`(key: String, value: String) {
        var filter = VolumeFilter()
        filter.conditions = [(key: key, value: value)]
        #expect(throws: Problem.self) { try VolumeMatcher(filter) }
    }
}

@Suite struct VolumesFromTests {
    @Test func `a container and how it is mounted`() throws {
        #expect(try VolumesFrom("web").isReadOnly == false)
        let readOnly = try VolumesFrom("web:ro,z")
        #expect(readOnly.container == "web")
        #expect(readOnly.isReadOnly)
        #expect(throws: Problem.self) { try VolumesFrom(":ro") }
        #expect(throws: Problem.self) { try VolumesFrom("web:what") }
    }
}

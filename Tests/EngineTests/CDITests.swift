import Diagnostics
import Foundation
import OCI
import SystemPackage
import Testing

@testable import Engine

@Suite struct CDISpecTests {
    private func spec(_ text: String) throws -> CDISpec {
        try CDISpec(.parse(Array(text.utf8), named: "test"), named: "test.json")
    }

    @Test func `a specification with everything`() throws {
        let spec = try spec(
            #"""
            {"cdiVersion": "0.8.0", "kind": "vendor.com/net", "devices": [
              {"name": "one", "containerEdits": {
                "env": ["A=1"], "additionalGids": [0, 7],
                "deviceNodes": [
                  {"path": "/dev/x", "hostPath": "/dev/y", "type": "c", "major": 1, "minor": 0,
                   "fileMode": 384, "uid": 5, "gid": 6, "permissions": "rw"}, {"path": "/dev/z"}],
                "mounts": [{"hostPath": "/a", "containerPath": "/b", "options": ["ro", "bind"]}],
                "hooks": [{"hookName": "poststop", "path": "/h", "args": ["h", "1"],
                           "env": ["E=2"], "timeout": 3}]}}],
             "containerEdits": {"env": ["B=2"], "intelRdt": {"closID": "x"}}}
            """#)
        #expect(spec.kind == "vendor.com/net")
        #expect(spec.edits.environment == ["B=2"])
        #expect(spec.edits.intelRdt?.closID == "x")
        let edits = try #require(spec.devices["one"])
        #expect(edits.additionalGroups == [7])
        #expect(edits.deviceNodes[0].minor == 0)
        #expect(edits.deviceNodes[0].hostPath == "/dev/y")
        #expect(
            edits.deviceNodes[1] == .init(path: "/dev/z", hostPath: "/dev/z", permissions: "rwm"))
        #expect(edits.mounts.first?.options == ["ro", "bind"])
        #expect(edits.hooks.first?.timeoutInSeconds == 3)
    }

    @Test(arguments: [
        "{}", #"{"cdiVersion": "0.1.0", "kind": "a/b"}"#, #"{"cdiVersion": "0.8.0", "kind": "a"}"#,
        #"{"cdiVersion": "0.8.0", "kind": "a/b", "devices": [{}]}"#,
        #"{"cdiVersion": "0.8.0", "kind": "a/b", "devices": [{"name": "x"}, {"name": "x"}]}"#,
        #"{"cdiVersion": "0.8.0", "kind": "a/b", "containerEdits": {"env": ["A"]}}"#,
        #"{"cdiVersion": "0.8.0", "kind": "a/b", "containerEdits": {"deviceNodes": [{}]}}"#,
        #"{"cdiVersion": "0.8.0", "kind": "a/b", "containerEdits": {"hooks": [{"path": "/x"}]}}"#,
    ])
    func `what is none is refused`(text: String) {
        #expect(throws: Problem.self) { try spec(text) }
    }

    @Test(arguments: [
        ("vendor.com/gpu=0", true), ("v/c=GPU-1:2.x", true), ("/dev/a=b", false), ("v/c", false),
        ("v/c=", false), ("1v/c=a", false), ("v.com/c/d=a", false), ("v/c=-a", false),
    ])
    func `names have three parts`(text: String, isName: Bool) {
        #expect(CDIName.isQualified(text) == isName)
    }

    @Test func `edits change the spec, and each file's own come once`() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "kade-cdi-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }  // best effort
        for (name, text) in [
            (
                "etc/a.json",
                #"{"cdiVersion": "0.8.0", "kind": "v/c", "containerEdits": {"env": ["ALL=1"]},"#
                    + #""devices": [{"name": "x", "containerEdits": {"env": ["X=etc"]}},"#
                    + #"{"name": "y", "containerEdits": {"env": ["Y=1", "PATH=/p"]}}]}"#
            ),
            (
                "run/b.yaml",
                "cdiVersion: 0.8.0\nkind: v/c\ndevices:\n- name: x\n  containerEdits:\n    env: [X=run]\n"
            ),
            ("run/damaged.json", "{"), ("run/other.txt", "{"),
            (
                "run/twice1.json",
                #"{"cdiVersion": "0.8.0", "kind": "v/t", "devices": [{"name": "a"}]}"#
            ),
            (
                "run/twice2.json",
                #"{"cdiVersion": "0.8.0", "kind": "v/t", "devices": [{"name": "a"}]}"#
            ),
        ] {
            let file = folder.appendingPathComponent(name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        let root = FilePath(folder.path)
        let registry = try CDIRegistry(
            directories: [root.appending("etc"), root.appending("run"), root.appending("none")])
        #expect(registry.problems.count == 1)
        #expect(
            try registry.edits(for: ["v/c=x", "v/c=y"]).map(\.environment) == [
                [], ["X=run"], ["ALL=1"], ["Y=1", "PATH=/p"],
            ])
        #expect {
            try registry.edits(for: ["v/c=x", "v/c=none", "v/t=a"])
        } throws: {
            ($0 as? Problem)?.why.hasPrefix("unresolvable CDI devices v/c=none, v/t=a; ") == true
        }
        #expect(registry.devices(ofClass: "c") == ["v/c": ["x", "y"]])
    }

    @Test func `the builder adds nodes, rules, mounts, groups and hooks`() throws {
        var request = ContainerRequest(image: "i")
        request.command = ["true"]
        var input = SpecInput(
            id: "id", request: request,
            user: ContainerUser(uid: 5, gid: 6, additionalGroups: [6], home: "/"),
            host: SpecHost(), hostname: "h")
        input.devices["/dev/y"] = HostDevice(
            path: "/dev/y", isBlock: true, major: 8, minor: 1, permissions: 0o660, user: 0, group: 0
        )
        var edits = CDISpec.ContainerEdits()
        edits.environment = ["A=1", "PATH=/p"]
        edits.deviceNodes = [.init(path: "/dev/x", hostPath: "/dev/y", permissions: "rw")]
        edits.mounts = [.init(destination: "/m", type: "bind", source: "/s", options: ["bind"])]
        edits.additionalGroups = [6, 9]
        edits.hooks = [
            .init(point: "createContainer", path: "/h", arguments: [], environment: [])
        ]
        input.deviceEdits = [edits]
        var builder = SpecBuilder(input)
        let spec = try builder.build()
        #expect(spec.process?.env.contains("A=1") == true)
        #expect(spec.process?.env.first == "PATH=/p")
        #expect(spec.process?.user.additionalGids == [6, 9])
        let node = try #require(spec.linux?.devices.first { $0.path == "/dev/x" })
        #expect(node.type == .block && node.major == 8 && node.uid == 5 && node.gid == 6)
        let rule = try #require(spec.linux?.resources?.devices.last)
        #expect(rule.allow && rule.type == .block && rule.minor == 1 && rule.access == "rw")
        #expect(spec.mounts.last?.destination == "/m")
        #expect(spec.hooks?.createContainer.first?.path == "/h")
        edits.deviceNodes = [.init(path: "/dev/q", hostPath: "/dev/q", permissions: "rw")]
        input.deviceEdits = [edits]
        #expect(throws: Problem.self) {
            var builder = SpecBuilder(input)
            _ = try builder.build()
        }
    }

    @Test func `an ordinary user's container gets the machine's own node`() throws {
        var request = ContainerRequest(image: "i")
        request.command = ["true"]
        var host = SpecHost()
        host.isRootless = true
        var input = SpecInput(
            id: "id", request: request,
            user: ContainerUser(uid: 0, gid: 0, additionalGroups: [], home: "/"), host: host,
            hostname: "h")
        input.devices["/dev/y"] = HostDevice(
            path: "/dev/y", isBlock: false, major: 8, minor: 1, permissions: 0o660, user: 0,
            group: 0)
        var edits = CDISpec.ContainerEdits()
        edits.deviceNodes = [.init(path: "/dev/x", hostPath: "/dev/y", permissions: "r")]
        input.deviceEdits = [edits]
        var builder = SpecBuilder(input)
        let spec = try builder.build()
        #expect(spec.linux?.devices.contains { $0.path == "/dev/x" } != true)
        let mount = try #require(spec.mounts.last)
        #expect(mount.destination == "/dev/x" && mount.source == "/dev/y")
        #expect(mount.options.contains("bind") && mount.options.contains("ro"))
        // Numbers alone are no node, and users make none.
        edits.deviceNodes[0].hostPath = "/dev/none"
        edits.deviceNodes[0].type = .character
        edits.deviceNodes[0].major = 1
        input.deviceEdits = [edits]
        #expect {
            var builder = SpecBuilder(input)
            _ = try builder.build()
        } throws: {
            ($0 as? Problem)?.why.contains("/dev/none") == true
        }
    }
}

@Suite struct GPURequestTests {
    private let kinds = ["nvidia.com/gpu": ["0", "1", "GPU-x", "all"], "x.org/gpu": ["0"]]

    @Test func `all, a number or names of the vendor's devices`() throws {
        #expect(try GPURequest(count: -1).names(among: kinds) == ["nvidia.com/gpu=all"])
        #expect(
            try GPURequest(count: 2).names(among: kinds) == [
                "nvidia.com/gpu=0", "nvidia.com/gpu=1",
            ])
        var named = GPURequest(count: 1)
        named.devices = ["GPU-x"]
        #expect(try named.names(among: kinds) == ["nvidia.com/gpu=GPU-x"])
        #expect(try GPURequest(count: -1).names(among: ["x.org/gpu": ["0"]]) == ["x.org/gpu=0"])
    }

    @Test func `what the machine does not have is refused in Docker's words`() {
        #expect(throws: Problem.self) { try GPURequest(count: 3).names(among: kinds) }
        var other = GPURequest(count: 1)
        other.driver = "amd"
        #expect {
            try other.names(among: kinds)
        } throws: {
            ($0 as? Problem)?.what
                == "could not select device driver \"amd\" with capabilities: [[gpu]]"
        }
        #expect(throws: Problem.self) { try GPURequest(count: -1).names(among: [:]) }
    }
}

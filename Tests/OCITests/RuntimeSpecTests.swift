import Diagnostics
import Fuzz
import OCI
import Testing

@Suite struct RuntimeSpecTests {
    @Test func `every member of the example is read and written again`() throws {
        let tree = try JSONValue(json: Array(exampleSpec.utf8), named: "example")
        let spec = try RuntimeSpec(json: Array(exampleSpec.utf8), named: "config.json")
        #expect(sorted(try JSONValue(json: spec.json(), named: "again")) == sorted(tree))
    }

    @Test func `typed members have their values`() throws {
        let spec = try RuntimeSpec(json: Array(exampleSpec.utf8), named: "config.json")
        #expect(spec.process?.user.uid == 1)
        #expect(spec.process?.rlimits.first?.hard == .max)
        #expect(spec.linux?.resources?.memory?.limit == -1)
        #expect(spec.linux?.namespaces.map(\.type) == [.pid, .network])
        #expect(spec.linux?.seccomp?.syscalls.first?.args.first?.op == .maskedEqual)
        #expect(spec.linux?.resources?.unified["memory.high"] == "max")
        #expect(spec.hooks?.poststop.first?.timeout == 3)
        #expect(spec.unknownFields["org.example"] == ["kept": [1]])
        #expect(spec.process?.unknownFields["future"] == JSONValue.null)
    }

    @Test(arguments: [
        (#"{"ociVersion":1}"#, "ociVersion is a number, needs a string"),
        (
            #"{"process":{"cwd":"/","user":{"uid":-1}},"ociVersion":"1"}"#,
            "process.user.uid is not between 0 and 4294967295"
        ),
        (#"{"process":{"cwd":"/","user":{"uid":1.5}}}"#, "process.user.uid is not a whole number"),
        (#"{"process":{"args":["a",{}]}}"#, "process.args[1] is an object, needs a string"),
        (#"{"process":{}}"#, "process.cwd is missing"),
        (
            #"{"mounts":[{"destination":"/"},{"destination":7}]}"#,
            "mounts[1].destination is a number, needs a string"
        ),
        (
            #"{"linux":{"namespaces":[{"type":"pod"}]}}"#,
            "linux.namespaces[0].type is \"pod\", needs one of pid, network, mount"
        ),
        (#"{"annotations":{"a.b":1}}"#, "annotations[\"a.b\"] is a number, needs a string"),
        (#"{"root":[]}"#, "root is an array, needs an object"),
        (
            #"{"linux":{"resources":{"memory":{"limit":99999999999999999999}}}}"#,
            "linux.resources.memory.limit is not between"
        ),
        (#"{}"#, "ociVersion is missing"),
        (#"[]"#, "is an array, needs an object"),
    ])
    func `a wrong type is an error that names the path`(text: String, beginning: String) {
        let error = #expect(throws: Problem.self) {
            try RuntimeSpec(json: Array(text.utf8), named: "config.json")
        }
        #expect(error?.why.hasPrefix(beginning) == true, "\(error?.why ?? "")")
        #expect(error?.what == "cannot read config.json")
    }

    @Test(arguments: [
        (#"{"root":{"path":"a\u0000b"}}"#, "root.path"),
        (#"{"hostname":"\u0000"}"#, "hostname"),
        (#"{"process":{"cwd":"/a\u0000/../b"}}"#, "process.cwd"),
        (#"{"process":{"cwd":"/","args":["a","é\u0000"]}}"#, "process.args[1]"),
        (#"{"process":{"cwd":"/","env":["A=\u0000"]}}"#, "process.env[0]"),
        (#"{"mounts":[{"destination":"/proc\u0000x"}]}"#, "mounts[0].destination"),
        (#"{"mounts":[{"destination":"/","source":"/a\u0000"}]}"#, "mounts[0].source"),
        (#"{"mounts":[{"destination":"/","options":["ro\u0000"]}]}"#, "mounts[0].options[0]"),
        (#"{"hooks":{"prestart":[{"path":"/\u0000"}]}}"#, "hooks.prestart[0].path"),
        (#"{"linux":{"cgroupsPath":"/a\u0000"}}"#, "linux.cgroupsPath"),
        (
            #"{"linux":{"namespaces":[{"type":"pid","path":"/\u0000"}]}}"#,
            "linux.namespaces[0].path"
        ),
        (#"{"linux":{"devices":[{"type":"c","path":"/\u0000"}]}}"#, "linux.devices[0].path"),
        (#"{"linux":{"maskedPaths":["/\u0000"]}}"#, "linux.maskedPaths[0]"),
        (#"{"linux":{"sysctl":{"net.a":"1\u0000"}}}"#, "linux.sysctl"),
        (#"{"linux":{"sysctl":{"net.a\u0000":"1"}}}"#, "linux.sysctl"),
        (#"{"linux":{"resources":{"unified":{"a\u0000":"1"}}}}"#, "linux.resources.unified"),
    ])
    func `a zero byte is refused by its path`(text: String, path: String) {
        let error = #expect(throws: Problem.self) {
            try RuntimeSpec(json: Array(text.utf8), named: "config.json")
        }
        #expect(error?.why.hasPrefix(path) == true, "\(error?.why ?? "")")
        #expect(error?.why.contains("holds a zero byte") == true, "\(error?.why ?? "")")
    }

    @Test func `what is only told, or is not known, may hold a zero byte`() throws {
        let text = #"{"ociVersion":"1.3.0","annotations":{"a\u0000":"b\u0000"},"new":"\u0000"}"#
        let spec = try RuntimeSpec(json: Array(text.utf8), named: "config.json")
        #expect(spec.annotations == ["a\0": "b\0"])
        #expect(spec.unknownFields["new"] == "\0")
        #expect(throws: Problem.self) {
            try RuntimeSpec.Process(
                json: Array(#"{"cwd":"/","args":["\u0000"]}"#.utf8), named: "process.json")
        }
        #expect(throws: Problem.self) {
            try RuntimeSpec.Resources(
                json: Array(#"{"unified":{"a\u0000":""}}"#.utf8), named: "resources.json")
        }
    }

    @Test func `null and empty strings are as good as absent`() throws {
        let text = """
            {"ociVersion":"1.3.0","hostname":"","mounts":null,"linux":null,"annotations":null,
             "process":{"cwd":"/","args":null,"apparmorProfile":"","capabilities":null}}
            """
        let spec = try RuntimeSpec(json: Array(text.utf8), named: "config.json")
        #expect(
            spec.jsonString()
                == #"{"ociVersion":"1.3.0","process":{"user":{"uid":0,"gid":0},"cwd":"/"}}"#)
        #expect(spec.hostname == nil)
    }

    @Test func `both spellings of the hardware configuration are read`() throws {
        for key in ["hwConfig", "hwconfig"] {
            let text = #"{"ociVersion":"1","vm":{"kernel":{"path":"/k"},"\#(key)":{"vcpus":2}}}"#
            let spec = try RuntimeSpec(json: Array(text.utf8), named: "config.json")
            #expect(spec.vm?.hwConfig?.vcpus == 2)
        }
    }

    /// The same value with every object's members in the order of their names.
    private func sorted(_ value: JSONValue) -> JSONValue {
        switch value {
        case .array(let elements): .array(elements.map(sorted))
        case .object(let object):
            .object(
                JSONObject(
                    object.members.sorted { $0.name < $1.name }
                        .map { .init($0.name, sorted($0.value)) }))
        default: value
        }
    }
}

import Diagnostics
import OCI
import Testing

@testable import ContainerRuntime

@Suite struct RuntimeStateTests {
    private var state: RuntimeState {
        var state = RuntimeState(
            ociVersion: "1.2.0", id: "web", bundle: "/b", rootfs: "/b/rootfs",
            created: "2026-05-01T08:00:00.000000001Z", owner: 0, annotations: ["a": "b"])
        state.initProcessID = 4711
        state.initStartTime = 99
        state.cgroupPath = "/kade/web"
        return state
    }

    @Test func `what is kept is read again`() throws {
        #expect(try RuntimeState(json: state.json(), named: "state.json") == state)
    }

    @Test func `a hook is told what the specification says`() {
        let text = String(
            decoding: ContainerState(of: state, status: .created).json(), as: UTF8.self)
        #expect(
            text
                == #"{"ociVersion":"1.2.0","id":"web","pid":4711,"status":"created","bundle":"/b","#
                + #""annotations":{"a":"b"}}"#)
    }

    @Test func `a stopped container has no process`() {
        #expect(ContainerState(of: state, status: .stopped).processID == nil)
    }

    @Test func `a state that the runtime cannot have written is not used`() throws {
        try state.check(id: "web")
        let changes: [(String, (inout RuntimeState) -> Void)] = [
            ("container \"other\"", { $0.id = "other" }),
            ("process 0", { $0.initProcessID = 0 }), ("process -1", { $0.initProcessID = -1 }),
            ("cgroup \"/\"", { $0.cgroupPath = "/" }), ("cgroup \"\"", { $0.cgroupPath = "" }),
            ("cgroup \"/a/../..\"", { $0.cgroupPath = "/a/../.." }),
        ]
        for (fault, change) in changes {
            var changed = state
            change(&changed)
            let problem = #expect(throws: Problem.self) { try changed.check(id: "web") }
            #expect(problem?.kind == .corrupt)
            #expect(problem?.why.contains(fault) == true, "\(fault)")
        }
    }

    @Test func `a newer runtime's state is told from a damaged one`() throws {
        try state.checkFormat()
        let newer = try RuntimeState(
            json: Array(#"{"id":"web","format":2,"initProcessID":7,"more":{"a":[1]}}"#.utf8),
            named: "state.json")
        try newer.check(id: "web")
        #expect(newer.initProcessID == 7)
        #expect(try RuntimeState(json: newer.json(), named: "again") == newer)
        let problem = #expect(throws: Problem.self) { try newer.checkFormat() }
        #expect(problem?.kind == .unsupported)
        #expect(problem?.why.contains("a newer kade-runtime keeps it, in format 2") == true)
    }

    @Test(arguments: ["web", "a.b-c_d+1", "0"])
    func `names of letters, digits and a few signs are accepted`(id: String) throws {
        try RuntimeRoot.check(id)
    }

    @Test(arguments: ["", ".", "..", "a/b", "ä", "a b", "../x"])
    func `other names are refused`(id: String) {
        #expect(throws: Problem.self) { try RuntimeRoot.check(id) }
    }
}

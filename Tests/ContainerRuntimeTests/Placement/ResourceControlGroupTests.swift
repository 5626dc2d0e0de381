import Diagnostics
import Foundation
import OCI
import SystemPackage
import Testing

@testable import ContainerRuntime

/// `linux.intelRdt` against a directory that looks like resctrl.
@Suite struct ResourceControlGroupTests {
    private func group(
        _ wanted: RuntimeSpec.IntelRdt, root: FilePath? = "/sys/fs/resctrl"
    ) throws(Problem) -> ResourceControlGroup {
        try ResourceControlGroup(wanted, containerID: "web", root: root)
    }

    private func commands(_ wanted: RuntimeSpec.IntelRdt) throws -> String {
        MakeResourceControlGroup(group: try group(wanted)).explanation.shell
    }

    @Test func `cache comes before bandwidth, and the schemata come last`() throws {
        #expect(
            try commands(
                .init(schemata: ["L2:0=f"], l3CacheSchema: "L3:0=f", memBwSchema: "MB:0=20"))
                    == """
                    mkdir -p /sys/fs/resctrl/web; echo 'L3:0=f' > /sys/fs/resctrl/web/schemata; \
                    echo 'MB:0=20' > /sys/fs/resctrl/web/schemata; \
                    echo 'L2:0=f' > /sys/fs/resctrl/web/schemata
                    """)
    }

    @Test func `the class and the monitor have their directories`() throws {
        #expect(try group(.init(closID: "gold")).directory == "/sys/fs/resctrl/gold")
        #expect(try group(.init(closID: "/")).directory == "/sys/fs/resctrl")
        #expect(
            try group(.init(closID: "gold", enableMonitoring: true)).monitor
                == "/sys/fs/resctrl/gold/mon_groups/web")
    }

    @Test(arguments: [
        RuntimeSpec.IntelRdt(closID: "../x"), .init(closID: "a/b"), .init(memBwSchema: "L3:0=1"),
        .init(schemata: ["L2:0=1\nL3:0=1"]),
    ])
    func `what leads elsewhere or is no schema is refused`(wanted: RuntimeSpec.IntelRdt) {
        #expect(throws: Problem.self) { try group(wanted) }
    }

    @Test func `without resctrl there is no group`() {
        #expect(throws: Problem.self) { try group(.init(), root: nil) }
    }

    @Test func `a class that exists is compared, joined and left alone`() throws {
        let root = FilePath(NSTemporaryDirectory()).appending("resctrl-\(UUID())")
        let gold = root.appending("gold")
        try FileManager.default.createDirectory(
            atPath: gold.string, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: root.string) }
        for (file, text) in [("schemata", "    L3:0=f;1=f\n    MB:0=100\n"), ("tasks", "")] {
            try text.write(
                toFile: gold.appending(file).string, atomically: false, encoding: .utf8)
        }
        var context = SetupContext(containerID: "web", bundle: "/b", rootfs: "/b/rootfs")
        context.initProcessID = 4711
        let same = try group(.init(closID: "gold", l3CacheSchema: "L3:0=f;1=f"), root: root)
        try MakeResourceControlGroup(group: same).run(in: &context)
        try JoinResourceControlGroup(group: same).run(in: &context)
        #expect(
            try String(contentsOfFile: gold.appending("tasks").string, encoding: .utf8) == "4711")
        #expect(context.resourceControlDirectories.isEmpty)
        let other = try group(.init(closID: "gold", l3CacheSchema: "L3:0=1"), root: root)
        #expect(throws: Problem.self) {
            try MakeResourceControlGroup(group: other).run(in: &context)
        }
        let missing = try group(.init(closID: "silver"), root: root)
        #expect(throws: Problem.self) {
            try MakeResourceControlGroup(group: missing).run(in: &context)
        }
    }
}

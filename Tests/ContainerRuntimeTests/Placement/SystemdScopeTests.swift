import Diagnostics
import Linux
import OCI
import Testing

@testable import ContainerRuntime

@Suite struct SystemdScopeTests {
    private let machine = SystemdManagerFacts(
        isOfUser: false, controlGroup: "/", versionText: "252.39-1")
    private let user = SystemdManagerFacts(
        isOfUser: true, controlGroup: "/user.slice/user@1.service", versionText: "v257")

    @Test(arguments: [
        ("system.slice:docker:web", "/system.slice/docker-web.scope"),
        ("", "/system.slice/kade-id.scope"), (":kade:web", "/system.slice/kade-web.scope"),
        ("a-b-c.slice:p:n", "/a.slice/a-b.slice/a-b-c.slice/p-n.scope"),
        ("-.slice:p:n", "/p-n.scope"),
    ])
    func `a path says slice, prefix and name`(specified: String, path: String) throws {
        let scope = try SystemdScope(specified, containerID: "id", manager: machine)
        #expect(scope.cgroupPath == path)
        #expect(path.hasSuffix("/" + scope.unit))
    }

    @Test func `a user's unit is below the user's manager`() throws {
        let scope = try SystemdScope(":kade:web", containerID: "id", manager: user)
        #expect(scope.cgroupPath == "/user.slice/user@1.service/user.slice/kade-web.scope")
        #expect(scope.slice == "user.slice")
        #expect(user.version == 257)
    }

    @Test(arguments: [
        "/kade/web", "a:b", "a.slice:b:c:d", "system:p:n", "a--b.slice:p:n", ".slice:p:n",
        "-a.slice:p:n", "x/y.slice:p:n", "system.slice:p:", "system.slice:p:n.slice",
        "system.slice:p/q:n",
    ])
    func `another path is refused`(specified: String) {
        let problem = #expect(throws: Problem.self) {
            try SystemdScope(specified, containerID: "id", manager: machine)
        }
        #expect(problem?.kind == .invalid)
    }

    @Test func `the unit is made around the process, and the files are written after it`() throws {
        var host = HostFacts(cgroups: .version2)
        host.systemd = machine
        let resources = RuntimeSpec.Resources(
            memory: .init(limit: 64, swap: 96), cpu: .init(shares: 512, quota: 5050, cpus: "0-1,9"),
            pids: .init(limit: 0))
        let placement = try CgroupPlacement(
            for: .init(resources: resources, cgroupsPath: ":kade:web"), containerID: "id", on: host)
        #expect(!placement.isBornIntoCgroup)
        #expect(try placement.prepareSteps().isEmpty)
        #expect(placement.settleSteps().isEmpty)
        let steps = try placement.attendSteps(
            annotations: ["org.systemd.property.TimeoutStopSec": "1.5", "other": "x"])
        let start = try #require(steps.first as? StartScope)
        #expect(
            start.properties.map(\.name) == [
                "Description", "Slice", "Delegate", "MemoryAccounting", "CPUAccounting",
                "IOAccounting", "TasksAccounting", "DefaultDependencies", "TimeoutStopUSec",
                "DevicePolicy", "DeviceAllow", "MemoryMax", "MemorySwapMax", "CPUQuotaPerSecUSec",
                "CPUWeight", "AllowedCPUs", "TasksMax",
            ])
        func value(_ name: String) -> DBusValue? {
            start.properties.first { $0.name == name }?.value
        }
        #expect(value("TimeoutStopUSec") == .uint64(1_500_000))
        #expect(value("MemoryMax") == .uint64(64))
        #expect(value("MemorySwapMax") == .uint64(32))
        #expect(value("CPUQuotaPerSecUSec") == .uint64(60_000))  // 5.05 percent
        #expect(value("AllowedCPUs") == .array([.byte(3), .byte(2)], of: "y"))
        #expect(value("TasksMax") == .uint64(1))
        #expect(
            start.explanation.shell.hasPrefix("systemd-run --scope --unit=kade-web.scope "))
        #expect(
            steps.last?.explanation.shell
                == "echo 1 > /sys/fs/cgroup/system.slice/kade-web.scope/pids.max")
    }

    @Test func `on version 1 the properties have their older names`() throws {
        var host = HostFacts(cgroups: .version1)
        host.systemd = machine
        let resources = RuntimeSpec.Resources(
            memory: .init(limit: -1, swap: -1), cpu: .init(shares: 512),
            blockIO: .init(weight: 500))
        let placement = try CgroupPlacement(
            for: .init(resources: resources), containerID: "id", on: host)
        #expect(placement.settleSteps().isEmpty)
        let start = try #require(
            try placement.attendSteps(annotations: [:]).first as? StartScope)
        #expect(
            start.properties.suffix(3) == [
                UnitProperty("MemoryLimit", .uint64(.max)), UnitProperty("CPUShares", .uint64(512)),
                UnitProperty("BlockIOWeight", .uint64(500)),
            ])
        #expect(start.properties.contains(UnitProperty("BlockIOAccounting", .boolean(true))))
    }

    @Test func `a unit that runs keeps its devices, and what it does when memory runs out`() throws
    {
        let resources = RuntimeSpec.Resources(
            devices: [.init(allow: false)], memory: .init(limit: 64),
            unified: ["memory.oom.group": "1", "memory.high": "32"])
        let cgroup = Cgroup(layout: .version2, path: "/x")
        let names = try [false, true].map { isRunning in
            try ResourceLimits.unitProperties(
                for: resources, in: cgroup, version: 257, isRunning: isRunning
            ).map(\.name)
        }
        #expect(
            names == [
                ["DevicePolicy", "DeviceAllow", "MemoryMax", "MemoryHigh", "OOMPolicy"],
                ["MemoryMax", "MemoryHigh"],
            ])
    }

    @Test func `systemd gets the rules about devices that it has words for`() throws {
        let one = try DeviceRules.unitProperties(for: [
            .init(allow: false), .init(allow: true, type: .block, major: 8, access: "rw"),
        ])
        #expect(one.first == UnitProperty("DevicePolicy", .string("strict")))
        guard case .array(let entries, "(ss)") = one.last?.value else {
            Issue.record("DeviceAllow is no list of pairs")
            return
        }
        #expect(entries.contains(.structure([.string("block-8"), .string("rw")])))
        #expect(entries.contains(.structure([.string("/dev/char/1:3"), .string("rwm")])))
        #expect(entries.contains(.structure([.string("char-*"), .string("m")])))
        let open = [
            UnitProperty("DevicePolicy", .string("auto")),
            UnitProperty("DeviceAllow", .array([], of: "(ss)")),
        ]
        #expect(try DeviceRules.unitProperties(for: [.init(allow: true)]) == open)
        #expect(
            try DeviceRules.unitProperties(for: [
                .init(allow: true), .init(allow: false, type: .block, major: 8),
            ]) == open)
        #expect(
            try DeviceRules.unitProperties(for: [
                .init(allow: true, type: .block, minor: 3)
            ]) == open)
    }
}

@Suite struct UnitPropertyAnnotationTests {
    @Test(
        arguments: [
            ("true", .boolean(true)), ("'a b'", .string("a b")), ("\"it's\"", .string("it's")),
            ("'it\\'s'", .string("it's")), ("7", .int32(7)), ("-7", .int32(-7)),
            ("uint64 123456789", .uint64(123_456_789)), ("byte 0x1f", .byte(31)),
            ("int64 -1", .int64(-1)), ("1.5", .double(1.5)), ("double 2", .double(2)),
            (" ['a', 'b'] ", .array([.string("a"), .string("b")], of: "s")),
            ("@as []", .array([], of: "s")), ("[uint32 1]", .array([.uint32(1)], of: "u")),
            ("objectpath '/a'", .objectPath("/a")),
        ] as [(String, DBusValue)])
    func `values have GVariant's text form`(text: String, value: DBusValue) {
        #expect(GVariantText.parse(text) == value)
    }

    @Test(arguments: [
        "", "some", "'open", "[", "['a'", "[1, 'a']", "[]", "byte 256", "uint32 -1", "1 2", "'a' x",
        "@ai ['a']", "uint64", "['a' 'b']",
    ])
    func `what is no value is none`(text: String) {
        #expect(GVariantText.parse(text) == nil)
    }

    @Test func `seconds become microseconds, and other names that end so stay`() throws {
        let properties = try UnitPropertyAnnotation.properties(of: [
            "org.systemd.property.TimeoutStopSec": "uint64 5",
            "org.systemd.property.ABCSec": "'x'", "org.opencontainers.x": "1",
        ])
        #expect(
            properties == [
                UnitProperty("ABCSec", .string("x")),
                UnitProperty("TimeoutStopUSec", .uint64(5_000_000)),
            ])
    }

    @Test(arguments: [
        ("org.systemd.property.a1b", "true"), ("org.systemd.property.ab", "true"),
        ("org.systemd.property.TimeoutStopSec", "'x'"),
        ("org.systemd.property.TimeoutStopSec", "-1"), ("org.systemd.property.Slice", "x"),
    ])
    func `a wrong annotation is named`(key: String, text: String) {
        let problem = #expect(throws: Problem.self) {
            try UnitPropertyAnnotation.properties(of: [key: text])
        }
        #expect(problem?.what.contains(key) == true)
    }
}

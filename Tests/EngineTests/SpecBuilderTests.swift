import Diagnostics
import Linux
import OCI
import Testing

@testable import Engine

@Suite struct SpecBuilderTests {
    @Test func `a plain container gets Docker's defaults`() throws {
        let spec = try build(request())
        let process = try #require(spec.process)
        #expect(process.args == ["/bin/true"])
        #expect(process.cwd == "/")
        #expect(
            process.env == [
                "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "HOSTNAME=0123456789ab", "HOME=/root",
            ])
        #expect(process.capabilities?.bounding.count == 14)
        #expect(process.capabilities?.effective == process.capabilities?.bounding)
        #expect(!process.noNewPrivileges)
        let linux = try #require(spec.linux)
        #expect(linux.cgroupsPath == "/kade/0123456789abcdef")
        #expect(
            linux.namespaces.map(\.type) == [.mount, .network, .uts, .pid, .ipc, .cgroup])
        #expect(linux.maskedPaths.contains("/proc/kcore"))
        #expect(linux.readonlyPaths.contains("/proc/sys"))
        #expect(linux.seccomp != nil)
        #expect(
            spec.mounts.map(\.destination) == [
                "/proc", "/dev", "/dev/pts", "/sys", "/sys/fs/cgroup", "/dev/mqueue", "/dev/shm",
            ])
    }

    @Test func `a user other than root keeps only the bounding set`() throws {
        var input = input(request())
        input.user = ContainerUser(uid: 7, gid: 7, additionalGroups: [7], home: "/home/app")
        let process = try build(input).process
        #expect(process?.capabilities?.bounding.count == 14)
        #expect(process?.capabilities?.effective == [])
        #expect(process?.capabilities?.permitted == [])
        #expect(process?.env.last == "HOME=/home/app")
    }

    @Test func `privileged means everything that the engine has, and nothing hidden`() throws {
        var request = request()
        request.security.isPrivileged = true
        var input = input(request)
        input.host.capabilities = ~(1 << 24)
        let spec = try build(input)
        let names = spec.process?.capabilities?.bounding ?? []
        #expect(names.contains("CAP_SYS_ADMIN"))
        #expect(!names.contains("CAP_SYS_RESOURCE"))
        #expect(spec.linux?.maskedPaths == [])
        #expect(spec.linux?.seccomp == nil)
        #expect(spec.linux?.resources?.devices == [.init(allow: true, access: "rwm")])
        #expect(spec.mounts.first { $0.destination == "/sys" }?.options.contains("ro") == false)
    }

    @Test func `capabilities are added and dropped by name, with and without CAP_`() throws {
        var security = SecurityRequest()
        security.addedCapabilities = ["net_admin", "CAP_SYS_TIME"]
        security.droppedCapabilities = ["MKNOD"]
        let names = try security.capabilities(on: SpecHost())
        #expect(names.count == 15)
        #expect(names.contains("CAP_NET_ADMIN"))
        #expect(!names.contains("CAP_MKNOD"))
        security.droppedCapabilities = ["ALL"]
        #expect(try security.capabilities(on: SpecHost()) == ["CAP_NET_ADMIN", "CAP_SYS_TIME"])
        security.addedCapabilities = ["ALL"]
        security.droppedCapabilities = ["SYS_ADMIN"]
        let all = try security.capabilities(on: SpecHost())
        #expect(all.count == 40)
        #expect(!all.contains("CAP_SYS_ADMIN"))
        security.addedCapabilities = ["NOSUCH"]
        #expect(throws: Problem.self) { try security.capabilities(on: SpecHost()) }
    }

    @Test func `memory without swap limit gets as much swap again`() throws {
        var request = request()
        request.resources.memoryInBytes = 64 << 20
        #expect(try build(request).linux?.resources?.memory?.swap == 128 << 20)
        request.resources.memoryAndSwapInBytes = -1
        #expect(try build(request).linux?.resources?.memory?.swap == -1)
        var input = input(request)
        input.host.hasSwapAccounting = false
        var builder = SpecBuilder(input)
        #expect(try builder.build().linux?.resources?.memory?.swap == nil)
        #expect(builder.warnings.count == 1)
    }

    @Test func `cpus become a quota of 100 milliseconds`() throws {
        var request = request()
        request.resources.nanoCPUs = 1_500_000_000
        let cpu = try build(request).linux?.resources?.cpu
        #expect(cpu?.quota == 150_000)
        #expect(cpu?.period == 100_000)
    }

    @Test func `a limit above the engine's own is lowered where it cannot be raised`() throws {
        var request = request()
        request.resources.limits = [ProcessLimit(name: "nofile", soft: 90_000, hard: 100_000)]
        var input = input(request)
        input.host.hardLimits = ["nofile": 20_000]
        #expect(try build(input).process?.rlimits.first?.hard == 100_000)
        input.host.capabilities = 0
        var builder = SpecBuilder(input)
        let limit = try builder.build().process?.rlimits.first
        #expect(limit?.hard == 20_000)
        #expect(limit?.soft == 20_000)
        #expect(builder.warnings.count == 1)
    }

    @Test func `mounts come in the order of depth and replace defaults of their place`() throws {
        var input = input(request())
        input.mounts = [
            bind("/a/b/c", isReadOnly: true), bind("/a", isReadOnly: false),
            ResolvedMount(
                target: "/dev/shm", isReadOnly: false,
                source: .tmpfs(TmpfsRequest(options: ["exec", "size=1m"]))),
        ]
        let mounts = try build(input).mounts
        let places = mounts.map(\.destination)
        #expect(places.suffix(3) == ["/a", "/dev/shm", "/a/b/c"])
        #expect(places.filter { $0 == "/dev/shm" }.count == 1)
        #expect(mounts.last?.options == ["rbind", "rprivate", "ro", "rro"])
        let shm = mounts.first { $0.destination == "/dev/shm" }
        #expect(shm?.options == ["nosuid", "nodev", "exec", "size=1m"])
    }

    @Test func `namespaces are joined by path, shared or made`() throws {
        var request = request()
        request.namespaces.pid = .host
        request.namespaces.ipc = .container("x")
        request.namespaces.network = .container("x")
        var input = input(request)
        input.namespaces = JoinedNamespaces(
            pid: nil, ipc: "/proc/7/ns/ipc", network: "/proc/7/ns/net")
        let list = try build(input).linux?.namespaces ?? []
        #expect(!list.contains { $0.type == .pid })
        #expect(list.first { $0.type == .ipc }?.path == "/proc/7/ns/ipc")
        #expect(list.first { $0.type == .network }?.path == "/proc/7/ns/net")
    }

    @Test func `a device becomes a node and a rule`() throws {
        var request = request()
        request.security.devices = [
            DeviceRequest(hostPath: "/dev/fuse", containerPath: "/dev/f", permissions: "rw")
        ]
        request.security.deviceRules = ["c 7:* rm"]
        var input = input(request)
        input.devices["/dev/fuse"] = HostDevice(
            path: "/dev/fuse", isBlock: false, major: 10, minor: 229, permissions: 0o666, user: 0,
            group: 0)
        let linux = try build(input).linux
        #expect(linux?.devices.map(\.path) == ["/dev/f"])
        let rules = linux?.resources?.devices ?? []
        #expect(rules.first == .init(allow: false, access: "rwm"))
        let own = rules.suffix(2)
        #expect(
            own.first
                == .init(
                    allow: true, type: .character, major: 10, minor: 229, access: "rw"))
        #expect(own.last == .init(allow: true, type: .character, major: 7, access: "rm"))
        input.devices = [:]
        #expect(throws: Problem.self) { try build(input) }
    }

    @Test func `an unknown security option is refused`() {
        #expect(throws: Problem.self) { try SecurityOptions(["frobnicate=yes"]) }
        #expect(throws: Problem.self) { try SecurityOptions(["label=type:x"]) }
    }

    @Test func `rules of Landlock become an annotation, and are checked before`() throws {
        let rules = #"{"ruleset": {"scoped": ["signal"]}}"#
        var request = request()
        request.security.options = ["landlock=\(rules)", "no-new-privileges"]
        #expect(try build(request).annotations["org.kade.landlock"] == rules)
        request.security.options = ["landlock={}", "no-new-privileges"]
        #expect(throws: Problem.self) { try build(request) }
        request.security.options = ["landlock=\(rules)"]
        #expect(throws: Problem.self) { try build(request) }
    }

    private func bind(_ target: String, isReadOnly: Bool) -> ResolvedMount {
        ResolvedMount(
            target: target, isReadOnly: isReadOnly,
            source: .bind(path: "/src", propagation: "rprivate", recursion: .enabled))
    }

    /// image-spec, conversion.md § Annotations.
    @Test func `annotations tell of the image, labels over them and the user's over both`() throws {
        let image = ImageConfiguration(
            created: "2026-01-02T03:04:05Z", author: "Ann", architecture: "arm64", os: "linux",
            osVersion: "6.1", osFeatures: ["a", "b"], variant: "v8",
            config: .init(exposedPorts: ["80/tcp", "53/udp"]), rootfs: .init(diffIDs: []))
        var request = request()
        request.imageAnnotations = image.annotations
        request.stopSignal = "SIGQUIT"
        request.labels = ["x": "label", "y": "label", "org.opencontainers.image.author": "Bob"]
        request.annotations = ["x": "own"]
        #expect(
            try build(request).annotations == [
                "org.opencontainers.image.created": "2026-01-02T03:04:05Z",
                "org.opencontainers.image.author": "Bob",
                "org.opencontainers.image.architecture": "arm64",
                "org.opencontainers.image.os": "linux",
                "org.opencontainers.image.os.version": "6.1",
                "org.opencontainers.image.os.features": "a,b",
                "org.opencontainers.image.variant": "v8",
                "org.opencontainers.image.exposedPorts": "80/tcp,53/udp",
                "org.opencontainers.image.stopSignal": "SIGQUIT", "x": "own", "y": "label",
            ])
        #expect(request.labelWarnings.isEmpty)
        let bare = ImageConfiguration(
            architecture: "amd64", os: "linux", rootfs: .init(diffIDs: []))
        #expect(
            bare.annotations == [
                "org.opencontainers.image.architecture": "amd64",
                "org.opencontainers.image.os": "linux",
            ])
    }

    @Test(arguments: [
        "org.systemd.property.ExecStart", "org.criu.config", "run.oci.handler", "org.kade.landlock",
    ])
    func `a label that the runtime would act on is no annotation, and one is told`(
        name: String
    ) throws {
        var request = request()
        request.labels = [name: "x", name + "2": "y"]
        let annotations = try build(request).annotations
        #expect(annotations[name] == nil)
        #expect(request.labelWarnings.first?.contains(name) == true)
        // A name that only begins with another one is an ordinary one.
        let isPrefix = name.hasPrefix("org.systemd") || name.hasPrefix("run.oci")
        #expect(annotations[name + "2"] == (isPrefix ? nil : "y"))
        request.annotations = [name: "z"]
        #expect(request.allAnnotations[name] == "z")
        #expect(!request.labelWarnings.contains { $0.contains("label \(name) ") })
    }

    private func request() -> ContainerRequest {
        var request = ContainerRequest(image: "busybox")
        request.command = ["/bin/true"]
        return request
    }

    private func input(_ request: ContainerRequest) -> SpecInput {
        SpecInput(
            id: "0123456789abcdef", request: request, user: .root, host: SpecHost(),
            hostname: "0123456789ab")
    }

    private func build(_ request: ContainerRequest) throws -> RuntimeSpec {
        try build(input(request))
    }

    private func build(_ input: SpecInput) throws -> RuntimeSpec {
        var builder = SpecBuilder(input)
        return try builder.build()
    }
}

extension TmpfsRequest {
    fileprivate init(options: [String]) {
        self.init()
        self.options = options
    }
}

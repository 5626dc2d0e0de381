import Diagnostics
import OCI
import Testing

@testable import Engine

@Suite struct ContainerRequestTests {
    @Test func `a request survives the database's JSON`() throws {
        let request = everything()
        let read = try ContainerRequest(
            dockerJSON: JSONValue.parse(request.dockerJSON.json(), named: "test"))
        #expect(read == request)
    }

    @Test func `a request without anything survives too`() throws {
        var request = ContainerRequest(image: "busybox")
        request.resources.shmSizeInBytes = 64 << 20
        #expect(try ContainerRequest(dockerJSON: request.dockerJSON) == request)
    }

    struct Case: Sendable {
        var entrypoint: [String]?
        var command: [String]?
        var expectedEntrypoint: [String]?
        var expectedCommand: [String]?
    }

    private static let cases: [Case] = [
        Case(expectedEntrypoint: ["/entry"], expectedCommand: ["a"]),
        Case(command: ["x"], expectedEntrypoint: ["/entry"], expectedCommand: ["x"]),
        Case(entrypoint: ["/own"], expectedEntrypoint: ["/own"]),
        Case(
            entrypoint: ["/own"], command: ["x"], expectedEntrypoint: ["/own"],
            expectedCommand: ["x"]),
        Case(entrypoint: [""], command: ["x"], expectedCommand: ["x"]),
        Case(entrypoint: []),
    ]

    @Test(arguments: cases)
    func `entrypoint and command follow Docker's rules`(example: Case) {
        var request = ContainerRequest(image: "i")
        request.process.entrypoint = example.entrypoint
        request.command = example.command
        let merged = request.merged(with: .init(entrypoint: ["/entry"], cmd: ["a"]))
        #expect(merged.process.entrypoint == example.expectedEntrypoint)
        #expect(merged.command == example.expectedCommand)
    }

    @Test func `the user's words win over the image's`() {
        var request = ContainerRequest(image: "i")
        request.process.environment = ["B=2", "C", "D=4"]
        request.labels = ["x": "user"]
        request.mounts = [
            MountRequest(
                kind: .tmpfs(TmpfsRequest()), target: "/data", isReadOnly: false)
        ]
        let merged = request.merged(
            with: .init(
                user: "app", env: ["A=0", "B=1", "C=1"], volumes: ["/data", "/more"],
                workingDir: "/srv", labels: ["x": "image", "y": "image"], stopSignal: "SIGQUIT"))
        #expect(merged.process.environment == ["A=0", "B=2", "D=4"])
        #expect(merged.process.user == "app")
        #expect(merged.process.workingDirectory == "/srv")
        #expect(merged.labels == ["x": "user", "y": "image"])
        #expect(merged.stopSignal == "SIGQUIT")
        #expect(merged.mounts.map(\.target) == ["/data", "/more"])
    }

    @Test func `image volumes and variables may be left out`() {
        let image = ImageConfiguration.Defaults(env: ["A=0", "B=1"], volumes: ["/data"])
        var request = ContainerRequest(image: "i")
        request.imageVolumes = .ignore
        request.process.removedVariables = ["A", "PATH"]
        let merged = request.merged(with: image)
        #expect(merged.mounts.isEmpty)
        #expect(merged.process.environment == ["B=1", "A", "PATH"])
        let own = processEnvironment(merged.process, hostname: "h", home: "/root")
        #expect(own == ["HOSTNAME=h", "B=1", "HOME=/root"])
        request.imageVolumes = .tmpfs
        request.process.removesAllVariables = true
        request.process.environment = ["PATH=/p"]
        let bare = request.merged(with: image)
        #expect(bare.mounts.map(\.kind) == [.tmpfs(TmpfsRequest())])
        #expect(
            processEnvironment(bare.process, hostname: "h", home: "/") == ["PATH=/p", "HOME=/"])
    }

    @Test func `variables that are merged name those of the image`() {
        var request = ContainerRequest(image: "i")
        request.process.mergedVariables = ["PATH=/own:${PATH}", "B=$A-$C.", "C=${", "D=$"]
        request.process.environment = ["D=user"]
        let merged = request.merged(with: .init(env: ["PATH=/bin", "A=a"]))
        #expect(
            merged.process.environment == ["PATH=/own:/bin", "A=a", "B=a-.", "C=${", "D=user"])
    }

    @Test(arguments: [
        ("a", false), ("ab", true), ("a.b-c_d", true), ("-ab", false), ("a b", false),
        ("ä1", false),
    ])
    func `names have Docker's letters`(name: String, isValid: Bool) {
        var request = ContainerRequest(image: "i")
        request.name = name
        let problem = problem { () throws(Problem) in try request.validate(on: SpecHost()) }
        #expect((problem == nil) == isValid)
    }

    @Test(arguments: refused)
    func `a request that makes no sense is refused`(
        change: @Sendable (inout ContainerRequest) -> Void
    ) {
        var request = ContainerRequest(image: "i")
        change(&request)
        #expect(throws: Problem.self) { try request.validate(on: SpecHost()) }
    }

    private static let refused: [@Sendable (inout ContainerRequest) -> Void] = [
        { $0.resources.memoryInBytes = 1 << 20 },
        { $0.resources.memoryAndSwapInBytes = 64 << 20 },
        {
            $0.resources.memoryInBytes = 64 << 20
            $0.resources.memoryAndSwapInBytes = 32 << 20
        },
        { $0.resources.nanoCPUs = 2_000_000_000 },
        { $0.resources.cpuPeriodInMicroseconds = 1 },
        { $0.resources.blockIOWeight = 5 },
        { $0.process.workingDirectory = "relative" },
        { $0.process.outOfMemoryScoreAdjustment = 1001 },
        { $0.stopSignal = "SIGNOTHING" },
        { $0.namespaces.user = "keep-id" },
        { $0.logging.driver = "splunk" },
        { $0.logging.options = ["max-size": "many"] },
        {
            $0.isRemovedAfterExit = true
            $0.restartPolicy = .always
        },
        {
            let mount = MountRequest(
                kind: .tmpfs(TmpfsRequest()), target: "/a", isReadOnly: false)
            $0.mounts = [mount, mount]
        },
        {
            $0.mounts = [
                MountRequest(kind: .tmpfs(TmpfsRequest()), target: "/", isReadOnly: false)
            ]
        },
    ]

    private func problem(_ body: () throws(Problem) -> Void) -> Problem? {
        do throws(Problem) {
            try body()
            return nil
        } catch {
            return error
        }
    }

    private func everything() -> ContainerRequest {
        var request = ContainerRequest(image: "busybox:1")
        request.command = ["sh", "-c", "echo \"hi\""]
        request.platform = "linux/arm64"
        request.labels = ["a": "1", "b": ""]
        request.annotations = ["k": "v"]
        request.imageAnnotations = ["org.opencontainers.image.os": "linux"]
        request.restartPolicy = .onFailure(maximumRetries: 3)
        request.stopSignal = "SIGINT"
        request.disablesHealthcheck = true
        request.stopTimeoutInSeconds = -1
        request.process.entrypoint = ["/entry"]
        request.process.environment = ["A=1"]
        request.process.user = "app:1"
        request.process.additionalGroups = ["10"]
        request.process.isInteractive = true
        request.process.hasTerminal = true
        request.process.hasInit = true
        request.process.outOfMemoryScoreAdjustment = -5
        request.namespaces.pid = .container("x")
        request.namespaces.ipc = .shareable
        request.namespaces.uts = .host
        request.namespaces.cgroup = .isolated
        request.namespaces.network = .host
        request.network.hostname = "h"
        request.network.nameServers = ["1.1.1.1"]
        request.network.extraHosts = ["a:1.2.3.4"]
        request.security.addedCapabilities = ["ALL"]
        request.security.options = ["seccomp=unconfined"]
        request.security.devices = [
            DeviceRequest(hostPath: "/dev/a", containerPath: "/dev/b", permissions: "r")
        ]
        request.security.sysctls = ["net.x": "1"]
        request.resources.memoryInBytes = 64 << 20
        request.resources.memoryAndSwapInBytes = -1
        request.resources.swappiness = 0
        request.resources.pidsLimit = -1
        request.resources.readBytesPerSecond = [DeviceRate(path: "/dev/sda", rate: 7)]
        request.resources.limits = [ProcessLimit(name: "core", soft: -1, hard: -1)]
        request.resources.shmSizeInBytes = 1 << 20
        request.logging.options = ["max-size": "1m"]
        request.mounts = mounts()
        request.volumesFrom = ["web:ro"]
        request.pidFile = "/run/pid"
        request.timeLimitInSeconds = 5
        request.process.umask = 0o22
        request.process.timezone = "local"
        request.secrets = [
            SecretRequest(
                secret: "a", use: .file(target: "/run/a", user: 1, group: 2, mode: 0o400)),
            SecretRequest(secret: "b", use: .variable(name: "B")),
        ]
        request.security.interfaceDevices = ["v/c=a", "v/c=b"]
        var gpu = GPURequest(count: 1)
        gpu.driver = "nvidia"
        gpu.devices = ["0"]
        request.security.gpus = [GPURequest(count: -1), gpu]
        request.resources.rootfsSizeInBytes = 1 << 30
        request.resources.blockIOWeights = [DeviceRate(path: "/dev/sda", rate: 10)]
        request.requires = ["db"]
        request.rootfs = RootfsRequest(path: "/srv/root", isOverlaid: true)
        request.process.initProgram = "/bin/init"
        request.process.personality = "LINUX32"
        request.process.userFiles.addsUser = true
        request.process.userFiles.hostUsers = ["ann"]
        request.process.userFiles.passwdEntry = "a:x:1:1:::"
        request.process.userFiles.groupEntry = "a:x:1:"
        request.network.hostsFile = "/etc/more"
        request.network.keepsHosts = true
        request.network.keepsHostname = true
        request.resources.unified = ["memory.high": "1"]
        request.resources.resourceControlClass = "gold"
        return request
    }

    private func mounts() -> [MountRequest] {
        var shared = BindRequest(source: "/s", createsSource: true)
        shared.propagation = "rshared"
        shared.owner = "1000:1001"
        shared.isOverlaid = true
        var owned = VolumeRequest(name: "v2")
        owned.owner = "ann:staff"
        var strict = BindRequest(source: "/t", createsSource: false)
        strict.recursion = .readonly
        var sized = TmpfsRequest()
        sized.sizeInBytes = 5
        sized.mode = 0o700
        var short = TmpfsRequest()
        short.options = ["exec"]
        var bare = VolumeRequest(name: "w1")
        bare.isCopiedUp = false
        var full = VolumeRequest(name: nil)
        full.subpath = "a/b"
        full.driver = "local"
        full.labels = ["k": "v"]
        full.options = ["type": "tmpfs", "device": "tmpfs"]
        var image = ImageMountRequest(image: "busybox:1")
        image.subpath = "etc"
        var inherited = MountRequest(kind: .bind(shared), target: "/9", isReadOnly: false)
        inherited.isInherited = true
        return [
            MountRequest(kind: .bind(shared), target: "/1", isReadOnly: true),
            MountRequest(
                kind: .volume(VolumeRequest(name: "v1")), target: "/2", isReadOnly: false),
            MountRequest(kind: .volume(owned), target: "/21", isReadOnly: true),
            MountRequest(kind: .bind(strict), target: "/3", isReadOnly: true),
            MountRequest(kind: .volume(bare), target: "/4", isReadOnly: false),
            MountRequest(kind: .tmpfs(sized), target: "/5", isReadOnly: false),
            MountRequest(kind: .volume(full), target: "/50", isReadOnly: true),
            MountRequest(kind: .image(image), target: "/51", isReadOnly: true),
            MountRequest(kind: .tmpfs(short), target: "/6", isReadOnly: true),
            .anonymousVolume(at: "/7"),
            inherited,
        ]
    }
}

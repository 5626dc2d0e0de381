/// What CRIU is asked for over its RPC socket (criu, images/rpc.proto: `criu_req_type`).
enum CRIURequestKind: Int64, Sendable {
    case dump = 1
    case restore = 2
    case preDump = 4
    case notify = 6
    case featureCheck = 9
    case version = 10
}

/// The options of a request, as far as they are used (rpc.proto: `criu_opts`).
struct CRIUOptions: Sendable {
    var imagesDirectory: CInt
    var workDirectory: CInt?
    var process: CInt?
    var root: String
    var logFile: String
    var flags = CRIUFlags()
    var cgroupMode = CRIUFlags.CgroupMode.soft
    var parentImages: String?
    var pageServer: CRIUPageServer?
    var freezerDirectory: String?
    /// Mounts that are not CRIU's to keep: the destination, and what stands for it.
    var externalMounts: [(key: String, value: String)] = []
    /// Resources outside of the container, by CRIU's name: "net[4026531840]:extRootNetNS".
    var external: [String] = []
    /// Descriptors of CRIU's own that take the place of resources.
    var inherited: [(key: String, descriptor: CInt)] = []
    var joinedNamespaces: [(kind: String, path: String)] = []
    /// The cgroups that a restored container is in: controllers, and the path.
    var cgroupRoots: [(controllers: String, path: String)] = []
    /// `CLONE_NEW…` of namespaces whose contents are not kept.
    var emptyNamespaces: UInt64 = 0
    var configurationFile: String?
    var securityProfile: String?
    var mountContext: String?
    var isRestore = false

    /// The options as a message.
    var message: ProtocolBufferWriter {
        var message = ProtocolBufferWriter()
        message.add(1, Int64(imagesDirectory))
        if let process { message.add(2, Int64(process)) }
        flags.write(to: &message)
        message.add(9, 4)  // log_level: what an error says is in the log
        message.add(10, logFile)
        if let pageServer { message.add(11, pageServer.message) }
        message.add(12, true)  // notify_scripts
        message.add(13, root)
        if let parentImages {
            message.add(14, parentImages)
            message.add(15, true)  // track_mem
        }
        if let workDirectory { message.add(17, Int64(workDirectory)) }
        for mount in externalMounts {
            message.add(23, Self.pair(1, mount.key, 2, mount.value))
        }
        message.add(24, true)  // manage_cgroups, which the mode replaces
        for cgroup in cgroupRoots {
            message.add(25, Self.pair(1, cgroup.controllers, 2, cgroup.path))
        }
        for resource in inherited {
            var pair = ProtocolBufferWriter()
            pair.add(1, resource.key)
            pair.add(2, Int64(resource.descriptor))
            message.add(27, pair)
        }
        message.add(34, cgroupMode.rawValue)
        for name in external { message.add(37, name) }
        message.add(38, Int64(emptyNamespaces))
        for namespace in joinedNamespaces {
            message.add(39, Self.pair(1, namespace.kind, 2, namespace.path))
        }
        if let freezerDirectory { message.add(44, freezerDirectory) }
        message.add(50, true)  // orphan_pts_master
        if let configurationFile { message.add(51, configurationFile) }
        if let securityProfile { message.add(53, securityProfile) }
        if let mountContext { message.add(63, mountContext) }
        if isRestore {
            message.add(6, true)  // evasive_devices
            message.add(26, true)  // rst_sibling: the container is this process's child
        }
        return message
    }

    private static func pair(
        _ first: UInt64, _ key: String, _ second: UInt64, _ value: String
    ) -> ProtocolBufferWriter {
        var pair = ProtocolBufferWriter()
        pair.add(first, key)
        pair.add(second, value)
        return pair
    }
}

/// Options of CRIU that are on or off.
package struct CRIUFlags: Sendable, Equatable {
    package var leavesRunning = false
    package var allowsExternalSockets = false
    package var keepsConnections = false
    package var skipsConnectionsInFlight = false
    package var isShellJob = false
    package var keepsFileLocks = false
    package var deduplicates = false
    package var linksBack = false
    package var isLazy = false

    package init() {}

    /// What becomes of the properties of cgroups (rpc.proto: `criu_cg_mode`).
    package enum CgroupMode: Int64, Sendable {
        case ignore = 0
        case soft = 3
        case full = 4
        case strict = 5
    }

    fileprivate func write(to message: inout ProtocolBufferWriter) {
        message.add(3, leavesRunning)
        message.add(4, allowsExternalSockets)
        message.add(5, keepsConnections)
        message.add(7, isShellJob)
        message.add(8, keepsFileLocks)
        message.add(16, deduplicates)
        message.add(18, linksBack)
        message.add(46, skipsConnectionsInFlight)
        message.add(48, isLazy)
    }
}

/// Where memory pages go over the network.
package struct CRIUPageServer: Sendable, Equatable {
    package var address: String
    package var port: UInt16

    package init(address: String, port: UInt16) {
        self.address = address
        self.port = port
    }

    fileprivate var message: ProtocolBufferWriter {
        var message = ProtocolBufferWriter()
        message.add(1, address)
        message.add(2, Int64(port))
        return message
    }
}

/// What CRIU answers (rpc.proto: `criu_resp`).
struct CRIUResponse: Sendable, Equatable {
    var kind: Int64 = 0
    var isSuccess = false
    var errorNumber: Int32 = 0
    var errorMessage: String?
    /// The script of a notification, and the process that it is about.
    var script: String?
    var process: CInt?
    var hasLazyPages = false
    var tracksMemory = false
    /// The version as one number: 31701 is 3.17.1.
    var version: Int64?

    init(_ bytes: [UInt8]) {
        var reader = ProtocolBufferReader(bytes)
        while let field = reader.next() {
            switch field.number {
            case 1: kind = field.value.number ?? 0
            case 2: isSuccess = field.value.number == 1
            case 5: readNotification(field.value.message)
            case 7: errorNumber = Int32(truncatingIfNeeded: field.value.number ?? 0)
            case 8: readFeatures(field.value.message)
            case 9: errorMessage = field.value.text
            case 10: version = Self.version(field.value.message)
            default: continue
            }
        }
    }

    private mutating func readNotification(_ message: ProtocolBufferReader?) {
        guard var message else { return }
        while let field = message.next() {
            if field.number == 1 { script = field.value.text }
            if field.number == 2 {
                process = field.value.number.map { CInt(truncatingIfNeeded: $0) }
            }
        }
    }

    private mutating func readFeatures(_ message: ProtocolBufferReader?) {
        guard var message else { return }
        while let field = message.next() {
            if field.number == 1 { tracksMemory = field.value.number == 1 }
            if field.number == 2 { hasLazyPages = field.value.number == 1 }
        }
    }

    private static func version(_ message: ProtocolBufferReader?) -> Int64? {
        guard var message else { return nil }
        var (major, minor, sublevel): (Int64, Int64, Int64) = (0, 0, 0)
        while let field = message.next() {
            switch field.number {
            case 1: major = field.value.number ?? 0
            case 2: minor = field.value.number ?? 0
            case 4: sublevel = field.value.number ?? 0
            default: continue
            }
        }
        return major * 10_000 + minor * 100 + sublevel
    }
}

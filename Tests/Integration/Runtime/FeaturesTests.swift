import OCI
import Testing

/// `features`: what the runtime says of itself (features.md).
@Suite struct RuntimeFeaturesTests {
    private static func features(of runtime: RuntimeUnderTest) throws -> JSONValue {
        let outcome = try Tool.start(runtime.command + ["features"]).wait()
        return try .parse(Array(outcome.output.utf8), named: "features")
    }

    @Test func `the members are the specification's, in its types`() throws {
        let features = try Self.features(of: .kade)
        #expect(features["ociVersionMin"]?.string == "1.0.0")
        #expect(features["ociVersionMax"]?.string == "1.3.0")
        #expect(features["hooks"]?.array?.count == 6)
        #expect(
            features["potentiallyUnsafeConfigAnnotations"]?.array?.compactMap(\.string)
                == ["org.criu.config", "org.systemd.property."])
        #expect(features["annotations"]?["org.kade.landlock"]?.string == "7")
        let linux = try #require(features["linux"])
        #expect(linux["namespaces"]?.array?.count == 8)
        for name in ["v1", "v2", "systemd", "systemdUser", "rdma"] {
            #expect(linux["cgroup"]?[name]?.bool == true)
        }
        for name in ["apparmor", "selinux", "seccomp", "intelRdt", "netDevices"] {
            #expect(linux[name]?["enabled"]?.bool == true)
        }
        #expect(linux["mountExtensions"]?["idmap"]?["enabled"]?.bool == true)
        #expect(linux["memoryPolicy"]?["modes"]?.array?.count == 7)
        #expect(linux["memoryPolicy"]?["flags"]?.array?.count == 3)
        #expect(linux["seccomp"]?["actions"]?.array?.count == 9)
        #expect(linux["seccomp"]?["operators"]?.array?.count == 7)
        #expect(linux["seccomp"]?["supportedFlags"]?.array?.count == 4)
    }

    /// What runc 1.1 has, Kade has: each name in each list.
    @Test func `nothing that runc lists is missing`() throws {
        guard RuntimeUnderTest.runc.isInstalled else { return }
        let (kade, runc) = try (Self.features(of: .kade), Self.features(of: .runc))
        let lists: [[String]] = [
            ["hooks"], ["mountOptions"], ["linux", "namespaces"], ["linux", "capabilities"],
            ["linux", "seccomp", "actions"], ["linux", "seccomp", "operators"],
        ]
        for path in lists {
            let names = [kade, runc].map { features in
                let list = path.reduce(features) { $0[$1] ?? .null }
                return Set((list.array ?? []).compactMap(\.string))
            }
            #expect(!names[1].isEmpty, "\(path)")
            #expect(names[1].subtracting(names[0]).isEmpty, "\(path)")
        }
    }
}

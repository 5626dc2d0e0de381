import Foundation
import OCI
import Testing

/// Users outside of the maps: neither a program nor a mount gets out of the ranges that the container
/// was given.
@Suite(.enabled(if: isRoot)) struct IDMapTests {
    /// Container users 0 to 999 only, who are 100000 and on outside.
    private static func withMaps(_ spec: inout RuntimeSpec) {
        spec.linux?.namespaces.append(.init(type: .user))
        spec.linux?.uidMappings = [.init(containerID: 0, hostID: 100_000, size: 1000)]
        spec.linux?.gidMappings = [.init(containerID: 0, hostID: 100_000, size: 1000)]
    }

    /// A bundle whose program must not run, for a reason.
    private func expectNoRun(of bundle: RuntimeBundle, _ why: String) throws {
        let outcome = try bundle.run(shell: "echo ran; grep -E 'Uid|Gid' /proc/self/status")
        #expect(outcome.exitCode == 1)
        #expect(outcome.output == "")
        #expect(outcome.errors.contains(why), "\(outcome)")
        #expect(try bundle.leftovers().isEmpty)
    }

    @Test(arguments: [
        RuntimeSpec.User(uid: 1000, gid: 0), .init(uid: 0, gid: 1000),
        .init(uid: 0, gid: 0, additionalGids: [5, 1000]),
    ])
    func `no program runs as a user or group that has no place in the maps`(
        user: RuntimeSpec.User
    ) throws {
        let bundle = try RuntimeBundle(Self.withMaps)
        bundle.spec.process?.user = user
        try expectNoRun(of: bundle, "cannot become user \(user.uid)")

        let entered = try RuntimeBundle(Self.withMaps)
        try entered.startSleeping()
        var process = try #require(entered.spec.process)
        process.user = user
        process.args = ["sh", "-c", "echo ran"]
        try entered.folder.write(process.jsonString(), to: "process.json")
        let inside = try entered.runtime(
            "exec", "--process", entered.folder.at("process.json"), entered.id)
        #expect(inside.exitCode == 255)
        #expect(inside.output == "")
        #expect(inside.errors.contains("cannot become user \(user.uid)"), "\(inside)")
    }

    /// The number that leaves a process who it is, in setresuid(2) and setresgid(2).
    @Test(arguments: [
        RuntimeSpec.User(uid: .max, gid: 0), .init(uid: 0, gid: .max),
        .init(uid: 0, gid: 0, additionalGids: [.max]),
    ])
    func `the number that stands for nobody is not root`(user: RuntimeSpec.User) throws {
        let bundle = try RuntimeBundle()
        let own = bundle.spec.process?.user ?? .init()
        bundle.spec.process?.user = user
        try expectNoRun(of: bundle, "must not be 4294967295")

        bundle.spec.process?.user = own
        try bundle.startSleeping()
        let inside = try bundle.exec("-u", "\(user.uid):\(user.gid)", shell: "id -u")
        #expect(user.additionalGids.isEmpty ? inside.output == "" : inside.output == "0\n")
        var process = try #require(bundle.spec.process)
        process.user = user
        process.args = ["sh", "-c", "id -u"]
        try bundle.folder.write(process.jsonString(), to: "process.json")
        let file = try bundle.runtime(
            "exec", "--process", bundle.folder.at("process.json"), bundle.id)
        #expect(file.output == "")
        #expect(file.errors.contains("must not be 4294967295"), "\(file)")
    }

    @Test func `a container without root in its maps is not set up as anybody else`() throws {
        let bundle = try RuntimeBundle {
            Self.withMaps(&$0)
            $0.linux?.uidMappings[0].containerID = 1
        }
        try expectNoRun(of: bundle, "cannot become root inside the user namespace")
    }

    /// Root of a container without users of its own: only the mount's map keeps it from the file.
    @Test(arguments: ["bind", "rbind"])
    func `files whose owner has no place in a mount's map are out of reach`(
        option: String
    ) throws {
        let bundle = try RuntimeBundle {
            $0.process?.capabilities?.bounding += ["CAP_DAC_OVERRIDE", "CAP_CHOWN", "CAP_FOWNER"]
            $0.process?.capabilities?.effective += ["CAP_DAC_OVERRIDE", "CAP_CHOWN", "CAP_FOWNER"]
            $0.process?.capabilities?.permitted += ["CAP_DAC_OVERRIDE", "CAP_CHOWN", "CAP_FOWNER"]
        }
        try bundle.folder.write("secret", to: "data/file")
        try Tool.check("chmod", "600", bundle.folder.at("data/file"))
        try Tool.check("chmod", "777", bundle.folder.at("data"))
        bundle.spec.mounts.append(
            .init(
                destination: "/data", type: "bind", source: "data",
                options: [option, option == "rbind" ? "ridmap" : "idmap"],
                uidMappings: [.init(containerID: 7, hostID: 5000, size: 1)],
                gidMappings: [.init(containerID: 7, hostID: 5000, size: 1)]))
        let outcome = try bundle.run(
            shell: """
                cat /data/file; echo x > /data/file; chown 0:0 /data/file; chmod 777 /data/file
                touch /data/new; stat -c %u:%g /data/file
                """)
        #expect(outcome.output == "65534:65534\n", "\(outcome)")
        #expect(try bundle.folder.text("data/file") == "secret")
        #expect(!FileManager.default.fileExists(atPath: bundle.folder.at("data/new")))
    }
}

import Diagnostics
import Linux
import OCI
import SystemPackage
import Testing

@testable import ContainerRuntime

@Suite struct NamespaceSetupTests {
    @Test func `new namespaces are cloned, but cgroup and time are unshared`() {
        let setup = NamespaceSetup([
            .init(type: .pid), .init(type: .network), .init(type: .cgroup), .init(type: .time),
            .init(type: .user), .init(type: .mount),
        ])
        #expect(setup.cloned == [.newPID, .newNetwork, .newUser, .newMount])
        #expect(setup.unshared == [.newCgroup, .newTime])
        #expect(setup.hasNewUser && setup.hasOwnMounts)
    }

    @Test func `message queues belong to the root of a user namespace`() {
        let plain = NamespaceSetup([.init(type: .ipc)])
        #expect(plain.cloned == [.newIPC] && plain.unshared.isEmpty)
        let new = NamespaceSetup([.init(type: .ipc), .init(type: .user)])
        #expect(new.cloned == [.newUser] && new.unshared == [.newIPC])
        let joined = NamespaceSetup([.init(type: .user, path: "/u"), .init(type: .ipc)])
        #expect(joined.cloned.isEmpty && joined.unshared == [.newIPC])
        let shared = NamespaceSetup([.init(type: .user), .init(type: .ipc, path: "/i")])
        #expect(shared.unshared.isEmpty)
    }

    @Test func `user and mount namespaces are joined in ways of their own`() {
        let setup = NamespaceSetup([
            .init(type: .network, path: "/run/netns/web"),
            .init(type: .user, path: "/proc/1/ns/user"),
            .init(type: .mount, path: "/proc/1/ns/mnt"),
        ])
        #expect(setup.joined == [JoinedNamespace(kind: .network, path: "/run/netns/web")])
        #expect(setup.joinedUser == "/proc/1/ns/user")
        #expect(setup.joinedMount == "/proc/1/ns/mnt")
        #expect(!setup.hasNewUser && setup.hasOwnMounts)
    }

    @Test func `an ordinary user makes namespaces in a user namespace only`() throws {
        let user = HostFacts(effectiveUserID: 1000, effectiveCapabilities: 0)
        let alone = NamespaceSetup([.init(type: .mount)])
        let problem = #expect(throws: Problem.self) { try alone.checkRights(on: user) }
        #expect(problem?.kind == .denied)
        #expect(problem?.fix?.contains("spec --rootless") == true)
        try alone.checkRights(on: HostFacts())
        try NamespaceSetup([.init(type: .mount), .init(type: .user)]).checkRights(on: user)
        try NamespaceSetup([]).checkRights(on: user)
    }

    @Test func `where there is no way back, a process of its own joins namespaces`() {
        var setup = NamespaceSetup([.init(type: .pid), .init(type: .network, path: "/web")])
        #expect(!setup.takesDetour)
        setup.canReturn = false
        #expect(setup.takesDetour)
        setup.joined = []
        #expect(!setup.takesDetour)
        #expect(NamespaceSetup([.init(type: .user, path: "/u")]).takesDetour)
    }
}

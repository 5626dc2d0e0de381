import Diagnostics
import Linux
import SystemPackage
import Testing

@testable import ContainerRuntime

@Suite struct HandshakeTests {
    @Test func `steps call the points by their names`() {
        #expect(
            Rendezvous.allCases.map { Reach(rendezvous: $0).explanation.shell }
                == ["mapped", "placed", "mounted", "hooked", "listened", "ready", "started"].map {
                    "echo \($0) >&$handshake"
                })
    }

    @Test(arguments: Rendezvous.allCases)
    func `a rendezvous is read as it was sent`(point: Rendezvous) throws {
        let message = try #require(
            HandshakeMessage(decoding: HandshakeMessage.reached(point).encoded))
        guard case .reached(let read) = message else {
            Issue.record("read as \(message)")
            return
        }
        #expect(read == point)
    }

    @Test func `a problem keeps its step, kind and texts`() throws {
        let problem = Problem(
            kind: .commandNotFound, what: "exec: \"ö\"", why: "not found\nanywhere", fix: nil)
        let message = HandshakeMessage.failed(step: 300, problem)
        guard case .failed(let step, let read)? = HandshakeMessage(decoding: message.encoded) else {
            Issue.record("no problem was read")
            return
        }
        #expect(step == 300)
        #expect(read.kind == .commandNotFound)
        #expect([read.what, read.why] == [problem.what, problem.why])
        #expect(read.fix == nil)
    }

    @Test func `the failed execution has step -1`() throws {
        let problem = Problem(kind: .bug, what: "a", why: "b", fix: "c")
        guard
            case .failed(let step, let read)? = HandshakeMessage(
                decoding: HandshakeMessage.failed(step: -1, problem).encoded)
        else {
            Issue.record("no problem was read")
            return
        }
        #expect(step == -1)
        #expect(read.fix == "c")
    }

    @Test(arguments: [[], [0x72], [0x72, 99], [0x66, 1, 2], [0x7a]] as [[UInt8]])
    func `bytes that are no message are none`(bytes: [UInt8]) {
        #expect(HandshakeMessage(decoding: bytes) == nil)
    }

    @Test func `a message is never longer than the reader's buffer`() {
        let message = HandshakeMessage.warning(
            step: 1, text: String(repeating: "x", count: 100_000))
        #expect(message.encoded.count == HandshakeMessage.maximumSizeInBytes)
    }

    @Test func `what the other side said is heard also when it left a message unread`() throws {
        var context = SetupContext(containerID: "web", bundle: "/bundle", rootfs: "/bundle/rootfs")
        let pair = try SocketPair(.packets)
        let other = try pair.second.duplicate()
        context.handshake = pair.keepFirst()
        try context.send(.reached(.placed))
        let problem = Problem(kind: .invalid, what: "a", why: "b")
        try other.send(HandshakeMessage.failed(step: 3, problem).encoded)
        _ = consume other
        guard case .failed(let step, let heard)? = try context.receive() else {
            Issue.record("nothing was heard")
            return
        }
        #expect(step == 3 && heard.what == "a")
        #expect(try context.receive() == nil)
    }
}

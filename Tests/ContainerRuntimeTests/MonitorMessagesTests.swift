import ContainerRuntime
import Diagnostics
import Testing

@Suite struct MonitorMessagesTests {
    @Test(arguments: [
        ClientMessage.attach([.standardInput, .willRemove]), .input([1, 2, 3]), .endOfInput,
        .resize(rows: 24, columns: 400), .signal(15),
        .stop(signal: 15, timeoutInMilliseconds: -1),
        .stop(signal: 9, timeoutInMilliseconds: 70_000),
    ])
    func `a client's message survives the socket`(message: ClientMessage) throws {
        #expect(try ClientMessage(datagram: message.datagram) == message)
    }

    @Test(arguments: [
        MonitorMessage.started(pid: 4_194_304), .output([]), .error(Array("oh".utf8)),
        .exited(code: 137), .exited(code: -1), .problem(json: Array("{}".utf8)),
        .step(.begun(Self.explanation, by: .runtime, atMicroseconds: 7)),
        .step(
            .ended(
                StepRecord(
                    explanation: Self.explanation, actor: .`init`, startInMicroseconds: 7,
                    durationInMicroseconds: 3, outcome: .failed("no")))),
    ])
    func `a monitor's message survives the socket`(message: MonitorMessage) throws {
        #expect(try MonitorMessage(datagram: message.datagram) == message)
    }

    private static let explanation = Explanation(shell: "true", why: "nothing", spec: "hooks")

    @Test func `a first message tells whether the steps are watched before it is read`() {
        let watching = ClientMessage.attach([.standardOutput, .watchesSteps])
        typealias Options = ClientMessage.AttachOptions
        #expect(Options(ofMessage: watching.datagram).contains(.watchesSteps))
        #expect(Options(ofMessage: ClientMessage.signal(16).datagram) == [])
        #expect(Options(ofMessage: []) == [])
    }

    @Test(arguments: [[], [0x53], [0x53, 0x62], [0x53, 0x7a, 0]] as [[UInt8]])
    func `a step that is none is refused`(datagram: [UInt8]) {
        #expect(throws: Problem.self) { try MonitorMessage(datagram: datagram) }
    }

    @Test(arguments: [[], [0x41], [0x57, 1, 2], [0x51, 15, 0], [0x7a, 1]] as [[UInt8]])
    func `a datagram of the wrong shape is refused`(datagram: [UInt8]) {
        #expect(throws: Problem.self) { try ClientMessage(datagram: datagram) }
    }
}

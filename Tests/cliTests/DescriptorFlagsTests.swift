import Diagnostics
import Engine
import Testing

@testable import cli

@Suite struct DescriptorFlagsTests {
    private func request(
        _ flags: DescriptorFlags, _ environment: [String: String] = [:],
        open: Set<Int32> = Set(3...20)
    ) throws -> ContainerRequest {
        var request = ContainerRequest(image: "alpine")
        try flags.apply(to: &request, environment: environment, process: 77) {
            open.contains($0)
        }
        return request
    }

    @Test func `a number of descriptors follows those of the service manager`() throws {
        var flags = DescriptorFlags()
        flags.count = 2
        #expect(try request(flags).process.descriptors == [3, 4])
        let environment = ["LISTEN_FDS": "2", "LISTEN_PID": "77", "LISTEN_FDNAMES": "a:b"]
        let made = try request(flags, environment)
        #expect(made.process.descriptors == [3, 4, 5, 6])
        #expect(made.process.environment == ["LISTEN_FDS=2", "LISTEN_FDNAMES=a:b"])
        let alone = try request(DescriptorFlags(), ["LISTEN_FDS": "1"])
        #expect(alone.process.descriptors == [3])
    }

    @Test func `sockets of another process are not ours`() throws {
        let made = try request(DescriptorFlags(), ["LISTEN_FDS": "2", "LISTEN_PID": "78"])
        #expect(made.process.descriptors.isEmpty && made.process.environment.isEmpty)
    }

    @Test func `single descriptors keep their numbers`() throws {
        var flags = DescriptorFlags()
        flags.count = 1
        flags.numbers = [try DescriptorFlags.parse("9,5"), try DescriptorFlags.parse("3")]
        #expect(try request(flags).process.descriptors == [3, 5, 9])
        for text in ["", "2", "3,", "x", "-1"] {
            #expect(throws: InvalidValue.self) { try DescriptorFlags.parse(text) }
        }
    }

    @Test func `what is not open is refused, and so is a number that is none`() {
        var flags = DescriptorFlags()
        flags.count = 2
        #expect(throws: Problem.self) { try request(flags, open: [3]) }
        #expect(throws: Problem.self) { try request(DescriptorFlags(), ["LISTEN_FDS": "x"]) }
    }

    @Test(arguments: [
        (Int32(3), "LISTEN_FDS"), (4, "--preserve-fds"), (9, "--preserve-fd"),
    ])
    func `the refusal names who asked for it`(number: Int32, name: String) {
        var flags = DescriptorFlags()
        flags.count = 1
        flags.numbers = [[9]]
        let problem = #expect(throws: Problem.self) {
            try request(flags, ["LISTEN_FDS": "1"], open: Set([3, 4, 9]).subtracting([number]))
        }
        #expect(problem?.why.hasPrefix("\(name) asks") == true)
    }
}

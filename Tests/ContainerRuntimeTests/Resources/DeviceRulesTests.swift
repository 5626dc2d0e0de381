import Diagnostics
import Linux
import OCI
import Testing

@testable import ContainerRuntime

@Suite struct DeviceRulesTests {
    private typealias Rule = DeviceList.Rule

    @Test func `without rules a container has its default devices on version 1`() throws {
        let shell = commands(try DeviceRules.steps(for: [], in: .web(.v1), on: HostFacts()))
        #expect(shell.first == "echo a > devices.deny")
        #expect(shell.contains("echo c 1:3 rwm > devices.allow"))
        #expect(shell.contains("echo c *:* m > devices.allow"))
        #expect(!shell.contains { $0.contains("8:0") })
    }

    @Test(arguments: CgroupVersion.allCases)
    func `a rule that allows everything leaves nothing to list`(version: CgroupVersion) throws {
        let steps = try DeviceRules.steps(
            for: [.init(allow: false), .init(allow: true, access: "rwm")], in: .web(version),
            on: HostFacts())
        #expect(commands(steps) == (version == .v1 ? ["echo a > devices.allow"] : []))
    }

    @Test func `later rules win on version 1`() throws {
        let reduced = try DeviceList(rules: [
            Rule(allow: true, kind: .block, major: 8, minor: 0, access: .all),
            Rule(allow: false, kind: .block, major: 8, minor: nil, access: .write),
            Rule(allow: true, kind: .any, major: 10, minor: 5, access: .read),
        ]).reduced()
        #expect(!reduced.allowsByDefault)
        #expect(
            reduced.exceptions.map(\.legacyText) == ["b 8:0 rm", "c 10:5 r", "b 10:5 r"])
    }

    @Test func `version 1 cannot take a device out of a wildcard`() {
        let list = DeviceList(rules: [
            Rule(allow: true, kind: .block, major: 8, minor: nil, access: .all),
            Rule(allow: false, kind: .block, major: 8, minor: 0, access: .write),
        ])
        #expect(throws: Problem.self) { try list.reduced() }
    }

    @Test(arguments: [
        RuntimeSpec.DeviceRule(allow: true, major: 4096), .init(allow: true, minor: -2),
        .init(allow: true, access: "rwx"),
    ])
    func `what is no device or access is refused`(rule: RuntimeSpec.DeviceRule) {
        #expect(throws: Problem.self) { try DeviceList([rule]) }
    }

    @Test func `in a user namespace version 1 keeps the rules above`() throws {
        let steps = try DeviceRules.steps(
            for: [.init(allow: false)], in: .web(.v1),
            on: HostFacts(isInInitialUserNamespace: false))
        #expect(steps.first is WarnStep)
    }

    @Test(arguments: CgroupVersion.allCases)
    func `an ordinary user's container needs no device rules`(version: CgroupVersion) throws {
        let user = HostFacts(effectiveUserID: 1000, effectiveCapabilities: 0)
        #expect(try DeviceRules.steps(for: [], in: .web(version), on: user).isEmpty)
        let asked = try DeviceRules.steps(for: [.init(allow: false)], in: .web(version), on: user)
        let program = asked.first as? AttachDeviceProgram
        #expect(version == .v1 ? asked.first is WarnStep : program?.mayBeRefused == true)
    }

    @Test func `the program answers as the rules do, for all that can be asked`() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<300 {
            let list = DeviceList(
                rules: (0..<Int.random(in: 0...9, using: &random)).map { _ in .any(&random) })
            let program = DeviceProgram(list)
            for kind in [DeviceList.Kind.block, .character] {
                for (major, minor) in [(1, 3), (1, 5), (8, 0), (8, 1)] as [(UInt32, UInt32)] {
                    for access in (1...7).map(DeviceList.Access.init(rawValue:)) {
                        let question = Rule(
                            allow: true, kind: kind, major: major, minor: minor, access: access)
                        #expect(
                            DeviceProgramInterpreter.allows(question, program)
                                == list.allows(question), "\(list) \(question.legacyText)")
                    }
                }
            }
        }
    }
}

extension DeviceList {
    /// What the specification says: for each kind of access the last rule about it decides.
    fileprivate func allows(_ question: Rule) -> Bool {
        [Access.makeNode, .read, .write].filter(question.access.contains).allSatisfy { access in
            rules.last { $0.covers(question) && $0.access.contains(access) }?.allow ?? false
        }
    }
}

extension DeviceList.Rule {
    fileprivate static func any(_ random: inout SystemRandomNumberGenerator) -> Self {
        Self(
            allow: .random(using: &random),
            kind: [.any, .block, .character].randomElement(using: &random) ?? .any,
            major: [nil, 1, 8].randomElement(using: &random) ?? nil,
            minor: [nil, 0, 1, 3, 5].randomElement(using: &random) ?? nil,
            access: Bool.random(using: &random)
                ? .all : .init(rawValue: .random(in: 1...7, using: &random)))
    }
}

/// The kernel's part: runs the few instructions that a device program has.
private enum DeviceProgramInterpreter {
    static func allows(_ question: DeviceList.Rule, _ program: DeviceProgram) -> Bool {
        let kind: UInt64 = question.kind == .block ? 1 : 2
        let context: [UInt64] = [
            UInt64(question.access.rawValue) << 16 | kind, UInt64(question.major ?? 0),
            UInt64(question.minor ?? 0),
        ]
        var registers = [UInt64](repeating: 0, count: 11)
        var index = 0
        while index < program.instructions.count {
            let instruction = program.instructions[index]
            let target = Int(instruction >> 8 & 0xf)
            let value = instruction >> 32
            let jump = Int(instruction >> 16 & 0xffff)
            index += 1
            switch instruction & 0xff {
            case 0x61: registers[target] = context[jump / 4]
            case 0x54: registers[target] &= value
            case 0x74: registers[target] >>= value
            case 0xb7: registers[target] = value
            case 0x15: index += registers[target] == value ? jump : 0
            case 0x55: index += registers[target] != value ? jump : 0
            case 0x45: index += registers[target] & value != 0 ? jump : 0
            case 0x05: index += jump
            case 0x95: return registers[0] == 1
            default: return false
            }
        }
        return false
    }
}

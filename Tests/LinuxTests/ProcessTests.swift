import Glibc
import SystemPackage
import Testing

@testable import Linux

@Suite struct ProcessTests {
    @Test(arguments: [
        ("9", 9), ("KILL", 9), ("SIGKILL", 9), ("sigterm", 15), ("RTMIN", 34), ("SIGRTMIN+3", 37),
        ("RTMAX-1", 63), ("64", 64), ("SIGWINCH", 28),
    ])
    func `a signal has a number and names`(text: String, number: CInt) {
        #expect(Signal(named: text)?.rawValue == number)
    }

    @Test(arguments: ["", "0", "65", "-1", "NOPE", "RTMIN+31", "RTMAX-31", "SIG"])
    func `other texts are no signal`(text: String) {
        #expect(Signal(named: text) == nil)
    }

    @Test func `signals are called by their first name`() {
        #expect(Signal(rawValue: 6).name == "SIGABRT")
        #expect(Signal(rawValue: 37).name == "SIGRTMIN+3")
    }

    @Test func `a process's name may look like the rest of its line`() throws {
        let fields = (3...52).map { "\($0)" }
        let line = "42 (a) R 1 (b) S " + fields.dropFirst().joined(separator: " ")
        let status = try #require(ProcessStatus(parsing: line))
        #expect(status.state == "S")
        #expect(status.parentID == 4)
        #expect(status.startTime == 22)
        #expect(!status.hasEnded)
    }

    @Test func `processes are found below others, and by the mounts that they see`() throws {
        let own = getpid()
        let parent = try #require(try ProcessStatus(of: own)?.parentID)
        #expect(try processTree(below: [own]).contains(own))
        let both = try processTree(below: [parent, own])
        #expect(both.contains(own) && both.count == Set(both).count)
        #expect(try processesInMountNamespace(of: own).contains(own))
        #expect(try processesInMountNamespace(of: 1 << 30).isEmpty)
    }

    @Test func `a program is looked for in each directory of the path`() {
        #expect(lookUpProgram("sh", searchPath: "/nowhere:/bin") == .found("/bin/sh"))
        #expect(lookUpProgram("no-such-program", searchPath: "/bin") == .notInSearchPath)
        #expect(lookUpProgram("/etc", searchPath: "") == .refused("/etc", .isDirectory))
        #expect(
            lookUpProgram("/no/such", searchPath: "")
                == .refused("/no/such", .noSuchFileOrDirectory))
        #expect(lookUpProgram("", searchPath: "/bin") == .notInSearchPath)
    }

    @Test func `an exit status is the code that a shell reports`() {
        #expect(ExitStatus.exited(7).code == 7)
        #expect(ExitStatus.killed(.kill).code == 137)
    }
}

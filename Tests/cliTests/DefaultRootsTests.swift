import Diagnostics
import SystemPackage
import Testing

@testable import cli

@Suite struct DefaultRootsTests {
    @Test func `root's things are the machine's`() {
        let roots = DefaultRoots(user: 0, environment: ["XDG_DATA_HOME": "/x", "HOME": "/root"])
        #expect(roots.data == "/var/lib/kade")
        #expect(roots.run == "/run/kade")
    }

    @Test func `relative directories do not count, and nobody has a place without a home`() {
        let user: UInt32 = 4_000_000_000
        let roots = DefaultRoots(
            user: user, environment: ["XDG_DATA_HOME": "x", "HOME": "", "XDG_RUNTIME_DIR": "y"])
        #expect(roots.data == nil)
        #expect(roots.run == "/tmp/kade-4000000000")
        let home = DefaultRoots(user: user, environment: ["HOME": "/home/ann"])
        #expect(home.data == "/home/ann/.local/share/kade")
    }

    @Test func `an empty variable names no place, and an empty flag is a mistake`() throws {
        let environment = ["HOME": "/home/ann", "KADE_ROOT": "", "KADE_RUNROOT": ""]
        let usual = Session(globals: GlobalFlags(), environment: ["HOME": "/home/ann"])
        let session = Session(globals: GlobalFlags(), environment: environment)
        #expect(try session.dataRoot == usual.dataRoot)
        #expect(try session.runRoot == usual.runRoot)
        var globals = GlobalFlags()
        globals.dataRoot = ""
        globals.runRoot = ""
        let empty = Session(globals: globals, environment: environment)
        #expect(throws: Problem.self) { try empty.dataRoot }
        #expect(throws: Problem.self) { try empty.runRoot }
    }
}

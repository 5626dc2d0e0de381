import Foundation
import OCI
import Testing

/// `list` and `delete` beside containers whose state is damaged or half made.
@Suite(.enabled(if: isRoot)) struct RuntimeListTests {
    /// A container that sleeps, beside one whose state is no JSON and one that has none.
    private static func bundle(for runtime: RuntimeUnderTest) throws -> RuntimeBundle {
        let bundle = try RuntimeBundle(for: runtime)
        try bundle.startSleeping()
        try bundle.folder.write("{\"id\": 7", to: "root/a-damaged/state.json")
        try Tool.check("mkdir", bundle.root + "/b-half-made")
        return bundle
    }

    private static func remove(_ bundle: RuntimeBundle) throws {
        for name in ["a-damaged", "b-half-made"] {
            try Tool.check("rm", "-rf", "\(bundle.root)/\(name)")
        }
    }

    /// crun's list fails.
    @Test(arguments: [RuntimeUnderTest.kade, .runc])
    func `a damaged container hides no other one`(runtime: RuntimeUnderTest) throws {
        guard runtime.isInstalled else { return }
        let bundle = try Self.bundle(for: runtime)
        defer { try? Self.remove(bundle) }  // the others' delete cannot
        let table = try bundle.runtime("list")
        #expect(table.exitCode == 0, "\(table)")
        #expect(table.output.contains(bundle.id), "\(table)")
        #expect(table.errors.contains("a-damaged"), "\(table)")
        let json = try bundle.runtime("list", "--format", "json")
        #expect(json.exitCode == 0, "\(json)")
        let list = try JSONValue.parse(Array(json.output.utf8), named: "list")
        #expect(list.array?.compactMap { $0["id"]?.string } == [bundle.id])
    }

    @Test(arguments: ["a-damaged", "b-half-made"])
    func `what is damaged says so, and is deleted by force`(id: String) throws {
        let bundle = try Self.bundle(for: .kade)
        for command in ["state", "start", "kill", "pause", "ps", "delete"] {
            let outcome = try bundle.runtime(command, id)
            #expect(outcome.exitCode == 1)
            #expect(outcome.errors.contains("delete --force \(id)"), "\(command): \(outcome)")
        }
        #expect(try bundle.runtime("delete", "--force", id).exitCode == 0)
        #expect(try !bundle.runtime("list", "-q").lines.contains(id))
        #expect(try bundle.state()["status"]?.string == "running")
    }

    @Test(arguments: [RuntimeUnderTest.kade, .runc])
    func `without containers there is a header, and an empty list`(
        runtime: RuntimeUnderTest
    ) throws {
        guard runtime.isInstalled else { return }
        let bundle = try RuntimeBundle(for: runtime)
        #expect(try bundle.runtime("list", "-q").output == "")
        let words = try bundle.runtime("list").output.split(separator: " ").map(String.init)
        #expect(words == ["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER\n"])
        let list = try bundle.runtime("list", "-f", "json")
        #expect(list.exitCode == 0)
        guard runtime == .kade else { return }  // runc 1.1 says null
        #expect(list.output == "[]\n")
    }
}

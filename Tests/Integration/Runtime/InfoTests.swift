import Foundation
import OCI
import Testing

/// `kade-runtime info`: what the machine offers, as others find it too.
@Suite struct RuntimeInfoTests {
    private static func info() throws -> JSONValue {
        let outcome = try Tool.start([BuiltProgram.path("kade-runtime"), "info", "-f", "json"])
            .wait()
        #expect(outcome.exitCode == 0 && outcome.errors.isEmpty, "\(outcome)")
        return try .parse(Array(outcome.output.utf8), named: "info")
    }

    private static func values(_ name: String) throws -> [String] {
        try #require(info()[name]?.array).compactMap(\.string)
    }

    @Test func `kernel, user and namespaces are those of the machine`() throws {
        let kernel = try Tool.check("uname", "-r").dropLast()
        #expect(try Self.values("kernel") == [String(kernel)])
        let machine = try Tool.check("uname", "-m").dropLast()
        #expect(try Self.values("architecture") == [String(machine)])
        #expect(
            try Self.values("user").first?.hasPrefix(try Tool.check("id", "-u").dropLast()) == true)
        let count = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/ns")
            .filter { !$0.hasSuffix("_for_children") }.count
        #expect(try Self.values("namespaces").count == count)
    }

    @Test func `each hierarchy of cgroups is named with its place`() throws {
        let lines = try Tool.check("findmnt", "-rn", "-t", "cgroup,cgroup2", "-o", "TARGET")
            .split(separator: "\n")
        let cgroups = try Self.values("cgroups")
        #expect(!cgroups.isEmpty)
        for line in lines { #expect(cgroups.contains { $0.contains("at \(line): ") }, "\(line)") }
    }

    @Test func `a capability that the caller has not is named`() throws {
        let outcome = try Tool.start([
            "setpriv", "--bounding-set", "-mknod", "--inh-caps", "-mknod",
            BuiltProgram.path("kade-runtime"), "info",
        ]).wait()
        #expect(outcome.exitCode == 0, "\(outcome)")
        let line = outcome.lines.first { $0.hasPrefix("capabilities ") } ?? ""
        #expect(getuid() != 0 || line.contains("CAP_MKNOD"), "\(line)")
    }

    @Test func `as text there is a line for each sentence`() throws {
        let outcome = try Tool.start([BuiltProgram.path("kade-runtime"), "info"]).wait()
        #expect(outcome.lines.first?.contains("runtime-spec 1.3.0") == true)
        #expect(outcome.lines.contains { $0.hasPrefix("seccomp ") && $0.contains(" errno ") })
        #expect(
            landlockVersion == 0
                || outcome.lines.contains {
                    $0.hasPrefix("landlock ") && $0.hasSuffix(" version \(landlockVersion)")
                })
        let wrong = try Tool.start([BuiltProgram.path("kade-runtime"), "info", "-f", "xml"]).wait()
        #expect(wrong.exitCode == 1 && wrong.errors.contains("text or json"), "\(wrong)")
    }
}

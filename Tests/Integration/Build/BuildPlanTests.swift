import Foundation
import Testing

/// `kade build --plan`.
@Suite struct BuildPlanTests {
    private static let dockerfile = """
        FROM base AS first
        COPY file /file
        RUN cat /file > /out
        WORKDIR /x
        FROM first
        COPY --from=first /out /copied
        LABEL a=b
        """

    /// All of the data root, with sizes and times.
    private func tree(of kade: Kade) throws -> String {
        try kade.wait { try kade.processes().allSatisfy { !$0.value.contains(Data("flush".utf8)) } }
        return try Tool.check(
            "sh", "-c", "cd \"$1\"; find data -printf '%p %y %s %T@\\n' | grep -v -e -shm | sort",
            "sh",
            kade.folder.path)
    }

    private func plan(_ site: BuildSite, _ flags: String...) throws -> Tool.Outcome {
        try site.kade.call(["build", "--plan", "-t", "made"] + flags + [site.folder.at("context")])
    }

    @Test func `what is not in the cache is shown with its reason, and nothing is made`() throws {
        let site = try BuildSite(Self.dockerfile, context: "echo one > file")
        let before = try tree(of: site.kade)
        let first = try plan(site)
        #expect(first.exitCode == 0, "\(first)")
        #expect(first.output.contains("COPY file /file"), "\(first)")
        #expect(first.output.contains("it was not built here before"), "\(first)")
        #expect(first.output.contains("RUN cat /file > /out"))
        #expect(first.output.contains("what lies below is made anew"))
        #expect(first.output.contains("COPY --from=first /out /copied"))
        #expect(first.output.contains("kade tag IMAGE made"))
        #expect(!first.output.contains("LABEL"))
        #expect(try tree(of: site.kade) == before)
        #expect(try site.kade("image", "inspect", "made").exitCode == 1)
    }

    @Test func `what is in the cache is not shown`() throws {
        let site = try BuildSite(Self.dockerfile, context: "echo one > file")
        try site.check()
        let built = try plan(site)
        // What is taken from a stage is looked at when it is there.
        #expect(!built.output.contains("COPY file") && !built.output.contains("RUN"), "\(built)")
        #expect(built.output.contains("the files that it takes are looked at"), "\(built)")
        try site.write(Self.dockerfile, context: "echo two > file")
        let changed = try plan(site, "-o", "type=local,dest=\(site.folder.at("out"))")
        #expect(changed.output.contains("file file changed"), "\(changed)")
        #expect(changed.output.contains("RUN cat /file > /out"))
        #expect(changed.output.contains("cp -a FILES \(site.folder.at("out"))"))
        #expect(!FileManager.default.fileExists(atPath: site.folder.at("out")))
        let whole = try plan(site, "--no-cache")
        #expect(whole.output.contains("it was asked for"), "\(whole)")
    }

    @Test func `what has to be fetched first cannot be planned`() throws {
        let site = try BuildSite("FROM localhost:1/none\nRUN true\n")
        let outcome = try plan(site)
        #expect(outcome.exitCode == 1)
        #expect(outcome.errors.contains("cannot plan a build from localhost:1/none"), "\(outcome)")
        let kade = site.kade
        #expect(
            try kade("build", "--plan", "https://localhost:1/x.git").errors.contains(
                "name a directory"))
        #expect(try plan(site, "--check").errors.contains("--plan and --check"))
        try site.write("FROM base\nCOPY nowhere /\n")
        let wrong = try plan(site)
        #expect(wrong.exitCode == 1 && wrong.errors.contains("COPY nowhere"), "\(wrong)")
    }
}

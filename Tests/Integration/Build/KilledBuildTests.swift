import Foundation
import Testing

/// What a build that is killed leaves: nothing after the next command, which goes on where it was.
@Suite(.enabled(if: isRoot)) struct KilledBuildTests {
    private let dockerfile = """
        FROM base
        RUN head -c 8 /dev/urandom | od > /random
        RUN --mount=type=secret,id=s --mount=from=base,source=/data,target=/m,rw \\
            [ -e /go ] || { echo begun; sleep 1000; }
        COPY file /file
        """

    /// Builds from an archive up to its second RUN, and kills it there.
    private func killHalfWay(_ site: BuildSite) throws {
        try site.folder.write("hidden", to: "secret")
        let command = site.kade.commandLine([
            "build", "--progress", "plain", "--secret", "id=s,src=\(site.folder.at("secret"))", "-",
        ])
        let archive = site.folder.at("context.tar")
        try Tool.check("tar", "-C", site.folder.at("context"), "-cf", archive, ".")
        let running = try Tool.start(
            ["sh", "-c", "exec \"$@\" < \"$0\"", archive] + command)
        try site.kade.wait { running.errors.contains(" begun\n") }
        running.signal(SIGKILL)
        #expect(try running.wait().exitCode == 128 + SIGKILL)
        // The secret of the killed one is there, and so are its program and its files.
        #expect(!(try site.kade.leftovers().isEmpty))
    }

    @Test func `the next ps takes all of it away`() throws {
        let site = try BuildSite(dockerfile, context: "echo x > file")
        try killHalfWay(site)
        try site.kade.check("ps")
        try expectNothing(of: site)
    }

    @Test func `the next build takes all of it away, and has what was done`() throws {
        let site = try BuildSite(dockerfile, context: "echo x > file")
        try killHalfWay(site)
        try site.write(
            dockerfile.replacingOccurrences(of: "sleep 1000", with: "true"),
            context: "echo x > file")
        let output = try site.check()
        #expect(output.components(separatedBy: "CACHED").count == 2)
        try expectNothing(of: site)
        #expect(try site.read("/file") == "x")
    }

    @Test func `layers of a build are written to the disk in the background`() throws {
        let site = try BuildSite("FROM base\nRUN touch /x")
        try site.check()
        try site.kade.wait {
            let records = try Tool.check(
                "sh", "-c", "cat \"$1\"/layers/sha256/*/layer.json", "sh", site.kade.root)
            return !records.contains(#""flushed":0"#)
                && records.components(separatedBy: #""flushed":1"#).count == 3
        }
    }

    private func expectNothing(of site: BuildSite) throws {
        // A killed monitor's cgroups and processes go a moment later.
        try site.kade.wait { try site.kade.leftovers().isEmpty }
        #expect(try Tool.check("ls", site.kade.root + "/containers").isEmpty)
        #expect(try Tool.check("ls", site.kade.root + "/build/scratch").isEmpty)
        #expect(try Tool.check("ls", site.kade.runRoot + "/build").isEmpty)
    }
}

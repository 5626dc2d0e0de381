import Foundation
import Testing

/// `kade bake`: targets become images, files and contexts of each other.
@Suite struct BakeCommandTests {
    private func site() throws -> BuildSite {
        let site = try BuildSite("FROM base\nARG WORD=none\nRUN echo $WORD > /word")
        try site.folder.write(
            """
            variable "TAG" { default = "1" }
            group "default" { targets = ["app", "files"] }
            target "common" {
              context = "\(site.folder.at("context"))"
              args = { WORD = upper("common-${TAG}") }
              tags = ["common:${TAG}"]
            }
            target "app" {
              dockerfile-inline = <<-END
                FROM common
                RUN echo app >> /word
                END
              contexts = { common = "target:common" }
              tags = ["app:${TAG}"]
            }
            target "files" {
              inherits = ["common"]
              tags = []
              output = ["type=local,dest=\(site.folder.at("out"))"]
            }
            """, to: "bake.hcl")
        return site
    }

    private func bake(_ site: BuildSite, _ arguments: String...) throws -> Tool.Outcome {
        try site.kade.call(
            ["bake", "-f", site.folder.at("bake.hcl"), "--progress", "plain"] + arguments)
    }

    @Test func `targets are built, and what they build upon before them`() throws {
        let site = try site()
        let metadata = site.folder.at("metadata.json")
        let outcome = try bake(site, "--metadata-file", metadata, "--var", "TAG=7")
        #expect(outcome.exitCode == 0, "\(outcome.errors)")
        let word = try site.kade.check("run", "--rm", "app:7", "cat", "/word")
        #expect(word == "COMMON-7\napp")
        #expect(try site.folder.text("out/word") == "COMMON-7\n")
        let told = try #require(
            try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: metadata)))
                as? [String: [String: Any]])
        #expect(told["app"]?["image.name"] as? String == "docker.io/library/app:7")
        #expect(told["common"]?["containerimage.digest"] is String)
    }

    @Test func `values are set and shown without a build`() throws {
        let site = try site()
        let shown = try bake(site, "--print", "--set", "app.args.X=1", "--no-cache", "app")
        #expect(shown.exitCode == 0, "\(shown.errors)")
        let plan = try #require(
            try JSONSerialization.jsonObject(with: Data(shown.output.utf8)) as? [String: Any])
        let targets = try #require(plan["target"] as? [String: [String: Any]])
        #expect(targets.keys.sorted() == ["app", "common"])
        #expect(targets["app"]?["args"] as? [String: String] == ["X": "1"])
        #expect(targets["common"]?["no-cache"] as? String == "true")
        #expect(try site.kade.check("images", "-q", "app").isEmpty)
        #expect(try bake(site, "--list", "targets").output == "app\ncommon\ndefault\nfiles\n")
        #expect(try bake(site, "--list", "variables").output == "TAG\n")
    }

    @Test func `a build that fails ends the bake with its code`() throws {
        let site = try site()
        try site.write("FROM base\nRUN exit 3")
        let failed = try bake(site, "common", "files")
        #expect(failed.exitCode != 0)
        #expect(failed.errors.contains("exit 3"))
        #expect(!failed.errors.contains("[files]"))
        let none = try bake(site, "nothing")
        #expect(none.exitCode == 1)
        #expect(none.errors.contains("no target and no group"))
    }
}

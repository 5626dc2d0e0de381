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

    @Test func `the Dockerfiles of all targets are looked through`() throws {
        let site = try site()
        let clean = try bake(site, "--check")
        #expect(clean.exitCode == 0, "\(clean)")
        #expect(try site.kade.check("images", "-q", "common").isEmpty)
        try site.write("from base\nARG WORD=none\nRUN echo $WORD > /word")
        let found = try bake(site, "--check", "app", "files")
        #expect(found.exitCode != 0)
        #expect(found.errors.contains("[app]") && found.errors.contains("[files]"), "\(found)")
        #expect(found.output.contains("ConsistentInstructionCasing"), "\(found)")
        #expect(!found.errors.contains("makes no image"))
    }

    @Test func `a policy is about what is fetched, and not about other targets' images`() throws {
        let site = try site()
        func policy(_ identifier: String) throws -> [String: String] {
            try site.folder.write(
                #"{"rules": [{"action": "DENY", "selector": {"identifier": "\#(identifier)"}}]}"#,
                to: "policy.json")
            return ["EXPERIMENTAL_BUILDKIT_SOURCE_POLICY": site.folder.at("policy.json")]
        }
        func run(_ arguments: [String], _ identifier: String) throws -> Tool.Outcome {
            try Tool.start(
                site.kade.commandLine(arguments + ["--progress", "plain"]),
                environment: site.kade.environment.merging(try policy(identifier)) { $1 }
            ).wait()
        }
        let target = ["bake", "-f", site.folder.at("bake.hcl"), "app"]
        // The image of `common` is named by its ID; --pull asks nobody for that.
        for flags in [[], ["--set", "app.pull=true", "--no-cache"]] {
            let baked = try run(target + flags, "docker-image://docker.io/library/sha256*")
            #expect(baked.exitCode == 0, "\(baked.errors)")
        }
        let denied = try run(target + ["--no-cache"], "docker-image://docker.io/library/base*")
        #expect(denied.exitCode != 0 && denied.errors.contains("does not allow it"), "\(denied)")
        // An ID of nothing that is here may be a name somewhere.
        try site.write("FROM sha256:\(String(repeating: "0", count: 64))")
        let unknown = try run(
            ["build", site.folder.at("context")], "docker-image://docker.io/library/sha256*")
        #expect(unknown.errors.contains("does not allow it"), "\(unknown)")
    }

    @Test func `images are loaded or pushed, and nothing is left of the bake`() throws {
        let site = try site()
        let both = try bake(site, "--load", "--push")
        #expect(both.exitCode == 1)
        #expect(both.errors.contains("--load and --push both say where the images go"), "\(both)")
        #expect(try bake(site, "--load", "app").exitCode == 0)
        let scratch = "\(site.kade.root)/build/scratch"
        let left = try? FileManager.default.contentsOfDirectory(atPath: scratch)
        #expect(left ?? [] == [])
    }

    @Test func `a build that fails ends the bake with its code`() throws {
        let site = try site()
        try site.write("FROM base\nRUN exit 3")
        let failed = try bake(site, "common", "app")
        #expect(failed.exitCode != 0)
        #expect(failed.errors.contains("exit 3"))
        // It is based on what failed.
        #expect(!failed.errors.contains("[app]"))
        let none = try bake(site, "nothing")
        #expect(none.exitCode == 1)
        #expect(none.errors.contains("no target and no group"))
    }

    @Test func `targets that do not need each other are built side by side`() throws {
        let site = try BuildSite("FROM base")
        // Each waits until the other one has begun.
        let targets = zip(["one", "two"], ["two", "one"]).map { name, other in
            """
            target "\(name)" {
              context = "\(site.folder.at("context"))"
              dockerfile-inline = <<-END
                FROM base
                RUN --mount=type=cache,id=\(name),target=/own \\
                    --mount=type=cache,id=\(other),target=/other \\
                    touch /own/here; n=0; until [ -e /other/here ]; do sleep 0.1; \\
                    n=$((n+1)); [ $n -lt 600 ] || exit 1; done
                END
              tags = ["\(name):1"]
            }
            """
        }
        try site.folder.write(targets.joined(separator: "\n"), to: "bake.hcl")
        let outcome = try bake(site, "one", "two")
        #expect(outcome.exitCode == 0, "\(outcome.errors)")
        #expect(outcome.errors.contains("[one] #"), "\(outcome.errors)")
        #expect(outcome.errors.contains("[two] #"), "\(outcome.errors)")
        for name in ["one", "two"] {
            #expect(!(try site.kade.check("images", "-q", name)).isEmpty)
        }
    }

    @Test func `a build that fails ends those beside it`() throws {
        let site = try BuildSite("FROM base")
        let commands = ["fails": "exit 3", "waits": "sleep 3000"]
        let targets = commands.map { name, command in
            """
            target "\(name)" {
              context = "\(site.folder.at("context"))"
              dockerfile-inline = "FROM base\\nRUN \(command)"
            }
            """
        }
        try site.folder.write(targets.joined(separator: "\n"), to: "bake.hcl")
        let begun = Date()
        let outcome = try bake(site, "waits", "fails")
        #expect(outcome.exitCode != 0 && outcome.errors.contains("[fails]"), "\(outcome)")
        #expect(Date().timeIntervalSince(begun) < 600)
        try site.kade.wait {  // its monitor ends a moment after the command
            try site.kade.processes().values.allSatisfy { line in
                !String(decoding: line, as: UTF8.self).contains("sleep")
            }
        }
    }

    @Test func `the services of a compose file are built`() throws {
        let site = try BuildSite("FROM base\nARG WORD\nRUN echo $WORD > /word")
        try site.folder.write("WORD=\"from a file\"\n", to: ".env")
        try site.folder.write(
            """
            services:
              web:
                image: web:1
                build:
                  context: context
                  args: { WORD: "${WORD} ${OTHER:-usual}" }
              app:
                build:
                  context: .
                  dockerfile_inline: |
                    FROM web
                    RUN echo app >> /word
                  additional_contexts: { web: "service:web" }
                  tags: ["app:1"]
              database: { image: postgres }
            """, to: "docker-compose.yml")
        let bake = site.kade.commandLine(in: site.folder.path, ["bake", "--progress", "plain"])
        let outcome = try Tool.start(bake, environment: site.kade.environment).wait()
        #expect(outcome.exitCode == 0, "\(outcome.errors)")
        let word = try site.kade.check("run", "--rm", "app:1", "cat", "/word")
        #expect(word == "from a file usual\napp")
    }
}

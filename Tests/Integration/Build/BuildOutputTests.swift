import Foundation
import OCI
import Testing

/// Where a build's result goes: under names, to a registry, to files, to several of them.
@Suite(.enabled(if: isRoot)) struct BuildOutputTests {
    @Test func `an image is pushed under its names`() throws {
        let site = try BuildSite("FROM base\nRUN touch /x")
        let registry = try TestRegistry()
        let names = ["a", "b"].map { "\(registry.authority)/team/\($0):1" }
        try site.kade.check(
            "build", "-q", "-o", "type=image,name=\(names[0]),push=true", site.folder.at("context"))
        try site.kade.check(
            "build", "-q", "-o", "type=registry", "-t", names[1], site.folder.at("context"))
        for name in names {
            #expect(
                try Tool.check(
                    "skopeo", "inspect", "--tls-verify=false", "docker://\(name)"
                ).contains("\"Layers\""))
        }
        let nameless = try site.kade.call(["build", "--push", site.folder.at("context")])
        #expect(nameless.errors.contains("it has no name"))
        #expect(try site.build("--push", "-o", site.folder.at("o")).errors.contains("--output"))
    }

    @Test func `a Dockerfile gets more than the sandbox only when that is allowed`() throws {
        let site = try BuildSite(
            "FROM base\nRUN --security=insecure mount -t tmpfs x /tmp && grep CapEff /proc/self/status > /caps"
        )
        let refused = try site.build()
        #expect(refused.exitCode == 1)
        #expect(refused.errors.contains("--allow security.insecure"))
        try site.check("--allow", "security.insecure")
        let all = try site.kade.check(
            "run", "--rm", "--privileged", "base", "grep", "CapEff", "/proc/self/status")
        #expect(try site.read("/caps") == all)
        try site.write("FROM base\nRUN --network=host true")
        #expect(try site.build().errors.contains("network.host is not allowed"))
        try site.check("--allow", "network.host")
        try site.check("--network", "host")
        #expect(try site.build("--allow", "device").exitCode == 125)
    }

    @Test func `files of another build stay in a directory unless the output says so`() throws {
        let site = try BuildSite("FROM scratch\nCOPY new /a/new", context: "echo new > new")
        try site.folder.write("old", to: "out/a/old")
        let output = "type=local,dest=\(site.folder.at("out"))"
        try site.check("-o", output)
        #expect(try site.folder.text("out/a/old") == "old")
        try site.check("-o", output + ",mode=delete")
        #expect(try site.folder.text("out/a/new") == "new\n")
        #expect(!FileManager.default.fileExists(atPath: site.folder.at("out/a/old")))
        #expect(try site.build("-o", output + ",mode=move").errors.contains("no mode 'move'"))
        try site.check(
            "--platform", "linux/amd64,linux/arm64", "-o", output + ",platform-split=false")
        #expect(!FileManager.default.fileExists(atPath: site.folder.at("out/linux_amd64")))
    }

    @Test func `a directory with what the build is made of is not emptied`() throws {
        let site = try BuildSite("FROM scratch\nCOPY new /a/new", context: "echo new > new")
        let folder = site.folder
        try folder.write("kept", to: "out/kept")
        try folder.write("FROM scratch\nCOPY new /a/new", to: "out/Other")
        try Tool.check("ln", "-s", folder.at("context"), folder.at("link"))
        try Tool.check("ln", "-s", folder.at("out/Other"), folder.at("Linked"))
        try Tool.check("mkdir", folder.at("out/named"), folder.at("out/inner"))
        func refusal(_ directory: String, _ flags: String...) throws -> String {
            let outcome = try site.kade.call(
                ["build", "-o", "type=local,dest=\(directory),mode=delete"] + flags
                    + [folder.at("context")])
            #expect(outcome.exitCode == 1, "\(outcome)")
            return outcome.errors
        }
        for directory in [folder.at("context"), folder.path, folder.at("link")] {
            #expect(try refusal(directory).contains("the build's context"), "\(directory)")
        }
        let out = folder.at("out")
        #expect(try refusal(out, "-f", folder.at("out/Other")).contains("the Dockerfile"))
        #expect(try refusal(out, "-f", folder.at("Linked")).contains("the Dockerfile"))
        #expect(
            try refusal(out, "--build-context", "x=\(folder.at("out/named"))")
                .contains("the context x"))
        #expect(
            try refusal(out, "--secret", "id=s,src=\(folder.at("out/kept"))")
                .contains("the secret s"))
        #expect(try refusal(site.kade.root).contains("Kade's data root"))
        let build = site.kade.commandLine(
            in: folder.at("out/inner"),
            ["build", "-o", "type=local,dest=..,mode=delete", folder.at("context")])
        let inside = try Tool.start(build).wait()
        #expect(inside.errors.contains("the current directory would go"), "\(inside)")
        // Nothing was built, and nothing is gone.
        #expect(try folder.text("out/kept") == "kept")
        #expect(try folder.text("context/new") == "new\n")
        #expect(FileManager.default.fileExists(atPath: site.kade.root + "/kade.db"))
        try site.check("-o", "type=local,dest=\(out),mode=delete")
        #expect(try Tool.check("ls", out) == "a\n")
        // A directory in the context, or one that is not there, may be.
        for directory in ["context/out", "context/none"] {
            try site.check("-o", "type=local,dest=\(folder.at(directory)),mode=delete")
            #expect(try folder.text("\(directory)/a/new") == "new\n")
        }
    }

    @Test func `a time that is none, or beyond all dates, is refused`() throws {
        let site = try BuildSite("FROM scratch\nCOPY new /new", context: "echo new > new")
        for time in ["-1", "99999999999999", "9223372036854775807"] {
            for flags in [["--timestamp=\(time)"], ["--build-arg=SOURCE_DATE_EPOCH=\(time)"]] {
                let refused = try site.kade.call(
                    ["build"] + flags + [site.folder.at("context")])
                #expect(refused.exitCode == 1, "\(refused)")
                #expect(
                    refused.errors.contains("no number of seconds since 1970"), "\(refused)")
            }
        }
    }

    @Test func `several outputs are all made`() throws {
        let site = try BuildSite("FROM base\nRUN echo x > /x")
        let registry = try TestRegistry()
        let names = ["one", "two"].map { "\(registry.authority)/\($0):1" }
        try site.check(
            "-o", "type=local,dest=\(site.folder.at("files"))", "-o",
            "type=tar,dest=\(site.folder.at("files.tar"))", "-o", "type=image", "-o",
            "type=registry,\"name=\(names[0]),\(names[1])\",annotation.a.b=c,"
                + "annotation-manifest[linux/amd64].d=e")
        #expect(try site.folder.text("files/x") == "x\n")
        #expect(try Tool.check("tar", "-xOf", site.folder.at("files.tar"), "x") == "x\n")
        #expect(try site.read("/x") == "x")
        for name in names {
            let raw = try site.pushed(name)
            #expect(raw["annotations"]?["a.b"]?.string == "c")
            #expect(raw["annotations"]?["d"]?.string == "e")
        }
        for (output, why) in [
            ("type=image,name=a,name=b", "'name' is given twice"),
            ("type=image,\"name=a", "no second"), ("type=image,push-by-digest=true", "here"),
            ("type=image,rewrite-timestamp=maybe", "maybe"),
            ("type=image,annotation=x", "names no annotation"),
        ] {
            let refused = try site.build("-o", output)
            #expect(refused.exitCode == 125 && refused.errors.contains(why), "\(refused)")
        }
    }
}

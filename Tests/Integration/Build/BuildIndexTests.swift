import Foundation
import OCI
import Testing

/// Results for several platforms, and what is attested of them.
@Suite(.enabled(if: isRoot)) struct BuildIndexTests {
    @Test func `several platforms make an index, and only programs need an emulator`() throws {
        let site = try BuildSite(
            "FROM scratch\nARG TARGETARCH\nCOPY $TARGETARCH /arch",
            context: "echo a > amd64; echo b > arm64; echo c > riscv64")
        let registry = try TestRegistry()
        let name = "\(registry.authority)/team/many:1"
        let output = try site.check(
            as: name, "--platform", "linux/amd64,linux/arm64", "--platform", "linux/riscv64",
            "--push")
        #expect(output.contains("[linux/arm64 2/2] COPY"))
        let index = try site.pushed(name)
        #expect(
            index["manifests"]?.array?.compactMap { $0["platform"]?["architecture"]?.string }
                == ["amd64", "arm64", "riscv64"])
        #expect(
            try site.kade.check(
                "image", "inspect", "--platform", "linux/arm64", "-f",
                "{{.Architecture}}", name) == "arm64")
        let directory = site.folder.at("out")
        try site.check("--platform", "linux/amd64,linux/arm64", "-o", directory)
        #expect(try Tool.check("cat", "\(directory)/linux_arm64/arch") == "b\n")
        #expect(
            try site.build("--platform", "linux/amd64,linux/arm64", "-o", "type=tar").errors
                .contains("an archive has the files of one"))
        try site.write("FROM scratch\nRUN x")
        let refused = try site.build("--platform", "linux/riscv64")
        #expect(refused.exitCode == 1)
        #expect(
            refused.errors.contains("qemu-user-static")
                || FileManager.default.fileExists(
                    atPath: "/proc/sys/fs/binfmt_misc/qemu-riscv64")
        )
    }

    @Test func `annotations stand in manifests, in the index, and where it names them`() throws {
        let site = try BuildSite("FROM scratch\nCOPY file /", context: "echo a > file")
        let file = site.folder.at("id")
        try site.check(
            "--platform", "linux/amd64,linux/arm64", "--iidfile", file, "--annotation", "all=1",
            "--annotation", "manifest[linux/arm64]:one=a:b", "--annotation",
            "index,manifest-descriptor:top=2")
        let index = try site.blob(try String(contentsOfFile: file, encoding: .utf8))
        #expect(index["annotations"]?["top"]?.string == "2")
        let manifests = try #require(index["manifests"]?.array)
        #expect(manifests.allSatisfy { $0["annotations"]?["top"]?.string == "2" })
        let texts = try manifests.map {
            try site.blob(try #require($0["digest"]?.string))["annotations"]
        }
        #expect(texts.map { $0?["all"]?.string } == ["1", "1"])
        #expect(texts.map { $0?["one"]?.string } == [nil, "a:b"])
        try site.check("--annotation", "a.b/c:d=1")
        #expect(
            try Tool.check(
                "sh", "-c", "cat \"$1\"/image/blobs/sha256/*", "sh", site.kade.root
            ).contains(#""annotations":{"a.b/c:d":"1"}"#))
        #expect(try site.build("--annotation", "index:a=1").errors.contains("makes no index"))
        #expect(try site.build("--annotation", "index-descriptor:a=1").exitCode == 125)
    }

    @Test(arguments: ["var/lib/rpm/rpmdb.sqlite", "usr/lib/sysimage/rpm/Packages.db"])
    func `no list of packages lacks those of a manager that Kade does not read`(
        database: String
    ) throws {
        let site = try BuildSite(
            "FROM base\nCOPY db /\(database)", context: "printf x > db")
        let refused = try site.build("--sbom")
        #expect(refused.exitCode == 1)
        #expect(refused.errors.contains("a database of rpm"))
        try site.check("--provenance")
    }

    @Test func `provenance and packages are attested as Docker's builder does`() throws {
        let site = try BuildSite(
            "FROM base\nARG A\nCOPY status /var/lib/dpkg/status\nCOPY apk /lib/apk/db/installed\n"
                + "COPY os /etc/os-release",
            context: """
                printf 'Package: libc6\\nStatus: install ok installed\\nArchitecture: amd64\\nVersion: 2.36-9+x\\n' > status
                printf '\\nPackage: gone\\nStatus: deinstall ok config-files\\nVersion: 1\\n' >> status
                printf 'P:musl\\nV:1.2.5-r0\\nA:x86_64\\nL:MIT\\n\\n' > apk
                printf 'ID=debian\\nVERSION_ID="12"\\n' > os
                """)
        let file = site.folder.at("id")
        try site.check(
            "--provenance=mode=max", "--sbom", "--build-arg", "A=secret", "--iidfile", file)
        let index = try site.blob(try String(contentsOfFile: file, encoding: .utf8))
        let manifests = try #require(index["manifests"]?.array)
        #expect(manifests.count == 2)
        #expect(manifests[1]["platform"]?["os"]?.string == "unknown")
        #expect(
            manifests[1]["annotations"]?["vnd.docker.reference.digest"]?.string
                == manifests[0]["digest"]?.string)
        let attestation = try site.blob(try #require(manifests[1]["digest"]?.string))
        var statements: [String: JSONValue] = [:]
        for layer in attestation["layers"]?.array ?? [] {
            #expect(layer["mediaType"]?.string == "application/vnd.in-toto+json")
            let type = layer["annotations"]?["in-toto.io/predicate-type"]?.string ?? ""
            statements[type] = try site.blob(try #require(layer["digest"]?.string))
        }
        let provenance = try #require(statements["https://slsa.dev/provenance/v0.2"])
        #expect(
            provenance["subject"]?.array?.first?["digest"]?["sha256"]?.string
                == manifests[0]["digest"]?.string.map { String($0.dropFirst(7)) })
        let predicate = provenance["predicate"]
        #expect(
            predicate?["materials"]?.array?.first?["uri"]?.string
                == "pkg:docker/base@latest?platform=linux%2Famd64")
        #expect(
            predicate?["invocation"]?["parameters"]?["args"]?["build-arg:A"]?.string == "secret")
        let document = try #require(statements["https://spdx.dev/Document"])["predicate"]
        let packages = try #require(document?["packages"]?.array)
        #expect(packages.compactMap { $0["name"]?.string } == ["libc6", "musl"])
        let addresses = packages.compactMap {
            $0["externalRefs"]?.array?.first?["referenceLocator"]?.string
        }
        #expect(
            addresses[0] == "pkg:deb/debian/libc6@2.36-9%2Bx?arch=amd64&distro=debian-12")
        // It is an image as any other.
        #expect(try site.kade.check("run", "--rm", "made", "echo", "runs") == "runs")

        try site.check("--provenance", "--build-arg", "A=secret", "--iidfile", file)
        let small = try site.blob(try String(contentsOfFile: file, encoding: .utf8))
        let digest = try #require(small["manifests"]?.array?.last?["digest"]?.string)
        let layers = try site.blob(digest)["layers"]?.array
        #expect(layers?.count == 1)
        let text = try Tool.check(
            "cat",
            "\(site.kade.root)/image/blobs/sha256/"
                + (try #require(layers?.first?["digest"]?.string)).dropFirst(7))
        #expect(!text.contains("secret"))
        try site.check("--attest", "type=provenance,disabled=true", "--iidfile", file)
        #expect(
            try site.blob(try String(contentsOfFile: file, encoding: .utf8))["rootfs"]
                != nil)
    }
}

import Foundation
import Testing

/// `system df` explains every byte, and `system check` finds and repairs every fault.
@Suite(.enabled(if: isRoot)) struct SystemCheckTests {
    @Test func `the parts of the data root are all that du counts`() throws {
        let kade = try Kade.withBusybox()
        try kade.check(
            "run", "--name", "maker", "-v", "data:/data", "busybox", "sh", "-c",
            "head -c 300000 /dev/urandom > /big; head -c 200000 /dev/urandom > /data/big")
        try kade.check("commit", "maker", "made:1")
        try kade.check("run", "-d", "--name", "runs", "made:1", "sleep", "100")
        let details = try kade.check("system", "df", "-v", "--format", "json")
        let json = try #require(
            JSONSerialization.jsonObject(with: Data(details.utf8)) as? [String: Any])
        let total = try #require(json["TotalBytes"] as? Int)
        let parts = try #require(json["Parts"] as? [[String: Any]])
        let sum = parts.compactMap { ($0["Bytes"] as? String).flatMap { Int($0) } }.reduce(0, +)
        #expect(sum == total)
        let counted = try Tool.check("du", "-sx", "--block-size=1", kade.root).prefix { $0 != "\t" }
        // The database's files and the log of a running container may change meanwhile.
        #expect(abs(total - (try #require(Int(counted)))) <= 65536)
        let images = try #require(json["Images"] as? [[String: Any]])
        #expect(images.count == 2)
        #expect(images.allSatisfy { $0["SharedSize"] as? String != "0B" })

        let rows = try kade.check(
            "system", "df", "--format", "{{.Type}}|{{.TotalCount}}|{{.Active}}"
        ).split(
            separator: "\n")
        #expect(
            rows == ["Images|2|2", "Containers|2|1", "Local Volumes|1|1", "Build Cache|0|0"])
        #expect(try kade.check("system", "df").hasPrefix("TYPE"))
        #expect(try kade.check("system", "df", "-v").contains("Image blobs"))
        try kade.check("rm", "-f", "runs", "maker")
        let free = try kade.check("system", "df", "--format", "{{.Type}} {{.Reclaimable}}")
        #expect(free.contains("(100%)"))
    }

    /// A registry with an image, and an instance that pulled it.
    private struct Pulled {
        let folder: TemporaryFolder
        let registry: TestRegistry
        let kade: Kade
        let name: String

        init() throws {
            folder = try TemporaryFolder()
            registry = try TestRegistry()
            kade = try Kade(environment: Kade.unpacked)
            let images = try TestImages()
            for layer in ["base", "top"] {
                try TestImages.tree(in: folder, named: layer, sizeInBytes: 100_000)
                try Tool.check(
                    "sh", "-c", "ln -s busybox \"$1/bin/cat\"; ln -s busybox \"$1/bin/sleep\"",
                    "sh",
                    folder.at(layer))
            }
            try images.add(.init(trees: [folder.at("base"), folder.at("top")]), as: "one")
            try registry.push(images, "one", to: "team/app:1")
            name = "\(registry.authority)/team/app:1"
            try kade.check("pull", "-q", name)
        }

        func blobs() throws -> [String] {
            try Tool.check("find", kade.root + "/image/blobs", "-type", "f").split(
                separator: "\n"
            ).map(String.init).sorted()
        }
    }

    @Test(arguments: ["manifest", "config"])
    func `a damaged image is named, and the others are listed and used`(part: String) throws {
        let pulled = try Pulled()
        let kade = pulled.kade
        try kade.check("import", try Kade.busyboxArchive.get(), "busybox:latest")
        let whole = try kade.check("images", "-q", "--no-trunc", "busybox")
        let config = try kade.check("inspect", "-f", "{{.Id}}", pulled.name)
        let manifest = try kade.check("images", "--digests", "--format", "{{.Digest}}", pulled.name)
        let digest = (part == "config" ? config : manifest).dropFirst("sha256:".count)
        try Tool.check(
            "sh", "-c", "echo >> \"$1\"", "sh", "\(kade.root)/image/blobs/sha256/\(digest)")

        let listing = try kade("images", "--no-trunc")
        #expect(listing.exitCode == 0)
        #expect(listing.output.contains(whole))
        #expect(listing.errors.contains("image \(pulled.name) is damaged"))
        #expect(listing.errors.contains("kade system check --repair"))
        #expect(try kade.check("images", "--tree").contains("busybox"))
        #expect(
            try kade.check("run", "--rm", String(whole.dropFirst(7).prefix(12)), "echo", "x") == "x"
        )
        #expect(try kade.check("run", "--rm", whole, "echo", "x") == "x")
        #expect(try kade.check("system", "df").contains("Images"))
        #expect(try kade("system", "check", "--repair").exitCode == 0)
        #expect(try kade("images").errors.isEmpty)
    }

    @Test func `a whole store has no fault`() throws {
        let pulled = try Pulled()
        let check = try pulled.kade("system", "check")
        #expect(check.exitCode == 0, "\(check.output)\(check.errors)")
        #expect(check.output.contains("2 unpacked layers: no fault."))
    }

    @Test func `every damaged blob is found and pulled again`() throws {
        let pulled = try Pulled()
        let kade = pulled.kade
        for blob in try pulled.blobs() {
            let before = try Data(contentsOf: URL(fileURLWithPath: blob))
            for damage in [
                "printf X | dd of=\"$1\" bs=1 seek=5 conv=notrunc 2>/dev/null",
                "truncate -s 10 \"$1\"",
                "rm \"$1\"",
            ] {
                try Tool.check("sh", "-c", damage, "sh", blob)
                let check = try kade("system", "check")
                #expect(check.exitCode == 1)
                #expect(check.output.contains(String(blob.suffix(64))), "\(check.output)")
                let repair = try kade("system", "check", "--repair")
                #expect(repair.exitCode == 0, "\(repair.output)\(repair.errors)")
                #expect(try Data(contentsOf: URL(fileURLWithPath: blob)) == before)
            }
        }
        #expect(try kade.check("images", "--format", "{{.Repository}}:{{.Tag}}") == pulled.name)
        #expect(try kade("system", "check").exitCode == 0)
    }

    @Test(
        arguments: [
            "rm etc/top", "echo x >> etc/top", "chmod 600 etc/top", "chown 5 etc/top",
            "touch etc/more", "rm bin/sh; ln -s other bin/sh", "rm bin/sh; touch bin/sh",
            "touch -d @5 etc/top",
            "touch -r etc/top /tmp/kade-r-$$; printf H | dd of=etc/top bs=1 "
                + "conv=notrunc 2>/dev/null; touch -r /tmp/kade-r-$$ etc/top; rm /tmp/kade-r-$$",
            "rm -r ../diff", "rm ../layer.json", "echo {} > ../layer.json",
        ])
    func `every change of an unpacked layer is found and undone`(damage: String) throws {
        let pulled = try Pulled()
        let kade = pulled.kade
        let top = try Tool.check(
            "find", kade.root + "/layers/sha256", "-path", "*/diff/etc/top")
        let diff = String(top.dropLast("/etc/top\n".count))
        try Tool.check("sh", "-c", "cd \"$1\" && \(damage)", "sh", diff)
        let check = try kade("system", "check")
        #expect(check.exitCode == 1, "\(check.output)")
        let repair = try kade("system", "check", "--repair")
        #expect(repair.exitCode == 0, "\(repair.output)\(repair.errors)")
        #expect(
            try kade.check("run", "--rm", pulled.name, "/bin/cat", "/etc/top") == "hello from top")
    }

    @Test func `a layer that a running container shows is left alone`() throws {
        let pulled = try Pulled()
        let kade = pulled.kade
        try kade.check("run", "-d", "--name", "runs", pulled.name, "/bin/sleep", "100")
        let top = try Tool.check(
            "find", kade.root + "/layers/sha256", "-path", "*/diff/etc/top")
        try Tool.check("chmod", "600", String(top.dropLast()))
        let repair = try kade("system", "check", "--repair")
        #expect(repair.exitCode == 1)
        #expect(repair.errors.contains("container runs runs on it"))
        try kade.check("rm", "-f", "runs")
        #expect(try kade("system", "check", "--repair").exitCode == 0)
    }

    @Test func `what no registry has cannot be repaired, and that is said`() throws {
        let kade = try Kade.withBusybox()
        let blob = try Tool.check(
            "find", kade.root + "/image/blobs", "-type", "f", "-size", "+500k")
        try Tool.check(
            "sh", "-c", "printf X | dd of=\"$1\" bs=1 seek=5 conv=notrunc 2>/dev/null", "sh",
            String(blob.dropLast()))
        let repair = try kade("system", "check", "--repair")
        #expect(repair.exitCode == 1)
        #expect(repair.errors.contains("load, import or build it again"))
        try kade.check("rmi", "busybox")
        #expect(try kade("system", "check").exitCode == 0)
    }
}

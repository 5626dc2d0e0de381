import Foundation
import Testing

/// Caches that move between machines: registries, layouts and images themselves.
@Suite(.enabled(if: isRoot)) struct BuildCacheTests {
    private let dockerfile = """
        FROM base AS one
        RUN head -c 8 /dev/urandom | od > /one
        FROM base
        COPY --from=one /one /one
        RUN head -c 8 /dev/urandom | od > /two
        """

    /// Two machines with the same base image.
    private func sites() throws -> [BuildSite] {
        let sites = [try BuildSite(dockerfile), try BuildSite(dockerfile)]
        let layout = sites[0].folder.at("base.tar")
        try sites[0].kade.check("save", "-o", layout, "base")
        try sites[1].kade.check("rmi", "base")
        try sites[1].kade.check("load", "-i", layout)
        return sites
    }

    @Test func `a layout has the steps of all stages, or those of the image alone`() throws {
        let sites = try sites()
        let directory = sites[0].folder.at("cache")
        try sites[0].check("--cache-to", "type=local,dest=\(directory),mode=max")
        let inspected = try Tool.check("skopeo", "inspect", "--raw", "oci:\(directory)")
        #expect(inspected.contains("layers"))
        let source = "type=local,src=\(directory)"
        #expect(
            try sites[1].check("--cache-from", source).components(separatedBy: "CACHED").count == 4)
        for path in ["/one", "/two"] {
            #expect(try sites[0].read(path) == (try sites[1].read(path)))
        }
        // Nothing of the cache stays as an image.
        #expect(try sites[1].kade.check("images", "-a", "-q").split(separator: "\n").count == 2)

        try sites[1].kade.check("builder", "prune", "-f")
        try sites[1].kade.check("rmi", "made")
        try sites[0].check("--cache-to", "type=local,dest=\(directory)")
        let small = try sites[1].check("--cache-from", source, "--target", "one")
        #expect(!small.contains("CACHED"))
        let refused = try sites[0].build("--cache-to", "type=local,dest=\(sites[0].folder.path)")
        #expect(refused.errors.contains("something else than an OCI layout"))
    }

    @Test func `a registry has a cache beside the image, or inside of it`() throws {
        let sites = try sites()
        let registry = try TestRegistry()
        let cache = "\(registry.authority)/team/cache:1"
        try sites[0].check("--cache-to", "type=registry,ref=\(cache),mode=max")
        let first = try sites[1].check("--cache-from", "type=registry,ref=\(cache)")
        #expect(first.components(separatedBy: "CACHED").count == 4)
        #expect(try sites[0].read("/two") == (try sites[1].read("/two")))
        #expect(!(try sites[1].kade.check("images").contains("team/cache")))

        // The image itself has the steps of its own stage alone.
        for site in sites {
            try site.write(
                "FROM base\nRUN head -c 8 /dev/urandom | od > /two\nRUN touch /three; rm /three")
        }
        let image = "\(registry.authority)/team/app:1"
        try sites[0].check(as: image, "--build-arg", "BUILDKIT_INLINE_CACHE=1", "--push")
        try sites[1].kade.check("builder", "prune", "-f")
        try sites[1].kade.check("rmi", "made")
        let second = try sites[1].check("--cache-from", image)
        #expect(second.components(separatedBy: "CACHED").count == 3)
        #expect(
            try sites[0].kade.check("run", "--rm", image, "cat", "/two")
                == (try sites[1].read("/two")))

        let missing = try sites[1].check("--cache-from", "\(registry.authority)/no/such")
        #expect(missing.contains("WARNING: no cache was taken in"))
        #expect(missing.contains("CACHED"))
        for flag in ["type=gha", "type=local", "type=registry,ref=x,compression=zstd"] {
            #expect(try sites[1].build("--cache-to", flag).exitCode == 125)
        }
    }

    @Test func `a prune leaves what was of use last, as far as limits allow it`() throws {
        let site = try BuildSite(
            """
            FROM base
            RUN head -c 3000000 /dev/urandom > /old
            RUN head -c 1000000 /dev/urandom > /new
            RUN --mount=type=cache,target=/c head -c 2000000 /dev/urandom > /c/file
            """)
        try site.check()
        try site.kade.check("rmi", "made")
        func size() throws -> Int {
            let text = try site.kade.check(
                "system", "df", "-v", "--format", "{{range .BuildCache}}{{.ID}} {{end}}")
            return text.split(separator: " ").count
        }
        let all = try size()
        #expect(all >= 4)
        for limit in ["--max-used-space=1g", "--reserved-space=1g", "--min-free-space=1"] {
            try site.kade.check("builder", "prune", "-f", limit)
            #expect(try size() == all, "\(limit)")
        }
        try site.kade.check("builder", "prune", "-f", "--max-used-space=1", "--filter", "until=1h")
        #expect(try size() == all)
        // A plan says what would go, and leaves no trace.
        func planned(_ limit: String) throws -> Int {
            let plan = try site.kade.check("builder", "prune", "--plan", limit)
            return plan.split(separator: "\n").count {
                $0.contains("/build/cache/") || $0.contains("/build/mounts/")
            }
        }
        let locks = try Tool.check("sh", "-c", "rm -v $0/build/mounts/*.lock", site.kade.root)
        #expect(!locks.isEmpty)
        let (few, most) = (try planned("--max-used-space=4m"), try planned("--max-used-space=0"))
        #expect(0 < few && few < most && most <= all, "\(few), \(most) of \(all)")
        #expect(try Tool.check("ls", "\(site.kade.root)/build/mounts").contains(".lock") == false)
        #expect(try size() == all)
        try site.kade.check("builder", "prune", "-f", "--max-used-space=4m", "--keep-storage=1m")
        let some = try size()
        #expect(some > 0 && some < all)
        try site.kade.check("builder", "prune", "-f", "--max-used-space=0")
        let sizes = try site.kade.check(
            "system", "df", "-v", "--format", "{{range .BuildCache}}{{.Size}} {{end}}")
        #expect(sizes.split(separator: " ").allSatisfy { $0 == "0B" }, "\(sizes)")
    }
}

import Foundation
import Testing

/// Times of files in images: `rewrite-timestamp` of BuildKit and buildah.
@Suite(.enabled(if: isRoot)) struct FileTimeTests {
    private let site: BuildSite

    init() throws {
        site = try BuildSite(
            "FROM base\nCOPY new /new\nRUN touch -d @4000000000 /late; touch -d @900000000 /early",
            context: "echo new > new; touch -d @1000000000 new")
    }

    private func times(_ flags: [String]) throws -> [Int] {
        let built = try site.kade.call(
            ["build", "-t", "made", "--build-arg", "SOURCE_DATE_EPOCH=2000000000"] + flags
                + [site.folder.at("context")])
        guard built.exitCode == 0 else { throw Tool.Failure(description: built.errors) }
        return try site.kade.check(
            "run", "--rm", "made", "stat", "-c", "%Y", "/new", "/late", "/early"
        ).split(separator: "\n").compactMap { Int($0) }
    }

    @Test(arguments: [
        [], ["-o", "type=image,rewrite-timestamp=true"], ["--rewrite-timestamp"],
        // The output's word counts for more.
        ["--rewrite-timestamp=false", "-o", "type=image,rewrite-timestamp=true"],
        ["--squash"],
    ])
    func `no file is later than the image`(flags: [String]) throws {
        #expect(try times(flags) == [2_000_000_000, 2_000_000_000, 900_000_000])
    }

    @Test(arguments: [
        ["-o", "type=image,rewrite-timestamp=false"], ["--rewrite-timestamp=false"],
        ["--rewrite-timestamp=false", "--squash"],
    ])
    func `files keep their times where that is asked for`(flags: [String]) throws {
        // What another build has put into the cache has other times.
        _ = try times([])
        #expect(try times(flags) == [1_000_000_000, 4_000_000_000, 900_000_000])
        #expect(try times(flags) == [1_000_000_000, 4_000_000_000, 900_000_000])
    }

    @Test func `outputs of one build do not differ in it`() throws {
        let refused = try site.build(
            "-o", "type=image,rewrite-timestamp=false", "-o", "type=image,name=other:1")
        #expect(refused.exitCode == 1)
        #expect(refused.errors.contains("one build has one set of layers"), "\(refused)")
    }
}

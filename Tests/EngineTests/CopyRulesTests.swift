import Diagnostics
import Linux
import Testing

@testable import Engine

@Suite struct CopyRulesTests {
    @Test(arguments: [
        ("/a/b", "/a/b", false, false), ("/a/b/", "/a/b", true, false),
        ("/a/b/.", "/a/b", true, true), ("a/../b", "/w/b", false, false), ("/", "/", true, true),
        (".", "/w", true, true), ("..", "/", true, true), ("/a//./b/../c", "/a/c", false, false),
        ("/../../etc", "/etc", false, false),
    ])
    func `a path is cleaned as Docker cleans it`(
        text: String, path: String, asksForDirectory: Bool, meansContent: Bool
    ) {
        let read = CopyPath(text, relativeTo: "/w")
        #expect(read.path == path)
        #expect(read.asksForDirectory == asksForDirectory)
        #expect(read.meansContent == meansContent)
    }

    private func decide(
        _ source: String, isDirectory: Bool, to target: String, _ existing: FileStatus.Kind?
    ) throws -> CopyRules.Decision {
        try CopyRules.decide(
            .init(path: CopyPath(source, relativeTo: "/"), isDirectory: isDirectory),
            to: CopyPath(target, relativeTo: "/"), existing: existing)
    }

    @Test func `a file becomes the destination, or goes into a directory`() throws {
        #expect(try decide("/f", isDirectory: false, to: "/t", nil) == .become)
        #expect(try decide("/f", isDirectory: false, to: "/t", .file) == .become)
        #expect(try decide("/f", isDirectory: false, to: "/t", .directory) == .into(name: "f"))
        #expect(try decide("/f", isDirectory: false, to: "/t/", .directory) == .into(name: "f"))
    }

    @Test func `a directory becomes the destination, goes into one, or fills it`() throws {
        #expect(try decide("/d", isDirectory: true, to: "/t", nil) == .become)
        #expect(try decide("/d/.", isDirectory: true, to: "/t/", nil) == .become)
        #expect(try decide("/d", isDirectory: true, to: "/t", .directory) == .into(name: "d"))
        #expect(try decide("/d/", isDirectory: true, to: "/t", .directory) == .into(name: "d"))
        #expect(try decide("/d/.", isDirectory: true, to: "/t", .directory) == .fill)
    }

    @Test(
        arguments: [
            ("/f/", false, "/t", nil), ("/f", false, "/t/", nil), ("/f", false, "/t/", .file),
            ("/d", true, "/t", .file),
        ] as [(String, Bool, String, FileStatus.Kind?)])
    func `what does not go together is refused`(
        source: String, isDirectory: Bool, target: String, existing: FileStatus.Kind?
    ) {
        #expect(throws: Problem.self) {
            try decide(source, isDirectory: isDirectory, to: target, existing)
        }
    }
}

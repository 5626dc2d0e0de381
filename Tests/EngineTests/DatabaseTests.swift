import Diagnostics
import Foundation
import SystemPackage
import Testing

@testable import Engine

@Suite struct DatabaseTests {
    @Test func `containers are found by ID, name and the beginning of an ID`() throws {
        try withDatabase { database, _ in
            let first = record("aa11", name: "web")
            let second = record("aa22", name: "aa33")
            try database.write { database throws(Problem) in
                try database.insert(first)
                try database.insert(second)
            }
            func find(_ text: String) throws -> String {
                try database.read { database throws(Problem) in try database.container(text).id }
            }
            #expect(try find(first.id) == first.id)
            #expect(try find("web") == first.id)
            #expect(try find("/web") == first.id)
            #expect(try find("aa1") == first.id)
            #expect(try find("aa33") == second.id)
            #expect(try problem { try find("aa") }?.why.contains("multiple IDs") == true)
            #expect(try problem { try find("zz") }?.what == "No such container: zz")
            #expect(try problem { try find("") }?.kind == .notFound)
        }
    }

    @Test func `a taken name is a conflict and changes nothing`() throws {
        try withDatabase { database, _ in
            let first = record("aa11", name: "web")
            try database.write { database throws(Problem) in try database.insert(first) }
            let problem = try problem {
                try database.write { database throws(Problem) in
                    try database.insert(record("bb", name: "other"))
                    try database.insert(record("cc", name: "web"))
                }
            }
            #expect(problem?.kind == .conflict)
            #expect(problem?.what.contains("\"/web\" is already in use") == true)
            #expect(
                try database.read { database throws(Problem) in
                    try database.containers().map(\.name)
                } == ["web"])
        }
    }

    @Test func `an anonymous volume goes with its last container`() throws {
        try withDatabase { database, _ in
            let first = record("aa11", name: "one")
            let second = record("bb11", name: "two")
            try database.write { database throws(Problem) in
                for container in [first, second] { try database.insert(container) }
                for (name, isAnonymous, id) in [
                    ("anon", true, first.id), ("shared", true, first.id),
                    ("shared", true, second.id), ("named", false, first.id),
                ] {
                    let use = VolumeUse(name: name, isAnonymous: isAnonymous, target: "/\(name)")
                    try database.use(use, by: id, at: .now)
                }
            }
            let orphans = try database.write { database throws(Problem) in
                try database.delete(containerID: first.id, withVolumes: true)
            }
            #expect(orphans == ["anon"])
            let left = try database.write { database throws(Problem) in
                try database.delete(containerID: second.id, withVolumes: true)
            }
            #expect(left == ["shared"])
        }
    }

    @Test func `a database of the first version keeps its volumes`() throws {
        try withDatabase { database, path in
            do {
                let old = try SQLiteConnection(
                    opening: path, isNew: true, patienceInMilliseconds: 0)
                try old.run(script: "PRAGMA journal_mode = WAL; " + Schema.migrations[0])
                try Schema.set(version: 1, of: old)
                try old.run(
                    script: """
                        INSERT INTO volumes (name, created, isAnonymous, isFilled)
                        VALUES ('anon', 1, 1, 1), ('named', 2, 0, 0);
                        """)
            }
            let volumes = try database.read { database throws(Problem) in
                try database.volumes()
            }
            #expect(volumes.map(\.name) == ["anon", "named"])
            #expect(volumes.map(\.isAnonymous) == [true, false])
            #expect(volumes[0].labels == [VolumeRecord.anonymousLabel: ""])
            #expect(volumes[1].labels.isEmpty)
        }
    }

    @Test func `many connections side by side lose nothing`() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory.appending("kade.db")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for worker in 0..<8 {
                    group.addTask {
                        let database = Database(at: path, keeps: true)
                        for number in 0..<20 {
                            let container = record(
                                "\(worker)a\(number)b", name: "c\(worker)-\(number)")
                            try database.write { database throws(Problem) in
                                try database.insert(container)
                            }
                            if number % 2 == 0 {
                                _ = try database.write { database throws(Problem) in
                                    try database.delete(
                                        containerID: container.id, withVolumes: true)
                                }
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            let count = try Database(at: path, keeps: true).read { database throws(Problem) in
                try database.containers().count
            }
            #expect(count == 80)
        }
    }

    @Test func `a database of a newer version is refused`() throws {
        try withDatabase { database, path in
            try database.write { database throws(Problem) in
                try Schema.set(version: 1000, of: database.connection)
            }
            let problem = try problem {
                try Database(at: path, keeps: true).read { database throws(Problem) in
                    try database.containers()
                }
            }
            #expect(problem?.kind == .unsupported)
        }
    }

    private func problem(_ body: () throws -> some Any) throws -> Problem? {
        do {
            _ = try body()
            return nil
        } catch let problem as Problem {
            return problem
        }
    }

    private func withDatabase(_ body: (Database, FilePath) throws -> Void) throws {
        let directory = try temporaryDirectory()
        defer { try? FileManager.default.removeItem(atPath: directory.string) }  // best effort
        let path = directory.appending("kade.db")
        try body(Database(at: path, keeps: true), path)
    }

    private func withTemporaryDirectory(_ body: (FilePath) async throws -> Void) async throws {
        let directory = try temporaryDirectory()
        try await body(directory)
        try FileManager.default.removeItem(atPath: directory.string)
    }

    private func temporaryDirectory() throws -> FilePath {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent(
            "kade-engine-\(UUID().uuidString)"
        ).path
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true)
        return FilePath(path)
    }
}

private func record(_ beginning: String, name: String) -> ContainerRecord {
    let id = beginning + String(repeating: "0", count: 64 - beginning.utf8.count)
    return ContainerRecord(
        id: id, name: name, image: "busybox", imageID: "sha256:1", created: .now,
        request: ContainerRequest(image: "busybox"), layers: ["sha256:2"])
}

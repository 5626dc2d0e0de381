import Foundation
import Testing

/// What commands on many containers cost: each container as much as the one before.
///
/// The cost is counted in system calls, which are the same however busy the machine is.
@Suite(.enabled(if: isRoot)) struct ManyContainersTests {
    private let kade: Kade

    init() throws { kade = try Kade.withBusybox() }

    /// How many system calls a command makes, with its children.
    ///
    /// Whoever opens the database reads its log, up to 256 pages of what came last; so that is
    /// emptied first.
    private func calls(of arguments: [String]) throws -> Int {
        let script = """
            import sqlite3, sys
            sqlite3.connect(sys.argv[1]).execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            """
        try Tool.check("python3", "-c", script, kade.root + "/kade.db")
        let file = kade.folder.at("calls")
        let command = kade.commandLine(arguments)
        let outcome = try Tool.start(
            ["strace", "-f", "-qq", "-c", "-o", file] + command, environment: kade.environment
        ).wait()
        #expect(outcome.exitCode == 0, "\(arguments): \(outcome.errors)")
        let rows = try kade.folder.text("calls").split(separator: "\n").compactMap { line -> Int? in
            let fields = line.split(separator: " ")
            // The last row is the total of those above.
            guard fields.count >= 5, Double(fields[0]) != nil, fields.last != "total" else {
                return nil
            }
            return Int(fields[3])
        }
        #expect(rows.count > 5, "strace has counted nothing")
        return rows.reduce(0, +)
    }

    /// Makes containers until there are so many.
    private func make(upTo count: Int, running: Int) throws {
        let present = try kade.check("ps", "-aq").split(separator: "\n").count
        for number in present..<count {
            let start = number < running ? ["run", "-d"] : ["create"]
            let outcome = try kade.call(
                start + ["--name", "c\(number)", "busybox", "sleep", "100000"])
            #expect(outcome.exitCode == 0, "\(outcome)")
        }
    }

    @Test func `lists, figures and removals cost the same for each of them`() throws {
        let (few, many) = (10, 60)
        let commands = [
            ["ps", "-a"], ["ps", "-aq", "--filter", "name=c1"], ["stats", "--no-stream", "-a"],
            ["inspect", "c3"], ["exec", "c1", "true"], ["start", "c2"],
        ]
        try make(upTo: few, running: 3)
        let before = try commands.map { try calls(of: $0) }
        try make(upTo: many, running: 3)
        let after = try commands.map { try calls(of: $0) }
        for (command, (less, more)) in zip(commands, zip(before, after)) {
            let growth = Double(more) / Double(less)
            #expect(growth < Double(many) / Double(few), "\(command): \(less), then \(more)")
        }
        // What is about one container costs the same, however many there are.
        for index in commands.indices.suffix(3) {
            let (less, more) = (before[index], after[index])
            #expect(Double(more) < Double(less) * 1.15 + 40, "\(commands[index]): \(less), \(more)")
        }
        let names = (0..<many).map { "c\($0)" }
        let first = try calls(of: ["rm", "-f"] + names[3..<13])
        let rest = try calls(of: ["rm", "-f"] + names[13...])
        #expect(
            Double(rest) / Double(many - 13) < Double(first) / 10 * 1.15,
            "ten: \(first), \(many - 13): \(rest)")
        try kade.check("rm", "-f", "c0", "c1", "c2")
        #expect(try kade.check("ps", "-aq").isEmpty)
        #expect(try kade.leftovers() == [])
    }
}

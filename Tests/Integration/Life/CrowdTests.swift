import Foundation
import Testing

/// Many commands side by side on the same objects: nothing is lost, stuck or left.
@Suite(.enabled(if: isRoot)) struct CrowdTests {
    /// Sixteen processes, each with 200 commands.
    private let workers = 16
    private let rounds = 200

    @Test func `sixteen processes with 200 commands each`() throws {
        let kade = try Kade.withBusybox()
        let folder = try TemporaryFolder()
        var running: [Tool.Running] = []
        for worker in 0..<workers {
            let script = "worker\(worker)"
            try folder.write(text(of: worker, for: kade), to: script)
            running.append(try Tool.start(["sh", folder.at(script)]))
        }
        for worker in running {
            let outcome = try worker.wait()
            #expect(outcome.exitCode == 0 && outcome.output.isEmpty, "\(outcome)")
        }
        try expectOwnContainers(of: kade)
        let ids = try kade.check("ps", "-aq", "--no-trunc").split(separator: "\n").map(String.init)
        for id in ids {
            let outcome = try kade("rm", "-f", "-v", id)
            // One with --rm may have gone by itself meanwhile.
            let isGone = outcome.errors.contains("No such container")
            #expect(outcome.exitCode == 0 || isGone, "\(outcome)")
        }
        try kade.wait { try kade.leftovers().isEmpty }
        for id in ids { #expect(try Kade.cgroups(of: id).isEmpty) }
        #expect(try kade.check("ps", "-aq").isEmpty)
        let directories = try FileManager.default.contentsOfDirectory(
            atPath: kade.root + "/containers")
        #expect(directories.isEmpty)
        try kade.check("system", "check")
        let leases = try Tool.check("find", kade.root + "/image/ingest", "-name", "lease-*")
        #expect(leases.isEmpty)
    }

    /// What a worker did to a container of its own has come to pass.
    private func expectOwnContainers(of kade: Kade) throws {
        for worker in 0..<workers {
            let template = "{{.State.Running}} {{.HostConfig.Memory}} {{.Name}}"
            let last = rounds / 20 - 1
            #expect(
                try kade.inspect("own\(worker)-\(last)", template)
                    == "true \((64 + last) << 20) /own\(worker)-\(last)")
        }
    }

    /// A worker's commands as a shell script, which tells of each that should not have ended so.
    private func text(of worker: Int, for kade: Kade) -> String {
        var numbers = Numbers(seed: UInt64(worker))
        let command = kade.commandLine([]).map { "'\($0)'" }.joined(separator: " ")
        var lines = [
            // Commands on objects of all may fail, but not crash or hang.
            "any() { timeout 300 \(command) \"$@\" > /dev/null 2>&1 < /dev/null; code=$?; "
                + "case $code in 124|13[2-6]|13[89]) echo \"$* ended with $code\";; esac; }",
            // Commands on a worker's own objects succeed.
            "own() { error=$(timeout 300 \(command) \"$@\" 2>&1 > /dev/null < /dev/null) "
                + "|| echo \"$* ended with $?: $error\"; }",
            "own run -d --name own\(worker) busybox sleep 100000",
        ]
        var name = "own\(worker)"
        for round in 0..<rounds {
            let words = Self.commands[numbers.next(below: Self.commands.count)]
            lines.append(
                "any "
                    + words.map { word in
                        word == "NAME" ? "crowd\(numbers.next(below: 5))" : word
                    }.joined(separator: " "))
            guard round % 20 == 19 else { continue }
            let (turn, memory) = (round / 20, 64 + round / 20)
            lines += [
                "own exec \(name) true",
                "own rename \(name) own\(worker)-\(turn)",
                "own update -m \(memory)m --memory-swap \(memory)m own\(worker)-\(turn)",
                "own pause own\(worker)-\(turn)", "own unpause own\(worker)-\(turn)",
            ]
            name = "own\(worker)-\(turn)"
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The commands; NAME is one of five containers.
    private static let commands = """
        run -d --name NAME -v shared:/s busybox sleep 1000
        run -d --name NAME -v shared:/s busybox sleep 1000
        run --rm --name NAME busybox sh -c 'exit 3'
        run --rm busybox true
        run -d --rm --name NAME busybox sleep 0.2
        run -d --restart always --name NAME busybox sleep 0.1
        create --name NAME -v /anonymous busybox sleep 1000
        start NAME
        start NAME
        stop -t 0 NAME
        kill NAME
        restart -t 0 NAME
        rm NAME
        rm -f -v NAME
        rename NAME NAME
        pause NAME
        unpause NAME
        unpause NAME
        exec NAME true
        ps -a
        inspect NAME
        logs NAME
        top NAME
        diff NAME
        stats --no-stream
        update --cpu-shares 512 NAME
        tag busybox other:1
        rmi other:1
        commit NAME made:1
        rmi made:1
        container prune -f
        image prune -f
        cp NAME:/bin/busybox -
        """.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
}

/// The same numbers on every run (Marsaglia's xorshift).
private struct Numbers {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func next(below limit: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(state % UInt64(limit))
    }
}

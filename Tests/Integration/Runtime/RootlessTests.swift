import Foundation
import Testing

/// A whole life of a container of an ordinary user, who has no rights over cgroups.
///
/// The user exists in the files of a private mount namespace only, with a range of subordinate ids
/// that newuidmap(1) and newgidmap(1) give. runc proves that the script asks for nothing of its own.
@Suite(.enabled(if: isRoot)) struct RootlessLifeTests {
    /// Which ids the container has.
    enum Maps: String, CaseIterable {
        case single, range
    }

    @Test(arguments: ServiceRuntimes.all, Maps.allCases)
    func `an ordinary user creates, starts, enters, kills and deletes a container`(
        runtime: String, maps: Maps
    ) throws {
        let outcome = try life(of: runtime, maps: maps)
        let owner = maps == .range ? ["12340007:12340008"] : []
        #expect(
            outcome.lines == [
                "create 0", "created", "start 0", "running", "one", "0 0",
                maps == .single ? "1" : "2", "inside", "exec 4",
            ] + owner + [
                "delete 1", "kill 0", "stopped", "kill 1", "delete 0", "run 7", "force 0",
                "state 1",
            ], "\(outcome.errors)")
        #expect(outcome.errors.contains("not stopped"))
        #expect(outcome.errors.contains("not running"))
    }

    @Test func `what an ordinary user may not do is said with the way out`() throws {
        let folder = try Self.folder(for: BuiltProgram.path("kade-runtime"))
        try folder.write(Self.denied, to: "script")
        let outcome = try Self.run(folder, maps: .single)
        let expected = [
            "fix: give yourself the range in /etc/subuid", "kade-runtime spec --rootless",
            "fix: choose a directory that you may write with --root",
            "fix: run as root, or have the cgroup delegated to the user",
        ]
        for words in expected { #expect(outcome.errors.contains(words), "\(outcome.errors)") }
        #expect(outcome.output == "")
    }

    @Test(arguments: [("auto", "0"), ("true", "0"), ("false", "1")])
    func `without rights over cgroups rootless decides whether that is an error`(
        value: String, code: String
    ) throws {
        let folder = try Self.folder(for: BuiltProgram.path("kade-runtime"))
        try folder.write(
            Self.configure
                + "configure ''; echo true | ./runtime --rootless \(value) run one; echo $?",
            to: "script")
        let outcome = try Self.run(folder, maps: .single)
        #expect(outcome.lines == [code], "\(outcome)")
        #expect(code == "0" || outcome.errors.contains("have the cgroup delegated"), "\(outcome)")
    }

    private func life(of runtime: String, maps: Maps) throws -> Tool.Outcome {
        let folder = try Self.folder(for: runtime)
        try folder.write(Self.script, to: "script")
        return try Self.run(folder, maps: maps)
    }

    /// A bundle of busybox that a user owns, and the runtime.
    private static func folder(for runtime: String) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try Tool.check("chmod", "755", folder.path)
        try Tool.check("install", "-m", "755", runtime, folder.at("runtime"))
        try Tool.check("install", "-d", "-m", "755", folder.at("rootfs"))
        try Tool.check(
            "tar", "--no-same-owner", "-C", folder.at("rootfs"), "-xf",
            try Kade.busyboxArchive.get())
        try Tool.check("chmod", "755", folder.at("rootfs"))
        return folder
    }

    /// Runs the folder's script as the user.
    private static func run(_ folder: TemporaryFolder, maps: Maps) throws -> Tool.Outcome {
        let outcome = try Tool.run(
            "unshare", "-m", "--propagation", "private", "sh", "-c", asUser, "sh", folder.path,
            maps.rawValue)
        _ = try Tool.run("rm", "-rf", "--one-file-system", folder.path)
        return outcome
    }

    private static let asUser = """
        set -e
        user=54321
        bind() { cat "$2" - > "$1/$3" && mount --bind "$1/$3" "$2"; }
        echo "kadetest:x:$user:$user::/nonexistent:/bin/sh" | bind "$1" /etc/passwd passwd
        echo "kadetest:x:$user:" | bind "$1" /etc/group group
        touch /etc/subuid /etc/subgid
        echo "kadetest:12340000:65536" | bind "$1" /etc/subuid subuid
        echo "kadetest:12340000:65536" | bind "$1" /etc/subgid subgid
        mkdir "$1/run"
        chown -R "$user:$user" "$1/rootfs" "$1/run"
        chown "$user:$user" "$1"
        cd "$1"
        exec setpriv --reuid $user --regid $user --clear-groups \\
            env XDG_RUNTIME_DIR="$1/run" HOME="$1/run" sh "$1/script" "$1" "$2"
        """

    /// Writes `config.json`: a shell that reads its commands from standard input.
    private static let configure = """
        configure() { # PYTHON STATEMENTS
            rm -f config.json
            ./runtime spec --rootless || exit
            python3 -c '
        import json, sys
        spec = json.load(open("config.json"))
        spec["process"]["terminal"] = spec["root"]["readonly"] = False
        if sys.argv[1] == "range":
            more = {"containerID": 1, "hostID": 12340001, "size": 65535}
            for ids in "uidMappings", "gidMappings": spec["linux"][ids].append(more)
        exec(sys.argv[2])
        json.dump(spec, open("config.json", "w"))' "$maps" "$1"
        }
        maps=$2

        """

    private static let script =
        configure + """
            status() { ./runtime state one | sed -n 's/.*"status": "\\(.*\\)".*/\\1/p'; }
            configure ''
            cat > main << 'END'
            echo $(id -u) $(id -g); wc -l < /proc/self/uid_map
            trap 'exit 5' TERM; touch /ready; while :; do sleep 0.1; done
            END
            ./runtime create one < main > out 2> errors
            echo "create $?"
            status
            ./runtime start one
            echo "start $?"
            status
            ./runtime list -q
            for _ in $(seq 600); do [ -e rootfs/ready ] && break; sleep 0.1; done
            cat out
            ./runtime exec one sh -c 'echo inside; exit 4'
            echo "exec $?"
            if [ "$maps" = range ]; then
                ./runtime exec -u 7:8 one touch /tmp/file
                stat -c '%u:%g' rootfs/tmp/file
            fi
            ./runtime delete one
            echo "delete $?"
            ./runtime kill one TERM
            echo "kill $?"
            for _ in $(seq 600); do [ "$(status)" = stopped ] && break; sleep 0.1; done
            status
            ./runtime kill one
            echo "kill $?"
            ./runtime delete one
            echo "delete $?"
            echo 'exit 7' | ./runtime run two
            echo "run $?"
            ./runtime delete --force two
            echo "force $?"
            ./runtime state one
            echo "state $?"
            cat errors >&2
            """

    private static let denied =
        configure + """
            configure 'spec["linux"]["uidMappings"].append({"containerID": 1, "hostID": 1, "size": 2})'
            ./runtime run one
            configure 'spec["linux"].update(uidMappings=[], gidMappings=[],
                namespaces=[n for n in spec["linux"]["namespaces"] if n["type"] != "user"])'
            ./runtime run one
            configure ''
            env -u XDG_RUNTIME_DIR ./runtime run one
            configure 'spec["linux"]["resources"] = {"memory": {"limit": 10000000}}'
            ./runtime run one
            """
}

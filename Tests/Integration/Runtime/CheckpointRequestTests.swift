import Foundation
import OCI
import Testing

@testable import ContainerRuntime

/// What `checkpoint` and `restore` ask of CRIU: each flag has its place in the request.
///
/// A script stands for CRIU: it keeps what it is asked, and says that it has done so. With CRIU itself
/// containers are kept in `Tests/Guest/systemd.d/40-checkpoint`.
@Suite(.enabled(if: isRoot)) struct CheckpointRequestTests {
    /// Answers one request over descriptor 3 (criu, images/rpc.proto): the version 3.17, that both
    /// features are there, and of others that they succeeded.
    private static let criu = """
        #!/usr/bin/env python3
        import os, socket, subprocess, sys
        os.chdir(os.path.dirname(sys.argv[0]))
        runtime = socket.socket(fileno=3)
        request = runtime.recv(65536)
        kind = request[1]
        with open(f"request.{kind}", "wb") as file: file.write(request)

        def number(value):
            return bytes([value]) if value < 128 else bytes([value % 128 + 128]) + number(value // 128)
        def field(tag, content):
            return bytes([tag << 3 | 2, len(content)]) + content
        def notify(script, more=b""):
            runtime.send(b"\\x08\\x06\\x10\\x01" + field(5, field(1, script) + more))
            runtime.recv(65536)

        answer = b""
        if kind == 1:  # dump
            notify(b"status-ready")
        if kind == 2:  # restore: another process stands for the restored one
            null = subprocess.DEVNULL
            restored = subprocess.Popen(["sleep", "1000"], stdin=null, stdout=null, stderr=null)
            notify(b"post-restore", b"\\x10" + number(restored.pid))
        if kind == 9:  # both features are there
            answer = field(8, b"\\x08\\x01\\x10\\x01")
        if kind == 10:  # version 3.17
            answer = field(10, b"\\x08\\x03\\x10\\x11")
        runtime.send(bytes([8, kind, 16, 1]) + answer)
        """

    /// A flag, and what the request has because of it, by the numbers of `criu_opts`.
    struct FlagCase: Sendable, CustomTestStringConvertible {
        var flags: [String]
        var field: UInt64
        /// The field's number, text, or those of the message that it is.
        var value: String
        /// What the request has without the flag.
        var otherwise: String?

        var testDescription: String { flags.joined(separator: " ") }

        init(
            _ flags: String..., sets field: UInt64, to value: String = "1",
            otherwise: String? = "0"
        ) {
            (self.flags, self.field, self.value, self.otherwise) = (flags, field, value, otherwise)
        }
    }

    private static let both: [FlagCase] = [
        .init("--tcp-established", sets: 5), .init("--ext-unix-sk", sets: 4),
        .init("--shell-job", sets: 7), .init("--file-locks", sets: 8),
        .init("--auto-dedup", sets: 16), .init("--lazy-pages", sets: 48),
        .init("--manage-cgroups-mode", "ignore", sets: 34, to: "0", otherwise: "3"),
        .init("--manage-cgroups-mode", "full", sets: 34, to: "4", otherwise: "3"),
        .init("--manage-cgroups-mode", "strict", sets: 34, to: "5", otherwise: "3"),
    ]
    static let dump: [FlagCase] =
        both + [
            .init("--leave-running", sets: 3), .init("--link-remap", sets: 18),
            .init("--tcp-skip-in-flight", sets: 46),
            .init("--page-server", "192.0.2.1:27", sets: 11, to: "192.0.2.1 27", otherwise: nil),
            .init("--parent-path", "../parent", sets: 14, to: "../parent", otherwise: nil),
            .init("--parent-path", "../parent", sets: 15, otherwise: nil),
        ]
    static let restore: [FlagCase] =
        both + [
            .init(
                "--lsm-profile", "apparmor:other", sets: 53, to: "apparmor:other", otherwise: nil),
            .init("--lsm-mount-context", "some_t", sets: 63, to: "some_t", otherwise: nil),
        ]

    private static func bundle() throws -> RuntimeBundle {
        let bundle = try RuntimeBundle()
        try bundle.folder.write(criu, to: "criu/criu")
        try Tool.check("chmod", "755", bundle.folder.at("criu/criu"))
        try Tool.check("mkdir", "-p", bundle.folder.at("parent"), bundle.folder.at("images"))
        return bundle
    }

    @Test(arguments: CheckpointRequestTests.dump)
    func `a flag of checkpoint reaches CRIU`(row: FlagCase) throws {
        let bundle = try Self.bundle()
        try bundle.startSleeping()
        let rest = row.flags == ["--leave-running"] ? ["--pre-dump"] : ["--leave-running"]
        let kind = row.flags == ["--leave-running"] ? 4 : 1
        let plain = try bundle.request(kind, "checkpoint", rest)
        #expect(plain[row.field] == row.otherwise)
        let asked = try bundle.request(kind, "checkpoint", rest + row.flags)
        #expect(asked[row.field] == row.value)
        let process = try bundle.state()["pid"]?.int ?? 0
        #expect(asked[2] == "\(process)")
    }

    @Test(arguments: CheckpointRequestTests.restore)
    func `a flag of restore reaches CRIU`(row: FlagCase) throws {
        let bundle = try Self.bundle()
        try bundle.folder.write(
            #"["/dev/null","/dev/null","/dev/null"]"#, to: "images/descriptors.json")
        try bundle.write(shell: "sleep 1000")
        for flags in [[], row.flags] {
            let asked = try bundle.request(
                2, "restore", ["--detach", "--bundle", bundle.folder.path] + flags)
            #expect(asked[row.field] == (flags.isEmpty ? row.otherwise : row.value))
            #expect(try bundle.state()["status"]?.string == "running")
            #expect(try bundle.runtime("delete", "--force", bundle.id).exitCode == 0)
        }
        #expect(try bundle.leftovers().isEmpty)
    }

    @Test func `a directory of work is another one than that of the images`() throws {
        let bundle = try Self.bundle()
        try bundle.startSleeping()
        let plain = try bundle.request(1, "checkpoint", ["--leave-running"])
        #expect(plain[17] == nil)
        let work = bundle.folder.at("work")
        let asked = try bundle.request(1, "checkpoint", ["--leave-running", "--work-path", work])
        #expect(asked[17] != nil && asked[17] != asked[1])
        #expect(FileManager.default.fileExists(atPath: work))
    }

    @Test func `whoever waits for lazy pages hears that they are ready`() throws {
        let bundle = try Self.bundle()
        try bundle.startSleeping()
        let outcome = try bundle.checkpoint(
            ["--leave-running", "--lazy-pages"], "--status-fd", "7")
        #expect(outcome.exitCode == 0, "\(outcome)")
        #expect(try bundle.folder.text("status") == "\0")
        for (number, why) in [("8", "no such descriptor"), ("6", "not open for writing")] {
            let refused = try bundle.checkpoint(["--leave-running"], "--status-fd", number)
            #expect(refused.exitCode == 1)
            #expect(refused.errors.contains(why), "\(refused)")
        }
    }

    @Test func `a checkpoint ends the container unless it is to go on`() throws {
        let bundle = try Self.bundle()
        try bundle.startSleeping()
        _ = try bundle.request(4, "checkpoint", ["--pre-dump"])
        _ = try bundle.request(1, "checkpoint", ["--leave-running"])
        #expect(try bundle.state()["status"]?.string == "running")
        _ = try bundle.request(1, "checkpoint", [])
        #expect(try bundle.leftovers().isEmpty)
    }

    @Test(arguments: [
        (["--parent-path", "/absolute"], "it must be relative to --image-path"),
        (["--parent-path", "../nothing"], "there is no directory"),
        (["--page-server", "here"], "it is ADDRESS:PORT"),
        (["--page-server", "here:70000"], "it is ADDRESS:PORT"),
        (["--manage-cgroups-mode", "some"], "it is soft, full, strict or ignore"),
        (["--empty-ns", "pid"], "namespace \"pid\" is not supported"),
    ])
    func `wrong values are refused before CRIU is asked`(
        flags: [String], complaint: String
    ) throws {
        let bundle = try Self.bundle()
        try bundle.startSleeping()
        let outcome = try bundle.checkpoint(flags)
        #expect(outcome.exitCode == 1)
        #expect(outcome.errors.contains(complaint), "\(outcome)")
        #expect(!FileManager.default.fileExists(atPath: bundle.folder.at("criu/request.1")))
    }
}

extension RuntimeBundle {
    /// Runs `checkpoint` with descriptor 6 open for reading and 7, the file "status", for writing.
    fileprivate func checkpoint(_ flags: [String], _ more: String...) throws -> Tool.Outcome {
        try Tool.start(
            ["sh", "-c", "exec 6< /dev/null 7> \"$0\"; exec \"$@\"", folder.at("status")]
                + command + [
                    "--root", root, "--criu", folder.at("criu/criu"), "checkpoint",
                    "--image-path", folder.at("images"),
                ] + flags + more + [id]
        ).wait()
    }

    /// Runs a command that must succeed.
    ///
    /// - Returns: the options that it asked CRIU for, by their numbers.
    fileprivate func request(
        _ kind: Int, _ name: String, _ flags: [String]
    ) throws -> [UInt64: String] {
        let outcome = try Tool.start(
            command + [
                "--root", root, "--criu", folder.at("criu/criu"), name, "--image-path",
                folder.at("images"),
            ] + flags + [id]
        ).wait()
        guard outcome.exitCode == 0 else { throw Tool.Failure(description: outcome.errors) }
        let file = URL(fileURLWithPath: folder.at("criu/request.\(kind)"))
        var request = ProtocolBufferReader(try Data(contentsOf: file))
        try FileManager.default.removeItem(at: file)
        while let field = request.next() {
            guard field.number == 2, let options = field.value.message else { continue }
            return Self.fields(of: options).mapValues { $0.joined(separator: " ") }
        }
        throw Tool.Failure(description: "the request has no options")
    }

    /// The fields of a message; those of a page server (11) as texts and numbers.
    private static func fields(of message: ProtocolBufferReader) -> [UInt64: [String]] {
        var message = message
        var all: [UInt64: [String]] = [:]
        while let field = message.next() {
            if let number = field.value.number {
                all[field.number, default: []].append("\(number)")
            } else if field.number == 11, let server = field.value.message {
                let parts = fields(of: server).sorted { $0.key < $1.key }
                all[11, default: []] += parts.flatMap(\.value)
            } else if let text = field.value.text {
                all[field.number, default: []].append(text)
            }
        }
        return all
    }
}

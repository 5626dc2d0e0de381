import OCI
import Testing

@testable import ContainerRuntime

/// What is recorded of a run's end, and what the kernel's log tells of it.
@Suite struct ContainerEndTests {
    @Test func `a record is read as it was written`() throws {
        var end = ContainerEnd()
        end.signal = 9
        end.sent = [
            .init(
                signal: 15, reason: .stop, time: "2026-01-01T00:00:00Z",
                client: .init(process: 7, user: 1000, command: "kade stop web")),
            .init(signal: 9, reason: .patience, time: "2026-01-01T00:00:10Z", client: nil),
        ]
        end.memory = .init(limitInBytes: 64, peakInBytes: 63, kills: 2)
        end.kernel = [
            .outOfMemory(.init(process: 9, name: "sh", limitingCgroup: "/kade/x")),
            .seccomp(process: 9, call: 83, architecture: 0xC000_003E),
            .fault(process: 9, text: "sh[9]: segfault"),
        ]
        end.isLost = true
        #expect(ContainerEnd(.object(end.json)) == end)
        #expect(ContainerEnd([:]) == ContainerEnd())
    }

    private let log = [
        "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=a,mems_allowed=0,"
            + "oom_memcg=/kade/abc,task_memcg=/kade/abc,task=tail,pid=42,uid=0",
        "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=a,mems_allowed=0,"
            + "oom_memcg=/parent,task_memcg=/kade/abc/below,task=sh,pid=43,uid=0",
        "oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=a,mems_allowed=0,"
            + "global_oom,task_memcg=/kade/abc,task=sh,pid=44,uid=0",
        "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=a,mems_allowed=0,"
            + "oom_memcg=/kade/abcd,task_memcg=/kade/abcd,task=sh,pid=45,uid=0",
        "audit: type=1326 audit(1.5:2): auid=4294967295 uid=0 gid=0 ses=1 pid=41 comm=\"mkdir\""
            + " exe=\"/bin/busybox\" sig=31 arch=c000003e syscall=83 compat=0 ip=0x1 code=0x80000000",
        "audit: type=1326 audit(1.5:2): pid=41 sig=0 arch=c000003e syscall=84 code=0x7ffc0000",
        "audit: type=1326 audit(1.5:2): pid=40 sig=31 arch=c000003e syscall=83 code=0x80000000",
        "sh[41]: segfault at 0 ip 0000 sp 0000 error 4 in busybox",
        "traps: sh[41] general protection fault ip:0 sp:0 error:0",
        "eth0: link up",
        // The table of an out-of-memory kill.
        "[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name",
        "[41]     0    41     1111       22    45056        0             0 sh",
    ]

    @Test func `of the kernel's log counts what is about the container`() {
        let verdicts = KernelVerdict.all(in: log, of: "/kade/abc", process: 41)
        #expect(
            verdicts == [
                .outOfMemory(.init(process: 42, name: "tail", limitingCgroup: "/kade/abc")),
                .outOfMemory(.init(process: 43, name: "sh", limitingCgroup: "/parent")),
                .outOfMemory(.init(process: 44, name: "sh", limitingCgroup: nil)),
                .seccomp(process: 41, call: 83, architecture: 0xC000_003E),
                .fault(process: 41, text: log[7]), .fault(process: 41, text: log[8]),
            ])
        #expect(KernelVerdict.all(in: log, of: nil, process: 1).isEmpty)
    }

    @Test func `a call is found by its number`() {
        let table = SyscallTable.shared
        #expect(table.name(of: 83, on: .x86_64) == "mkdir")
        #expect(table.name(of: 34, on: .aarch64) == "mkdirat")
        #expect(table.name(of: 100_000, on: .x86_64) == nil)
    }
}

/// What a program's file is.
@Suite struct ProgramFileTests {
    /// An ELF header of 64 bits with a program header that names an interpreter.
    private static func elf(machine: UInt8, interpreter: String?) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 64 + 56)
        bytes.replaceSubrange(0..<6, with: [0x7F, 0x45, 0x4C, 0x46, 2, 1])
        bytes[18] = machine
        bytes[32] = 64
        bytes[54] = 56
        bytes[56] = 1
        guard let interpreter else { return bytes }
        bytes[64] = 3
        bytes[64 + 8] = UInt8(bytes.count)
        bytes[64 + 32] = UInt8(interpreter.utf8.count + 1)
        return bytes + Array(interpreter.utf8) + [0]
    }

    @Test func `programs say their processor and dynamic linker`() {
        let dynamic = ProgramFile(Self.elf(machine: 183, interpreter: "/lib/ld-musl.so"))
        #expect(dynamic == .elf(machine: 183, bits: 64, interpreter: "/lib/ld-musl.so"))
        #expect(dynamic.interpreter == "/lib/ld-musl.so")
        let fixed = ProgramFile(Self.elf(machine: 62, interpreter: nil))
        #expect(fixed == .elf(machine: 62, bits: 64, interpreter: nil))
        #expect(ProgramFile.processor(183) == "aarch64")
    }

    @Test func `what is wrong with a program of this machine is found`() {
        var sound = Self.elf(machine: UInt8(ProgramFile.native), interpreter: "/lib/ld.so")
        sound[16] = 2
        #expect(ProgramFile.damage(of: sound) == nil)
        #expect(
            ProgramFile.damage(of: Array(sound[..<40]))
                == "it ends after 40 bytes, within its ELF header")
        #expect(
            ProgramFile.damage(of: Array(sound[..<70]))
                == "it ends after 70 bytes, before its program headers do")
        func damage(_ offset: Int, _ value: UInt8) -> String? {
            var bytes = sound
            bytes[offset] = value
            return ProgramFile.damage(of: bytes)
        }
        #expect(damage(4, 9)?.contains("class 9") == true)
        #expect(damage(5, 2)?.contains("byte order 2") == true)
        #expect(damage(16, 1)?.contains("not linked") == true)
        #expect(damage(16, 77)?.contains("type 77") == true)
        #expect(damage(54, 32)?.contains("32 bytes each") == true)
        #expect(damage(56, 0) == "it has no program headers")
        #expect(damage(39, 0xFF)?.contains("before its program headers do") == true)
        // What is for another processor is not damaged, and a script is none.
        #expect(damage(18, 8) == nil)
        #expect(ProgramFile.damage(of: Array("#!/bin/sh".utf8)) == nil)
    }

    @Test func `scripts say their interpreter`() {
        #expect(ProgramFile(Array("#! /bin/sh -e\necho".utf8)).interpreter == "/bin/sh")
        #expect(ProgramFile(Array("#!\n".utf8)).interpreter == nil)
        #expect(ProgramFile([]) == .empty)
        #expect(ProgramFile(Array("echo".utf8)) == .unknown)
    }

    @Test func `damaged headers are no trap`() {
        var bytes = Self.elf(machine: 62, interpreter: "/lib/ld.so")
        for index in bytes.indices {
            let before = bytes[index]
            bytes[index] = 0xFF
            _ = ProgramFile(bytes)
            _ = ProgramFile(Array(bytes[..<index]))
            _ = ProgramFile.damage(of: bytes)
            bytes[index] = before
        }
        bytes.replaceSubrange(32..<40, with: [UInt8](repeating: 0xFF, count: 8))
        #expect(ProgramFile(bytes) == .elf(machine: 62, bits: 64, interpreter: nil))
    }
}

import Engine
import Testing

@testable import cli

/// The text of a refusal, or nil where the value is taken.
func refusal<Value>(_ body: () throws(InvalidValue) -> Value) -> String? {
    do {
        _ = try body()
        return nil
    } catch {
        return error.why
    }
}

@Suite struct ByteSizeTests {
    @Test(
        arguments: [
            ("512m", 536_870_912), ("1g", 1_073_741_824), ("1.5g", 1_610_612_736), ("64KiB", 65536),
            ("10", 10), ("10b", 10), ("32kb", 32768), ("1 G", 1_073_741_824),
            ("2T", 2_199_023_255_552),
            ("0", 0), ("0.5k", 512),
        ] as [(String, Int64)])
    func `sizes have binary units`(text: String, bytes: Int64) throws {
        #expect(try ByteSize.parse(text) == bytes)
    }

    @Test(arguments: ["", "m", "12x", "-1", "1.g", ".5m", "1ib2", "12kk", "99999999t"])
    func `what is no size is refused`(text: String) {
        #expect(refusal { () throws(InvalidValue) in try ByteSize.parse(text) } != nil)
    }

    @Test func `minus one is without limit where there may be none`() throws {
        #expect(try ByteSize.parseOrUnlimited("-1") == -1)
        #expect(
            refusal { () throws(InvalidValue) in try ByteSize.parse("abc") }
                == "invalid size: 'abc'")
    }
}

@Suite struct CPUCountTests {
    @Test(
        arguments: [
            ("1", 1_000_000_000), ("1.5", 1_500_000_000), (".25", 250_000_000), ("0.000000001", 1),
            ("2.50000000000", 2_500_000_000), ("3.", 3_000_000_000),
        ] as [(String, Int64)])
    func `CPUs count in billionths`(text: String, expected: Int64) throws {
        #expect(try CPUCount.parse(text) == expected)
    }

    @Test(arguments: ["", ".", "x", "-1", "1.2.3", "+1", "0.0000000001"])
    func `what is no number of CPUs is refused`(text: String) {
        #expect(refusal { () throws(InvalidValue) in try CPUCount.parse(text) } != nil)
    }
}

@Suite struct UlimitFlagTests {
    @Test func `one value is both limits`() throws {
        #expect(
            try UlimitFlag.parse("nofile=1024")
                == ProcessLimit(name: "nofile", soft: 1024, hard: 1024))
        #expect(
            try UlimitFlag.parse("core=-1:unlimited")
                == ProcessLimit(name: "core", soft: -1, hard: -1))
        #expect(
            try UlimitFlag.parse("nproc=1:2") == ProcessLimit(name: "nproc", soft: 1, hard: 2))
    }

    @Test(arguments: [
        ("nofile", "invalid ulimit argument: nofile"),
        ("files=1", "invalid ulimit type: files"),
        (
            "nofile=1:2:3",
            "too many limit value arguments - 1:2:3, can only have up to two, `soft[:hard]`"
        ),
        (
            "nofile=3:2",
            "ulimit soft limit must be less than or equal to hard limit: 3 > 2"
        ),
        (
            "nofile=-1:2",
            "ulimit soft limit must be less than or equal to hard limit: -1 > 2"
        ),
    ])
    func `refusals have Docker's words`(text: String, why: String) {
        #expect(refusal { () throws(InvalidValue) in try UlimitFlag.parse(text) } == why)
    }
}

@Suite struct DeviceFlagTests {
    @Test(arguments: [
        ("/dev/null", "/dev/null", "/dev/null", "rwm"),
        ("/dev/null:/dev/x", "/dev/null", "/dev/x", "rwm"),
        ("/dev/null:r", "/dev/null", "/dev/null", "r"),
        ("/dev/null:/dev/x:rw", "/dev/null", "/dev/x", "rw"),
        ("/dev/null::rw", "/dev/null", "/dev/null", "rw"),
    ])
    func `a device has two paths and permissions`(
        text: String, host: String, container: String, permissions: String
    ) throws {
        #expect(
            try DeviceFlag.parse(text)
                == .node(
                    DeviceRequest(
                        hostPath: host, containerPath: container, permissions: permissions)))
    }

    @Test func `a qualified name is a device of CDI`() throws {
        #expect(try DeviceFlag.parse("vendor.com/gpu=all") == .interface("vendor.com/gpu=all"))
    }

    @Test(arguments: [
        ("/dev/a:/dev/b:rx", "invalid device mode: rx"),
        ("/a:/b:r:w", "invalid device specification: /a:/b:r:w"),
        ("dev", "'dev' is not an absolute path"),
        ("vendor.com/gpu=", "'vendor.com/gpu=' is not an absolute path"),
    ])
    func `refusals say what is wrong`(text: String, why: String) {
        #expect(refusal { () throws(InvalidValue) in try DeviceFlag.parse(text) } == why)
    }

    @Test func `rates have a path and a number`() throws {
        #expect(
            try DeviceRateFlag.parseBytes("/dev/sda:1mb")
                == DeviceRate(path: "/dev/sda", rate: 1_048_576))
        #expect(
            try DeviceRateFlag.parseOperations("/dev/sda:100")
                == DeviceRate(path: "/dev/sda", rate: 100))
        for wrong in ["sda:1", "/dev/sda", "/dev/sda:-1", "/dev/sda:1mb"] {
            #expect(
                refusal { () throws(InvalidValue) in try DeviceRateFlag.parseOperations(wrong) }
                    != nil)
        }
    }

    @Test func `device rules are letters, numbers and permissions`() throws {
        #expect(try DeviceRuleFlag.parse("c 1:3 rwm") == "c 1:3 rwm")
        #expect(try DeviceRuleFlag.parse("a *:* r") == "a *:* r")
        for wrong in ["c 1:3", "x 1:3 r", "c 1 r", "c 1:3 rwx", "c 1:3:4 r"] {
            #expect(
                refusal { () throws(InvalidValue) in try DeviceRuleFlag.parse(wrong) } != nil)
        }
    }
}

@Suite struct RestartFlagTests {
    @Test func `policies and counts`() throws {
        #expect(try RestartFlag.parse("no") == .no)
        #expect(try RestartFlag.parse("always") == .always)
        #expect(try RestartFlag.parse("unless-stopped") == .unlessStopped)
        #expect(try RestartFlag.parse("on-failure") == .onFailure(maximumRetries: 0))
        #expect(try RestartFlag.parse("on-failure:5") == .onFailure(maximumRetries: 5))
    }

    @Test(arguments: [
        ("sometimes", "invalid restart policy: unknown policy 'sometimes'"),
        (
            "always:3",
            "invalid restart policy: maximum retry count can only be used with 'on-failure'"
        ),
        (
            "on-failure:x",
            "invalid restart policy format: maximum retry count must be an integer"
        ),
        (
            "on-failure:-1",
            "invalid restart policy: maximum retry count cannot be negative"
        ),
        (":3", "invalid restart policy format: no policy provided before colon"),
    ])
    func `refusals have Docker's words`(text: String, why: String) {
        #expect(refusal { () throws(InvalidValue) in try RestartFlag.parse(text) } == why)
    }
}

@Suite struct EnvironmentFlagTests {
    let flag = EnvironmentFlag(environment: ["HOME": "/root", "EMPTY": ""])

    @Test func `a bare name takes Kade's own value`() {
        #expect(flag.resolve("HOME") == "HOME=/root")
        #expect(flag.resolve("EMPTY") == "EMPTY=")
        #expect(flag.resolve("NONE") == "NONE")
        #expect(flag.resolve("A=b=c") == "A=b=c")
    }

    @Test func `files hold names, values and comments`() throws {
        let text = "\u{FEFF}# comment\n  A=1 2\n\nHOME\nNONE\nB=\n"
        #expect(try flag.entries(inFile: text) == ["A=1 2", "HOME=/root", "B="])
    }

    @Test(arguments: [
        ("A B=1", "variable 'A B' contains whitespaces"), ("=x", "no variable name on line '=x'"),
    ])
    func `bad lines are refused`(text: String, why: String) {
        #expect(refusal { () throws(InvalidValue) in try flag.entries(inFile: text) } == why)
    }

    @Test func `labels have a name`() throws {
        #expect(try LabelFlag.parse("a=b=c") == Label(key: "a", value: "b=c"))
        #expect(try LabelFlag.parse("a") == Label(key: "a", value: ""))
        #expect(
            refusal { () throws(InvalidValue) in try LabelFlag.parse("=x") }
                == "invalid label '=x': empty name")
    }
}

@Suite struct SmallFlagTests {
    @Test func `detach keys become bytes`() throws {
        #expect(try DetachKeys.parse("") == [16, 17])
        #expect(try DetachKeys.parse("ctrl-a,b,ctrl-[") == [1, 98, 27])
        #expect(
            refusal { () throws(InvalidValue) in try DetachKeys.parse("ctrl-ab") }
                == "Unknown character: 'ctrl-ab'")
    }

    @Test func `signals by name and number`() throws {
        for good in ["TERM", "sigkill", "9", "64", "RTMIN+3", "SIGRTMAX-14"] {
            #expect(try SignalFlag.parse(good) == good)
        }
        for bad in ["0", "65", "FOO", "RTMIN+31", ""] {
            #expect(
                refusal { () throws(InvalidValue) in try SignalFlag.parse(bad) }
                    == "invalid signal: \(bad)")
        }
    }

    @Test func `namespace modes`() throws {
        #expect(try NamespaceFlags.parsePID("host") == .host)
        #expect(try NamespaceFlags.parsePID("container:web") == .container("web"))
        #expect(try NamespaceFlags.parseIPC("private") == .isolated)
        #expect(try NamespaceFlags.parseIPC("none") == IPCMode.none)
        #expect(try NamespaceFlags.parseCgroup("private") == .isolated)
        #expect(
            refusal { () throws(InvalidValue) in try NamespaceFlags.parseUTS("container:x") }
                == "invalid UTS mode: container:x")
    }

    @Test func `security options`() throws {
        #expect(try SecurityOption.parse("seccomp=unconfined") == .text("seccomp=unconfined"))
        #expect(try SecurityOption.parse("seccomp:unconfined") == .text("seccomp=unconfined"))
        #expect(try SecurityOption.parse("seccomp=/p.json") == .seccompProfile(path: "/p.json"))
        #expect(try SecurityOption.parse("landlock=/l.json") == .landlockRules(path: "/l.json"))
        #expect(
            try SecurityOption.parse("no-new-privileges:true") == .text("no-new-privileges=true"))
        for wrong in ["seccomp", "foo=bar", "systempaths=x", "no-new-privileges=x"] {
            #expect(
                refusal { () throws(InvalidValue) in try SecurityOption.parse(wrong) } != nil)
        }
    }

    @Test func `extra hosts take an address`() throws {
        #expect(try ExtraHostFlag.parse("db:10.0.0.1") == "db:10.0.0.1")
        #expect(try ExtraHostFlag.parse("db=[::1]") == "db:::1")
        for wrong in ["db", ":1.2.3.4", "db:host-gate"] {
            #expect(refusal { () throws(InvalidValue) in try ExtraHostFlag.parse(wrong) } != nil)
        }
    }
}

@Suite struct GPUFlagTests {
    @Test func `a number, all, or fields`() throws {
        #expect(try GPUFlag.parse("all") == GPURequest(count: -1))
        #expect(try GPUFlag.parse("2") == GPURequest(count: 2))
        var named = GPURequest(count: 1)
        named.devices = ["0", "GPU-1"]
        named.driver = "nvidia"
        #expect(try GPUFlag.parse("\"device=0,GPU-1\",driver=nvidia,capabilities=gpu") == named)
    }

    @Test(arguments: [
        ("none", "count must be an integer"), ("0", "count must be an integer"),
        ("count=1,device=0", "cannot set both Count and DeviceIDs on device request"),
        ("what=1", "unexpected key 'what' in 'what=1'"),
        ("1,what", "unexpected key 'what' in '1,what'"),
    ])
    func `refusals have Docker's words`(text: String, why: String) {
        #expect(refusal { () throws(InvalidValue) in try GPUFlag.parse(text) } == why)
    }
}

@Suite struct SecretFlagTests {
    @Test func `a file below run secrets, or a variable`() throws {
        #expect(
            try SecretFlag.parse("db")
                == SecretRequest(
                    secret: "db",
                    use: .file(target: "/run/secrets/db", user: 0, group: 0, mode: 0o444)))
        #expect(
            try SecretFlag.parse("source=db,target=/etc/key,uid=1,gid=2,mode=0400")
                == SecretRequest(
                    secret: "db", use: .file(target: "/etc/key", user: 1, group: 2, mode: 0o400)))
        #expect(
            try SecretFlag.parse("db,type=env,target=PASSWORD")
                == SecretRequest(secret: "db", use: .variable(name: "PASSWORD")))
    }

    @Test(arguments: [
        ("type=env", "no secret name is given in 'type=env'"),
        ("db,type=what", "type 'what' is invalid"), ("db,x=1", "option 'x=1' is unknown"),
        ("db,x", "option 'x' is no NAME=VALUE"), ("db,mode=9", "'mode=9' has no number"),
        ("db,type=env,uid=1", "UID, GID, Mode options cannot be set with secret type env"),
        ("db,target=", "target is empty in 'db,target='"),
    ])
    func `refusals say what is wrong`(text: String, why: String) {
        #expect(refusal { () throws(InvalidValue) in try SecretFlag.parse(text) } == why)
    }
}

@Suite struct StorageFlagTests {
    @Test func `size is the one storage option`() throws {
        #expect(try StorageOptionFlag.parse("size=1g") == 1 << 30)
        #expect(
            refusal { () throws(InvalidValue) in try StorageOptionFlag.parse("inode=1") }
                == "unknown option: inode")
    }

    @Test func `a device's weight is 10 to 1000`() throws {
        #expect(
            try DeviceRateFlag.parseWeight("/dev/sda:10") == DeviceRate(path: "/dev/sda", rate: 10))
        #expect(
            refusal { () throws(InvalidValue) in try DeviceRateFlag.parseWeight("/dev/sda:9") }
                == "invalid weight for device: /dev/sda:9")
    }
}

@Suite struct PodmanFlagValueTests {
    @Test(arguments: [("0022", UInt32(0o22)), ("7", 7), ("777", 0o777)])
    func `a umask is octal`(text: String, mask: UInt32) throws {
        #expect(try UmaskFlag.parse(text) == mask)
    }

    @Test(arguments: ["8", "1777", "", "00022", "u+r"])
    func `what is no umask is refused`(text: String) {
        #expect(
            refusal { () throws(InvalidValue) in try UmaskFlag.parse(text) }
                == "invalid umask: \(text)")
    }
}

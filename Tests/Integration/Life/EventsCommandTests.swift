import Foundation
import Testing

@Suite struct EventsCommandTests {
    /// The actions of a container's events up to now, in order.
    private func actions(_ kade: Kade, _ name: String) throws -> [String] {
        try kade.check(
            "events", "--since", "0", "--until", "0s", "-f", "container=\(name)", "--format",
            "{{.Action}}"
        ).split(separator: "\n").map(String.init)
    }

    @Test func `a container's life is told in Docker's words and order`() throws {
        let kade = try Kade.withBusybox()
        try kade.check("run", "-d", "--name", "one", "busybox", "sleep", "600")
        try kade.check("top", "one")
        try kade.check("exec", "one", "true")
        try kade.check("stop", "-t", "0", "one")
        try kade.check("rename", "one", "two")
        try kade.check("rm", "two")
        #expect(
            try actions(kade, "one") == [
                "create", "start", "top", "exec_create: true", "exec_start: true", "exec_die",
                "kill", "kill", "die", "stop",
            ])
        #expect(try actions(kade, "two") == ["rename", "destroy"])
    }

    @Test(.cgroupsOfRoot) func `a pause and its end are told`() throws {
        let kade = try Kade.withBusybox()
        try kade.check("run", "-d", "--name", "one", "busybox", "sleep", "600")
        try kade.check("pause", "one")
        try kade.check("unpause", "one")
        #expect(try actions(kade, "one") == ["create", "start", "pause", "unpause"])
    }

    @Test(.enabled(if: isRoot), .cgroupsOfRoot)
    func `want of memory is told while the container runs on`() throws {
        let kade = try Kade.withBusybox()
        // The shell only waits meanwhile: who asked for memory while the kernel still takes that of
        // its first victim would be a second one.
        let script = "tail /dev/zero > /dev/null; echo went on; exec sleep 600"
        try kade.check(
            "run", "-d", "--name", "one", "-m", "16m", "--memory-swap", "16m", "busybox", "sh",
            "-c", script)
        try kade.wait { try actions(kade, "one").contains("oom") }
        try kade.wait { try kade.check("logs", "one").contains("went on") }
        #expect(try kade.inspect("one", "{{.State.Running}}") == "true")
        let told = try actions(kade, "one").count { $0 == "oom" }
        try kade.check("kill", "one")
        // The end adds nothing to what was told.
        #expect(try actions(kade, "one").count { $0 == "oom" } == told)
        #expect(try kade.inspect("one", "{{.State.OOMKilled}}") == "true")
    }

    @Test func `an event has its time, object and attributes as text and as JSON`() throws {
        let kade = try Kade.withBusybox()
        try kade("run", "--name", "ends", "-l", "stage=test", "busybox", "sh", "-c", "exit 3")
        let id = try kade.inspect("ends", "{{.Id}}")
        let line = try kade.check(
            "events", "--since", "1h", "--until", "0s", "-f", "event=die", "-f", "container=ends")
        let parts = line.components(separatedBy: " container die \(id) (execDuration=")
        #expect(parts.count == 2, "\(line)")
        let rest = (parts.last ?? "").drop(while: \.isNumber)
        #expect(rest == ", exitCode=3, image=busybox, name=ends, stage=test)", "\(line)")
        let json = try kade.check(
            "events", "--since", "1h", "--until", "0s", "-f", "event=die", "--format", "json")
        #expect(
            json.hasPrefix(#"{"status":"die","id":"\#(id)","from":"busybox","Type":"container""#))
        let field = try kade.check(
            "events", "--since", "1h", "--until", "0s", "-f", "event=die", "--format",
            "{{.ID}} {{.From}} {{.Actor.Attributes.exitCode}} {{.Scope}}")
        #expect(field == "\(id) busybox 3 local")
    }

    @Test func `a reader hears of what happens while it waits, until its time is over`() throws {
        let kade = try Kade.withBusybox()
        try kade.check("create", "--name", "old", "busybox", "true")
        let reader = try kade.start("events", "--format", "{{.Action}} {{.Actor.Attributes.name}}")
        // What happened before it listened is not its own; so make events until it hears one.
        var count = 0
        try kade.wait {
            count += 1
            try kade.check("create", "--name", "new\(count)", "busybox", "true")
            return reader.output.contains("create new")
        }
        #expect(!reader.output.contains("old"))
        try kade.check("rm", "old")
        try kade.wait { reader.output.contains("destroy old\n") }
        reader.signal(SIGKILL)
        _ = try reader.wait()
        let ended = try kade("events", "--until", "1ms")
        #expect(ended.exitCode == 0)
        #expect(ended.output.contains("container create"))
    }

    @Test func `a full log begins anew and keeps the one before`() throws {
        let kade = try Kade.withBusybox()
        try kade.check("create", "--name", "first", "busybox", "true")
        let log = kade.root + "/events/events.jsonl"
        // A sparse beginning: no line of it is an event.
        try Tool.check("truncate", "-s", "5M", log)
        try kade.check("create", "--name", "second", "busybox", "true")
        #expect(FileManager.default.fileExists(atPath: log + ".1"))
        try kade.check("create", "--name", "third", "busybox", "true")
        let names = try kade.check(
            "events", "--since", "0", "--until", "0s", "-f", "event=create", "--format",
            "{{.Actor.Attributes.name}}")
        #expect(names == "first\nsecond\nthird")
    }

    @Test func `images tell of what happens to them`() throws {
        let kade = try Kade.withBusybox()
        try kade.check("tag", "busybox", "other:1")
        try kade.check("rmi", "other:1")
        try kade.check("save", "-o", kade.folder.at("image.tar"), "busybox")
        try kade.check("rmi", "busybox")
        try kade.check("load", "-i", kade.folder.at("image.tar"))
        let actions = try kade.check(
            "events", "--since", "0", "--until", "0s", "-f", "type=image", "--format",
            "{{.Action}}")
        #expect(actions == "tag\nimport\ntag\nuntag\nsave\nuntag\ndelete\nload")
    }

    @Test func `a filter that there is not is an error`() throws {
        let outcome = try Kade()("events", "-f", "colour=red")
        #expect(outcome.exitCode == 1)
        #expect(outcome.errors.contains("invalid filter 'colour'"))
    }
}

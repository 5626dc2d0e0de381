import Testing

@Suite struct HealthTests {
    private func health(_ kade: Kade, _ name: String) throws -> String {
        try kade.inspect(name, "{{.State.Health.Status}}")
    }

    @Test func `a check makes a container healthy, and unhealthy when it fails`() throws {
        let kade = try Kade.withBusybox()
        try kade.check(
            "run", "-d", "--name", "box", "--health-cmd", "echo looked; ! test -e /bad",
            "--health-interval", "100ms", "--health-retries", "1", "busybox", "sleep", "600")
        try kade.wait { try health(kade, "box") == "healthy" }
        #expect(try kade.check("ps", "--format", "{{.Status}}").hasSuffix(" (healthy)"))
        try kade.check("exec", "box", "touch", "/bad")
        try kade.wait { try health(kade, "box") == "unhealthy" }
        #expect(try kade.check("ps", "-q", "-f", "health=unhealthy") != "")
        #expect(try kade.check("ps", "-q", "-f", "health=healthy") == "")
        #expect(
            try kade.inspect("box", "{{(index .State.Health.Log 0).Output}}") == "looked\n")
        let events = try kade.check(
            "events", "--since", "0", "--until", "0s", "-f", "event=health_status", "--format",
            "{{.Action}}")
        #expect(events.hasPrefix("health_status: healthy\nhealth_status: unhealthy"))
    }

    @Test func `a check that takes too long has failed, and its program is gone`() throws {
        let kade = try Kade.withBusybox()
        try kade.check(
            "run", "-d", "--name", "box", "--health-cmd", "exec sleep 4321",
            "--health-interval", "100ms", "--health-timeout", "200ms", "--health-retries", "1",
            "busybox", "sleep", "600")
        try kade.wait { try health(kade, "box") == "unhealthy" }
        #expect(
            try kade.inspect("box", "{{(index .State.Health.Log 0).ExitCode}}") == "-1")
        #expect(
            try kade.inspect("box", "{{(index .State.Health.Log 0).Output}}")
                == "Health check exceeded timeout (200ms)")
        try kade.check("update", "--restart", "no", "box")
        try kade.check("stop", "-t", "0", "box")
        try kade.wait { try kade.leftovers() == [] }
    }

    @Test func `an image without a shell is checked from the monitor`() throws {
        let kade = try Kade.withBusybox()
        try kade.check(
            "run", "-d", "--name", "web", "--health-http", "http://localhost:8080/index.html",
            "--health-interval", "100ms", "--health-retries", "1", "busybox", "sh", "-c",
            "mkdir /www; echo hello > /www/index.html; exec httpd -f -p 8080 -h /www")
        try kade.check(
            "run", "-d", "--name", "port", "--health-tcp", "8080", "--health-interval", "100ms",
            "--health-retries", "1", "busybox", "httpd", "-f", "-p", "8080", "-h", "/")
        try kade.wait { try health(kade, "web") == "healthy" }
        try kade.wait { try health(kade, "port") == "healthy" }
        #expect(try kade("healthcheck", "run", "web").exitCode == 0)
        try kade.check("exec", "web", "rm", "/www/index.html")
        let failed = try kade("healthcheck", "run", "web")
        #expect(failed.exitCode == 1)
        #expect(failed.output == "unhealthy\n")
        try kade.wait { try health(kade, "web") == "unhealthy" }
        #expect(
            try kade.inspect("web", "{{json .State.Health.Log}}").contains("HTTP/1.1 404"))
    }

    @Test(arguments: ["kill", "stop", "restart"])
    func `an unhealthy container is ended or restarted where that is asked`(
        action: String
    ) throws {
        let kade = try Kade.withBusybox()
        try kade.check(
            "run", "-d", "--name", "box", "--health-cmd", "false", "--health-interval", "100ms",
            "--health-retries", "1", "--health-on-failure", action, "--stop-timeout", "0",
            "busybox", "sleep", "600")
        if action == "restart" {
            try kade.wait { try Int(kade.inspect("box", "{{.RestartCount}}")) ?? 0 > 0 }
        } else {
            try kade.wait { try kade.inspect("box", "{{.State.Status}}") == "exited" }
            #expect(try kade.inspect("box", "{{.State.ExitCode}}") == "137")
        }
    }

    @Test func `an image's check is run unless it is not wanted`() throws {
        let kade = try Kade.withBusybox()
        try kade.check(
            "create", "--name", "made", "--health-cmd", "true", "--health-interval", "100ms",
            "busybox", "sleep", "600")
        try kade.check("commit", "made", "checked:1")
        try kade.check("run", "-d", "--name", "yes", "checked:1")
        try kade.check("run", "-d", "--name", "no", "--no-healthcheck", "checked:1")
        try kade.wait { try health(kade, "yes") == "healthy" }
        #expect(try kade.inspect("no", "{{json .State}}").contains("Health") == false)
        #expect(try kade.check("ps", "-q", "-f", "health=none", "-f", "name=no") != "")
        #expect(
            try kade("healthcheck", "run", "no").errors.contains("has no defined healthcheck"))
    }

    @Test func `wrong values are refused`() throws {
        let kade = try Kade.withBusybox()
        for flags in [
            ["--no-healthcheck", "--health-cmd", "x"], ["--health-http", "https://x/"],
            ["--health-tcp", "0"], ["--health-cmd", "x", "--health-interval", "1us"],
            ["--health-cmd", "x", "--health-on-failure", "explode"],
        ] {
            #expect(try kade.call(["create"] + flags + ["busybox", "true"]).exitCode != 0)
        }
    }
}

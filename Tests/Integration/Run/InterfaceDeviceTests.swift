import Foundation
import Testing

/// `--device vendor.com/class=name` and `--gpus`: devices that files of CDI describe.
@Suite struct InterfaceDeviceTests {
    let kade: Kade
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        kade = try Kade.withBusybox(environment: ["KADE_CDI_SPEC_DIRS": folder.at("cdi")])
        try folder.write("from the host\n", to: "library")
        try folder.write(
            """
            cdiVersion: 0.8.0
            kind: vendor.com/gpu
            containerEdits:
              env: [DRIVER=1]
              mounts:
              - hostPath: \(folder.at("library"))
                containerPath: /usr/lib/library
                options: [ro, bind]
            devices:
            - name: "0"
              containerEdits:
                env: [INDEX=0]
                additionalGids: [77]
                deviceNodes:
                - path: /dev/vendor0
                  hostPath: /dev/hwrng
                  permissions: r
                hooks:
                - hookName: createContainer
                  path: /bin/sh
                  args: [sh, -c, "cat > \(folder.at("state"))"]
            - name: kmsg
              containerEdits:
                deviceNodes:
                - path: /dev/kmsg
            """, to: "cdi/vendor.yaml")
    }

    @Test func `a device brings its node, mounts, variables, groups and hooks`() throws {
        let outcome = try kade.shell(
            "stat -c %t:%T /dev/vendor0; cat /usr/lib/library; echo $DRIVER $INDEX; id -G;"
                + " echo > /usr/lib/library || echo denied; test -e /dev/kmsg || echo no more",
            "--device", "vendor.com/gpu=0")
        #expect(
            outcome.lines == ["a:b7", "from the host", "1 0", "0 77", "denied", "no more"],
            "\(outcome)")
        #expect(try folder.text("state").contains("\"ociVersion\""))
        try kade.check(
            "create", "--name", "one", "--device", "vendor.com/gpu=0", "--device", "/dev/full",
            "busybox", "true")
        #expect(
            try kade.inspect("one", "{{(index .HostConfig.DeviceRequests 0).DeviceIDs}}")
                == "[vendor.com/gpu=0]")
    }

    @Test func `GPUs are devices of the class gpu`() throws {
        let one = try kade.shell("echo $INDEX; ls /dev/vendor0", "--gpus", "1")
        #expect(one.lines == ["0", "/dev/vendor0"], "\(one)")
        let named = try kade.shell("ls /dev/kmsg", "--gpus", "device=kmsg")
        #expect(named.output == "/dev/kmsg\n", "\(named)")
    }

    @Test(arguments: [
        (["--device", "vendor.com/gpu=7"], "unresolvable CDI devices vendor.com/gpu=7"),
        (["--gpus", "2"], "cannot give the container 2 GPUs"),
        (["--gpus", "all,driver=amd"], "could not select device driver \"amd\""),
    ])
    func `what is not there is refused in Docker's words`(flags: [String], why: String) throws {
        let outcome = try kade.call(["run", "--rm"] + flags + ["busybox", "true"])
        #expect(outcome.exitCode == 125)
        #expect(outcome.errors.contains(why), "\(outcome)")
        #expect(try kade.check("ps", "-aq").isEmpty)
    }
}

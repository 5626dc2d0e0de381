import ContainerRuntime
import Diagnostics
import OCI

extension FuzzTarget {
    /// Inputs to start from; a JSON text is one that the target accepts.
    package var seeds: [[UInt8]] {
        switch self {
        case .configuration: [Array(supportedSpec.utf8)]
        case .process: [Array(Self.processText.utf8)]
        case .state: [Array(Self.stateText.utf8)]
        case .handshake: Self.messages.map(\.encoded)
        case .monitorConfiguration: [Array(Self.monitorText.utf8)]
        case .monitorRequest: Self.datagrams("AIEWGQ")
        case .monitorReply: Self.datagrams("TORXP")
        case .yaml: [Array(Self.yamlText.utf8)]
        }
    }

    /// Whether the target is a JSON text.
    package var isJSON: Bool {
        switch self {
        case .configuration, .process, .state, .monitorConfiguration: true
        case .handshake, .monitorRequest, .monitorReply, .yaml: false
        }
    }

    /// For each letter that begins a message some of the lengths that follow it.
    private static func datagrams(_ letters: String) -> [[UInt8]] {
        letters.utf8.flatMap { [[$0], [$0, 9], [$0, 1, 0, 0, 0], [$0, 9, 1, 0, 0, 0]] }
    }

    private static let messages: [HandshakeMessage] = [
        .reached(.ready), .warning(step: 7, text: "a warning"), .console, .seccompListener,
        .failed(step: -1, Problem(kind: .denied, what: "a", why: "b", fix: "c")),
        .process(id: 4711),
    ]
    private static let processText = #"""
        {"args":["sh"],"env":["A=1"],"cwd":"/","user":{"uid":1,"gid":2,"umask":18},
         "rlimits":[{"type":"RLIMIT_NOFILE","hard":10,"soft":9}],"oomScoreAdj":5,
         "scheduler":{"policy":"SCHED_FIFO","priority":9},"terminal":true,
         "consoleSize":{"height":1,"width":2},"execCPUAffinity":{"initial":"0-1","final":"1"},
         "ioPriority":{"class":"IOPRIO_CLASS_BE","priority":4},
         "capabilities":{"bounding":["CAP_KILL"],"ambient":["CAP_KILL"]}}
        """#
    private static let stateText = #"""
        {"ociVersion":"1.3.0","id":"web","bundle":"/b","rootfs":"/b/rootfs",
         "initProcessID":4711,"initStartTime":99,"created":"2026-05-01T08:00:00.000000001Z",
         "owner":0,"cgroupPath":"/kade/web","annotations":{"a":"b\"}"}}
        """#
    private static let yamlText = """
        ---
        cdiVersion: 0.8.0   # of 2024
        kind: "vendor.com/gpu"
        devices:
        - name: '0'
          containerEdits:
            deviceNodes: [{path: /dev/a, major: 0x1, minor: 7}, {path: /dev/b}]
            env:
              - A="1"
              - - B
        ...

        """
    private static let monitorText = #"""
        {"id":"web","bundle":"/b","runtimeRoot":"/r","socket":"/s",
         "rootfs":{"mounts":[{"at":"/b/rootfs","lower":["/l"],"upper":"/u","work":"/w"}]},
         "terminal":true,"openStdin":true,"stdinOnce":false,
         "log":{"driver":"json-file","path":"/log","maxSizeInBytes":1,"maxFiles":2},
         "restart":{"policy":"on-failure","maximumRetryCount":3},
         "stop":{"signal":15,"timeoutInMilliseconds":10000},"exitCommand":["true"],
         "sources":[{"name":"volume v","fileSystem":{"type":"tmpfs","device":"tmpfs",
          "options":["size=1m"],"holders":"/h"},"filledFrom":"/d"},{"name":"i","overlay":{"at":"",
          "lower":["/l"]},"subpath":"a"},{"name":"d","directory":"/d"},
          {"name":"s","secret":{"path":"/s","user":1,"group":2,"mode":256}}],
         "pidFile":"/p","timeLimitInMilliseconds":5,"recordSteps":true}
        """#
}

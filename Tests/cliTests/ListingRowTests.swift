import Diagnostics
import Linux
import OCI
import Testing

@testable import Engine
@testable import cli

private let now = Timestamp(nanosecondsSinceEpoch: 1_700_000_000_000_000_000)

private func ago(seconds: Int64) -> Timestamp {
    Timestamp(nanosecondsSinceEpoch: now.nanosecondsSinceEpoch - seconds * 1_000_000_000)
}

private let id = String(repeating: "0123456789abcdef", count: 4)

private func container(_ name: String, _ state: ContainerState) -> ContainerSummary {
    ContainerSummary(
        id: id, name: name, image: "alpine", imageID: "sha256:\(id)",
        command: ["/bin/sh", "-c", "while true; do sleep 1; done"], created: ago(seconds: 7300),
        state: state, labels: ["b": "2", "a": "1"], mounts: ["/data", "volume"], networks: ["none"])
}

@Suite struct ContainerListingTests {
    private func text(_ format: String, isWhole: Bool = false) throws -> String {
        try ContainerListing(isWhole: isWhole, showsSize: false, now: now).listing(of: [
            container("web", .running(pid: 1, since: ago(seconds: 180))),
            container("job", .exited(code: 0, at: ago(seconds: 7200), isOutOfMemory: false)),
        ]).text(in: Format(format))
    }

    @Test func `the table is Docker's`() throws {
        #expect(
            try text("table")
                == """
                CONTAINER ID   IMAGE     COMMAND                  CREATED       STATUS                   PORTS     NAMES
                0123456789ab   alpine    "/bin/sh -c while tr…"   2 hours ago   Up 3 minutes                       web
                0123456789ab   alpine    "/bin/sh -c while tr…"   2 hours ago   Exited (0) 2 hours ago             job

                """)
    }

    @Test func `templates name fields and labels`() throws {
        #expect(
            try text("{{.Names}} {{.State}} {{.Labels}} {{.Label \"a\"}} {{.LocalVolumes}}")
                == "web running a=1,b=2 1 1\njob exited a=1,b=2 1 1\n")
    }

    @Test func `nothing is cut with --no-trunc`() throws {
        #expect(
            try text("{{.ID}} {{.Command}}", isWhole: true).hasPrefix(
                "\(id) \"/bin/sh -c while true; do sleep 1; done\"\n"))
    }

    @Test func `every field of a row has a title`() throws {
        let listing = ContainerListing(isWhole: false, showsSize: false, now: now)
            .listing(of: [container("web", .created)])
        let row = try #require(listing.rows.first)
        #expect(
            Set(row.members.map(\.name)) == Set(listing.titles.members.map(\.name)))
    }
}

@Suite struct ImageListingTests {
    private let images = [
        ImageSummary(
            id: "sha256:\(id)", reference: "docker.io/library/alpine:3", repository: "alpine",
            tag: "3", digest: "sha256:\(id)", created: ago(seconds: 86400 * 3),
            sizeInBytes: 7_795_000, labels: [:])
    ]

    @Test func `the table is Docker's`() throws {
        let listing = ImageListing(isWhole: false, showsDigests: false, now: now)
            .listing(of: images)
        #expect(
            try listing.text(in: .table) == """
                REPOSITORY   TAG       IMAGE ID       CREATED      SIZE
                alpine       3         0123456789ab   3 days ago   7.8MB

                """)
    }
}

@Suite struct ProgressDisplayTests {
    /// What the display writes for a pull of one layer.
    private func shown(_ style: ProgressDisplay.Style) throws -> String {
        let pipe = try Pipe()
        var display = ProgressDisplay(
            on: OutputStream(descriptor: pipe.writing.rawValue, name: "a pipe"), style: style)
        let reference = "docker.io/library/alpine:3"
        let layer = "sha256:\(id)"
        display.show(.resolved(reference: reference, digest: layer))
        for status in ["waiting", "downloading", "extracting", "done"] {
            display.show(.layer(digest: layer, status: status, current: 500_000, total: 1_000_000))
        }
        display.show(
            .done(reference: reference, manifest: layer, image: layer, status: "downloaded"))
        #expect(display.failure == nil)
        return String(decoding: try pipe.reading.read(upToBytes: 65536), as: UTF8.self)
    }

    @Test func `pipes get a line for each change`() throws {
        #expect(
            try shown(.lines) == """
                3: Pulling from library/alpine
                0123456789ab: Pulling fs layer
                0123456789ab: Download complete
                0123456789ab: Pull complete
                Digest: sha256:\(id)
                Status: Downloaded newer image for alpine:3

                """)
    }

    @Test func `terminals get bars in place`() throws {
        let text = try shown(.bars(columns: 80))
        let bar = String(repeating: "=", count: 20) + ">" + String(repeating: " ", count: 19)
        #expect(
            text.contains(
                "\u{1B}[1A\r\u{1B}[2K0123456789ab: Downloading [\(bar)]  500kB/1MB\n"))
        #expect(text.contains("\u{1B}[1A\r\u{1B}[2K0123456789ab: Pull complete\n"))
    }

    @Test func `quiet is quiet`() throws {
        let pipe = try Pipe()
        var display = ProgressDisplay(
            on: OutputStream(descriptor: pipe.writing.rawValue, name: "a pipe"), style: .quiet)
        display.show(.resolved(reference: "alpine", digest: "sha256:\(id)"))
        try pipe.writing.writeAll("end")
        #expect(try pipe.reading.read(upToBytes: 100) == Array("end".utf8))
    }
}

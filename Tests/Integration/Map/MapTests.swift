import Foundation
import Testing

/// A map as `kade map --format json` has it.
struct PrintedMap {
    let title: String
    let nodes: [Node]
    let edges: [[String: String]]

    struct Node {
        let id: String
        let title: String
        let isThere: Bool
        let facts: [String: String]
        let bytes: [String: Int]
    }

    init(_ kade: Kade, _ arguments: String...) throws {
        let outcome = try kade.call(["map", "--format", "json"] + arguments)
        try #require(outcome.exitCode == 0, "\(outcome)")
        let json = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
        let map = try #require(json as? [String: Any])
        title = try #require(map["title"] as? String)
        edges = try #require(map["edges"] as? [[String: String]])
        nodes = try #require(map["groups"] as? [[String: Any]]).flatMap { group in
            try #require(group["nodes"] as? [[String: Any]]).map(Self.node)
        }
    }

    private static func node(_ json: [String: Any]) throws -> Node {
        var facts: [String: String] = [:]
        var bytes: [String: Int] = [:]
        for fact in try #require(json["facts"] as? [[String: Any]]) {
            let name = try #require(fact["name"] as? String)
            if let value = fact["value"] as? String { facts[name] = value }
            if let value = fact["bytes"] as? Int { bytes[name] = value }
        }
        return Node(
            id: try #require(json["id"] as? String), title: try #require(json["title"] as? String),
            isThere: try #require(json["isThere"] as? Bool), facts: facts, bytes: bytes)
    }

    func node(_ id: String) throws -> Node {
        try #require(nodes.first { $0.id == id }, "\(id) among \(nodes.map(\.id))")
    }

    /// What an edge leads to from a node, by titles.
    func led(from id: String, _ label: String? = nil) -> [String] {
        edges.filter { $0["from"] == id && (label == nil || $0["label"] == label) }
            .compactMap { edge in nodes.first { $0.id == edge["to"] }?.title }
    }
}

/// `kade map`: nothing that is not so.
@Suite(.enabled(if: isRoot)) struct MapTests {
    /// Limits of cgroups, of which users have none here: theirs are of version 1.
    static let limits = Kade.isOrdinary ? [] : ["-m", "64m", "--cpus", "0.5"]

    @Test func `Kade's parts are where the map says`() throws {
        let kade = try Kade.withBusybox()
        try kade.check("run", "-d", "--name", "one", "busybox", "sleep", "600")
        try kade.check("create", "--name", "two", "busybox", "true")
        let map = try PrintedMap(kade)
        var paths = 0
        for node in map.nodes {
            for (name, value) in node.facts where value.hasPrefix("/") {
                paths += 1
                let path = String(value.prefix { $0 != "," })
                #expect(FileManager.default.fileExists(atPath: path), "\(node.id) \(name) \(value)")
            }
        }
        #expect(paths > 9)
        #expect(
            try map.node("kade").facts["program"]
                == (try Tool.check("realpath", BuiltProgram.path("kade")))
                .trimmingCharacters(in: .newlines))
        #expect(try map.node("engine").facts["containers"] == "2, 1 of them running")
        #expect(try map.node("engine").facts["data root"] == kade.root)
        #expect(try !map.node("doors").isThere)
        let blobs = try FileManager.default.contentsOfDirectory(
            atPath: kade.root + "/image/blobs/sha256")
        #expect(try map.node("store").facts["blobs"] == "\(blobs.count)")
        let container = try map.node("container-1")
        #expect(container.title == "one")
        #expect(container.facts["process"] == (try kade.inspect("one", "{{.State.Pid}}")))
        let monitor = try #require(container.facts["monitor"])
        let line = try Tool.check("cat", "/proc/\(monitor)/cmdline")
        #expect(line.contains("\0monitor\0"))
        #expect(try #require(container.facts["socket"]).hasPrefix(kade.runRoot))
        #expect(map.led(from: "runtime") == ["one"])
        let release = try Tool.check("uname", "-r").trimmingCharacters(in: .newlines)
        #expect(try map.node("kernel").title.contains(release))
    }

    @Test func `where nothing is yet, nothing is drawn as if it were`() throws {
        let kade = try Kade()
        let map = try PrintedMap(kade)
        #expect(try !map.node("store").isThere)
        #expect(try !map.node("bundle").isThere)
        #expect(try map.node("none").title == "No container runs")
        #expect(try map.node("engine").facts["containers"] == "0, 0 of them running")
        #expect(try map.node("runtime").facts["states"]?.hasSuffix(": not there") == true)
        // Whoever looks leaves no trace.
        #expect(try kade("map", "nobody").errors.contains("No such container: nobody"))
        #expect(try kade("map", "--image", "nobody").errors.contains("No such image"))
        let file = kade.folder.at("map.svg")
        try kade.check("map", "-o", file)
        let made = try FileManager.default.contentsOfDirectory(atPath: kade.folder.path)
        // A user's namespace is noted in the run root.
        let usual: Set<String> = Kade.isOrdinary ? ["run", "runtime"] : []
        #expect(Set(made).subtracting(usual) == ["map.svg"])
        // Nor in a data root that has something.
        try kade.check("volume", "create", "one")
        // Apart from the marks that readers of a database leave for its writers.
        let listing = """
            cd \(kade.root) && find . | sort
            find . -type f ! -name '*-shm' -print0 | sort -z | xargs -0 sha256sum
            """
        let before = try Tool.check("sh", "-ec", listing)
        for map in [[], ["nobody"], ["--image", "nobody"]] { _ = try kade.call(["map"] + map) }
        #expect(try Tool.check("sh", "-ec", listing) == before)
    }

    @Test func `a server of Kade's that runs is named`() throws {
        let kade = try Kade()
        let registry = try kade.serve(["--listen", "unix://" + kade.folder.at("socket")])
        defer { registry.signal(SIGKILL) }
        let pid = registry.process.processIdentifier
        try kade.wait {
            try PrintedMap(kade).node("server").facts["processes"]?
                .contains("\(pid) registry") == true
        }
    }

    @Test func `an image is drawn from its index to the lowest layer`() throws {
        let kade = try Kade()
        let sources = try IndexedImages()
        try sources.load(into: kade)
        let map = try PrintedMap(kade, "--image", "index")
        let index = try map.node("index-1")
        #expect(index.facts["manifests"] == "4")
        #expect(index.facts["digest"] == sources.index.digest)
        #expect(index.bytes["size"] == sources.index.size)
        #expect(Set(map.led(from: "index-1")).count == 4)
        let here = map.nodes.filter { $0.title.hasPrefix("Manifest for") && $0.isThere }
        #expect(Set(here.map(\.title)) == ["Manifest for linux/amd64", "Manifest for linux/arm64"])
        let absent = map.nodes.filter { $0.title.hasPrefix("Manifest for") && !$0.isThere }
        #expect(
            Set(absent.map(\.title)) == ["Manifest for linux/s390x", "Manifest for linux/arm/v7"])
        for manifest in here { #expect(map.led(from: manifest.id, "config") == ["Configuration"]) }
        // Both platforms have the same lowest layer.
        let layers = map.nodes.filter { $0.id.hasPrefix("layer") }
        #expect(layers.count == 2)
        let lowest = try #require(layers.first { $0.title == "Layer 1, the lowest" })
        #expect(map.edges.filter { $0["to"] == lowest.id }.count == 2)
        #expect(lowest.facts["blob"] == sources.base)
    }

    @Test func `layers say who else has them`() throws {
        let kade = try Kade()
        let sources = try IndexedImages()
        try sources.load(into: kade)
        try kade.check("create", "--name", "user", "one", "true")
        let map = try PrintedMap(kade, "--image", "other")
        let layers = map.nodes.filter { $0.id.hasPrefix("layer") }
        let lowest = try #require(layers.first { $0.title == "Layer 1, the lowest" })
        let shared = try #require(lowest.facts["shared with"])
        #expect(shared.contains("image one") && shared.contains("container user"), "\(shared)")
        let top = try #require(layers.first { $0.title == "Layer 2" })
        #expect(top.facts["shared with"] == "nobody")
        #expect(map.led(from: top.id) == [lowest.title])
        let configuration = try PrintedMap(kade, "--image", "one").node("config-1")
        #expect(configuration.facts["containers"] == "user")
        #expect(try kade("map", "--image", "nobody").errors.contains("No such image"))
    }

    @Test(.cgroupsOfRoot) func `a container has the kernel's namespaces, cgroup and mounts`() throws
    {
        let kade = try Kade.withBusybox()
        try kade.check(
            "run", "-d", "--name", "one", "-m", "64m", "--ipc", "shareable", "-v",
            "/etc/hostname:/a<b>&\"c:ro", "busybox", "sleep", "600")
        try kade.check(
            "run", "-d", "--name", "two", "--ipc", "container:one", "--network", "container:one",
            "busybox", "sleep", "600")
        let map = try PrintedMap(kade, "one")
        let pid = try kade.inspect("one", "{{.State.Pid}}")
        #expect(try map.node("process").title == "Process \(pid)")
        let namespaces = try map.node("namespaces")
        for (name, file) in ["pid": "pid", "mount": "mnt", "network": "net", "ipc": "ipc"] {
            let link = try Tool.check("readlink", "/proc/\(pid)/ns/\(file)")
                .trimmingCharacters(in: .newlines)
            #expect(namespaces.facts[name]?.hasPrefix(link) == true, "\(name)")
        }
        #expect(map.led(from: "namespaces", "shared with") == ["two"])
        let sharer = try #require(map.nodes.first { $0.title == "two" })
        #expect(sharer.facts["shares"] == "network, ipc")
        let cgroup = try map.node("cgroup")
        #expect(cgroup.facts.values.contains("67108864"))
        #expect(cgroup.facts["path"]?.contains(try kade.inspect("one", "{{.Id}}")) == true)
        let mounts = try map.node("mounts")
        #expect(mounts.facts["/"]?.hasPrefix("overlay") == true)
        #expect(mounts.facts["/a<b>&\"c"]?.hasSuffix(", read-only") == true)
        #expect(mounts.facts["hidden"] != nil)
        #expect(map.led(from: "mounts") == ["Root file system"])
    }

    @Test(.rootOnly("a user's packets go by pasta; RootlessNetworkTests"))
    func `packets are followed from the container to the machine`() throws {
        let namespace = try NetworkNamespace()
        let kade = try Kade.withBusybox(in: namespace)
        try kade.check("run", "-d", "--name", "web", "-p", "8080:80", "busybox", "sleep", "600")
        let map = try PrintedMap(kade, "web")
        #expect(map.led(from: "network") == ["eth0, inside"])
        let end = try #require(map.led(from: "interface-eth0", "veth pair").first)
        #expect(try namespace.check("ip -o link").contains(String(end.prefix { $0 != "," }) + "@"))
        let endNode = try #require(map.nodes.first { $0.title == end })
        let bridge = try #require(map.led(from: endNode.id, "is a port of").first)
        #expect(bridge.hasPrefix("Bridge "))
        let outside = try map.node("outside")
        #expect(outside.facts["port 80/tcp"]?.hasPrefix("0.0.0.0:8080 leads to") == true)
    }

    @Test func `a container that does not run says so`() throws {
        let kade = try Kade.withBusybox()
        let created = try kade.call(
            ["create", "--name", "one"] + Self.limits + ["busybox", "true"])
        try #require(created.exitCode == 0, "\(created)")
        let map = try PrintedMap(kade, "one")
        #expect(try !map.node("process").isThere)
        #expect(try map.node("process").title == "No process")
        #expect(try map.node("namespaces").facts["pid"] == "its own")
        #expect(try kade.check("map", "one").contains("what was asked for"))
        #expect(try kade("map", "nobody").exitCode == 1)
    }
}

/// An index for four platforms of which two are here, and images that share layers with it.
struct IndexedImages {
    let images: TestImages
    let index: TestImages.Blob
    /// The blob of the layer that all of them have.
    let base: String
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        images = try TestImages()
        for name in ["base", "top", "else"] {
            try TestImages.tree(in: folder, named: name, sizeInBytes: 50_000)
        }
        let one = try images.add(
            TestImages.Image(trees: [folder.at("base"), folder.at("top")]), as: "one:latest")
        try images.add(
            TestImages.Image(trees: [folder.at("base"), folder.at("else")]), as: "other:latest")
        let arm = try images.add(
            TestImages.Image(trees: [folder.at("base")], architecture: "arm64"))
        base = try #require(arm.layers.first)
        // No such blobs are in the layout: of these platforms nobody has anything.
        let absent = [("s390x", nil), ("arm", "v7")].map { architecture, variant in
            var blob = one
            blob.platform = ["os": "linux", "architecture": architecture]
            blob.platform?["variant"] = variant
            blob.digest =
                "sha256:" + String(repeating: variant == nil ? "a" : "b", count: 64)
            return blob
        }
        index = try images.addIndex(of: [one, arm] + absent, as: "index:latest")
    }

    /// Loads them under their names.
    func load(into kade: Kade) throws { try kade.check("load", "-i", images.path) }
}

import ContainerRuntime
import Diagnostics
import Linux
import OCI
import SystemPackage

/// All devices that the machine's CDI files describe.
///
/// Of two directories the later one wins. A device that two files of one directory describe is
/// nobody's, as the specification wants it, and a file that cannot be read is an error only for
/// who asks for a device of it.
struct CDIRegistry: Sendable {
    private var specs: [CDISpec] = []
    /// Why files were left out.
    private(set) var problems: [Problem] = []

    /// Reads the files of directories; one that is not there has none.
    init(directories: [FilePath]) throws(Problem) {
        for directory in directories.reversed() {
            for file in try Self.files(in: directory) {
                do throws(Problem) {
                    specs.append(try Self.read(file))
                } catch {
                    problems.append(error)
                }
            }
            priorities.append(specs.count)
        }
    }

    /// How many of the specs come from the first so many directories.
    private var priorities: [Int] = []

    /// The edits of devices, those that come with a whole file once and first.
    ///
    /// - Throws: `.notFound` in Docker's words for what no file describes.
    func edits(for devices: [String]) throws(Problem) -> [CDISpec.ContainerEdits] {
        var edits: [CDISpec.ContainerEdits] = []
        var used: Set<Int> = []
        var missing: [String] = []
        for device in devices {
            guard let (index, found) = find(device) else {
                missing.append(device)
                continue
            }
            if used.insert(index).inserted { edits.append(specs[index].edits) }
            edits.append(found)
        }
        guard missing.isEmpty else { throw unresolvable(missing) }
        guard !edits.contains(where: \.hasNetworkDevices) else {
            throw Problem(
                kind: .unsupported, what: "cannot add \(devices.joined(separator: ", "))",
                why: "the CDI specification brings network devices, which Kade does not move",
                fix: "add them by other means")
        }
        return edits
    }

    /// The names of the devices of a class, such as `gpu`, by kind.
    func devices(ofClass name: String) -> [String: [String]] {
        var names: [String: [String]] = [:]
        for spec in specs where spec.kind.hasSuffix("/\(name)") {
            names[spec.kind, default: []] += spec.devices.keys
        }
        return names.mapValues { Set($0).sorted() }
    }

    private func find(_ device: String) -> (index: Int, edits: CDISpec.ContainerEdits)? {
        let parts = device.split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { return nil }
        var start = 0
        for end in priorities {
            let found = (start..<end).filter {
                specs[$0].kind == parts[0] && specs[$0].devices[parts[1]] != nil
            }
            if let index = found.first, let edits = specs[index].devices[parts[1]] {
                return found.count == 1 ? (index, edits) : nil
            }
            start = end
        }
        return nil
    }

    private func unresolvable(_ missing: [String]) -> Problem {
        let names = missing.joined(separator: ", ")
        let damaged = problems.first.map { "; \($0)" } ?? ""
        return Problem(
            kind: .notFound, what: "CDI device injection failed",
            why: "unresolvable CDI devices \(names)\(damaged)",
            fix: "its vendor's tool writes a file for it into /etc/cdi or /var/run/cdi, such as: "
                + "nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml")
    }

    private static func files(in directory: FilePath) throws(Problem) -> [FilePath] {
        do throws(SystemCallError) {
            return try Directory.list(directory).map(\.name.string)
                .filter { name in
                    [".json", ".yaml", ".yml"].contains { name.hasSuffix($0) }
                }.sorted().map { directory.appending($0) }
        } catch  where error.errno == .noSuchFileOrDirectory {
            return []
        } catch {
            throw Problem(what: "cannot list \(directory)", refusal: error)
        }
    }

    private static func read(_ file: FilePath) throws(Problem) -> CDISpec {
        let bytes = try explaining("cannot read \(file)") { () throws(SystemCallError) in
            try File.read(file)
        }
        let json =
            file.string.hasSuffix(".json")
            ? try JSONValue.parse(bytes, named: file.string)
            : try YAMLText.parse(String(decoding: bytes, as: UTF8.self), named: file.string)
        return try CDISpec(json, named: file.string)
    }
}

import Diagnostics
import Linux
import OCI
import SystemPackage

extension ContainerStatistics {
    /// Cache and memory bandwidth of a container's resctrl group.
    static func resourceControl(_ group: ResourceControlGroup) throws(Problem) -> JSONObject {
        let rootLines = try lines(group.root.appending("schemata"))
        let ownLines = try lines(group.directory.appending("schemata"))
        var all = JSONObject()
        for (kind, name, numbers) in [
            ("L3", "l3_cache", ["min_cbm_bits", "num_closids"]),
            ("MB", "mem_bw", ["bandwidth_gran", "delay_linear", "min_bandwidth", "num_closids"]),
        ] {
            let folder = group.root.appending("info").appending(kind)
            guard File.exists(folder) else { continue }
            var info = JSONObject()
            if let mask = try lines(folder.appending("cbm_mask")).first {
                info.append("cbm_mask", .string(mask))
            }
            for number in numbers {
                info.addUnlessZero(
                    number, try lines(folder.appending(number)).first.flatMap { UInt64($0) })
            }
            all.append("\(name)_info", .object(info))
            for (member, source) in [("schema_root", rootLines), ("schema", ownLines)] {
                guard let line = source.first(where: { $0.hasPrefix("\(kind):") }) else { continue }
                all.append("\(name)_\(member)", .string(line))
            }
        }
        if !ownLines.isEmpty { all.append("schemata", .array(ownLines.map { .string($0) })) }
        try addMonitoring(of: group.monitor ?? group.directory, to: &all)
        return all
    }

    /// What `mon_data/mon_L3_00/…` counts, one object for each cache.
    private static func addMonitoring(
        of directory: FilePath, to all: inout JSONObject
    ) throws(Problem) {
        let folder = directory.appending("mon_data")
        let caches: [FilePath]
        do throws(SystemCallError) {
            caches = try Directory.list(folder).map(\.name.string).sorted()
                .filter { $0.hasPrefix("mon_L3") }.map { folder.appending($0) }
        } catch  where error.errno == .noSuchFileOrDirectory {
            return  // a machine that does not count
        } catch {
            throw Problem(what: "cannot read \(folder)", refusal: error)
        }
        for (member, files) in [
            ("mbm_stats", ["mbm_total_bytes", "mbm_local_bytes"]), ("cmt_stats", ["llc_occupancy"]),
        ] {
            var list: [JSONValue] = []
            for cache in caches {
                var counters = JSONObject()
                for file in files {
                    counters.addUnlessZero(
                        file, try lines(cache.appending(file)).first.flatMap { UInt64($0) })
                }
                list.append(.object(counters))
            }
            if !list.isEmpty { all.append(member, .array(list)) }
        }
    }

    /// The lines of a file without blanks around them; none where there is no such file.
    private static func lines(_ file: FilePath) throws(Problem) -> [String] {
        do throws(SystemCallError) {
            return try File.readText(file).split(separator: "\n").map {
                String($0.drop { $0 == " " })
            }
        } catch  where error.errno == .noSuchFileOrDirectory {
            return []
        } catch {
            throw Problem(what: "cannot read \(file)", refusal: error)
        }
    }
}

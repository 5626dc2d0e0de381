import Foundation

/// What a container sees of itself, line by line, and what of that two containers may differ in.
enum ShellProbe {
    /// Run by the shell of the image; every line begins with what it is about.
    static let script = #"""
        tell() { sed "s|^|$1: |"; }
        for kind in cgroup ipc mnt net pid time user uts; do
            echo "namespace: $kind $(readlink /proc/self/ns/$kind)"
        done
        tell mount </proc/self/mountinfo
        grep -E '^(Uid|Gid|Groups|Umask|NoNewPrivs|Cap...|Cpus_allowed_list|Mems_allowed_list):' \
            /proc/self/status | tell status
        tell limit </proc/self/limits
        tell cgroup </proc/self/cgroup
        # On version 1 each hierarchy is a directory of its own.
        for name in memory.limit_in_bytes memory.memsw.limit_in_bytes memory.soft_limit_in_bytes \
            memory.swappiness memory.oom_control cpu.cfs_quota_us cpu.cfs_period_us cpu.shares \
            cpuset.cpus cpuset.mems pids.max devices.list blkio.weight \
            memory.max memory.swap.max memory.low cpu.max cpu.weight io.weight; do
            for file in /sys/fs/cgroup/$name /sys/fs/cgroup/*/$name; do
                [ ! -f "$file" ] || tell "$file" <"$file"
            done
        done
        ip address | tell address
        ip route | tell route
        ip -6 route | tell route6
        tr '\000' '\n' </proc/self/environ | sort | tell environment
        echo "cwd: $(readlink /proc/self/cwd)"
        echo "root: $(readlink /proc/self/root)"
        echo "pid: $$"
        echo "hostname: $(hostname)"
        tell domainname </proc/sys/kernel/domainname
        for file in hosts hostname resolv.conf; do
            [ ! -f /etc/$file ] || tell /etc/$file </etc/$file
        done
        for file in /run/secrets/* /etc/own; do
            [ ! -f $file ] || echo "file: $(stat -c '%A %u %g' $file) $(md5sum <$file) $file"
        done
        [ ! -f /etc/localtime ] || echo "localtime: $(md5sum </etc/localtime)"
        for file in $(find /dev ! -type l ! -path '/dev/pts/*' ! -path '/dev/shm/*' | sort); do
            echo "device: $(stat -c '%A %u %g %t:%T' $file) $file"
        done
        for file in $(find /dev -type l | sort); do
            echo "link: $file $(readlink $file)"
        done
        for number in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
            [ ! -e /proc/$$/fd/$number ] || echo "open: $number"
        done
        [ $$ = "$(cut -d ' ' -f 6 /proc/$$/stat)" ] && echo "session: its own"
        tell oom </proc/self/oom_score_adj
        tell personality </proc/self/personality
        for file in net/ipv4/ip_forward net/ipv4/ip_unprivileged_port_start kernel/msgmax kernel/shmmax; do
            [ ! -f /proc/sys/$file ] || tell sysctl.$file </proc/sys/$file
        done
        for place in / /tmp /etc /dev /proc/sys/kernel /sys /data /t /abs /rel; do
            if [ -d $place ]; then
                echo "place: $(stat -c '%A %u %g' $place) $place"
                (: >$place/probe) 2>/dev/null && echo "writable: $place" && rm -f $place/probe
            fi
        done
        for argument; do echo "argument: $argument"; done
        """#

    /// The output of a probe in the words that two equal containers have in common.
    ///
    /// - Parameters:
    ///   - text: what the probe has written.
    ///   - namespaces: the machine's namespaces and those of other containers, by their links.
    ///   - own: the texts that are the container's alone, and what each is called instead.
    /// - Returns: the lines.
    static func lines(
        of text: String, namespaces: [String: String], own: [(String, String)]
    ) -> [String] {
        let lines = text.split(separator: "\n").map(String.init)
        let points = mountPoints(in: lines)
        return lines.map { line in
            var line = line
            if line.hasPrefix("namespace: ") { line = namespace(line, namespaces) }
            if line.hasPrefix("mount: ") { line = mount(line, points) }
            if line.hasPrefix("address: ") { line = address(line) }
            // In the machine's or another container's PID namespace it is the next free number.
            if line.hasPrefix("pid: "), line != "pid: 1" { line = "pid: N" }
            for (text, name) in own {
                // The whole address: 10.9.8.2 is not the beginning of 10.9.8.255.
                line = line.replacingOccurrences(
                    of: NSRegularExpression.escapedPattern(for: text) + "(?![0-9a-f])",
                    with: name, options: .regularExpression)
            }
            // The cgroup's own name: both are beside each other.
            return line.replacingOccurrences(
                of: #"/(kade|parent)/([0-9a-f]{64}|[a-z0-9]+-by-hand-[0-9]+)"#,
                with: "/$1/OWN", options: .regularExpression)
        }
    }

    /// A namespace is known by whose it is: the number of a new one is the kernel's choice.
    private static func namespace(_ line: String, _ known: [String: String]) -> String {
        var words = line.split(separator: " ").map(String.init)
        words[words.count - 1] = known[words[words.count - 1]] ?? "its own"
        return words.joined(separator: " ")
    }

    private static func mountPoints(in lines: [String]) -> [String: String] {
        var points: [String: String] = [:]
        for line in lines where line.hasPrefix("mount: ") {
            let fields = line.split(separator: " ").map(String.init)
            points[fields[1]] = fields[5]
        }
        return points
    }

    /// A line of mountinfo: numbers of mounts, peer groups and file systems without a disk are
    /// counters of the kernel's; a parent is known by where it is mounted.
    private static func mount(_ line: String, _ points: [String: String]) -> String {
        var fields = line.split(separator: " ").map(String.init)
        fields[1] = "ID"
        fields[2] = points[fields[2]].map { "on \($0)" } ?? "on nothing"
        if fields[3].hasPrefix("0:") { fields[3] = "0:N" }
        for index in fields.indices {
            for kind in ["master:", "shared:"] where fields[index].hasPrefix(kind) {
                fields[index] = kind + "N"
            }
        }
        // The layers have other paths, and the writable one is its own; how many there are counts.
        let options = fields[fields.count - 1].split(separator: ",").map { option in
            if option.hasPrefix("upperdir=") { return "upperdir=OWN" }
            if option.hasPrefix("workdir=") { return "workdir=OWN" }
            if option.hasPrefix("lowerdir=") {
                return "lowerdir=\(option.split(separator: ":").count)"
            }
            return String(option)
        }
        // fsconfig(2) gives layers one by one, which the kernel shows so.
        let layers = options.count { $0.hasPrefix("lowerdir+=") }
        fields[fields.count - 1] =
            ((layers > 0 ? ["lowerdir=\(layers)"] : [])
            + options.filter { !$0.hasPrefix("lowerdir+=") }).sorted().joined(separator: ",")
        return fields.joined(separator: " ")
    }

    /// A device's number, that of its other end and its hardware address are chosen for each, and
    /// the link-local address follows from the latter; it is tentative for a moment.
    private static func address(_ line: String) -> String {
        line.replacingOccurrences(
            of: #"^address: [0-9]+: ([a-z0-9]+)(@if[0-9]+)?:"#, with: "address: N: $1:",
            options: .regularExpression
        ).replacingOccurrences(
            of: #"link/ether [0-9a-f:]+"#, with: "link/ether OWN", options: .regularExpression
        ).replacingOccurrences(
            of: #"inet6 fe80::[0-9a-f:]+"#, with: "inet6 fe80::OWN", options: .regularExpression
        ).replacingOccurrences(of: " tentative", with: "")
    }
}

import Foundation

/// The programs in a place where the next monitor can be traced.
struct TracedMonitor {
    let directory: String

    /// Copies the programs, and puts a script in the place of the runtime.
    init(in directory: String) throws {
        self.directory = directory
        let script = """
            set -e
            from=$1 to=$2
            mkdir "$to"
            cp --reflink=auto "$from/kade" "$from/kade-server" "$to"
            cp --reflink=auto "$from/kade-runtime" "$to/runtime"
            cat > "$to/kade-runtime" << end
            #!/bin/sh
            if [ "\\$1" = monitor ] && mv "$to/options" "$to/taken" 2> /dev/null; then
                read -r options < "$to/taken"
                exec strace \\$options "$to/runtime" "\\$@"
            fi
            exec "$to/runtime" "\\$@"
            end
            chmod +x "$to/kade-runtime"
            chown "$3" "$to"
            """
        let from = URL(fileURLWithPath: BuiltProgram.path("kade")).deletingLastPathComponent().path
        // Who runs the commands takes the options away.
        let owner = Kade.isOrdinary ? TestUser.id : 0
        try Tool.check("sh", "-c", script, "sh", from, directory, "\(owner)")
    }

    /// Has strace run the next monitor, with these options.
    func traceNext(with options: [String]) throws {
        try Data((options.joined(separator: " ") + "\n").utf8)
            .write(to: URL(fileURLWithPath: directory + "/options"))
    }
}

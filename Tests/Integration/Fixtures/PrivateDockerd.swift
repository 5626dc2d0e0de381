/// dockerd in a mount and a network namespace that a test has made, for images alone.
enum PrivateDockerd {
    /// The beginning of a shell script, beside which the daemon runs.
    ///
    /// The script's `$1` is a folder for the daemon's `data` and `log`. What follows finds a daemon
    /// that answers `docker`, unless it took more than two minutes.
    static let start = """
        mount -t tmpfs -o mode=755 tmpfs /run
        ip link set lo up
        export DOCKER_HOST="unix:///run/docker.sock" DOCKER_CONFIG="$1"
        dockerd --data-root "$1/data" --exec-root /run/docker --pidfile /run/docker.pid \\
            --host "$DOCKER_HOST" --iptables=false --ip6tables=false --ip-forward=false \\
            --ip-masq=false --bridge=none > "$1/log" 2>&1 &
        daemon=$!
        trap 'kill "$daemon"; wait "$daemon"' EXIT
        for _ in $(seq 1200); do docker version > /dev/null 2>&1 && break; sleep 0.1; done

        """
}

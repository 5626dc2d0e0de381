/// What `kade-runtime --help` prints.
enum Usage {
    static let text = """
        kade-runtime: runs containers from OCI bundles

        kade-runtime [global options] command [options] arguments

        commands:
          create [-b DIR] [--console-socket PATH] [--pid-file FILE] [--no-pivot]
                 [--no-new-keyring] [--preserve-fds N] [--plan] [--steps FILE] ID
          run    create's options, [-d] [--keep] [--no-subreaper] ID
          start ID
          exec   [-t] [-d] [-p FILE] [-u UID[:GID]] [-g GID] [--cwd DIR] [-e NAME=VALUE] [-c CAP]
                 [--no-new-privs] [--apparmor PROFILE] [--process-label LABEL] [--pid-file FILE]
                 [--console-socket PATH] [--preserve-fds N] [--ignore-paused] ID COMMAND...
          kill   [--all] ID [SIGNAL]
          delete [--force] ID
          state ID
          list   [-f table|json] [-q]
          ps     [-f table|json] ID [ps options]
          pause ID
          resume ID
          spec   [-b DIR] [--rootless]
          features

        global options:
          --root DIR  --log FILE  --log-format text|json  --debug  --rootless auto|true|false
          --systemd-cgroup
        """
}

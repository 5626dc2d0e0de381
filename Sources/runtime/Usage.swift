/// What `kade-runtime --help` prints.
enum Usage {
    static let text = """
        kade-runtime: runs containers from OCI bundles

        kade-runtime [global options] command [options] arguments

        commands:
          create [-b DIR] [--console-socket PATH] [--pidfd-socket PATH] [--pid-file FILE]
                 [--no-pivot] [--no-new-keyring] [--preserve-fds N] [--plan] [--steps FILE] ID
          run    create's options, [-d] [--keep] [--no-subreaper] ID
          start ID
          exec   [-t] [-d] [-p FILE] [-u UID[:GID]] [-g GID] [--cwd DIR] [-e NAME=VALUE] [-c CAP]
                 [--no-new-privs] [--apparmor PROFILE] [--process-label LABEL] [--pid-file FILE]
                 [--console-socket PATH] [--pidfd-socket PATH] [--preserve-fds N]
                 [--cgroup [CONTROLLER:]PATH] [--ignore-paused] ID COMMAND...
          kill   [--all] ID [SIGNAL]
          delete [--force] ID
          state ID
          list   [-f table|json] [-q]
          ps     [-f table|json] ID [ps options]
          events [--interval 5s] [--stats] ID
          update [-r FILE] [--memory BYTES] [--memory-reservation BYTES] [--memory-swap BYTES]
                 [--cpu-period US] [--cpu-quota US] [--cpu-burst US] [--cpu-share N]
                 [--cpu-rt-period US] [--cpu-rt-runtime US] [--cpu-idle 0|1]
                 [--cpuset-cpus LIST] [--cpuset-mems LIST] [--pids-limit N] [--blkio-weight N]
                 [--l3-cache-schema TEXT] [--mem-bw-schema TEXT] ID
          mounts add|remove ID FILE
          checkpoint [--image-path DIR] [--work-path DIR] [--parent-path DIR] [--leave-running]
                 [--pre-dump] [--page-server ADDRESS:PORT] [--lazy-pages] [--status-fd N]
                 [--tcp-established] [--tcp-skip-in-flight] [--ext-unix-sk] [--shell-job]
                 [--file-locks] [--link-remap] [--auto-dedup]
                 [--manage-cgroups-mode soft|full|strict|ignore] [--empty-ns network] ID
          restore checkpoint's DIR, --tcp-established to --empty-ns, [-b DIR] [-d]
                 [--console-socket PATH] [--pidfd-socket PATH] [--pid-file FILE]
                 [--no-subreaper] [--lsm-profile TYPE:NAME] [--lsm-mount-context LABEL] ID
          pause ID
          resume ID
          spec   [-b DIR] [--rootless]
          features
          info   [-f text|json]

        global options:
          --root DIR  --log FILE  --log-format text|json  --debug  --rootless auto|true|false
          --systemd-cgroup  --criu PATH
        """
}

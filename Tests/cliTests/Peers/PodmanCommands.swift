/// What Podman 4.3 and, of run and of whole groups, 6 knows: a command a line, and behind the colon its flags, each with its letter.
///
/// A command without flags is another name of one that has them, or one that Kade refuses.
extension PeerCommands {
    static let podman = """
        (globals): cgroup-manager conmon connection events-backend hooks-dir identity log-level \
        namespace network-cmd-path network-config-dir noout remote/r root runroot runtime \
        runtime-flag ssh storage-driver storage-opt syslog tmpdir url version/v volumepath
        artifact add
        artifact extract
        artifact inspect
        artifact ls
        artifact pull
        artifact push
        artifact rm
        attach
        auto-update
        build
        buildx build
        buildx prune
        buildx version
        commit
        container attach: detach-keys latest/l no-stdin sig-proxy
        container checkpoint
        container cleanup: all/a exec latest/l rm rmi
        container clone: blkio-weight blkio-weight-device cpu-period cpu-quota cpu-rt-period \
        cpu-rt-runtime cpu-shares/c cpus cpuset-cpus cpuset-mems destroy device-read-bps \
        device-write-bps force/f memory/m memory-reservation memory-swap memory-swappiness name run
        container commit: author/a change/c format/f iidfile include-volumes message/m pause/p \
        quiet/q squash/s
        container cp: archive/a overwrite
        container create: add-host annotation arch attach/a authfile blkio-weight \
        blkio-weight-device cap-add cap-drop cert-dir cgroup-conf cgroup-parent cgroupns \
        cgroups chrootdirs cidfile conmon-pidfile cpu-period cpu-quota cpu-rt-period \
        cpu-rt-runtime cpu-shares/c cpus cpuset-cpus cpuset-mems creds decryption-key device \
        device-cgroup-rule device-read-bps device-read-iops device-write-bps device-write-iops \
        disable-content-trust dns dns-option dns-search entrypoint env/e env-file env-host \
        env-merge expose gidmap group-add group-entry health-cmd health-interval \
        health-log-destination health-max-log-count health-max-log-size health-on-failure \
        health-retries health-start-period health-startup-cmd health-startup-interval \
        health-startup-retries health-startup-success health-startup-timeout health-timeout \
        hostname/h hosts-file hostuser http-proxy image-volume init init-ctr init-path \
        interactive/i ip ip6 ipc label/l label-file log-driver log-opt mac-address memory/m \
        memory-reservation memory-swap memory-swappiness mount name network network-alias \
        no-healthcheck no-hostname no-hosts oom-kill-disable oom-score-adj os passwd \
        passwd-entry personality pid pidfile pids-limit platform pod pod-id-file preserve-fd \
        preserve-fds privileged publish/p publish-all/P pull quiet/q rdt-class read-only \
        read-only-tmpfs replace requires restart retry retry-delay rm rmi rootfs sdnotify \
        seccomp-policy secret security-opt shm-size shm-size-systemd stop-signal stop-timeout \
        subgidname subuidname sysctl systemd timeout tls-verify tmpfs tty/t tz uidmap ulimit \
        umask unsetenv unsetenv-all user/u userns uts variant volume/v volumes-from workdir/w
        container diff: format latest/l
        container exec: detach/d detach-keys env/e env-file interactive/i latest/l preserve-fd \
        preserve-fds privileged tty/t user/u workdir/w
        container exists: external
        container export: output/o
        container init
        container inspect: format/f latest/l size/s
        container kill: all/a cidfile latest/l signal/s
        container list: all/a external filter/f format last/n latest/l no-trunc noheading ns \
        pod/p quiet/q size/s sort sync watch/w
        container logs: color follow/f latest/l names/n since tail timestamps/t until
        container mount
        container pause: all/a cidfile filter/f latest/l
        container port: all/a latest/l
        container prune: filter force/f
        container ps: all/a external filter/f format last/n latest/l no-trunc noheading ns \
        pod/p quiet/q size/s sort sync watch/w
        container rename
        container restart: all/a cidfile filter/f latest/l running time/t
        container restore
        container rm: all/a cidfile depend filter force/f ignore/i latest/l time/t volumes/v
        container run: add-host annotation arch attach/a authfile blkio-weight \
        blkio-weight-device cap-add cap-drop cert-dir cgroup-conf cgroup-parent cgroupns \
        cgroups chrootdirs cidfile conmon-pidfile cpu-period cpu-quota cpu-rt-period \
        cpu-rt-runtime cpu-shares/c cpus cpuset-cpus cpuset-mems creds decryption-key detach/d \
        detach-keys device device-cgroup-rule device-read-bps device-read-iops device-write-bps \
        device-write-iops disable-content-trust dns dns-option dns-search entrypoint env/e \
        env-file env-host env-merge expose gidmap group-add group-entry health-cmd \
        health-interval health-log-destination health-max-log-count health-max-log-size \
        health-on-failure health-retries health-start-period health-startup-cmd \
        health-startup-interval health-startup-retries health-startup-success \
        health-startup-timeout health-timeout hostname/h hosts-file hostuser http-proxy \
        image-volume init init-path interactive/i ip ip6 ipc label/l label-file log-driver \
        log-opt mac-address memory/m memory-reservation memory-swap memory-swappiness mount \
        name network network-alias no-healthcheck no-hostname no-hosts oom-kill-disable \
        oom-score-adj os passwd passwd-entry personality pid pidfile pids-limit platform pod \
        pod-id-file preserve-fd preserve-fds privileged publish/p publish-all/P pull quiet/q \
        rdt-class read-only read-only-tmpfs replace requires restart retry retry-delay rm rmi \
        rootfs sdnotify seccomp-policy secret security-opt shm-size shm-size-systemd sig-proxy \
        stop-signal stop-timeout subgidname subuidname sysctl systemd timeout tls-verify tmpfs \
        tty/t tz uidmap ulimit umask unsetenv unsetenv-all user/u userns uts variant volume/v \
        volumes-from workdir/w
        container runlabel
        container start: all attach/a detach-keys filter/f interactive/i latest/l sig-proxy
        container stats: all/a format interval/i latest/l no-reset no-stream no-trunc
        container stop: all/a cidfile filter/f ignore/i latest/l time/t
        container top: latest/l
        container umount
        container unmount
        container unpause: all/a cidfile filter/f latest/l
        container update: blkio-weight blkio-weight-device cpu-period cpu-quota cpu-rt-period \
        cpu-rt-runtime cpu-shares/c cpus cpuset-cpus cpuset-mems device-read-bps \
        device-read-iops device-write-bps device-write-iops memory/m memory-reservation \
        memory-swap memory-swappiness
        container wait: condition interval/i latest/l
        cp
        create
        diff
        events: filter/f format no-trunc since until
        exec
        export
        farm
        farm build
        farm create
        farm list
        farm remove
        farm update
        generate kube
        generate spec
        generate systemd
        healthcheck run
        history
        image build: add-host all-platforms annotation arch authfile build-arg build-context \
        cache-from cache-to cache-ttl cap-add cap-drop cert-dir cgroup-parent cgroupns compress \
        cpp-flag cpu-period cpu-quota cpu-shares/c cpuset-cpus cpuset-mems creds decryption-key \
        device disable-compression/D disable-content-trust dns dns-option dns-search env \
        force-rm format from hooks-dir http-proxy identity-label ignorefile iidfile ipc \
        isolation jobs label layers logfile logsplit manifest memory/m memory-swap network \
        no-cache no-hosts omit-history os os-feature os-version output/o pid platform pull \
        quiet/q retry retry-delay rm runtime-flag secret security-opt shm-size sign-by \
        skip-unused-stages squash squash-all ssh stdin tag/t target timestamp tls-verify ulimit \
        unsetenv userns userns-gid-map userns-gid-map-group userns-uid-map userns-uid-map-user \
        uts variant volume/v
        image diff: format
        image exists
        image history: format human/H no-trunc quiet/q
        image import: arch change/c message/m os quiet/q variant
        image inspect: format/f
        image list: all/a digests filter/f format history no-trunc noheading/n quiet/q sort
        image load: input/i quiet/q
        image mount: all/a format
        image prune: all/a external filter force/f
        image pull: all-tags/a arch authfile cert-dir creds disable-content-trust os platform \
        quiet/q tls-verify variant
        image push: authfile cert-dir compress compression-format creds digestfile \
        disable-content-trust format/f quiet/q remove-signatures sign-by \
        sign-by-sigstore-private-key sign-passphrase-file tls-verify
        image rm: all/a force/f ignore/i no-prune
        image save: compress format multi-image-archive/m output/o quiet/q uncompressed
        image scp
        image search: authfile compatible filter/f format limit list-tags no-trunc tls-verify
        image sign
        image tag
        image tree: whatrequires
        image trust set
        image trust show
        image umount
        image unmount: all/a force/f
        image untag
        images: all/a digests filter/f format history no-trunc noheading/n quiet/q sort
        import
        info
        init
        inspect: format/f latest/l size/s type/t
        kill
        kube apply
        kube down
        kube generate
        kube play
        load
        login: authfile cert-dir get-login password/p password-stdin tls-verify username/u \
        verbose/v
        logout: all/a authfile
        logs
        machine cp
        machine info
        machine init
        machine inspect
        machine list
        machine os apply
        machine reset
        machine rm
        machine set
        machine ssh
        machine start
        machine stop
        manifest add: all annotation arch authfile cert-dir creds features os os-version \
        tls-verify variant
        manifest annotate: annotation arch features os os-features os-version variant
        manifest create: all amend/a tls-verify
        manifest exists
        manifest inspect
        manifest push: all authfile cert-dir compression-format creds digestfile format/f \
        quiet/q remove-signatures rm sign-by sign-by-sigstore-private-key sign-passphrase-file \
        tls-verify
        manifest remove
        manifest rm
        mount
        network connect: alias ip ip6 mac-address
        network create: disable-dns dns driver/d gateway internal ip-range ipam-driver ipv6 label \
        opt/o subnet
        network disconnect: force/f
        network exists
        network inspect: format/f
        network ls: filter/f format no-trunc noheading quiet/q
        network prune: filter force/f
        network reload: all/a latest/l
        network rm: force/f time/t
        network update: dns-add dns-drop
        pause
        play kube
        pod clone
        pod create
        pod exists
        pod inspect
        pod kill
        pod logs
        pod pause
        pod prune
        pod ps
        pod restart
        pod rm
        pod start
        pod stats
        pod stop
        pod top
        pod unpause
        port
        ps
        pull
        push
        quadlet install
        quadlet list
        quadlet print
        quadlet rm
        rename
        restart
        rm
        rmi: all/a force/f ignore/i no-prune
        run
        save
        search
        secret create: driver/d driver-opts env label/l
        secret exists
        secret inspect: format/f pretty
        secret ls: filter/f format noheading quiet/q
        secret rm: all/a
        start
        stats
        stop
        system check: force/f max/m quick/q repair/r repair-lossy
        system connection add
        system connection default
        system connection list
        system connection remove
        system connection rename
        system df: format verbose/v
        system info: format/f
        system migrate
        system prune: all/a filter force/f volumes
        system renumber
        system reset: force/f
        system service
        tag
        top
        umount
        unmount
        unpause
        unshare: rootless-netns
        untag
        update
        version: format/f
        volume create: driver label/l opt/o
        volume exists
        volume export: output/o
        volume import
        volume inspect: all/a format/f
        volume ls: filter/f format noheading quiet/q
        volume mount
        volume prune: filter force/f
        volume reload
        volume rename
        volume rm: all/a force/f time/t
        volume umount
        volume unmount
        wait
        """
}
